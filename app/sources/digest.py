"""The digest: the text of an e-mail's page, a line of title and a line of abstract for each paper.

The page's own furniture ("Get trending papers in your email inbox …") comes before the titles, and its subscribe
button is glued to the title that follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from app.paper import Draft, Reject

FURNITURE = re.compile(r"Get trending papers in your email inbox\b", re.IGNORECASE)
BUTTON = re.compile(r"^Subscribe(?=[^a-z\s])")


def recognises(head: bytes) -> bool:
    """Tell whether the text begins as a digest does."""
    return FURNITURE.match(head[:200].decode("utf-8", "replace").lstrip("\ufeff \r\n")) is not None


def read(stream: BinaryIO) -> Iterator[Draft | Reject]:
    """Yield the papers in their order, each with the number of its title's line.

    A last title without its abstract becomes a ``Reject``.
    """
    title: tuple[int, str] | None = None
    for number, raw in enumerate(stream, start=1):
        line = raw.decode("utf-8", "replace").strip("\ufeff \t\r\n\x0b\x0c")
        if not line or (title is None and FURNITURE.match(line)):
            continue
        if title is None:
            title = number, BUTTON.sub("", line)
        else:
            yield Draft(title=title[1], abstract=line, position=f"line {title[0]}")
            title = None
    if title is not None:
        yield Reject(f"line {title[0]}", "the title has no abstract on the line after it", title[1][:200])
