"""The view of a search: filters, chips of what is active, notes, cards, pager. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from app.identifiers import fold
from app.search import SearchPage, SearchRequest, Sort, Synonym
from app.search.query import (
    default_sort,
    exactly,
    url_params,
    with_page,
    with_synonyms,
)  # fmt: skip
from app.tagging.taxonomy import Taxonomy
from app.web.address import Address
from app.web.narrowing import HAS, Chip, Names, chips_of, ways_out_of
from app.web.views import (
    BarChart,
    Card,
    FacetView,
    Frame,
    Link,
    Value,
    card,
    colours,
    facet_tree,
    year_chart,
)  # fmt: skip

IN_FRONT = 8
"""So many values of a facet are seen before "more"."""
EXPORTS = (
    ("bib", "BibTeX", "application/x-bibtex"), ("ris", "RIS", "application/x-research-info-systems"),
    ("csl.json", "CSL-JSON", "application/vnd.citationstyles.csl+json"), ("csv", "CSV", "text/csv"),
    ("jsonl", "JSON lines", "application/x-ndjson"), ("md", "Markdown", "text/markdown"),
    ("atom", "Atom feed", "application/atom+xml"), ("feed.json", "JSON feed", "application/feed+json"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Note:
    """Something that the visitor should know about the answer, with what can be done."""

    text: str
    links: Sequence[Link] = ()


@dataclass(frozen=True, slots=True)
class Option:
    """A choice of a list."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Pager:
    """The way through the pages; ``None`` among the pages is a gap."""

    previous: str | None
    following: str | None
    pages: Sequence[tuple[Link, bool] | None]


@dataclass(frozen=True, slots=True)
class SearchView:
    """Everything on the search page."""

    frame: Frame
    q: str
    action: str
    facets: Sequence[FacetView]
    years: BarChart
    year_from: int | None
    year_to: int | None
    has: Sequence[Value]
    hidden: Sequence[tuple[str, str]]
    chips: Sequence[Chip]
    clear_url: str
    sorts: Sequence[Option]
    notes: Sequence[Note]
    total: int
    first: int
    last: int
    cards: Sequence[Card]
    pager: Pager
    exports: Sequence[Link]
    matrix_url: str
    missing: str = ""
    ways_out: Sequence[Link] = ()
    unavailable: bool = False


def search_view(
    page: SearchPage,
    request: SearchRequest,
    taxonomy: Taxonomy,
    address: Address,
    names: Names,
    count: Callable[[SearchRequest], int] = lambda request: 0,
) -> SearchView:
    """Return the view of an answer; ``count`` says how many papers another request has (asked where there are none)."""
    chips = chips_of(request, taxonomy, names, address.search)
    ways_out: list[Link] = []
    if not page.total:
        ways_out = ways_out_of(chips, request, address, count)
    first = (request.page - 1) * request.per_page + 1
    params = [(name, value) for name, value in url_params(request) if name not in {"page", "per_page"}]
    return SearchView(
        frame=_frame(request, params, address),
        q=request.text,
        action=address.path("/search"),
        facets=facets_of(page, request, taxonomy, names),
        years=year_chart(page.facets.get("year", {})),
        year_from=request.year_from,
        year_to=request.year_to,
        has=[Value(v, label, "", None, v in request.filters.get("has", ()), False) for v, label in HAS],
        hidden=_hidden(request),
        chips=chips,
        clear_url=address.path("/search", [("q", request.text)] if request.text else []),
        sorts=_sorts(request),
        notes=_notes(page, request, address),
        total=page.total,
        first=first if page.hits else 0,
        last=first + len(page.hits) - 1 if page.hits else 0,
        cards=[card(hit, taxonomy, address) for hit in page.hits],
        pager=_pager(page.total, request, address),
        exports=[Link(label, address.path(f"/search.{ending}", params)) for ending, label, _type in EXPORTS],
        matrix_url=address.path("/matrix", params),
        missing=_missing(page, request),
        ways_out=ways_out,
    )


def unavailable_view(request: SearchRequest, taxonomy: Taxonomy, address: Address, names: Names) -> SearchView:
    """Return the view for when the engine is down: what the visitor typed and chose is kept."""
    empty = SearchPage((), 0, 0, {}, "")
    view = search_view(empty, replace(request, page=1), taxonomy, address, names)
    return replace(view, unavailable=True, missing="", ways_out=(), notes=())


def facets_of(page: SearchPage, request: SearchRequest, taxonomy: Taxonomy, names: Names) -> list[FacetView]:
    """Return the facets of the filter form: the taxonomy's, then the venues."""
    found = []
    for number, facet in enumerate(taxonomy):
        selected = request.filters.get(facet.id, ())
        tree = facet_tree(facet, page.facets.get(facet.id, {}), selected)
        is_open = number < 2 or bool(selected)
        found.append(_facet(facet.id, facet.label, facet.means, colours(taxonomy)[facet.id], tree, is_open=is_open))
    counts = page.facets.get("venue", {})
    chosen = request.filters.get("venue", ())
    venues = [
        Value(v, names.venues.get(v, v), "", counts.get(v, 0), v in chosen, False)
        for v in sorted({*counts, *chosen}, key=lambda v: (-counts.get(v, 0), names.venues.get(v, v)))
    ]
    return [*found, _facet("venue", "Venue", "Where a paper was published.", len(found), venues, is_open=bool(chosen))]


def _facet(name: str, label: str, means: str, colour: int, values: list[Value], *, is_open: bool) -> FacetView:
    front = [v for v in values if not v.disabled][:IN_FRONT]
    front += [v for v in values if v not in front and _has_selected(v)]
    more = [v for v in values if v not in front]
    return FacetView(name, label, means, colour % 8, front, more, False, is_open)


def _has_selected(value: Value) -> bool:
    return value.selected or any(_has_selected(child) for child in value.children)


def _sorts(request: SearchRequest) -> list[Option]:
    labels = {
        Sort.RELEVANCE: "Best match", Sort.NEWEST: "Newest first", Sort.OLDEST: "Oldest first", Sort.TITLE: "Title",
    }  # fmt: skip
    has_words = default_sort(request) == Sort.RELEVANCE
    return [
        Option("" if sort == default_sort(request) else sort.value, label, sort == request.sort)
        for sort, label in labels.items()
        if has_words or sort != Sort.RELEVANCE
    ]


def _hidden(request: SearchRequest) -> list[tuple[str, str]]:
    """Return what the form must carry along without showing a control for it."""
    hidden = [("author", author) for author in request.filters.get("author", ())]
    if not request.synonyms:
        hidden.append(("synonyms", "off"))
    if request.per_page != SearchRequest().per_page:
        hidden.append(("per_page", str(request.per_page)))
    return hidden


def _notes(page: SearchPage, request: SearchRequest, address: Address) -> list[Note]:
    notes = []
    for fix in page.corrected:
        link = Link(f"search for {fix.typed} instead", address.search(exactly(request, fix.typed)))
        notes.append(Note(f"“{fix.typed}” was read as “{fix.read_as}”.", [link]))
    if page.synonyms:
        told = "; ".join(f"{s.typed}: {', '.join(_others(s))}" for s in page.synonyms)
        link = Link("only what I typed", address.search(with_synonyms(request, False)))
        notes.append(Note(f"Also searched – {told}.", [link]))
    if not request.synonyms:
        link = Link("search those too", address.search(with_synonyms(request, True)))
        notes.append(Note("Other names of the same thing were not searched.", [link]))
    if page.total > page.total_all:
        have = "No paper has" if not page.total_all else f"{page.total_all:,} of these have"
        notes.append(
            Note(f"{have} all the words; {'these' if not page.total_all else 'the others'} have some of them.")
        )
    return notes


def _others(synonym: Synonym) -> list[str]:
    """Return the other names, each once, however it is written."""
    names = {fold(name): name for name in reversed(synonym.also) if fold(name) != fold(synonym.typed)}
    return list(reversed(names.values())) or list(synonym.also)


def _missing(page: SearchPage, request: SearchRequest) -> str:
    if page.total and not page.hits:
        return f"There is no page {request.page:,}: the {page.total:,} papers end before it."
    return "" if page.total else "No paper matches all of this."


def _pager(total: int, request: SearchRequest, address: Address) -> Pager:
    last = max(1, -(-total // request.per_page))
    here = request.page

    def to(number: int) -> str:
        return address.search(with_page(request, number))

    wanted = sorted({n for n in (1, here - 1, here, here + 1, last) if 1 <= n <= last})
    pages: list[tuple[Link, bool] | None] = []
    for before, number in zip([0, *wanted], wanted, strict=False):
        if number > before + 1:
            pages.append(None)
        pages.append((Link(str(number), to(number)), number == here))
    previous = to(min(here - 1, last)) if here > 1 else None
    return Pager(previous, to(here + 1) if here < last else None, pages if last > 1 else ())


def _frame(request: SearchRequest, params: list[tuple[str, str]], address: Address) -> Frame:
    is_plain = not params and request.page == 1
    return Frame(
        title=f"{request.text[:80]} – search" if request.text else "Search",
        description="Search papers on privacy in machine learning by technique, attack, kind of data, venue and year.",
        canonical=address.absolute("/search"),
        noindex=not is_plain,
        alternates=[
            (kind, Link(label, address.path(f"/search.{ending}", params)))
            for ending, label, kind in EXPORTS
            if label.endswith("feed")
        ],
        unapi=True,
        q=request.text,
    )
