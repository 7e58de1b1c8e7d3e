"""The domain: what a paper is on its way from a source to the reader. No I/O.

Each stage has one name: a source yields a ``Draft``, the catalogue stores a ``Paper`` with its ``Tag``s, the search
engine holds it as a document.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

ARXIV = "arxiv"
"""The venue id of a preprint."""


@dataclass(frozen=True, slots=True)
class Draft:
    """A paper as one source gives it; what the source doesn't say is empty.

    ``position`` says where in the source it stands, in words that a person can follow ("line 12").
    ``published`` is YYYY, YYYY-MM or YYYY-MM-DD, the day of the preprint where there is one; ``year`` is the year at
    the venue. ``extra`` keeps keys of the source that the catalogue has no field for.
    """

    title: str
    abstract: str = ""
    authors: tuple[str, ...] = ()
    venue: str | None = None
    year: int | None = None
    venue_track: str | None = None
    published: str | None = None
    arxiv_id: str | None = None
    doi: str | None = None
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    position: str = ""
    extra: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reject:
    """A record that could not be read: where it stands, why, and how it begins.

    ``record`` is the whole of it as its format has it, where that can be given to the source again.
    """

    position: str
    reason: str
    excerpt: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words that earned a tag: ``field[start:end] == text`` of the paper as stored, in characters."""

    rule: str
    field: Literal["title", "abstract"]
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """A label of a facet that a paper has, most specific only; a curator's tag has no evidence."""

    facet: str
    label: str
    evidence: tuple[Evidence, ...] = ()
    curated: bool = False


@dataclass(frozen=True, slots=True)
class Author:
    """An author: a stable id for addresses, and the name as printed."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class Venue:
    """A venue: id, short name, full name; ``kind`` is conference, journal, workshop, preprint or unknown."""

    id: str
    label: str
    name: str
    kind: str


@dataclass(frozen=True, slots=True)
class Composed:
    """A paper's fields as composed from all its sources; ``origins`` maps a field to the place of the record in the
    order of those that it was composed of.
    """

    title: str
    abstract: str
    authors: tuple[str, ...]
    venue: Venue
    venue_track: str | None
    year: int | None
    published: str | None
    arxiv_id: str | None
    doi: str | None
    url: str | None
    pdf_url: str | None
    code_url: str | None
    origins: Mapping[str, int] = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Paper:
    """A paper as search results show it; the search engine stores it whole, so results need no database.

    ``labels`` maps a facet's id to the ids of its labels, most specific only, in the taxonomy's order.
    ``year`` is the year at the venue, or the preprint's where ``venue`` is ``ARXIV``. ``url`` is where it can be read.
    """

    id: str
    revision: int
    title: str
    abstract: str
    authors: tuple[Author, ...]
    venue: str
    venue_label: str
    year: int | None
    published: str | None = None
    arxiv_id: str | None = None
    doi: str | None = None
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    labels: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def has(self) -> tuple[str, ...]:
        """What the ``has`` filter finds it by: ``code``, ``venue``."""
        return ("code",) * bool(self.code_url) + ("venue",) * (self.venue != ARXIV)
