"""The worker: loads what lies in the inbox folder and keeps the index up to date.

A file is taken when it has stopped growing, under a lock, so that any number of workers share an inbox. It is moved
to ``done`` or ``failed`` with a report beside it; a worker that is killed leaves it in the inbox, for the next one.
"""

from __future__ import annotations

import fcntl
import logging
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import orjson
from sqlmodel import col, select

from app import models as m
from app.database import Database, DatabaseUnavailable
from app.ingest.arxiv_api import PACE, ArxivApi, ArxivUnavailable, requests_of
from app.ingest.curate import retag
from app.ingest.report import Report
from app.ingest.run import Feed, ingest
from app.search import EngineUnavailable, SearchEngine
from app.search.indexer import IndexerThread, drain_or_wait
from app.settings import Settings
from app.tagging.tagger import Tagger

ASK_EVERY = 60.0
"""Seconds between looks whether a saved arXiv query is due."""
LOOK_EVERY = 1.0
"""Seconds between looks into the inbox; a file that didn't change between two looks is complete."""
ALIVE = Path(tempfile.gettempdir()) / "epsilon-worker.alive"
"""Touched at every look, for health checks."""

_log = logging.getLogger("epsilon.worker")


class _Stopped(Exception):
    """The worker was asked to stop in the middle of a file; what was committed stays, the file too."""


class _Pulse:
    """Says that the worker lives, and ends what it does when it is asked to stop."""

    def __init__(self) -> None:
        self.stop = threading.Event()

    def __call__(self, *_: object) -> None:
        ALIVE.touch()
        if self.stop.is_set():
            raise _Stopped

    def sleep(self, seconds: float) -> None:
        """Wait, but not after the stop."""
        self.stop.wait(seconds)
        self()


def work(database: Database, engine: SearchEngine, tagger: Tagger, settings: Settings, *, once: bool = False) -> None:
    """Work until SIGTERM or SIGINT; with ``once``, until nothing is left to do.

    Raises:
        DatabaseUnavailable: with ``once``, the database is down; else the worker waits for it.
        EngineUnavailable: with ``once``, the search engine is down.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    inbox = settings.data_dir / "inbox"
    for folder in (inbox, inbox / "done", inbox / "failed"):
        folder.mkdir(parents=True, exist_ok=True)
    pulse = _Pulse()
    if once:
        _retag_if_stale(database, tagger, pulse)
        seen = _sizes(inbox)
        if seen:
            time.sleep(LOOK_EVERY)
            _load_complete(database, tagger, inbox, seen, pulse)
        ask_arxiv(database, tagger, settings, pulse)
        count = drain_or_wait(database, engine, _log.info)
        _log.info("%d papers indexed", count)
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: pulse.stop.set())
    indexer = IndexerThread(database, engine)
    indexer.start()
    _log.info("watching %s", inbox)
    before: dict[Path, tuple[int, int]] = {}
    is_fresh = False
    trouble = ""
    asked = float("-inf")
    while not pulse.stop.is_set():
        ALIVE.touch()
        try:
            if not is_fresh:
                _retag_if_stale(database, tagger, pulse)
                is_fresh = True
            _load_complete(database, tagger, inbox, before, pulse)
            if settings.arxiv_queries and time.monotonic() > asked + ASK_EVERY:
                asked = time.monotonic()
                ask_arxiv(database, tagger, settings, pulse)
            trouble = ""
        except _Stopped:
            break
        except (ArxivUnavailable, DatabaseUnavailable, EngineUnavailable, OSError) as error:
            if str(error) != trouble:
                trouble = str(error)
                _log.warning("%s; trying again", error)
        before = _sizes(inbox)
        pulse.stop.wait(LOOK_EVERY)
    indexer.stop()
    _log.info("stopped")


def ask_arxiv(
    database: Database, tagger: Tagger, settings: Settings, pulse: _Pulse | None = None, pace: float = PACE
) -> None:
    """Load the papers of saved queries whose interval is over; one worker at a time.

    Raises:
        ArxivUnavailable: arXiv doesn't answer; the query's turn comes again.
    """
    pulse = pulse or _Pulse()
    api = ArxivApi(settings, sleep=pulse.sleep, pace=pace)
    with _locked(settings.data_dir / "arxiv-queries.lock", "ab") as is_ours:
        for request in requests_of(settings.arxiv_queries) if is_ours else ():
            with database.reading() as session:
                run = m.IngestRun
                last = session.exec(
                    select(run.started_at)
                    .where(run.source == request.name, col(run.finished_at).is_not(None))
                    .order_by(col(run.id).desc())
                ).first()
            if last is not None and datetime.now(UTC) - last < timedelta(hours=settings.arxiv_interval):
                continue
            report = ingest(database, tagger, [Feed(request.name, "arxiv", api.fetch(request))], progress=pulse)
            _log.info("%s: %s", request.name, report.as_text().splitlines()[0])


def _retag_if_stale(database: Database, tagger: Tagger, pulse: _Pulse) -> None:
    """Tag the papers anew whose tags other rules made."""
    result = retag(database, tagger, pulse, stale_only=True)
    if result.papers:
        _log.info("the rules changed: %d papers tagged, %d changed", result.papers, result.changed)


def _sizes(inbox: Path) -> dict[Path, tuple[int, int]]:
    """Return size and time of change of the files that lie in the inbox; hidden and partial ones don't count."""
    found = {}
    for path in sorted(inbox.iterdir()):
        if path.is_file() and not path.name.startswith(".") and path.suffix not in {".part", ".tmp", ".crdownload"}:
            state = path.stat()
            found[path] = (state.st_size, state.st_mtime_ns)
    return found


def _load_complete(
    database: Database, tagger: Tagger, inbox: Path, before: dict[Path, tuple[int, int]], pulse: _Pulse
) -> None:
    """Load the files that didn't change since the last look."""
    for path, state in _sizes(inbox).items():
        if before.get(path) == state:
            with _locked(path) as is_ours:
                if is_ours:
                    _load(database, tagger, inbox, path, pulse)


@contextmanager
def _locked(path: Path, mode: str = "rb") -> Iterator[bool]:
    """Hold a file for this worker; False where another one has it, or has moved it away."""
    try:
        with path.open(mode) as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                yield False
                return
            yield path.exists()
    except FileNotFoundError:
        yield False


def _load(database: Database, tagger: Tagger, inbox: Path, path: Path, pulse: _Pulse) -> None:
    try:
        report = ingest(database, tagger, [path], progress=pulse)
    except OSError as error:
        report = Report()
        _finish(inbox / "failed", path, report, f"it can't be read: {error}")
        return
    kept = report.read - len(report.rejected)
    words = report.as_text().splitlines()[0]
    _finish(inbox / ("done" if kept or not report.read else "failed"), path, report, words)


def _finish(folder: Path, path: Path, report: Report, words: str) -> None:
    """Move a file away, with its report beside it."""
    target = folder / path.name
    number = 1
    while target.exists():
        number += 1
        target = folder / f"{path.stem}-{number}{path.suffix}"
    (folder / f"{target.name}.report.json").write_bytes(orjson.dumps(report.as_json(), option=orjson.OPT_INDENT_2))
    path.rename(target)
    _log.info("%s -> %s: %s", path.name, folder.name, words)
