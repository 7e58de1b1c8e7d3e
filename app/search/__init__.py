"""Search: the interface that both engines fulfil, and the values that cross it.

``query`` makes a ``SearchRequest`` from URL parameters, an engine answers it with a ``SearchPage``, the views show it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from app.paper import Author, Paper
from app.search.tree import Everything, Node


class EngineUnavailable(Exception):
    """The search engine can't be reached or can't answer; the message says which and what to do."""


class IndexInUse(EngineUnavailable):
    """Another process holds the embedded index for writing, and does the work."""


class Sort(StrEnum):
    """Orders of results; equal ones break by year (newest first), then by id."""

    RELEVANCE = "relevance"
    NEWEST = "newest"
    OLDEST = "oldest"
    TITLE = "title"


@dataclass(frozen=True, slots=True)
class SearchRequest:
    """What is searched for: the same value answers page, API, feed and export.

    ``filters`` maps a facet of the taxonomy, ``venue``, ``author`` or ``has`` to the values wanted: OR within one
    (AND within ``has``), AND between them. Years are inclusive. ``sort`` is never RELEVANCE where ``tree`` is
    ``Everything``. ``text`` is what was typed, for showing; engines go by ``tree``.
    """

    text: str = ""
    tree: Node = field(default_factory=Everything)
    filters: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    year_from: int | None = None
    year_to: int | None = None
    sort: Sort = Sort.NEWEST
    page: int = 1
    per_page: int = 20
    synonyms: bool = True


@dataclass(frozen=True, slots=True)
class Highlighted:
    """Text of a paper with the character spans that matched: ``text[start:end]``, in order, apart from each other."""

    text: str
    spans: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A paper found, with its title and the best window of its abstract (whole where it is short) marked."""

    paper: Paper
    title: Highlighted
    snippet: Highlighted


@dataclass(frozen=True, slots=True)
class Synonym:
    """A word that was also searched as others."""

    typed: str
    also: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Correction:
    """A word that was read as another, since the catalogue doesn't have it."""

    typed: str
    read_as: str


@dataclass(frozen=True, slots=True)
class SearchPage:
    """One page of an answer.

    ``facets`` maps each facet of the taxonomy, ``venue`` and ``year`` to counts by value (years as text). A facet's
    counts ignore its own filter and respect all else; a parent counts its children's papers. ``total`` is exact and
    pages through; ``total_all`` of these have all the words. ``generation`` changes whenever the index does.
    """

    hits: tuple[Hit, ...]
    total: int
    total_all: int
    facets: Mapping[str, Mapping[str, int]]
    generation: str
    synonyms: tuple[Synonym, ...] = ()
    corrected: tuple[Correction, ...] = ()


@dataclass(frozen=True, slots=True)
class Suggested:
    """Authors whose names go on as typed, those with most papers first, and the papers that fit best."""

    authors: tuple[Author, ...] = ()
    papers: tuple[Paper, ...] = ()


class SearchEngine(Protocol):
    """What both engines promise. Only ``EngineUnavailable`` escapes from any method."""

    def search(self, request: SearchRequest) -> SearchPage:
        """Answer a request; a page beyond the last has no hits, and the true total."""

    def suggest(self, request: SearchRequest) -> Suggested:
        """Return what the text of a request, as it is typed, may become: at most ``per_page`` of each; no facets."""

    def related(self, paper: Paper, most: int) -> tuple[Paper, ...]:
        """Return the papers that share most rare words, labels and authors with one; one request to the index."""

    def put(self, papers: Sequence[Paper]) -> None:
        """Add or replace papers by id; return when they are searchable. Doing it again changes nothing."""

    def delete(self, ids: Sequence[str]) -> None:
        """Take papers out; return when they are gone. An unknown id is ignored."""

    def rebuild(self, papers: Iterable[Paper]) -> None:
        """Replace the whole index: readers see all of the old or all of the new."""

    def revisions(self) -> Iterator[tuple[str, int]]:
        """Yield id and revision of every paper in the index."""

    def generation(self) -> str:
        """Return a token that changes whenever the index does; cheap."""

    def needs_rebuild(self) -> bool:
        """Tell whether the index is missing, or another version of document, taxonomy or text analysis built it."""

    def close(self) -> None:
        """Let go of files and connections."""
