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


_BINARY = {
    b"PK\x03\x04": "a ZIP archive", b"%PDF-": "a PDF", b"\x1f\x8b": "a gzip archive", b"\xfd7zXZ": "an xz archive",
    b"BZh": "a bzip2 archive", b"\x89PNG": "an image", b"\xff\xd8\xff": "an image", b"SQLite format 3": "a database",
    b"\xff\xfe": "UTF-16", b"\xfe\xff": "UTF-16", b"7z\xbc\xaf": "a 7z archive", b"\x28\xb5\x2f\xfd": "a zstd archive",
    b"\x7fELF": "a program",
}  # fmt: skip


def kind_of_binary(head: bytes) -> str | None:
    """Return what a file is that is no text, or None.

    >>> kind_of_binary(b"PK\\x03\\x04..."), kind_of_binary(b"@misc{a,")
    ('a ZIP archive', None)
    """
    return next((kind for magic, kind in _BINARY.items() if head.startswith(magic)), None)
