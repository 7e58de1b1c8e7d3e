"""The run: files to papers. source | metadata | normalise | decide | compose | tag | save, in batches.

A batch is one transaction, so a kill costs at most the batch under way, and running it again completes it.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import orjson
import sqlalchemy as sa
from sqlmodel import Session, col

from app import models as m
from app.catalogue import draft_to_json
from app.database import Database
from app.identifiers import slug, title_key
from app.ingest import metadata as facts
from app.ingest.batch import Batch, Incoming, record_of
from app.ingest.normalise import LEFT_OUT, normalise
from app.ingest.report import Match, Rejection, Report
from app.paper import Draft, Reject
from app.sources import FORMATS, HEAD, kind_of_binary, recognise
from app.sources.text import excerpt
from app.tagging.tagger import Tagger

BATCH = 500
LONGEST_KEPT = 200_000
"""Characters of a rejected record that are kept, so that it can be retried."""
DRAFT = "draft:"
"""Before the format of a rejected record that was read and is kept as what was read."""
DATA = Path(__file__).parent.parent / "data"
DIGEST = DATA / "digest.txt"
DIGEST_METADATA = DATA / "digest-metadata.jsonl"


@dataclass(frozen=True, slots=True)
class Feed:
    """Records that come from elsewhere than a file, under the name by which they are known again."""

    name: str
    format: str
    records: Iterable[Draft | Reject]


Progress = Callable[[int, float], None]


class _DryRun(Exception):
    """Ends the transaction of a dry run."""


def load_digest(database: Database, tagger: Tagger) -> Report:
    """Load the digest that comes with the catalogue; nothing changes where it is loaded already."""
    return ingest(database, tagger, [DIGEST], metadata=DIGEST_METADATA)


def ingest(
    database: Database,
    tagger: Tagger,
    inputs: Sequence[Path | Feed],
    *,
    format: str | None = None,
    metadata: Path | None = None,
    dry_run: bool = False,
    retried: Sequence[int] | None = None,
    progress: Progress = lambda read, part: None,
) -> Report:
    """Load files and feeds; what can't be read or kept is in the report, and in the database, with place and reason.

    Args:
        database: where to.
        tagger: gives the papers their tags.
        inputs: what to load, in this order.
        format: the files' format; else it is recognised from each file's first bytes.
        metadata: JSON lines with what the files lack, matched by title.
        dry_run: report what would happen, record by record, and keep nothing.
        retried: the inputs are these rejects, which are settled then; else what was rejected of the same sources is.
        progress: is told how many more records were read, and which part of the files is done (0 to 1).

    Raises:
        OSError: a file can't be opened; nothing was loaded then.
        DatabaseUnavailable: what was committed until then stays.
        ArxivUnavailable: a feed ended early; what was committed until then stays.
    """
    report = Report(preview=[] if dry_run else None)
    with ExitStack() as opened:
        known: facts.Metadata = {}
        rejected: list[Rejection] = []
        if metadata is not None:
            known, faults = facts.read(opened.enter_context(metadata.open("rb")))
            rejected += [_rejection(metadata.name, "", fault) for fault in faults]
        files = {path: opened.enter_context(path.open("rb")) for path in inputs if isinstance(path, Path)}
        size = sum(os.fstat(stream.fileno()).st_size for stream in files.values())

        def told(read: int) -> None:
            progress(read, min(1.0, sum(stream.tell() for stream in files.values()) / size) if size else 0.0)

        def records() -> Iterator[Incoming | Rejection]:
            yield from rejected
            for given in inputs:
                feed = given if isinstance(given, Feed) else _feed(_printable(given.name), files[given], format)
                yield from feed if isinstance(feed, list) else _incoming(feed, known, report)

        names = [_printable(given.name) for given in inputs]
        if dry_run:
            _preview(database, tagger, names, _batches(records()), report, told)
            return report
        with database.writing() as session:
            _start(session, names, report)
        grown = 2 * BATCH
        for batch in _batches(records()):
            if report.created >= grown:
                database.analyze()
                grown = 4 * report.created
            with database.writing(papers=True) as session:
                before = len(report.rejected)
                _write(session, tagger, batch, report)
                _note(session, report, before)
            told(len(batch))
        with database.writing() as session:
            _note(session, report, len(report.rejected), finished=True)
            _settle(session, names, retried, report.run or 0)
        if report.created >= BATCH:
            database.analyze()
    return report


def _preview(
    database: Database,
    tagger: Tagger,
    names: Sequence[str],
    batches: Iterator[list[Incoming | Rejection]],
    report: Report,
    told: Callable[[int], None],
) -> None:
    """Do everything in one transaction that is not kept."""
    try:
        with database.writing(papers=True) as session:
            _start(session, names, report)
            for batch in batches:
                _write(session, tagger, batch, report)
                told(len(batch))
            raise _DryRun
    except _DryRun:
        report.run = None


def _feed(name: str, stream: BinaryIO, format: str | None) -> Feed | list[Rejection]:
    """Return a file's records by its format; why there is none where it isn't known."""
    head = stream.read(HEAD)
    stream.seek(0)
    binary = kind_of_binary(head)
    chosen = None if binary else format or recognise(head)
    if chosen is not None:
        return Feed(name, chosen, FORMATS[chosen].read(stream))
    if binary:
        return [Rejection(name, "file", f"it is {binary}, not text", "")]
    if not head.strip():
        return [Rejection(name, "file", "it is empty", "")]
    reason = f"its format isn't recognised; name it with --format, one of {', '.join(FORMATS)}"
    return [Rejection(name, "file", reason, excerpt(_printable(head[:400].decode("utf-8", "replace"))))]


def _incoming(feed: Feed, known: facts.Metadata, report: Report) -> Iterator[Incoming | Rejection]:
    """Enrich and normalise, and give each record the key by which it is known again."""
    seen: Counter[str] = Counter()
    for record in feed.records:
        draft = normalise(facts.enrich(record, known)) if isinstance(record, Draft) else record
        if isinstance(draft, Reject):
            if isinstance(record, Draft):  # it was read, so what was read can be retried
                packed = orjson.dumps(draft_to_json(record), default=str).decode()
                draft = replace(draft, record=packed)
                yield _rejection(feed.name, DRAFT + feed.format, draft)
            else:
                yield _rejection(feed.name, feed.format, draft)
            continue
        for field, value in draft.extra.get(LEFT_OUT, {}).items():
            reason = f"its {field} is {str(value)[:80]!r}, which is none; it was left out"
            report.notes.append(Match(feed.name, draft.position, draft.title, (), reason))
        by_title = f"{title_key(draft.title)}|{slug(draft.authors[0]) if draft.authors else ''}"
        key = (draft.doi or draft.arxiv_id or by_title)[:400]
        seen[key] += 1
        yield record_of(draft, feed.name, feed.format, key if seen[key] == 1 else f"{key}#{seen[key]}")


def _rejection(source: str, format: str, reject: Reject) -> Rejection:
    record = _printable(reject.record) if len(reject.record) <= LONGEST_KEPT else ""
    position, reason, begin = map(_printable, (reject.position, reject.reason, reject.excerpt))
    return Rejection(source, position, reason, begin, format if record else "", record)


def _printable(text: str) -> str:
    """Return a text that every database and every JSON keeps."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def _batches(records: Iterator[Incoming | Rejection]) -> Iterator[list[Incoming | Rejection]]:
    while batch := list(islice(records, BATCH)):
        yield batch


def _start(session: Session, names: Sequence[str], report: Report) -> None:
    run = m.IngestRun(source=", ".join(names)[:1000], started_at=datetime.now(UTC))
    session.add(run)
    session.flush()
    report.run = run.id


def _write(session: Session, tagger: Tagger, records: Sequence[Incoming | Rejection], report: Report) -> None:
    report.read += len(records)
    report.rejected += [record for record in records if isinstance(record, Rejection)]
    batch = Batch(session, tagger, report, datetime.now(UTC))
    batch.load([record for record in records if isinstance(record, Incoming)])


def _note(session: Session, report: Report, noted: int, *, finished: bool = False) -> None:
    """Keep the run's figures, and the rejects that came since."""
    names = ("read", "created", "updated", "unchanged", "merged")
    figures: dict[str, Any] = {name: getattr(report, name) for name in names} | {"rejected": len(report.rejected)}
    if finished:
        full = report.as_json()
        figures["finished_at"] = datetime.now(UTC)
        figures["report"] = {name: full[name] for name in ("matches", "candidates", "notes")}
    session.execute(sa.update(m.IngestRun).where(col(m.IngestRun.id) == report.run).values(**figures))
    session.add_all(
        m.Reject(
            run_id=report.run or 0, source=r.source, position=r.position, reason=r.reason, excerpt=r.excerpt,
            format=r.format, record=r.record,
        )
        for r in report.rejected[noted:]
    )  # fmt: skip


def _settle(session: Session, names: Sequence[str], retried: Sequence[int] | None, run: int) -> None:
    """What was rejected before and was given again is settled."""
    earlier = sa.update(m.Reject).where(col(m.Reject.run_id) < run, col(m.Reject.settled).is_(False))
    if retried is None:
        session.execute(earlier.where(col(m.Reject.source).in_(names)).values(settled=True))
    else:
        for start in range(0, len(retried), BATCH):
            session.execute(earlier.where(col(m.Reject.id).in_(retried[start : start + BATCH])).values(settled=True))
