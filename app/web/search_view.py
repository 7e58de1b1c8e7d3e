"""The view of a search: filters, chips of what is active, notes, cards, pager. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.identifiers import fold
from app.search import SearchPage, SearchRequest, Sort, Synonym
from app.search.query import (
    default_sort,
    exactly,
    url_params,
    with_page,
    with_synonyms,
    with_tree,
    with_value,
    with_years,
    without_value,
)  # fmt: skip
from app.search.tree import Everything
from app.tagging.taxonomy import Taxonomy
from app.web.address import Address
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
HAS = (("code", "Code is known"), ("venue", "Published, not only a preprint"))
EXPORTS = (
    ("bib", "BibTeX", "application/x-bibtex"), ("ris", "RIS", "application/x-research-info-systems"),
    ("csl.json", "CSL-JSON", "application/vnd.citationstyles.csl+json"), ("csv", "CSV", "text/csv"),
    ("jsonl", "JSON lines", "application/x-ndjson"), ("md", "Markdown", "text/markdown"),
    ("atom", "Atom feed", "application/atom+xml"), ("feed.json", "JSON feed", "application/feed+json"),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is active, and the link that takes it away."""

    kind: str
    label: str
    url: str
    colour: int | None


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


@dataclass(frozen=True, slots=True)
class Names:
    """The names of venues and authors by their ids, as far as they are known."""

    venues: Mapping[str, str]
    authors: Mapping[str, str]


def search_view(
    page: SearchPage,
    request: SearchRequest,
    taxonomy: Taxonomy,
    address: Address,
    names: Names,
    count: Callable[[SearchRequest], int] = lambda request: 0,
) -> SearchView:
    """Return the view of an answer; ``count`` says how many papers another request has (asked where there are none)."""
    chips = _chips(request, taxonomy, address, names)
    ways_out: list[Link] = []
    if not page.total:
        ways_out = _ways_out(chips, request, address, count)
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


def _ways_out(
    chips: Sequence[Chip], request: SearchRequest, address: Address, count: Callable[[SearchRequest], int]
) -> list[Link]:
    """Return what to take away and how many papers there are then; where no one thing helps, what to keep alone."""
    parts = list(zip(chips, narrowings(request), strict=True))
    ways = [(f"without {_told(chip)}", without) for chip, (_, _, _, without) in parts]
    counted = [(told, way, count(way)) for told, way in ways]
    if not any(found for _, _, found in counted) and len(parts) > 2:
        alone = [(f"with {_told(chip)} alone", _alone(request, name, value)) for chip, (name, value, _, _) in parts]
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


def narrowings(request: SearchRequest) -> list[tuple[str, str, str, SearchRequest]]:
    """Return what narrows a request: parameter, value, how it reads, and the request without it."""
    found = []
    if request.text:
        found.append(("q", request.text, "words", with_tree(request, Everything())))
    for facet, values in request.filters.items():
        found += [(facet, value, value, without_value(request, facet, value)) for value in values]
    if request.year_from is not None or request.year_to is not None:
        years = f"{request.year_from or '…'}–{request.year_to or '…'}"
        if request.year_from == request.year_to:
            years = str(request.year_from)
        found.append(("year", years, years, with_years(request, None, None)))
    return found


def _chips(request: SearchRequest, taxonomy: Taxonomy, address: Address, names: Names) -> list[Chip]:
    chips = []
    known = {"venue": names.venues, "author": names.authors, "has": dict(HAS)}
    kinds = {"q": "Words", "venue": "Venue", "author": "Author", "has": "Only", "year": "Years"}
    for name, value, _shown, without in narrowings(request):
        facet = taxonomy.by_id.get(name)
        if facet:
            label = facet.by_id[value].label if value in facet.by_id else value
            chips.append(Chip(facet.label, label, address.search(without), colours(taxonomy)[name]))
        else:
            label = known.get(name, {}).get(value, value)
            chips.append(Chip(kinds[name], label, address.search(without), None))
    return chips


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
