"""A facet is data: one more in ``taxonomy.yaml`` with its rules is tagged, searched, counted and shown everywhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from fastapi.testclient import TestClient

from app.database import Database
from app.ingest.run import ingest
from app.main import create_app
from app.search.engines import open_engine
from app.search.indexer import rebuild
from app.search.query import parse
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.tagging.taxonomy import OWN, load_taxonomy

FACET = {
    "id": "guarantee",
    "key": "guarantees",
    "label": "Guarantee",
    "means": "What kind of promise a paper makes.",
    "labels": [
        {"id": "formal", "label": "Formal guarantee", "means": "A theorem.", "children": [
            {"id": "impossible", "label": "Impossibility", "means": "A theorem that it can't be done."},
        ]},
        {"id": "empirical", "label": "Empirical evidence", "means": "Experiments."},
    ],
}  # fmt: skip
RULES = {
    "formal": [{"any": ["we prove", "theorem*"]}],
    "impossible": [{"any": ["impossibility"]}],
    "empirical": [{"any": ["experiments"], "in": "abstract"}],
}
PAPERS = [
    {
        "title": "Clouds over private statistics",
        "abstract": "We prove a bound and an impossibility result.",
        "year": 2021,
    },
    {"title": "Rivers of private gradients", "abstract": "We prove a rate. Experiments agree.", "year": 2022},
    {"title": "Mountains of federated models", "abstract": "Extensive experiments show gains.", "year": 2023},
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A taxonomy's folder with one more facet."""
    folder = tmp_path / "taxonomy"
    shutil.copytree(OWN / "rules", folder / "rules")
    taxonomy = yaml.safe_load((OWN / "taxonomy.yaml").read_text(encoding="utf-8"))
    taxonomy["facets"].append(FACET)
    (folder / "taxonomy.yaml").write_text(yaml.safe_dump(taxonomy), encoding="utf-8")
    (folder / "rules" / "guarantee.yaml").write_text(yaml.safe_dump(RULES), encoding="utf-8")
    return folder


@pytest.fixture
def catalogue(settings: Settings, folder: Path, tmp_path: Path) -> Settings:
    """The papers, ingested and indexed, on either stack."""
    settings = settings.model_copy(update={"taxonomy_dir": folder})
    (tmp_path / "papers.jsonl").write_text("\n".join(map(json.dumps, PAPERS)), encoding="utf-8")
    database = Database(settings)
    database.migrate()
    ingest(database, load_tagger(folder), [tmp_path / "papers.jsonl"])
    engine = open_engine(settings, load_taxonomy(folder))
    rebuild(database, engine)
    engine.close()
    database.close()
    return settings


def test_it_is_searched_and_counted(catalogue: Settings) -> None:
    taxonomy = load_taxonomy(catalogue.taxonomy_dir)
    engine = open_engine(catalogue, taxonomy)

    def total(**params: str) -> int:
        parsed = parse(list(params.items()), taxonomy)
        assert not parsed.problems
        return engine.search(parsed.request).total

    assert total(guarantee="formal") == 2
    assert total(guarantee="impossible") == 1
    assert total(q="guarantee:empirical") == 2
    assert total(guarantee="empirical", q="rivers") == 1
    counts = engine.search(parse([], taxonomy).request).facets["guarantee"]
    assert counts == {"formal": 2, "impossible": 1, "empirical": 2}
    engine.close()


def test_it_is_on_the_pages_and_in_the_api(catalogue: Settings) -> None:
    with TestClient(create_app(catalogue)) as client:
        answer = client.get("/api/v1/papers", params={"guarantee": "formal", "sort": "title"}).json()
        assert [paper["guarantees"] for paper in answer["papers"]] == [["impossible"], ["formal", "empirical"]]
        assert [v["value"] for v in answer["facets"]["guarantee"] if v["selected"]] == ["formal"]
        paper = client.get(f"/api/v1/papers/{answer['papers'][0]['id']}").json()
        assert {e["text"] for e in paper["evidence"] if e["facet"] == "guarantee"} == {"impossibility"}
        assert "guarantee" in json.dumps(client.get("/api/v1/facets").json())
        assert '"guarantee"' in client.get("/openapi.json").text
        page = client.get("/search", params={"guarantee": "formal"}).text
        assert 'name="guarantee"' in page
        assert "Formal guarantee" in page
        assert "Impossibility" in client.get(f"/papers/{paper['id']}").text
        assert client.get("/guarantees/formal").status_code == 200
        assert client.get("/guarantees/nonsense").status_code == 404


def test_it_is_an_option_of_the_command_line(catalogue: Settings) -> None:
    from click.testing import CliRunner

    from app.cli import cli

    environment = {f"EPSILON_{name.upper()}": str(value) for name, value in catalogue.model_dump().items() if value}
    done = CliRunner().invoke(cli, ["search", "--guarantee", "impossible", "--json"], env=environment)
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["total"] == 1
