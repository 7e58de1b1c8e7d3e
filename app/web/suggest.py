"""Suggestions while typing: labels of the facets, venues and papers. Pure but for ``ask``."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from app.identifiers import fold
from app.search import SearchPage, SearchRequest
from app.search.query import parse
from app.tagging.taxonomy import Taxonomy
from app.web.address import Address

MOST = 8
MOST_LABELS = 4


@dataclass(frozen=True, slots=True)
class Suggestion:
    """Something that what is typed may mean, and its page."""

    kind: str
    label: str
    url: str


def suggestions(
    typed: str, taxonomy: Taxonomy, venues: Mapping[str, str], address: Address,
    ask: Callable[[SearchRequest], SearchPage],
) -> list[Suggestion]:  # fmt: skip
    """Return what fits, labels before papers; nothing for nothing."""
    words = fold(typed).split()
    if not words:
        return []
    found = [*_labels(words, taxonomy, address), *_venues(words, venues, address)][:MOST_LABELS]
    request = parse([("q", typed), ("per_page", str(MOST))], taxonomy).request
    page = ask(request)
    if page.total_all or not found:
        found += [
            Suggestion("paper", hit.paper.title, address.paper(hit.paper.id)) for hit in page.hits[: MOST - len(found)]
        ]
    return found


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
