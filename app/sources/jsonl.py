"""JSON lines: one paper a line, with the catalogue's own names."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, BinaryIO

import orjson

from app.paper import Draft, Reject
from app.sources.text import lines, with_record

_OBJECT = re.compile(rb"\{\s*(?:\"|\}|$)")
_TEXTS = ("abstract", "venue", "published", "arxiv_id", "doi", "url", "pdf_url", "code_url", "venue_track")


def recognises(head: bytes) -> bool:
    """Tell whether a line begins an object, and the first one is JSON or such a line."""
    found = [line.strip() for line in head.removeprefix(b"\xef\xbb\xbf").split(b"\n") if line.strip()]
    if not any(_OBJECT.match(line) for line in found):
        return False
    try:
        return _OBJECT.match(found[0]) is not None or orjson.loads(found[0]) is not None
    except orjson.JSONDecodeError:
        return False


def read(stream: BinaryIO) -> Iterator[Draft | Reject]:
    """Yield a draft for each line, or why it is none; empty lines are skipped."""
    for line in lines(stream):
        if line.fault:
            yield Reject(line.position, line.fault, line.excerpt)
        elif line.text.strip():
            yield with_record(_draft(line.text.strip(), line.position), line.text)


def _draft(line: str, position: str) -> Draft | Reject:
    excerpt = line[:200]
    try:
        fields = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        return Reject(position, f"it is not JSON: {error}", excerpt)
    if not isinstance(fields, dict):
        return Reject(position, f"it is a JSON {_kind(fields)}, not an object", excerpt)
    title = fields.pop("title", None)
    if not isinstance(title, str):
        return Reject(position, "'title' is missing" if title is None else "'title' is not a text", excerpt)
    authors = fields.pop("authors", None) or []
    if not isinstance(authors, list) or not all(isinstance(name, str) for name in authors):
        return Reject(position, "'authors' is not a list of names", excerpt)
    year = fields.pop("year", None)
    if isinstance(year, str) and year.strip().isdecimal():
        year = int(year)
    if year is not None and (isinstance(year, bool) or not isinstance(year, int)):
        return Reject(position, f"'year' is {str(year)[:40]!r}, not a number", excerpt)
    texts: dict[str, str] = {}
    for name in _TEXTS:
        value = fields.pop(name, None)
        if isinstance(value, int) and not isinstance(value, bool) and name in {"published", "arxiv_id"}:
            value = str(value)
        if value is not None and not isinstance(value, str):
            return Reject(position, f"{name!r} is a {_kind(value)}, not a text", excerpt)
        if value:
            texts[name] = value
    return Draft(title=title, authors=tuple(authors), year=year, position=position, extra=fields, **texts)


def _kind(value: Any) -> str:
    kinds = {bool: "truth value", int: "number", float: "number", str: "text", list: "list", type(None): "null"}
    return kinds.get(type(value), "object")
