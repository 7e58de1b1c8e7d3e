"""The worker as a program of its own: the inbox, its done and failed files, SIGTERM, several at once."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from servers import wait_until

from app.catalogue import index_lag, papers
from app.database import Database
from app.search.engines import open_engine
from app.search.indexer import check
from app.settings import Settings
from app.tagging.taxonomy import load_taxonomy

Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(settings: Settings, tmp_path: Path) -> Iterator[Start]:
    """Start an ``epsilon`` command on the stack; all are ended with the test."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EPSILON_")}
    given = {f"EPSILON_{name.upper()}": str(value) for name, value in settings.model_dump().items() if value}
    running: list[subprocess.Popen[str]] = []

    def begin(*arguments: object) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-m", "app.cli", *map(str, arguments)], cwd=tmp_path, env=clean | given,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        running.append(process)
        return process

    database = Database(settings)
    database.migrate()
    database.close()
    yield begin
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def rows(numbers: range) -> str:
    return "\n".join(json.dumps({"title": f"Private rivers, part {n}", "arxiv_id": f"2301.{n:05}"}) for n in numbers)


def expect(settings: Settings, count: int) -> None:
    """Every paper is there once, the index holds the same, and nothing waits."""
    database, engine = Database(settings), open_engine(settings, load_taxonomy())
    with database.reading() as session:
        titles = [paper.title for paper in papers(session)]
        assert (len(titles), len(set(titles))) == (count, count)
        assert index_lag(session).waiting == 0
    assert not check(database, engine)
    engine.close()
    database.close()


def test_the_inbox_is_loaded_and_files_are_moved_with_their_report(settings: Settings, start: Start) -> None:
    inbox = settings.data_dir / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "good.jsonl").write_text(rows(range(1, 4)) + "\n17\n")
    (inbox / "bad.bib").write_bytes(b"PK\x03\x04 this is an archive")
    (inbox / "growing.jsonl.part").write_text(rows(range(4, 6)))
    (inbox / ".hidden").write_text("x")
    worker = start("worker", "--once")
    _, said = worker.communicate(timeout=120)
    assert worker.returncode == 0, said
    assert sorted(p.name for p in inbox.iterdir() if p.is_file()) == [".hidden", "growing.jsonl.part"]
    assert sorted(p.name for p in (inbox / "done").iterdir()) == ["good.jsonl", "good.jsonl.report.json"]
    assert sorted(p.name for p in (inbox / "failed").iterdir()) == ["bad.bib", "bad.bib.report.json"]
    report = json.loads((inbox / "done" / "good.jsonl.report.json").read_text())
    assert (report["created"], [r["position"] for r in report["rejected"]]) == (3, ["line 4"])
    assert "ZIP" in json.loads((inbox / "failed" / "bad.bib.report.json").read_text())["rejected"][0]["reason"]
    assert sum("good.jsonl -> done" in line for line in said.splitlines()) == 1
    expect(settings, 3)


def test_a_running_worker_takes_what_comes_and_stops_cleanly(settings: Settings, start: Start) -> None:
    worker = start("worker")
    inbox = settings.data_dir / "inbox"
    wait_until(lambda: (inbox / "failed").is_dir(), "the inbox", 60)
    (inbox / "a.jsonl").write_text(rows(range(1, 30)))
    wait_until(lambda: (inbox / "done" / "a.jsonl").exists(), "the file", 60)
    (inbox / "a.jsonl").write_text(rows(range(20, 40)))  # a second one of the name
    wait_until(lambda: (inbox / "done" / "a-2.jsonl").exists(), "the second file", 60)

    def indexed() -> bool:
        database = Database(settings)
        try:
            with database.reading() as session:
                return index_lag(session).waiting == 0
        finally:
            database.close()

    wait_until(indexed, "the index", 60)
    worker.send_signal(signal.SIGTERM)
    _, said = worker.communicate(timeout=60)
    assert worker.returncode == 0
    assert said.strip().splitlines()[-1].endswith("stopped")
    assert "Traceback" not in said
    expect(settings, 39)


def test_a_worker_stops_in_the_middle_of_a_file_and_goes_on_later(settings: Settings, start: Start) -> None:
    inbox = settings.data_dir / "inbox"
    inbox.mkdir(parents=True)
    (inbox / "long.jsonl").write_text(rows(range(1, 6001)))
    worker = start("worker")

    def begun() -> bool:
        database = Database(settings)
        try:
            with database.reading() as session:
                return next(papers(session), None) is not None
        finally:
            database.close()

    wait_until(begun, "the first papers", 120)
    worker.send_signal(signal.SIGTERM)
    _, said = worker.communicate(timeout=120)
    assert worker.returncode == 0, said
    assert "Traceback" not in said
    assert (inbox / "long.jsonl").exists()
    _, said = start("worker", "--once").communicate(timeout=240)
    assert (inbox / "done" / "long.jsonl").exists(), said
    expect(settings, 6000)


def test_two_workers_and_two_ingests_at_once_end_as_one_after_the_other(
    settings: Settings, start: Start, tmp_path: Path
) -> None:
    """Over files that overlap; on the zero set-up the database's one write lock makes them take turns."""
    inbox = settings.data_dir / "inbox"
    inbox.mkdir(parents=True)
    for number in range(4):
        (inbox / f"in-{number}.jsonl").write_text(rows(range(number * 300 + 1, number * 300 + 600)))
    for number in range(2):
        (tmp_path / f"by-hand-{number}.jsonl").write_text(rows(range(number * 500 + 1, number * 500 + 1000)))
    started = [start("worker", "--once") for _ in range(2)]
    started += [start("ingest", tmp_path / f"by-hand-{number}.jsonl") for number in range(2)]
    for process in started:
        _, said = process.communicate(timeout=240)
        assert process.returncode == 0, said
    assert sorted(p.name for p in (inbox / "done").glob("*.jsonl")) == [f"in-{number}.jsonl" for number in range(4)]
    last = start("index", "drain")
    last.communicate(timeout=120)
    expect(settings, 1499)
