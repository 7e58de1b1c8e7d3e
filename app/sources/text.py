"""Lines and blocks of a text file, in bounded memory, with what is wrong about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import BinaryIO

from app.paper import Draft, Reject

LONGEST = 4_000_000
"""Bytes of a line or a record; a longer one is refused without being held in memory."""
BOM = "\ufeff"


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that belong together: the number of the first one, their text, and why they can't be read (or "")."""

    line: int
    text: str
    fault: str = ""

    @property
    def position(self) -> str:
        """Where it stands, in words."""
        return f"line {self.line}"

    @property
    def excerpt(self) -> str:
        """How it begins."""
        return excerpt(self.text)


def excerpt(text: str) -> str:
    """Return how a text begins, in one line."""
    return " ".join(text[:400].split())[:200]


def with_record(found: Draft | Reject, record: str) -> Draft | Reject:
    """Return a reject with the whole of its record, so that it can be retried; a draft as it is."""
    return replace(found, record=record) if isinstance(found, Reject) else found


def lines(stream: BinaryIO) -> Iterator[Block]:
    """Yield the lines without their ends; one that is too long, or isn't UTF-8, has a fault and its beginning.

    >>> import io
    >>> [(b.line, b.text, b.fault) for b in lines(io.BytesIO(b"one\\ntw\\xff\\r\\n"))]
    [(1, 'one', ''), (2, 'tw\\ufffd', "it isn't UTF-8 (byte 0xff); save the file as UTF-8")]
    """
    number = 0
    while raw := stream.readline(LONGEST):
        number += 1
        fault = ""
        if len(raw) == LONGEST and not raw.endswith(b"\n"):
            fault = f"the line is longer than {LONGEST:,} bytes"
            while (rest := stream.readline(LONGEST)) and not rest.endswith(b"\n"):
                pass
            raw = raw[:1000]
        try:
            text = raw.decode("utf-8", "strict" if not fault else "replace")
        except UnicodeDecodeError as error:
            fault = f"it isn't UTF-8 (byte 0x{raw[error.start]:02x}); save the file as UTF-8"
            text = raw.decode("utf-8", "replace")
        yield Block(number, text.removeprefix(BOM).rstrip("\r\n") if number == 1 else text.rstrip("\r\n"), fault)


def blocks(stream: BinaryIO, starts: Callable[[str], object]) -> Iterator[Block]:
    """Yield the lines in blocks; a line that ``starts`` a block ends the one before. A block has its lines' fault."""
    begun: list[str] = []
    first, size, fault = 1, 0, ""
    for line in lines(stream):
        if begun and starts(line.text):
            yield Block(first, "\n".join(begun), fault)
            begun, size, fault = [], 0, ""
        if not begun:
            first = line.line
        fault = fault or (line.fault and f"{line.position}: {line.fault}")
        size += len(line.text)
        if size > LONGEST:
            fault = fault or f"the record is longer than {LONGEST:,} characters"
        else:
            begun.append(line.text)
    if begun:
        yield Block(first, "\n".join(begun), fault)
