"""The API: the contract of its answers, problem+json for every error, the same numbers as page and matrix."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Iterator

import pytest
from sites import client, fill
from starlette.testclient import TestClient

from app.settings import Settings
from app.tagging.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()


@pytest.fixture(scope="module")
def zero(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("api"), _env_file=None)
    fill(settings)
    with client(settings) as found:
        yield found


@pytest.fixture
def site(settings: Settings) -> Iterator[TestClient]:
    """A catalogue in the zero set-up, then on PostgreSQL and Meilisearch."""
    fill(settings)
    with client(settings) as found:
        yield found


def test_papers_have_the_fields_of_the_interface(zero: TestClient) -> None:
    found = zero.get("/api/v1/papers", params={"q": "dlg", "per_page": 2}).json()
    assert list(found) == ["total", "page", "per_page", "next", "query", "papers", "facets"]
    assert list(found["query"]) == ["q", "matched", "total_all", "synonyms", "corrected"]
    keys = [facet.key for facet in TAXONOMY]
    assert list(found["papers"][0]) == [
        "id", "title", "abstract", "authors", "venue", "venue_label", "year", "published", *keys,
        "arxiv_id", "doi", "code_url", "url",
    ]  # fmt: skip
    assert list(found["facets"]) == [*TAXONOMY.by_id, "venue", "year"]
    for values in found["facets"].values():
        for value in values:
            assert list(value) == ["value", "label", "count", "selected", "parent"]


def test_next_leads_through_all_papers(zero: TestClient) -> None:
    seen, address = [], "/api/v1/papers?per_page=50"
    while address:
        answer = zero.get(address)
        assert ('rel="next"' in answer.headers.get("Link", "")) == bool(answer.json()["next"])
        seen += [paper["id"] for paper in answer.json()["papers"]]
        address = answer.json()["next"]
    assert len(seen) == len(set(seen)) == 119


def test_a_selected_value_stays_even_when_empty(zero: TestClient) -> None:
    found = zero.get("/api/v1/papers?technique=blockchain&q=zzyzx").json()
    assert [v for v in found["facets"]["technique"] if v["selected"]] == [
        {"value": "blockchain", "label": "Blockchain", "count": 0, "selected": True, "parent": None}
    ]


def test_a_paper_tells_why(zero: TestClient) -> None:
    papers = zero.get("/api/v1/papers?per_page=200").json()["papers"]
    checked = 0
    for paper in papers[:20]:
        found = zero.get(f"/api/v1/papers/{paper['id']}").json()
        assert {**found, **paper} == found
        assert found["sources"]
        for evidence in found["evidence"]:
            assert found[evidence["field"]][evidence["start"] : evidence["end"]] == evidence["text"]
            checked += 1
        assert paper["id"] not in [other["id"] for other in found["related"]]
    assert checked > 20


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api/v1/nope", 404), ("GET", "/api/v1/papers/nope", 404), ("POST", "/api/v1/papers", 405),
        ("DELETE", "/api/v1/facets", 405), ("GET", "/api/v1/papers?foo=1", 422), ("GET", "/api/v1/papers?page=0", 422),
        ("GET", "/api/v1/papers?per_page=100000", 422), ("GET", "/api/v1/papers?technique=nope", 422),
        ("GET", "/api/v1/papers?year_from=x", 422), ("GET", "/api/v1/papers?sort=x", 422),
        ("GET", "/api/v1/facets?foo=1", 422), ("GET", "/api/v1/suggest?foo=1", 422), ("GET", "/api", 404),
        ("GET", "/api/v1/papers/x?foo=1", 422),
    ],
)  # fmt: skip
def test_errors_are_problems(zero: TestClient, method: str, path: str, status: int) -> None:
    answer = zero.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    found = answer.json()
    assert found["status"] == status
    assert set(found) >= {"type", "title", "status", "detail", "instance"}
    assert "?" not in found["instance"]
    if status == 422:
        assert found["errors"][0]["parameter"] == path.partition("?")[2].partition("=")[0]


def test_openapi_describes_every_facet(zero: TestClient) -> None:
    schema = zero.get("/openapi.json").json()
    assert schema["openapi"].startswith("3.1")
    names = [p["name"] for p in schema["paths"]["/api/v1/papers"]["get"]["parameters"]]
    properties = schema["components"]["schemas"]["Paper"]["properties"]
    for facet in TAXONOMY:
        assert facet.id in names
        assert facet.key in properties
        assert f"<code>{facet.id}</code>" in zero.get("/docs").text


def test_suggestions_lead_somewhere(zero: TestClient) -> None:
    found = zero.get("/api/v1/suggest", params={"q": "grad"}).json()["suggestions"]
    assert "Gradient inversion" in [suggestion["label"] for suggestion in found]
    for suggestion in found:
        assert zero.get(suggestion["url"]).status_code == 200
    assert zero.get("/api/v1/suggest", params={"q": ""}).json() == {"suggestions": []}
    assert zero.get("/api/v1/suggest", params={"q": "a" * 5000}).status_code == 200


def test_page_api_and_matrix_give_the_same_numbers(site: TestClient) -> None:
    rng = random.Random(8)
    papers = site.get("/api/v1/papers?per_page=200").json()["papers"]
    facets = list(TAXONOMY)
    for number in range(50):
        example = rng.choice(papers)
        params = {}
        for facet in rng.sample(facets, 2):
            if example[facet.key]:
                params[facet.id] = rng.choice(example[facet.key])
        if number % 3 == 0:
            params["q"] = rng.choice(["privacy", "federated learning", "language models attack", example["title"][:20]])
        if number % 4 == 0:
            params["year_from"] = "2024"
        rows, columns = rng.sample(facets, 2)
        api = site.get("/api/v1/papers", params=params).json()
        page = site.get("/search", params=params).text
        shown = re.search(r'id="total"[^>]*><strong>([\d,]+)', page)
        assert (int(shown[1]) if shown else 0) == api["total"], params
        if not api["total"]:
            continue
        table = site.get("/matrix.csv", params={**params, "rows": rows.id, "columns": columns.id}).text
        lines = list(csv.reader(io.StringIO(table)))
        assert int(lines[-1][-1]) == api["total"], params
        counts = {v["value"]: v["count"] for v in api["facets"][columns.id]}
        for value, total in zip(lines[0][1:-1], lines[-1][1:-1], strict=True):
            if columns.id not in params:
                assert counts[value] == int(total), (params, value)
        if "q" not in params and len(lines) > 2:
            line = rng.choice(lines[1:-1])
            column = rng.randrange(1, len(line) - 1) if len(line) > 2 else None
            kept = rows.id not in params and columns.id not in params
            if kept and column is not None:
                both = {**params, rows.id: line[0], columns.id: lines[0][column]}
                assert site.get("/api/v1/papers", params=both).json()["total"] == int(line[column]), both


def test_the_same_search_in_every_format(zero: TestClient) -> None:
    params = {"technique": "differential-privacy", "q": "training"}
    ids = {p["id"] for p in zero.get("/api/v1/papers", params={**params, "per_page": 200}).json()["papers"]}
    assert len(ids) > 3
    bib = zero.get("/search.bib", params=params).text
    assert set(re.findall(r"^@\w+\{([^,]+),", bib, re.M)) == ids
    ris = zero.get("/search.ris", params=params).text
    assert set(re.findall(r"^ID  - (\S+)", ris, re.M)) == ids
    assert {item["id"] for item in zero.get("/search.csl.json", params=params).json()} == ids
    assert {row["id"] for row in csv.DictReader(io.StringIO(zero.get("/search.csv", params=params).text))} == ids
    feed = zero.get("/search.feed.json", params=params).json()
    assert {item["id"].rpartition("/")[2] for item in feed["items"]} == ids
    atom = zero.get("/search.atom", params=params).text
    assert {i.rpartition("/")[2] for i in re.findall(r"<entry><id>([^<]+)", atom)} == ids
