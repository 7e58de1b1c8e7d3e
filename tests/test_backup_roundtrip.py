"""From SQLite to PostgreSQL and back by backup: the same papers, tags, decisions, redirects and answers."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlmodel import SQLModel

from app import models as m
from app.backup import backup, restore
from app.catalogue import Moved, Withdrawn, get, papers
from app.database import Database
from app.ingest.curate import merge, retag, withdraw
from app.ingest.run import load_digest
from app.search import SearchRequest
from app.search.engines import open_engine
from app.search.indexer import check, rebuild
from app.search.query import parse
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.tagging.taxonomy import load_taxonomy

DERIVED = {"index_task", "rebuild_request"}
QUESTIONS = [
    [],
    [("q", "federated learning")],
    [("q", '"differential privacy" -attack')],
    [("year_from", "2023"), ("has", "code")],
    [("q", "membership inference OR unlearning"), ("sort", "title")],
]


def content(database: Database) -> dict[str, list[dict[str, Any]]]:
    """Return every row of every table that is no derived one."""
    found = {}
    with database.reading() as session:
        for table in SQLModel.metadata.sorted_tables:
            if table.name not in DERIVED:
                rows = session.execute(table.select().order_by(*table.primary_key.columns)).mappings()
                found[table.name] = [dict(row) for row in rows]
    return found


def answers(database: Database, settings: Settings) -> list[Any]:
    """Return what a search engine over the database answers: ids in order, totals and facets."""
    taxonomy = load_taxonomy()
    engine = open_engine(settings, taxonomy)
    rebuild(database, engine)
    assert not check(database, engine)
    pages = [engine.search(parse(question, taxonomy).request) for question in QUESTIONS]
    assert pages[0].total == engine.search(SearchRequest()).total
    engine.close()
    return [(page.total, [hit.paper for hit in page.hits], page.facets) for page in pages]


def test_there_and_back_is_the_same_catalogue(postgres_url: str, tmp_path: Path) -> None:
    tagger = load_tagger()
    places = [f"sqlite:///{tmp_path / 'first.db'}", postgres_url, f"sqlite:///{tmp_path / 'last.db'}"]
    all_settings = [Settings(data_dir=tmp_path / str(n), database_url=url) for n, url in enumerate(places)]
    databases = [Database(settings) for settings in all_settings]
    for database in databases:
        database.migrate()
    first, between, last = databases
    load_digest(first, tagger)
    with first.reading() as session:
        one, two, three, four, *_ = [paper.id for paper in papers(session)]
        facet, label = next((tag.facet, tag.label) for tag in session.exec(m.Tag.__table__.select()))  # type: ignore[attr-defined]
    merge(first, tagger, one, two)
    withdraw(first, three, "its authors asked")
    with first.writing() as session:
        session.add(m.TagDecision(paper_id=four, facet=facet, label=label, wanted=True, decided_at=datetime.now(UTC)))
    retag(first, tagger)
    backup(first, tmp_path / "one.gz")
    restore(between, tmp_path / "one.gz")
    backup(between, tmp_path / "two.gz")
    restore(last, tmp_path / "two.gz")
    assert content(first) == content(between) == content(last)
    assert content(last)["tag_decision"]
    with last.reading() as session:
        assert get(session, one) == Moved(two)
        gone = get(session, three)
        assert isinstance(gone, Withdrawn)
        assert gone.reason == "its authors asked"
    assert answers(first, all_settings[0]) == answers(between, all_settings[1]) == answers(last, all_settings[2])
    for database in databases:
        assert load_digest(database, tagger).unchanged == 119  # numbering goes on where it was
        database.close()
