"""Views for looking around: home, the pages of facet values, venues and authors, the matrix, about. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from app.search import SearchPage, SearchRequest
from app.search.query import url_params, with_value
from app.tagging.taxonomy import Facet, Taxonomy
from app.web.address import Address
from app.web.matrix import MatrixView
from app.web.narrowing import Names
from app.web.paper_view import script_json
from app.web.quality import Quality
from app.web.views import BarChart, Card, Frame, Link, card, colours, year_chart

MOST_TOGETHER = 6
ATOM = "application/atom+xml"


@dataclass(frozen=True, slots=True)
class Counted:
    """A value with its papers, the width of its bar (0 to 100), and its children."""

    label: str
    url: str
    means: str
    count: int
    share: int
    children: Sequence[Counted] = ()


@dataclass(frozen=True, slots=True)
class Overview:
    """A facet with its values as ways in; the first ones, and the others."""

    label: str
    means: str
    colour: int
    values: Sequence[Counted]
    more: Sequence[Counted] = ()


@dataclass(frozen=True, slots=True)
class HomeView:
    """Everything on the first page."""

    frame: Frame
    papers: int
    first_year: int | None
    last_year: int | None
    updated: str
    overviews: Sequence[Overview]
    newest: Sequence[Card]
    years: BarChart
    matrix: MatrixView | None
    unavailable: bool


@dataclass(frozen=True, slots=True)
class ValueView:
    """Everything on the page of a facet's value, a venue or an author."""

    frame: Frame
    kind: str
    label: str
    means: str
    colour: int
    total: int
    parents: Sequence[Link]
    children: Sequence[Counted]
    years: BarChart
    together: Sequence[Overview]
    cards: Sequence[Card]
    all_url: str
    matrix_url: str
    feed_url: str


@dataclass(frozen=True, slots=True)
class AboutView:
    """Everything on the page about the catalogue."""

    frame: Frame
    papers: int
    first_year: int | None
    last_year: int | None
    updated: str
    facets: Sequence[Facet]
    labels: int
    cite: str
    quality: Sequence[Quality] = ()


def day(moment: datetime | None) -> str:
    """Return a moment's day for people."""
    return f"{moment.day} {moment:%B %Y}" if moment else ""


def counted(
    facet: Facet, counts: Mapping[str, int], address: Address, request: SearchRequest | None = None,
    parent: str | None = None,
) -> list[Counted]:  # fmt: skip
    """Return the values with papers, most first; they lead to their page, or narrow ``request``."""
    most = max(counts.values(), default=1)
    found = [
        Counted(
            label.label,
            address.search(with_value(request, facet.id, label.id)) if request else address.value(facet, label.id),
            label.means, counts[label.id], round(100 * counts[label.id] / most),
            counted(facet, counts, address, request, label.id),
        )
        for label in facet.labels
        if label.parent == parent and counts.get(label.id)
    ]  # fmt: skip
    return sorted(found, key=lambda value: -value.count)


def venue_counts(counts: Mapping[str, int], names: Names, address: Address) -> list[Counted]:
    """Return venues with papers, most first."""
    most = max(counts.values(), default=1)
    ordered = sorted(counts.items(), key=lambda pair: (-pair[1], names.venues.get(pair[0], pair[0])))
    return [
        Counted(names.venues.get(v, v), address.venue(v), "", count, round(100 * count / most)) for v, count in ordered
    ]


def overviews(page: SearchPage, taxonomy: Taxonomy, address: Address, names: Names, front: int) -> list[Overview]:
    """Return every facet, then the venues, with their values as ways in."""
    found = []
    for facet in taxonomy:
        values = counted(facet, page.facets.get(facet.id, {}), address)
        found.append(Overview(facet.label, facet.means, colours(taxonomy)[facet.id], values[:front], values[front:]))
    venues = venue_counts(page.facets.get("venue", {}), names, address)
    return [*found, Overview("Venue", "Where papers were published.", len(found) % 8, venues[:front], venues[front:])]


def _flat(view: Overview) -> Overview:
    """Return an overview of the broad values alone."""
    values, more = ([replace(value, children=()) for value in part] for part in (view.values, view.more))
    return replace(view, values=values, more=more)


def home_view(
    page: SearchPage | None, updated_at: datetime | None, taxonomy: Taxonomy, address: Address, names: Names,
    matrix: MatrixView | None,
) -> HomeView:  # fmt: skip
    """Return the first page's view; ``page`` is everything, newest first, or None while the engine is down."""
    page, is_down = page or SearchPage((), 0, 0, {}, ""), page is None
    years = sorted(int(year) for year in page.facets.get("year", {}))
    site = {
        "@context": "https://schema.org", "@type": "WebSite", "name": "Epsilon", "url": address.absolute("/"),
        "potentialAction": {
            "@type": "SearchAction", "query-input": "required name=q",
            "target": address.absolute("/search") + "?q={q}",
        },
    }  # fmt: skip
    return HomeView(
        frame=Frame(
            "Epsilon – papers on privacy in machine learning",
            "A searchable catalogue of papers on privacy in machine learning: by technique, attack, data and venue.",
            address.absolute("/"),
            alternates=[(ATOM, Link("New papers", address.path("/search.atom")))],
            json_ld=script_json(site),
        ),
        papers=page.total,
        first_year=years[0] if years else None,
        last_year=years[-1] if years else None,
        updated=day(updated_at),
        overviews=[_flat(view) for view in overviews(page, taxonomy, address, names, 7)],
        newest=[card(hit, taxonomy, address) for hit in page.hits],
        years=year_chart(page.facets.get("year", {}), 320, 100),
        matrix=matrix,
        unavailable=is_down,
    )


def value_view(
    kind: str, label: str, means: str, colour: int, page: SearchPage, request: SearchRequest, taxonomy: Taxonomy,
    address: Address, names: Names, canonical: str, own: tuple[Facet, str] | None = None, span: Sequence[int] = (),
) -> ValueView:  # fmt: skip
    """Return the view of a value, venue or author.

    ``own`` is the facet and label that the page is about, ``span`` are the years of the whole catalogue.
    """
    params = [(name, value) for name, value in url_params(replace(request, per_page=20)) if name != "page"]
    parents: list[Link] = []
    children: list[Counted] = []
    if own:
        facet, label_id = own
        ancestors = [facet.by_id[i] for i in facet.with_parents([label_id]) if i != label_id]
        parents = [Link(parent.label, address.value(facet, parent.id)) for parent in ancestors]
        children = counted(facet, page.facets.get(facet.id, {}), address, None, label_id)
    together = [
        replace(_flat(view), more=())
        for view, name in zip(
            overviews(page, taxonomy, address, names, MOST_TOGETHER), [*taxonomy.by_id, "venue"], strict=True
        )
        if name not in request.filters and view.values
    ]
    return ValueView(
        frame=Frame(
            f"{label} – {kind.lower()}", means, address.absolute(canonical), unapi=True,
            alternates=[(ATOM, Link(f"New papers: {label}", address.path("/search.atom", params)))],
        ),
        kind=kind, label=label, means=means, colour=colour, total=page.total, parents=parents, children=children,
        years=year_chart(page.facets.get("year", {}), 400, 64, colour, span), together=together,
        cards=[card(hit, taxonomy, address) for hit in page.hits],
        all_url=address.path("/search", params), matrix_url=address.path("/matrix", params),
        feed_url=address.path("/search.atom", params),
    )  # fmt: skip
