"""The pages: each route parses, asks, makes a view and renders it. They write nothing."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import catalogue
from app.catalogue import Moved, Withdrawn
from app.database import DatabaseUnavailable
from app.identifiers import arxiv_id, doi
from app.search import EngineUnavailable, SearchPage, SearchRequest
from app.search.query import parse
from app.tagging.taxonomy import Facet, Taxonomy
from app.web import errors
from app.web.address import address_of
from app.web.downloads import paper_as
from app.web.explore import AboutView, ValueView, day, home_view, value_view
from app.web.matrix import Matrix, axes, matrix, matrix_csv, matrix_view
from app.web.narrowing import Names
from app.web.paper_view import paper_view, signposts
from app.web.quality import measured
from app.web.render import etag, is_partial, unchanged
from app.web.search_view import search_view, unavailable_view
from app.web.site import Site, site_of
from app.web.views import Frame

router = APIRouter(include_in_schema=False)
PRIVATE = {"Cache-Control": "private, no-cache"}


def request_of(request: Request) -> SearchRequest:
    """Return the search that a page's address asks for, without what can't be used."""
    return parse(request.query_params.multi_items(), site_of(request).taxonomy).request


@router.get("/")
def home(request: Request) -> Response:
    """Show what the catalogue holds and the ways in."""
    site, address = site_of(request), address_of(request)
    try:
        tag = site.tag(request)
        if same := unchanged(request, tag):
            return same
        page = site.engine.search(SearchRequest(per_page=6))
        small = matrix_view(
            _matrix(site, SearchRequest(), *axes({}, site.taxonomy)), site.taxonomy, address, small=True
        )
    except EngineUnavailable:
        view = home_view(None, None, site.taxonomy, address, Names({}, {}), None)
        return site.render.page(request, "home.html", view, status=503, headers=errors.RETRY)
    names = site.names(tag, [hit.paper for hit in page.hits])
    view = home_view(page, _updated(site), site.taxonomy, address, names, small)
    return site.render.page(request, "home.html", view, headers={"ETag": tag})


def _updated(site: Site) -> datetime | None:
    try:
        with site.database.reading() as session:
            return catalogue.summary(session).updated_at
    except DatabaseUnavailable:
        return None


@router.get("/search")
def search(request: Request) -> Response:
    """Search; htmx gets the block with filters and results."""
    site, address = site_of(request), address_of(request)
    wanted = request_of(request)
    try:
        tag = site.tag(request)
        if same := unchanged(request, tag):
            return same
        page = site.engine.search(wanted)
        names = site.names(site.engine.generation(), [hit.paper for hit in page.hits])
        view = search_view(page, wanted, site.taxonomy, address, names, site.count)
    except EngineUnavailable:
        view = unavailable_view(wanted, site.taxonomy, address, site.names("", ()))
        return site.render.page(
            request, "search.html", view, status=503, fragment="found", headers={**PRIVATE, **errors.RETRY}
        )
    headers = {**PRIVATE, "ETag": tag}
    if is_partial(request):
        headers["HX-Push-Url"] = address.search(wanted)  # the shortest form, whatever the form sent
    status = 404 if page.total and not page.hits else 200
    return site.render.page(request, "search.html", view, status=status, fragment="found", headers=headers)


@router.get("/papers/{paper_id}")
def paper(request: Request, paper_id: str) -> Response:
    """Show a paper; with an ending, give it in that format."""
    name, _, ending = paper_id.partition(".")
    site, address = site_of(request), address_of(request)
    with site.database.reading() as session:
        found = catalogue.get(session, name)
    if found is None:
        return errors.answer(request, 404, "There is no paper at this address.")
    if isinstance(found, Moved):
        return RedirectResponse(address.paper(found.to) + f".{ending}" * bool(ending), 301)
    if isinstance(found, Withdrawn):
        return errors.error_page(request, 410, "Withdrawn", f"“{found.title}” was taken out: {found.reason}")
    if ending or not _wants_page(request):
        return paper_as(request, found, ending)
    related = site.related(found.paper)
    tag = etag(request, site.render.version, found, [p.id for p in related or ()], related is None)
    if same := unchanged(request, tag):
        return same
    view = paper_view(found, related, site.taxonomy, address)
    headers = {"ETag": tag, "Link": signposts(found, view), "Vary": "Accept"}
    return site.render.page(request, "paper.html", view, headers=headers)


def _wants_page(request: Request) -> bool:
    accepted = request.headers.get("accept", "*/*")
    return "text/html" in accepted or "*/*" in accepted


@router.get("/arxiv/{identifier:path}")
def by_arxiv(request: Request, identifier: str) -> Response:
    """Lead to the paper with an arXiv id, whatever its version."""
    return _resolve(request, catalogue.find_by_arxiv, arxiv_id(identifier))


@router.get("/doi/{identifier:path}")
def by_doi(request: Request, identifier: str) -> Response:
    """Lead to the paper with a DOI."""
    return _resolve(request, catalogue.find_by_doi, doi(identifier))


def _resolve(request: Request, find: Callable[..., str | None], identifier: str | None) -> Response:
    if identifier:
        with site_of(request).database.reading() as session:
            paper_id = find(session, identifier)
        if paper_id:
            return RedirectResponse(address_of(request).paper(paper_id), 303)
    return errors.answer(request, 404, "The catalogue has no paper with this identifier.")


def add_facet_pages(own: APIRouter, taxonomy: Taxonomy) -> None:
    """Add the route of each facet's values."""
    for number, facet in enumerate(taxonomy):
        own.add_api_route(f"/{facet.key}/{{label}}", _facet_page(facet, number % 8), include_in_schema=False)


def _facet_page(facet: Facet, colour: int) -> Callable[[Request, str], Response]:
    def page(request: Request, label: str) -> Response:
        known = facet.by_id.get(label)
        if known is None:
            return errors.answer(request, 404, f"There is no {facet.label.lower()} with this name.")
        wanted = SearchRequest(filters={facet.id: (label,)}, per_page=20)
        return _value_page(
            request, wanted, f"/{facet.key}/{label}",
            lambda found, names: (facet.label, known.label, known.means, colour), own=(facet, label),
        )  # fmt: skip

    return page


@router.get("/venues/{venue}")
def venue_page(request: Request, venue: str) -> Response:
    """Show a venue."""
    site = site_of(request)
    known = site.venues(site.engine.generation()).get(venue)
    wanted = SearchRequest(filters={"venue": (venue,)}, per_page=20)
    means = f"{known.name} ({known.kind})" if known and known.kind != "unknown" else known.name if known else ""
    return _value_page(
        request, wanted, f"/venues/{venue}",
        lambda found, names: ("Venue", known.label if known else names.venues.get(venue, venue), means, 4),
    )  # fmt: skip


@router.get("/authors/{author}")
def author_page(request: Request, author: str) -> Response:
    """Show an author."""
    wanted = SearchRequest(filters={"author": (author,)}, per_page=20)
    return _value_page(
        request, wanted, f"/authors/{author}", lambda found, names: ("Author", names.authors.get(author, author), "", 5)
    )


def _value_page(
    request: Request,
    wanted: SearchRequest,
    canonical: str,
    head: Callable[[SearchPage, Names], tuple[str, str, str, int]],
    own: tuple[Facet, str] | None = None,
) -> Response:
    site, address = site_of(request), address_of(request)
    tag = site.tag(request)
    if same := unchanged(request, tag):
        return same
    page = site.engine.search(wanted)
    if own is None and not page.total:
        return errors.answer(request, 404, "The catalogue has nothing under this address.")
    names = site.names(site.engine.generation(), [hit.paper for hit in page.hits])
    kind, label, means, colour = head(page, names)
    view: ValueView = value_view(
        kind, label, means, colour, page, wanted, site.taxonomy, address, names, canonical, own, site.years()
    )
    return site.render.page(request, "value.html", view, headers={"ETag": tag})


@router.get("/matrix")
def matrix_page(request: Request) -> Response:
    """Show the matrix of two facets, for the whole catalogue or a search."""
    site = site_of(request)
    tag = site.tag(request)
    if same := unchanged(request, tag):
        return same
    found = _matrix_of(request)
    view = matrix_view(found, site.taxonomy, address_of(request), site.names(site.engine.generation()))
    headers = {**PRIVATE, "ETag": tag, **({"HX-Push-Url": view.url} if is_partial(request) else {})}
    return site.render.page(request, "matrix.html", view, fragment="table", headers=headers)


@router.get("/matrix.csv")
def matrix_table(request: Request) -> Response:
    """Give the matrix as a table."""
    found = _matrix_of(request)
    name = f"matrix-{found.rows.id}-{found.columns.id}.csv"
    headers = {**PRIVATE, "Content-Disposition": f'attachment; filename="{name}"'}
    return Response(matrix_csv(found), headers=headers, media_type="text/csv; charset=utf-8")


def _matrix_of(request: Request) -> Matrix:
    site = site_of(request)
    wanted = replace(request_of(request), page=1, per_page=20)
    return _matrix(site, wanted, *axes(request.query_params, site.taxonomy))


def _matrix(site: Site, wanted: SearchRequest, rows: Facet, columns: Facet) -> Matrix:
    if wanted != SearchRequest():
        return matrix(wanted, rows, columns, site.engine.search)
    key = (site.engine.generation(), rows.id, columns.id)
    if key not in site.matrices:
        if len(site.matrices) > 50:
            site.matrices.clear()
        site.matrices[key] = matrix(wanted, rows, columns, site.engine.search)
    return site.matrices[key]


@router.get("/about")
def about(request: Request) -> Response:
    """Say what this is, how tags are made, and what is never recorded."""
    site, address = site_of(request), address_of(request)
    with site.database.reading() as session:
        summary = catalogue.summary(session)
    view = AboutView(
        frame=Frame("About", "What Epsilon holds, how its tags are made, and what it never records.",
                    address.absolute("/about")),
        papers=summary.papers, first_year=summary.first_year, last_year=summary.last_year,
        updated=day(summary.updated_at), facets=site.taxonomy.facets,
        labels=sum(len(facet.labels) for facet in site.taxonomy),
        quality=measured(),
        cite=f"Epsilon: a catalogue of papers on privacy in machine learning. {address.absolute('/')}",
    )  # fmt: skip
    tag = etag(request, site.render.version, view)
    return unchanged(request, tag) or site.render.page(request, "about.html", view, headers={"ETag": tag})


@router.get("/reading-list")
def reading_list(request: Request) -> Response:
    """Show the papers that the visitor kept; which ones, only their browser knows."""
    view = AboutView(Frame("Reading list", noindex=True), 0, None, None, "", (), 0, "")
    return site_of(request).render.page(request, "reading.html", view)
