"""Papers and searches in other formats, and what programs look for: feeds, sitemap, robots.txt, unAPI."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain

import orjson
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response, StreamingResponse

from app import catalogue
from app.catalogue import Record
from app.paper import ARXIV, Paper, Venue
from app.search import SearchPage, SearchRequest, Sort
from app.search.query import parse
from app.tagging.taxonomy import Taxonomy
from app.web import citations, errors, exports, feeds
from app.web.address import address_of
from app.web.render import etag, unchanged
from app.web.site import Site, site_of
from app.web.suggest import suggestions

router = APIRouter(include_in_schema=False)
BATCH = 200
FEED = 50
TYPES = {
    "json": "application/json", "bib": "application/x-bibtex", "ris": "application/x-research-info-systems",
    "csl.json": "application/vnd.citationstyles.csl+json", "md": "text/markdown",
}  # fmt: skip


def paper_as(request: Request, record: Record, ending: str) -> Response:
    """Return a paper in the format of an ending, or in the one that the visitor accepts."""
    site, address = site_of(request), address_of(request)
    accepted = request.headers.get("accept", "")
    ending = ending or next((e for e, kind in TYPES.items() if kind in accepted), "")
    if ending not in TYPES:
        status = 404 if "." in request.url.path.rpartition("/")[2] else 406
        return errors.answer(request, status, "The formats of a paper are " + ", ".join(TYPES) + ".")
    paper, kind = record.paper, record.venue.kind
    tag = etag(request, site.render.version, record, ending)
    if same := unchanged(request, tag):
        return same
    body: str | bytes
    match ending:
        case "bib":
            body = citations.bibtex(paper, kind)
        case "ris":
            body = citations.ris(paper, kind)
        case "csl.json":
            body = orjson.dumps([citations.csl(paper, kind)])
        case "md":
            body = citations.markdown(paper)
        case _:
            related = site.related(paper) or []
            body = orjson.dumps(exports.record_fields(record, related, site.taxonomy, address))
    headers = {
        "ETag": tag, "Cache-Control": "no-cache", "Vary": "Accept", "Access-Control-Allow-Origin": "*",
        "Content-Disposition": f'inline; filename="{paper.id}.{ending}"',
        "Link": f'<{address.absolute(f"/papers/{paper.id}")}>; rel="canonical"',
    }  # fmt: skip
    return Response(body, headers=headers, media_type=_with_charset(TYPES[ending]))


def _with_charset(kind: str) -> str:
    return kind if "json" in kind else f"{kind}; charset=utf-8"


@router.get("/search.{ending}")
def search_as(request: Request, ending: str) -> Response:
    """Give all papers of a search in a format, or its newest as a feed."""
    kind = feeds.export_type(ending)
    if kind is None:
        return errors.answer(request, 404)
    site, address = site_of(request), address_of(request)
    wanted = replace(parse(request.query_params.multi_items(), site.taxonomy).request, page=1, per_page=BATCH)
    headers = {"Cache-Control": "private, no-cache"}
    if ending in {"atom", "feed.json"}:
        wanted = replace(wanted, sort=Sort.NEWEST, per_page=FEED)
        tag = site.tag(request)
        if same := unchanged(request, tag):
            return same
        page = site.engine.search(wanted)
        title = f"Epsilon: {wanted.text}" if wanted.text else "Epsilon: new papers"
        make = feeds.atom if ending == "atom" else feeds.json_feed
        shown = replace(wanted, per_page=20)
        return Response(make(page, shown, address, title), headers={**headers, "ETag": tag}, media_type=kind)
    first = site.engine.search(wanted)
    kinds = site.venues(site.engine.generation())
    lines = WRITERS[ending](chain([first], _further(site, wanted, first.total)), site.taxonomy, kinds)
    headers["Content-Disposition"] = f'attachment; filename="epsilon.{ending}"'
    return StreamingResponse(lines, headers=headers, media_type=_with_charset(kind))


def _further(site: Site, wanted: SearchRequest, total: int) -> Iterator[SearchPage]:
    for number in range(2, -(-total // BATCH) + 1):
        yield site.engine.search(replace(wanted, page=number))


def _papers(pages: Iterator[SearchPage]) -> Iterator[Paper]:
    return (hit.paper for page in pages for hit in page.hits)


def venue_kind(paper: Paper, venues: Mapping[str, Venue]) -> str:
    """Return the kind of a paper's venue."""
    known = venues.get(paper.venue)
    return known.kind if known else "preprint" if paper.venue == ARXIV else "unknown"


def _bib(pages: Iterator[SearchPage], taxonomy: Taxonomy, venues: Mapping[str, Venue]) -> Iterator[str]:
    return (citations.bibtex(paper, venue_kind(paper, venues)) + "\n" for paper in _papers(pages))


def _ris(pages: Iterator[SearchPage], taxonomy: Taxonomy, venues: Mapping[str, Venue]) -> Iterator[str]:
    return (citations.ris(paper, venue_kind(paper, venues)) + "\r\n" for paper in _papers(pages))


def _csl(pages: Iterator[SearchPage], taxonomy: Taxonomy, venues: Mapping[str, Venue]) -> Iterator[str]:
    separator = "["
    for paper in _papers(pages):
        yield separator + orjson.dumps(citations.csl(paper, venue_kind(paper, venues))).decode()
        separator = ",\n"
    yield "]" if separator != "[" else "[]"


def _csv(pages: Iterator[SearchPage], taxonomy: Taxonomy, venues: Mapping[str, Venue]) -> Iterator[str]:
    yield exports.csv_head(taxonomy)
    yield from (exports.csv_row(paper, taxonomy) for paper in _papers(pages))


def _jsonl(pages: Iterator[SearchPage], taxonomy: Taxonomy, venues: Mapping[str, Venue]) -> Iterator[str]:
    return (exports.json_line(paper, taxonomy) for paper in _papers(pages))


def _md(pages: Iterator[SearchPage], taxonomy: Taxonomy, venues: Mapping[str, Venue]) -> Iterator[str]:
    return (citations.markdown_line(paper) for paper in _papers(pages))


Writer = Callable[[Iterator[SearchPage], Taxonomy, Mapping[str, Venue]], Iterator[str]]
WRITERS: dict[str, Writer] = {"bib": _bib, "ris": _ris, "csl.json": _csl, "csv": _csv, "jsonl": _jsonl, "md": _md}


@router.get("/unapi")
def unapi(request: Request, id: str = "", format: str = "") -> Response:
    """Answer unAPI, with which Zotero takes papers from a list of results."""
    if not id or not format:
        return Response(feeds.unapi_formats(id), media_type="application/xml")
    ending = {"bibtex": "bib", "ris": "ris"}.get(format)
    with site_of(request).database.reading() as session:
        found = catalogue.get(session, id)
    if not isinstance(found, Record) or ending is None:
        return PlainTextResponse("no such paper or format\n", 404 if ending else 406)
    return paper_as(request, found, ending)


@router.get("/suggest")
def browser_suggestions(request: Request, q: str = "") -> Response:
    """Suggest to a browser's own search field, in the form that OpenSearch wants."""
    site, address = site_of(request), address_of(request)
    venues = {venue.id: venue.label for venue in site.venues(site.engine.generation()).values()}
    found = suggestions(q[:200], site.taxonomy, venues, address, site.engine.suggest)
    labels, kinds = [s.label for s in found], [s.kind for s in found]
    body = orjson.dumps([q, labels, kinds, [address.origin + s.url for s in found]])
    return Response(body, headers={"Cache-Control": "no-store"}, media_type="application/x-suggestions+json")


@router.get("/opensearch.xml")
def opensearch(request: Request) -> Response:
    """Describe the search for browsers."""
    return Response(feeds.opensearch(address_of(request)), media_type="application/opensearchdescription+xml")


@router.get("/robots.txt")
def robots(request: Request) -> Response:
    """Tell crawlers where not to go."""
    return PlainTextResponse(feeds.robots(address_of(request)))


@router.get("/sitemap.xml")
def sitemap_index(request: Request) -> Response:
    """List the sitemaps."""
    with site_of(request).database.reading() as session:
        papers = catalogue.summary(session).papers
    return Response(feeds.sitemap_index(papers, address_of(request)), media_type="application/xml")


@router.get("/sitemaps/{number}.xml")
def sitemap(request: Request, number: int) -> Response:
    """List papers, and on the first sitemap the other pages."""
    site = site_of(request)
    if not 1 <= number <= 10_000:
        return errors.answer(request, 404)
    with site.database.reading() as session:
        papers = catalogue.changes(session, (number - 1) * feeds.SITEMAP_SIZE, feeds.SITEMAP_SIZE)
    others = ["/", "/search", "/matrix", "/about"] if number == 1 else []
    others += [f"/{f.key}/{label.id}" for f in site.taxonomy for label in f.labels] if number == 1 else []
    return Response(feeds.sitemap(papers, others, address_of(request)), media_type="application/xml")
