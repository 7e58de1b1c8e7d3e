"""Sources: one pure module a format, from a stream of bytes to drafts with their position.

A module has ``recognises(head)``, which looks at the first bytes, and ``read(stream)``, which yields a ``Draft`` or a
``Reject`` for every record. A format is added by its module and its name here.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, Protocol

from app.paper import Draft, Reject
from app.sources import arxiv, awesome, bibtex, csv, digest, jsonl, ris

HEAD = 8192
"""So many bytes decide the format."""


class Source(Protocol):
    """What a format's module offers."""

    def recognises(self, head: bytes) -> bool:
        """Tell whether a file that begins so is of this format."""

    def read(self, stream: BinaryIO) -> Iterator[Draft | Reject]:
        """Yield the records in their order."""


FORMATS: dict[str, Source] = {
    "digest": digest,
    "jsonl": jsonl,
    "arxiv": arxiv,
    "ris": ris,
    "bibtex": bibtex,
    "csv": csv,
    "awesome": awesome,
}
"""By name; the first that recognises a file takes it."""


def recognise(head: bytes) -> str | None:
    """Return the name of the format that a file's first bytes show, or None."""
    return next((name for name, source in FORMATS.items() if source.recognises(head)), None)
