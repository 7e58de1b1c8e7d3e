"""The domain: what a paper is on its way from a source to the catalogue. No I/O.

Each stage has one name: a source yields a ``Draft``, the catalogue stores a paper, the search engine holds a document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper as one source gives it; what the source doesn't say is empty.

    ``position`` says where in the source it stands, in words that a person can follow ("line 12").
    ``published`` is YYYY, YYYY-MM or YYYY-MM-DD; ``venue_year`` is the year at the venue.
    ``extra`` keeps keys of the source that the catalogue has no field for.
    """

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    venue: str | None = None
    venue_year: int | None = None
    venue_track: str | None = None
    published: str | None = None
    arxiv_id: str | None = None
    doi: str | None = None
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    position: str = ""
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be read: where it stands, why, and how it begins."""

    position: str
    reason: str
    excerpt: str = ""
