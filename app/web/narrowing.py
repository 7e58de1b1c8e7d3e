"""What narrows a search: the chips that say it and take it away, and the ways out where nothing is left. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.search import SearchRequest
from app.search.query import default_sort, with_tree, with_value, with_years, without_value
from app.search.tree import Everything
from app.tagging.taxonomy import Taxonomy
from app.web.address import Address
from app.web.views import Link, colours

HAS = (("code", "Code is known"), ("venue", "Published, not only a preprint"))


@dataclass(frozen=True, slots=True)
class Names:
    """The names of venues and authors by their ids, as far as they are known."""

    venues: Mapping[str, str]
    authors: Mapping[str, str]


NO_NAMES = Names({}, {})


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is active, and the link that takes it away."""

    kind: str
    label: str
    url: str
    colour: int | None


def narrowings(request: SearchRequest) -> list[tuple[str, str, SearchRequest]]:
    """Return what narrows a request: parameter, value, and the request without it."""
    found = []
    if request.text:
        found.append(("q", request.text, with_tree(request, Everything())))
    for facet, values in request.filters.items():
        found += [(facet, value, without_value(request, facet, value)) for value in values]
    if request.year_from is not None or request.year_to is not None:
        years = f"{request.year_from or '…'}–{request.year_to or '…'}"
        if request.year_from == request.year_to:
            years = str(request.year_from)
        found.append(("year", years, with_years(request, None, None)))
    return found


def chips_of(
    request: SearchRequest, taxonomy: Taxonomy, names: Names, to: Callable[[SearchRequest], str]
) -> list[Chip]:
    """Return a chip for each thing that narrows a request; ``to`` gives the address of another request."""
    chips = []
    known = {"venue": names.venues, "author": names.authors, "has": dict(HAS)}
    kinds = {"q": "Words", "venue": "Venue", "author": "Author", "has": "Only", "year": "Years"}
    for name, value, without in narrowings(request):
        facet = taxonomy.by_id.get(name)
        if facet:
            label = facet.by_id[value].label if value in facet.by_id else value
            chips.append(Chip(facet.label, label, to(without), colours(taxonomy)[name]))
        else:
            label = known.get(name, {}).get(value, value)
            chips.append(Chip(kinds[name], label, to(without), None))
    return chips


def ways_out_of(
    chips: Sequence[Chip], request: SearchRequest, address: Address, count: Callable[[SearchRequest], int]
) -> list[Link]:
    """Return what to take away and how many papers there are then; where no one thing helps, what to keep alone."""
    parts = list(zip(chips, narrowings(request), strict=True))
    ways = [(f"without {_told(chip)}", without) for chip, (_, _, without) in parts]
    counted = [(told, way, count(way)) for told, way in ways]
    if not any(found for _, _, found in counted) and len(parts) > 2:
        alone = [(f"with {_told(chip)} alone", _alone(request, name, value)) for chip, (name, value, _) in parts]
        counted = [(told, way, count(way)) for told, way in alone]
    helping = sorted((way for way in counted if way[2]), key=lambda way: -way[2])
    return [Link(f"{found:,} {told}", address.search(way)) for told, way, found in helping]


def _told(chip: Chip) -> str:
    return f"{chip.kind.lower()} “{chip.label}”"


def _alone(request: SearchRequest, name: str, value: str) -> SearchRequest:
    """Return the request with one of the things that narrow it, and nothing else."""
    bare = replace(SearchRequest(), synonyms=request.synonyms, per_page=request.per_page)
    if name == "q":
        return replace(bare, text=request.text, tree=request.tree, sort=default_sort(request))
    if name == "year":
        return with_years(bare, request.year_from, request.year_to)
    return with_value(bare, name, value)
