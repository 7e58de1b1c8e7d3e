"""The API: the same searches and papers as the pages, as JSON. Errors are problem+json."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Path, Query
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from app import catalogue
from app.catalogue import Moved, Withdrawn
from app.search import SearchRequest
from app.search.query import Problem, parse, with_page
from app.tagging.taxonomy import Taxonomy
from app.web import exports
from app.web.address import address_of
from app.web.errors import problem
from app.web.render import etag, unchanged
from app.web.schema import FacetsAnswer, ProblemAnswer, SuggestAnswer, models, search_parameters
from app.web.site import site_of
from app.web.suggest import suggestions

PROBLEM = {"model": ProblemAnswer, "content": {"application/problem+json": {}}}
MOST_TYPED = 200


def _json(content: Any, headers: dict[str, str] | None = None) -> Response:
    return Response(orjson.dumps(content), headers=headers, media_type="application/json")


def _unknown(request: Request, known: Collection[str] = ()) -> Response | None:
    problems = [
        Problem(name[:200], value[:200], "there is no such parameter")
        for name, value in request.query_params.multi_items()
        if name not in known
    ]
    return problem(request, 422, "The request has parameters that can't be used.", problems) if problems else None


def api_router(taxonomy: Taxonomy) -> APIRouter:
    """Return the routes; parameters and answers are described by the taxonomy."""
    router = APIRouter(prefix=exports.API)
    papers_model, record_model = models(taxonomy)

    @router.get(
        "/papers", summary="Search papers", response_model=papers_model, response_class=Response,
        responses={200: {"model": papers_model}, 422: PROBLEM, 503: PROBLEM},
        openapi_extra={"parameters": search_parameters(taxonomy)},
    )  # fmt: skip
    def papers(request: Request) -> Response:
        """Find papers with the parameters of the search page; counts of a facet ignore its own filter."""
        site, address = site_of(request), address_of(request)
        parsed = parse(request.query_params.multi_items(), site.taxonomy)
        if parsed.problems:
            return problem(request, 422, "The request has parameters that can't be used.", parsed.problems)
        wanted = parsed.request
        tag = site.tag(request)
        if same := unchanged(request, tag):
            return same
        page = site.engine.search(wanted)
        names = site.names(site.engine.generation(), [hit.paper for hit in page.hits])
        body = exports.search_json(page, wanted, site.taxonomy, address.absolute(""), names.venues)
        links = [f'<{body["next"]}>; rel="next"'] if body["next"] else []
        for number, rel in ((1, "first"), (wanted.page - 1, "prev")):
            if wanted.page > 1:
                to = address.origin + address.search(with_page(wanted, number), f"{exports.API}/papers")
                links.append(f'<{to}>; rel="{rel}"')
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        return _json(body, {**headers, "Link": ", ".join(links)} if links else headers)

    @router.get(
        "/papers/{paper_id}", summary="One paper", response_model=record_model, response_class=Response,
        responses={200: {"model": record_model}, 404: PROBLEM, 410: PROBLEM, 422: PROBLEM, 503: PROBLEM},
    )  # fmt: skip
    def paper(
        request: Request, paper_id: Annotated[str, Path(description="A paper's id, as searches give it.")]
    ) -> Response:
        """Give all that is known of a paper: evidence of its labels, sources, related papers."""
        if refused := _unknown(request):
            return refused
        site, address = site_of(request), address_of(request)
        with site.database.reading() as session:
            found = catalogue.get(session, paper_id)
        if found is None:
            return problem(request, 404, "There is no paper with this id.")
        if isinstance(found, Moved):
            return RedirectResponse(address.path(f"{exports.API}/papers/{found.to}"), 301)
        if isinstance(found, Withdrawn):
            return problem(request, 410, f"This paper was taken out of the catalogue: {found.reason}")
        body = exports.record_fields(found, site.related(found.paper) or [], site.taxonomy, address)
        tag = etag(request, body)
        return unchanged(request, tag) or _json(body, {"ETag": tag, "Cache-Control": "no-cache"})

    @router.get(
        "/facets", summary="All facets", response_model=FacetsAnswer, response_class=Response,
        responses={200: {"model": FacetsAnswer}, 422: PROBLEM, 503: PROBLEM},
    )  # fmt: skip
    def facets(request: Request) -> Response:
        """Give every value of every facet with its meaning and its papers."""
        if refused := _unknown(request):
            return refused
        site, address = site_of(request), address_of(request)
        tag = site.tag(request)
        if same := unchanged(request, tag):
            return same
        page = site.engine.search(SearchRequest(per_page=1))
        found = [
            {
                "facet": facet.id, "key": facet.key, "label": facet.label, "means": facet.means,
                "values": [
                    {
                        "value": label.id, "label": label.label, "means": label.means, "parent": label.parent,
                        "count": page.facets.get(facet.id, {}).get(label.id, 0),
                        "url": address.origin + address.value(facet, label.id),
                    }
                    for label in facet.labels
                ],
            }
            for facet in site.taxonomy
        ]  # fmt: skip
        venues, counts = site.venues(site.engine.generation()), page.facets.get("venue", {})
        values = []
        for venue in sorted(counts, key=lambda v: (-counts[v], v)):
            label, name = (venues[venue].label, venues[venue].name) if venue in venues else (venue, "")
            url = address.origin + address.venue(venue)
            values.append(
                {"value": venue, "label": label, "means": name, "parent": None, "count": counts[venue], "url": url}
            )
        means = "Where papers were published."
        found.append({"facet": "venue", "key": "venues", "label": "Venue", "means": means, "values": values})
        return _json({"facets": found}, {"ETag": tag, "Cache-Control": "no-cache"})

    @router.get(
        "/suggest", summary="Suggestions while typing", response_model=SuggestAnswer, response_class=Response,
        responses={200: {"model": SuggestAnswer}, 422: PROBLEM, 503: PROBLEM},
    )  # fmt: skip
    def suggest(request: Request, q: Annotated[str, Query(description="What is typed so far.")] = "") -> Response:
        """Suggest labels, venues, authors and titles that begin with what is typed."""
        if refused := _unknown(request, {"q"}):
            return refused
        site, address = site_of(request), address_of(request)
        venues = {venue.id: venue.label for venue in site.venues(site.engine.generation()).values()}
        found = suggestions(q[:MOST_TYPED], site.taxonomy, venues, address, site.engine.suggest)
        return _json({"suggestions": [{"kind": s.kind, "label": s.label, "url": s.url} for s in found]})

    return router
