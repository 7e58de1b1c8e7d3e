"""The API: the contract of its answers, problem+json for every error, the same numbers as page and matrix."""

from __future__ import annotations

import csv
import io
import random
import re
from collections.abc import Iterator
from typing import Any

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


def _drawn(rng: random.Random, papers: list[dict[str, Any]]) -> list[tuple[str, str]]:
    """Draw a request that at least one paper fits, most of the time."""
    example, other = rng.choice(papers), rng.choice(papers)
    params = []
    for facet in TAXONOMY:
        if rng.random() < 0.3 and example[facet.key]:
            params += [(facet.id, value) for value in {rng.choice(example[facet.key]), *other[facet.key][:1]}]
    words = [word for word in example["title"].split() if word.isalpha()]
    for chance, drawn in (
        (0.4, [("q", " ".join(rng.sample(words, min(len(words), rng.choice([1, 2])))))]),
        (0.15, [("venue", example["venue"]), ("venue", other["venue"])]),
        (0.15, [("has", rng.choice(["code", "venue"]))]),
        (0.2, [("year_from", str(example["year"] - 1))]),
        (0.2, [("year_to", str(example["year"] + 1))]),
        (0.2, [("sort", rng.choice(["oldest", "title"]))]),
    ):
        params += drawn if rng.random() < chance else []
    return sorted(set(params))


def test_page_api_and_matrix_give_the_same_numbers(site: TestClient) -> None:
    rng = random.Random(8)
    papers = site.get("/api/v1/papers?per_page=200").json()["papers"]
    found, cells = 0, 0
    for _ in range(100):
        params = _drawn(rng, papers)
        chosen = {name for name, _ in params}
        rows, columns = rng.sample(list(TAXONOMY), 2)
        api = site.get("/api/v1/papers", params=params).json()
        counts = {facet: {v["value"]: v["count"] for v in values} for facet, values in api["facets"].items()}
        page = site.get("/search", params=params).text
        shown = re.search(r'id="total"[^>]*><strong>([\d,]+)', page)
        assert (int(shown[1].replace(",", "")) if shown else 0) == api["total"], params
        assert re.findall(r'data-paper="([^"]+)"', page) == [paper["id"] for paper in api["papers"]], params
        told = re.findall(r'name="(\w+)" value="([\w-]+)" id="[^"]*" form="search".*?class="count">([\d,]+)<', page)
        assert len(told) > 20
        for facet, value, count in told:
            assert counts[facet].get(value, 0) == int(count.replace(",", "")), (params, facet, value)

        asked = [*params, ("rows", rows.id), ("columns", columns.id)]
        lines = list(csv.reader(io.StringIO(site.get("/matrix.csv", params=asked).text)))
        table = {line[0]: dict(zip(lines[0][1:], map(int, line[1:]), strict=True)) for line in lines[1:]}
        assert table["papers"]["papers"] == api["total"], params
        if columns.id not in chosen:
            assert {k: v for k, v in table["papers"].items() if k != "papers"} == counts[columns.id], params
        if rows.id not in chosen:
            assert {k: line["papers"] for k, line in table.items() if k != "papers"} == counts[rows.id], params
        if {rows.id, columns.id} & chosen or len(table) < 2:
            continue
        matrix = site.get("/matrix", params=asked).text
        row, column = rng.choice(list(table)[:-1]), rng.choice(lines[0][1:-1] or ["papers"])
        if column != "papers":
            both = [*params, (rows.id, row), (columns.id, column)]
            assert site.get("/api/v1/papers", params=both).json()["total"] == table[row][column], both
            cells += 1
        assert f"<strong>{api['total']}</strong> paper" in matrix
        found += api["total"] > 0
    assert found > 30
    assert cells > 20


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
