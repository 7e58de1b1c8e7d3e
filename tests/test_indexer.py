"""The indexer on both stacks: what the database says is what the engine finds, whatever was in between."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import wait_until
from sqlmodel import select

from app import models as m
from app.catalogue import index_lag, papers
from app.database import Database
from app.ingest.curate import withdraw
from app.ingest.run import ingest
from app.search import EngineUnavailable, SearchEngine, SearchRequest
from app.search.engines import open_engine
from app.search.indexer import (
    IndexerThread,
    check,
    drain,
    drain_or_wait,
    mend,
    rebuild,
    rebuild_or_wait,
)  # fmt: skip
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.tagging.taxonomy import load_taxonomy

TAGGER = load_tagger()
Load = Callable[[int], None]


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """An empty catalogue."""
    database = Database(settings)
    database.migrate()
    yield database
    database.close()


@pytest.fixture
def engine(settings: Settings) -> Iterator[SearchEngine]:
    """The engine of the same stack."""
    engine = open_engine(settings, load_taxonomy())
    yield engine
    engine.close()


@pytest.fixture
def load(database: Database, tmp_path: Path) -> Load:
    """Load so many papers, numbered."""

    def load(count: int) -> None:
        path = tmp_path / "papers.jsonl"
        path.write_text("\n".join(json.dumps({"title": f"Private rivers, part {n}"}) for n in range(count)))
        ingest(database, TAGGER, [path])

    return load


def total(engine: SearchEngine) -> int:
    return engine.search(SearchRequest()).total


def waiting(database: Database) -> int:
    with database.reading() as session:
        return index_lag(session).waiting


def test_tasks_are_done_once(database: Database, engine: SearchEngine, load: Load) -> None:
    rebuild(database, engine)
    load(7)
    assert check(database, engine).missing
    assert drain(database, engine) == 7
    assert (total(engine), waiting(database)) == (7, 0)
    assert not check(database, engine)
    assert drain(database, engine) == 0


def test_a_withdrawn_paper_leaves_the_index(database: Database, engine: SearchEngine, load: Load) -> None:
    load(3)
    rebuild(database, engine)
    with database.reading() as session:
        first = next(papers(session)).id
    withdraw(database, first, "it was asked for")
    drain(database, engine)
    assert total(engine) == 2
    assert not check(database, engine)


def test_a_task_of_a_newer_revision_stays(database: Database, engine: SearchEngine, load: Load) -> None:
    load(2)
    rebuild(database, engine)
    assert waiting(database) == 0
    with database.writing() as session:
        paper = session.exec(select(m.Paper).limit(1)).one()
        paper.revision += 1
        session.add(paper)
    found = check(database, engine)
    assert (len(found.missing), len(found.stale), len(found.extra)) == (0, 1, 0)
    assert mend(database, engine) == 1
    drain(database, engine)
    assert not check(database, engine)


def test_rebuild_leaves_no_task_and_no_difference(database: Database, engine: SearchEngine, load: Load) -> None:
    load(5)
    assert engine.needs_rebuild()
    assert rebuild(database, engine) == 5
    assert not engine.needs_rebuild()
    assert (total(engine), waiting(database)) == (5, 0)
    engine.put([])
    engine.delete(["nonsense"])
    assert not check(database, engine)


def test_readers_see_all_of_the_old_or_all_of_the_new(database: Database, engine: SearchEngine, load: Load) -> None:
    load(40)
    rebuild(database, engine)
    load(90)
    seen: set[int] = set()
    stop = threading.Event()

    def look() -> None:
        while not stop.is_set():
            seen.add(total(engine))

    thread = threading.Thread(target=look)
    thread.start()
    try:
        rebuild(database, engine)
    finally:
        stop.set()
        thread.join()
    assert seen <= {40, 90}
    assert total(engine) == 90


def test_the_thread_keeps_up_and_answers_requests(database: Database, engine: SearchEngine, load: Load) -> None:
    thread = IndexerThread(database, engine, every=0.05)
    thread.start()
    try:
        load(4)
        wait_until(lambda: not engine.needs_rebuild() and total(engine) == 4, "the index", 20)
        with database.writing() as session:
            from datetime import UTC, datetime

            session.add(m.RebuildRequest(requested_at=datetime.now(UTC)))

        def answered() -> bool:
            with database.reading() as session:
                return session.exec(select(m.RebuildRequest)).one().done_at is not None

        wait_until(answered, "the rebuild", 20)
    finally:
        thread.stop()
    assert not check(database, engine)


def test_commands_leave_the_work_to_a_server_that_holds_the_index(tmp_path: Path) -> None:
    """In the zero set-up a server writes the index; a command beside it waits for it."""
    settings = Settings(data_dir=tmp_path / "data")
    database = Database(settings)
    database.prepare()
    holder = open_engine(settings, load_taxonomy())
    rebuild(database, holder)
    path = tmp_path / "papers.jsonl"
    path.write_text(json.dumps({"title": "Private rivers"}))
    ingest(database, TAGGER, [path])
    thread = IndexerThread(database, holder, every=0.05)
    thread.start()
    beside = open_engine(settings, load_taxonomy())
    try:
        said: list[str] = []
        drain_or_wait(database, beside, said.append)
        rebuild_or_wait(database, beside, said.append)
        assert total(beside) == 1
    finally:
        thread.stop()
        beside.close()
        holder.close()
    assert not check(database, open_engine(settings, load_taxonomy()))
    database.close()


def test_a_kill_at_any_moment_costs_nothing(settings: Settings, tmp_path: Path) -> None:
    """A few rounds of ``kills.py``, which does as many as one likes: it fails where anything is lost or doubled."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("EPSILON_")}
    environment |= {f"EPSILON_{name.upper()}": str(value) for name, value in settings.model_dump().items() if value}
    script = Path(__file__).parent / "kills.py"
    done = subprocess.run(
        [sys.executable, str(script), "--kills", "6", "--stack", "environment"], env=environment, cwd=tmp_path,
        capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no task is left" in done.stdout


def test_an_engine_that_is_down_keeps_all_tasks(database: Database, load: Load, tmp_path: Path) -> None:
    load(2)
    down = open_engine(Settings(data_dir=tmp_path, search_url="http://127.0.0.1:9", search_key="x"), load_taxonomy())
    with pytest.raises(EngineUnavailable):
        drain(database, down)
    assert waiting(database) == 2
    down.close()
