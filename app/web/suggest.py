"""Suggestions while typing: labels of the facets, venues, authors and titles, in this order. Pure but for ``ask``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice

from app.identifiers import fold
from app.search import SearchRequest, Suggested
from app.search.query import parse
from app.tagging.taxonomy import Taxonomy
from app.web.address import Address

MOST = 8
MOST_LABELS, MOST_AUTHORS = 4, 3
"""At most so many labels and venues together, and authors; titles take what is left."""


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that what is typed may mean, and its page."""

    kind: str
    label: str
    url: str


def suggestions(
    typed: str, taxonomy: Taxonomy, venues: Mapping[str, str], address: Address,
    ask: Callable[[SearchRequest], Suggested],
) -> list[Suggestion]:  # fmt: skip
    """Return what fits what is typed; nothing for nothing."""
    words = fold(typed).split()
    if not words:
        return []
    names = chain(_labels(words, taxonomy, address), _venues(words, venues, address))
    found = list(islice(names, MOST_LABELS))
    asked = ask(parse([("q", typed), ("per_page", str(MOST))], taxonomy).request)
    found += [Suggestion("author", a.name, address.author(a.id)) for a in asked.authors[:MOST_AUTHORS]]
    found += [Suggestion("paper", paper.title, address.paper(paper.id)) for paper in asked.papers]
    return found[:MOST]


def _fits(words: list[str], label: str) -> bool:
    """Tell whether each word begins a word of the label."""
    parts = fold(label).replace("-", " ").replace("(", " ").split()
    return all(any(part.startswith(word) for part in parts) for word in words)


def _labels(words: list[str], taxonomy: Taxonomy, address: Address) -> Iterator[Suggestion]:
    for facet in taxonomy:
        for label in facet.labels:
            if _fits(words, f"{label.label} {label.id}"):
                yield Suggestion(facet.id, label.label, address.value(facet, label.id))


def _venues(words: list[str], venues: Mapping[str, str], address: Address) -> Iterator[Suggestion]:
    for venue, label in sorted(venues.items()):
        if _fits(words, label):
            yield Suggestion("venue", label, address.venue(venue))
