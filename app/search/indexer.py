"""The indexer: brings the search engine to what the database says. The one place that knows both.

A task is a row that was written with its paper. It is taken under a lock, and deleted only if its revision is still
the one that was indexed; whatever fails or is killed is simply done again.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app import models as m
from app.catalogue import index_lag, papers
from app.catalogue.save import queue
from app.database import Database, DatabaseUnavailable
from app.paper import Paper
from app.search import EngineUnavailable, IndexInUse, SearchEngine

BATCH = 500
MOST_ATTEMPTS = 5
FIRST_DELAY = timedelta(seconds=10)
LOOK_EVERY = 60.0
"""Seconds between looks whether the index as a whole is what it should be."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Differences:
    """How database and index differ: papers that the index lacks, has in another revision, or has too many of."""

    missing: tuple[str, ...]
    stale: tuple[str, ...]
    extra: tuple[str, ...]

    def __bool__(self) -> bool:
        """Tell whether there is any."""
        return bool(self.missing or self.stale or self.extra)


def drain(database: Database, engine: SearchEngine, progress: Callable[[int], None] = lambda done: None) -> int:
    """Do all tasks that are due and return how many papers were brought up to date.

    Raises:
        EngineUnavailable: the engine can't be reached; all tasks stay.
    """
    total = 0
    while True:
        with database.writing() as session:
            done, failed = _batch(session, engine)
        total += done
        progress(done)
        if done + failed < BATCH:
            return total


def _batch(session: Session, engine: SearchEngine) -> tuple[int, int]:
    now = datetime.now(UTC)
    task = m.IndexTask
    due = (
        select(task)
        .where(col(task.set_aside).is_(False), col(task.not_before) <= now)
        .order_by(col(task.not_before), task.paper_id)
        .limit(BATCH)
        .with_for_update(skip_locked=True)  # SQLite has one writer at a time anyway
    )
    tasks = {found.paper_id: found.revision for found in session.exec(due)}
    if not tasks:
        return 0, 0
    current = list(papers(session, list(tasks)))
    gone = sorted(set(tasks) - {paper.id for paper in current})
    failed: dict[str, str] = {}
    try:
        engine.put(current)
        engine.delete(gone)
    except IndexInUse:
        raise
    except EngineUnavailable:
        engine.generation()  # it is down: this says so, and all tasks wait
        failed = _one_by_one(engine, current, gone)
    for paper_id, reason in failed.items():
        _postpone(session, paper_id, reason, now)
    done = [(i, r) for i, r in tasks.items() if i not in failed]
    _finish(session, done)
    return len(done), len(failed)


def _one_by_one(engine: SearchEngine, current: list[Paper], gone: list[str]) -> dict[str, str]:
    """Find the papers that the engine refuses, so that they don't hold up the others."""
    failed = {}
    for paper in current:
        try:
            engine.put([paper])
        except EngineUnavailable as error:
            failed[paper.id] = str(error)
    engine.delete(gone)
    return failed


def _postpone(session: Session, paper_id: str, reason: str, now: datetime) -> None:
    task = session.get_one(m.IndexTask, paper_id)
    task.attempts += 1
    task.error = reason[:500]
    task.not_before = now + FIRST_DELAY * 2**task.attempts
    task.set_aside = task.attempts >= MOST_ATTEMPTS
    session.add(task)
    session.flush()


def _finish(session: Session, done: list[tuple[str, int]]) -> None:
    """Delete tasks whose revision is still the indexed one."""
    task = m.IndexTask
    for start in range(0, len(done), BATCH):
        part = dict(done[start : start + BATCH])
        held = session.execute(
            sa.select(col(task.paper_id), col(task.revision)).where(col(task.paper_id).in_(part))
        ).all()
        same = [paper_id for paper_id, revision in held if part[paper_id] == revision]
        session.execute(sa.delete(task).where(col(task.paper_id).in_(same)))


def rebuild(database: Database, engine: SearchEngine, progress: Callable[[int], None] = lambda done: None) -> int:
    """Build the index anew from the database and return the number of papers; readers see the old one until then."""
    count = 0

    def counted(found: Iterator[Paper]) -> Iterator[Paper]:
        nonlocal count
        for paper in found:
            count += 1
            if count % BATCH == 0:
                progress(BATCH)
            yield paper

    with database.reading() as session:
        tasks = session.execute(sa.select(col(m.IndexTask.paper_id), col(m.IndexTask.revision))).all()
        engine.rebuild(counted(papers(session)))
    progress(count % BATCH)
    with database.writing() as session:
        _finish(session, [(paper_id, revision) for paper_id, revision in tasks])
    mend(database, engine)  # what another indexer put into the old index meanwhile
    return count


def check(database: Database, engine: SearchEngine) -> Differences:
    """Compare both sides by revision; papers whose task still waits differ too."""
    with database.reading() as session:
        query = sa.select(col(m.Paper.id), col(m.Paper.revision)).where(col(m.Paper.withdrawn).is_(None))
        stored = dict(session.execute(query).all())
    indexed = dict(engine.revisions())
    return Differences(
        missing=tuple(sorted(stored.keys() - indexed.keys())),
        stale=tuple(sorted(i for i, revision in stored.items() if indexed.get(i, revision) != revision)),
        extra=tuple(sorted(indexed.keys() - stored.keys())),
    )


def mend(database: Database, engine: SearchEngine) -> int:
    """Leave a task for every paper that differs without one, and return how many."""
    found = check(database, engine)
    if not found:
        return 0
    wanted = [*found.missing, *found.stale, *found.extra]
    with database.writing() as session:
        task = m.IndexTask
        waiting = set(session.exec(select(task.paper_id)))
        revisions = dict(session.execute(sa.select(col(m.Paper.id), col(m.Paper.revision))).all())
        lost = {paper_id: revisions.get(paper_id, 0) for paper_id in wanted if paper_id not in waiting}
        ids = list(lost)
        for start in range(0, len(ids), BATCH):
            queue(session, {i: lost[i] for i in ids[start : start + BATCH]}, datetime.now(UTC))
    return len(lost)


def drain_or_wait(
    database: Database,
    engine: SearchEngine,
    say: Callable[[str], None],
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Drain; where a server holds the index, leave the work to it and wait for its end."""
    said = False
    while True:
        try:
            if engine.needs_rebuild():
                return rebuild(database, engine, progress)
            return drain(database, engine, progress)
        except IndexInUse:
            if not said:
                said = True
                say("a server holds the index and does the work; waiting for it")
            with database.reading() as session:
                if not index_lag(session).waiting and not engine.needs_rebuild():
                    return 0
            time.sleep(0.3)


def rebuild_or_wait(
    database: Database,
    engine: SearchEngine,
    say: Callable[[str], None],
    progress: Callable[[int], None] = lambda done: None,
) -> int:
    """Rebuild; where a server holds the index, ask it to and wait for its end."""
    asked: int | None = None
    while True:
        try:
            count = rebuild(database, engine, progress)
        except IndexInUse:
            if asked is None:
                asked = _ask_for_rebuild(database)
                say("a server holds the index and rebuilds it; waiting for it")
            time.sleep(0.3)
            with database.reading() as session:
                request = session.get_one(m.RebuildRequest, asked)
                if request.done_at is not None and request.error:
                    raise EngineUnavailable(request.error) from None
                if request.done_at is not None:
                    return sum(1 for _ in engine.revisions())
        else:
            _answer_rebuild_requests(database, None)
            return count


def _ask_for_rebuild(database: Database) -> int:
    with database.writing() as session:
        request = m.RebuildRequest(requested_at=datetime.now(UTC))
        session.add(request)
        session.flush()
        return request.id or 0


def _rebuild_wanted(database: Database) -> bool:
    with database.reading() as session:
        return (
            session.exec(select(m.RebuildRequest.id).where(col(m.RebuildRequest.done_at).is_(None))).first() is not None
        )


def _answer_rebuild_requests(database: Database, error: str | None) -> None:
    with database.writing() as session:
        session.execute(
            sa.update(m.RebuildRequest)
            .where(col(m.RebuildRequest.done_at).is_(None))
            .values(done_at=datetime.now(UTC), error=error)
        )


class IndexerThread:
    """Keeps the index up to date beside a web server: rebuilds it where another version made it, drains, never dies."""

    def __init__(self, database: Database, engine: SearchEngine, every: float = 0.5) -> None:
        """Look for work every so many seconds."""
        self._database, self._engine, self._every = database, engine, every
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="indexer", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """End after the batch under way."""
        self._stop.set()
        self._thread.join(30)

    def _run(self) -> None:
        trouble, delay, first, looked = "", self._every, True, time.monotonic()
        while not self._stop.is_set():
            try:
                first = first or time.monotonic() > looked + LOOK_EVERY
                self._work(first)
                looked = time.monotonic() if first else looked
                trouble, delay, first = "", self._every, False
            except IndexInUse:  # another process of this server holds the index and does the work
                delay = 2.0
            except (EngineUnavailable, DatabaseUnavailable) as error:
                first = True
                if str(error) != trouble:
                    trouble = str(error)
                    _log.warning("the index isn't up to date: %s", error)
                delay = min(10.0, delay * 2)
            except Exception:
                _log.exception("the indexer failed and tries again")
                delay = min(10.0, delay * 2)
            self._stop.wait(delay)

    def _work(self, first: bool) -> None:
        wanted = _rebuild_wanted(self._database)
        if wanted or (first and self._engine.needs_rebuild()):
            error = None
            try:
                rebuild(self._database, self._engine)
            except IndexInUse:
                raise
            except EngineUnavailable as failure:
                error = str(failure)
                raise
            finally:
                if wanted and (error is not None or not self._engine.needs_rebuild()):
                    _answer_rebuild_requests(self._database, error)
        elif first:
            mend(self._database, self._engine)
        drain(self._database, self._engine)
