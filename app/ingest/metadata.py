"""Metadata beside a source: what it lacks (authors, arXiv id, date, venue, code), matched by title."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, BinaryIO

import orjson

from app.identifiers import title_key
from app.ingest.normalise import mend
from app.paper import Draft, Reject

Metadata = Mapping[str, Mapping[str, Any]]
"""Facts by the title's key."""

_TEXTS = ("arxiv_id", "doi", "published", "venue", "venue_track", "code_url", "url", "pdf_url")


def read(stream: BinaryIO) -> tuple[dict[str, Mapping[str, Any]], list[Reject]]:
    """Read JSON lines with the keys of the digest's metadata; what isn't such a line comes back with its reason."""
    facts: dict[str, Mapping[str, Any]] = {}
    rejects = []
    for number, line in enumerate(stream, start=1):
        reason = ""
        try:
            row = orjson.loads(line) if line.strip() else None
        except orjson.JSONDecodeError as error:
            reason = f"it is not JSON: {error}"
        else:
            if row is None:
                continue
            reason = "".join(_faults(row))
            if not reason:
                facts[title_key(mend(row["title"]))] = row
        if reason:
            rejects.append(Reject(f"line {number}", reason, line[:200].decode("utf-8", "replace")))
    return facts, rejects


def _faults(row: Any) -> Iterator[str]:
    if not isinstance(row, dict) or not isinstance(row.get("title"), str):
        yield "it is not an object with a 'title'"
    elif not isinstance(row.get("authors") or [], list) or not all(
        isinstance(a, str) for a in row.get("authors") or []
    ):
        yield "'authors' is not a list of names"
    elif not isinstance(row.get("venue_year") or 0, int) or any(not isinstance(row.get(k) or "", str) for k in _TEXTS):
        yield "a value has the wrong type"


def enrich(draft: Draft, metadata: Metadata) -> Draft:
    """Return the draft with what the metadata knows of its title; what the draft has stays."""
    facts = metadata.get(title_key(mend(draft.title)))
    if facts is None:
        return draft
    known: dict[str, Any] = {name: facts.get(name) for name in _TEXTS}
    known |= {"authors": tuple(facts.get("authors") or ()), "year": facts.get("venue_year")}
    return replace(draft, **{name: value for name, value in known.items() if value and not getattr(draft, name)})
