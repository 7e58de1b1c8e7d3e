"""Answers and papers as data: the API's JSON, and tables. Pure."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import orjson

from app.catalogue import Record
from app.paper import Paper
from app.search import SearchPage, SearchRequest
from app.search.query import url_params, with_page
from app.tagging.taxonomy import Facet, Taxonomy
from app.web.address import Address
from app.web.views import outward_links

API = "/api/v1"


def paper_fields(paper: Paper, taxonomy: Taxonomy) -> dict[str, Any]:
    """Return a paper as the API gives it."""
    return {
        "id": paper.id,
        "title": paper.title,
        "abstract": paper.abstract,
        "authors": [author.name for author in paper.authors],
        "venue": paper.venue,
        "venue_label": paper.venue_label,
        "year": paper.year,
        "published": paper.published,
        **{facet.key: in_order(facet, paper.labels.get(facet.id, ())) for facet in taxonomy},
        "arxiv_id": paper.arxiv_id,
        "doi": paper.doi,
        "code_url": paper.code_url,
        "url": paper.url,
    }


def in_order(facet: Facet, labels: Iterable[str]) -> list[str]:
    """Return labels in the facet's order."""
    wanted = set(labels)
    return [label for label in facet.by_id if label in wanted]


def search_json(
    page: SearchPage,
    request: SearchRequest,
    taxonomy: Taxonomy,
    base_url: str = "",
    venues: Mapping[str, str] | None = None,
) -> dict[str, Any]:
    """Return a page of results as ``GET /api/v1/papers`` gives it; ``venues`` are the names of venues by id."""
    has_more = request.page * request.per_page < page.total
    params = urlencode(url_params(with_page(request, request.page + 1)))
    following = f"{base_url.rstrip('/')}{API}/papers?{params}"
    labels = {hit.paper.venue: hit.paper.venue_label for hit in page.hits} | dict(venues or {})
    return {
        "total": page.total,
        "page": request.page,
        "per_page": request.per_page,
        "next": following if has_more else None,
        "query": {
            "q": request.text,
            "matched": "all" if page.total == page.total_all else "some",
            "total_all": page.total_all,
            "synonyms": [{"typed": s.typed, "also": list(s.also)} for s in page.synonyms],
            "corrected": [{"typed": c.typed, "read_as": c.read_as} for c in page.corrected],
        },
        "papers": [paper_fields(hit.paper, taxonomy) for hit in page.hits],
        "facets": facet_fields(page, request, taxonomy, labels),
    }


def facet_fields(
    page: SearchPage, request: SearchRequest, taxonomy: Taxonomy, venues: Mapping[str, str]
) -> dict[str, list[dict[str, Any]]]:
    """Return every facet's values that have papers or are selected."""
    found = {}
    for facet in taxonomy:
        counts, selected = page.facets.get(facet.id, {}), request.filters.get(facet.id, ())
        shown = [label for label in facet.labels if counts.get(label.id) or label.id in selected]
        rows = [_value(label.id, label.label, counts, label.id in selected, label.parent) for label in shown]
        found[facet.id] = sorted(rows, key=lambda row: -row["count"])
    counts, selected = page.facets.get("venue", {}), request.filters.get("venue", ())
    rows = [_value(v, venues.get(v, v), counts, v in selected) for v in {*counts, *selected}]
    found["venue"] = sorted(rows, key=lambda row: (-row["count"], row["value"]))
    counts = page.facets.get("year", {})
    bounded = request.year_from is not None or request.year_to is not None
    low, high = request.year_from or 0, request.year_to or 9999
    rows = [_value(year, year, counts, bounded and low <= int(year) <= high) for year in counts]
    found["year"] = sorted(rows, key=lambda row: row["value"], reverse=True)
    return found


def _value(
    value: str, label: str, counts: Mapping[str, int], selected: bool, parent: str | None = None
) -> dict[str, Any]:
    return {"value": value, "label": label, "count": counts.get(value, 0), "selected": selected, "parent": parent}


def record_fields(record: Record, related: Iterable[Paper], taxonomy: Taxonomy, address: Address) -> dict[str, Any]:
    """Return all that is known of a paper."""
    page = address.absolute(f"/papers/{record.paper.id}")
    return {
        **paper_fields(record.paper, taxonomy),
        "pdf_url": record.paper.pdf_url,
        "venue_name": record.venue.name,
        "venue_track": record.venue_track,
        "evidence": [
            {"facet": tag.facet, "label": tag.label, "rule": e.rule, "field": e.field, "start": e.start, "end": e.end,
             "text": e.text}
            for tag in record.tags for e in tag.evidence
        ],
        "curated": [{"facet": tag.facet, "label": tag.label} for tag in record.tags if tag.curated],
        "sources": [
            {"source": s.source, "format": s.format, "position": s.position, "loaded_at": s.run_at.isoformat()}
            for s in record.sources
        ],
        "related": [{"id": paper.id, "title": paper.title, "url": address.absolute(f"/papers/{paper.id}")}
                    for paper in related],
        "links": {
            "page": page,
            "out": {link.label.lower(): link.url for link in outward_links(record.paper)},
            "formats": {ending: f"{page}.{ending}" for ending in ("json", "bib", "ris", "csl.json", "md")},
        },
        "updated_at": record.updated_at.isoformat(),
    }  # fmt: skip


def csv_line(values: Iterable[object]) -> str:
    """Return a line of CSV (RFC 4180); a cell that a spreadsheet would take for a formula gets an apostrophe.

    >>> csv_line(["=1+1", "a, b", 3])
    '\\'=1+1,"a, b",3\\r\\n'
    """
    out = io.StringIO()
    csv.writer(out).writerow([_guarded(value) for value in values])
    return out.getvalue()


def _guarded(value: object) -> object:
    if isinstance(value, str) and value.lstrip()[:1] in {"=", "+", "-", "@"}:
        return f"'{value}"
    return "" if value is None else value


def csv_head(taxonomy: Taxonomy) -> str:
    """Return the first line of a table of papers."""
    return csv_line([
        "id", "title", "authors", "year", "published", "venue", *(facet.key for facet in taxonomy),
        "arxiv_id", "doi", "code_url", "url", "abstract",
    ])  # fmt: skip


def csv_row(paper: Paper, taxonomy: Taxonomy) -> str:
    """Return a paper as a line of a table."""
    tags = ["; ".join(in_order(facet, paper.labels.get(facet.id, ()))) for facet in taxonomy]
    return csv_line([
        paper.id, paper.title, "; ".join(a.name for a in paper.authors), paper.year, paper.published,
        paper.venue_label, *tags, paper.arxiv_id, paper.doi, paper.code_url, paper.url, paper.abstract,
    ])  # fmt: skip


def json_line(paper: Paper, taxonomy: Taxonomy) -> str:
    """Return a paper as a line of JSON lines, which ``epsilon ingest`` reads again."""
    return orjson.dumps(paper_fields(paper, taxonomy), option=orjson.OPT_APPEND_NEWLINE).decode()
