"""The digest: the text of an e-mail's page, a line of title and a line of abstract for each paper.

The page's own furniture ("Get trending papers in your email inbox …") comes before the titles, and its subscribe
button is glued to the title that follows it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

from app.paper import Draft, Reject
from app.sources.text import Block, lines

FURNITURE = re.compile(r"Get trending papers in your email inbox\b", re.IGNORECASE)
BUTTON = re.compile(r"^Subscribe(?=[^a-z\s])")


def recognises(head: bytes) -> bool:
    """Tell whether the text begins as a digest does."""
    return FURNITURE.match(head[:200].decode("utf-8", "replace").lstrip("\ufeff \r\n")) is not None


def read(stream: BinaryIO) -> Iterator[Draft | Reject]:
    """Yield the papers in their order, each with the number of its title's line.

    A last title without its abstract becomes a ``Reject``.
    """
    title: Block | None = None
    for line in lines(stream):
        text = line.text.strip(" \t\r\n\x0b\x0c")
        if not text or (title is None and FURNITURE.match(text)):
            continue
        if title is None:
            title = line
            continue
        name = BUTTON.sub("", title.text.strip())
        fault = title.fault or line.fault
        yield Reject(title.position, fault, name[:200]) if fault else Draft(name, text, position=title.position)
        title = None
    if title is not None:
        reason = title.fault or "the title has no abstract on the line after it"
        yield Reject(title.position, reason, title.text.strip()[:200])
