"""The run: files to papers. source | metadata | normalise | decide | compose | tag | save, in batches.

A batch is one transaction, so a kill costs at most the batch under way, and running it again completes it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from app import models as m
from app.database import Database
from app.identifiers import slug, title_key
from app.ingest import metadata as facts
from app.ingest.batch import Batch, Incoming, record_of
from app.ingest.normalise import normalise
from app.ingest.report import Rejection, Report
from app.paper import Draft, Reject
from app.sources import FORMATS, HEAD, recognise
from app.tagging.tagger import Tagger

BATCH = 500
DATA = Path(__file__).parent.parent / "data"
DIGEST = DATA / "digest.txt"
DIGEST_METADATA = DATA / "digest-metadata.jsonl"


class _DryRun(Exception):
    """Ends the transaction of a dry run."""


def load_digest(database: Database, tagger: Tagger) -> Report:
    """Load the digest that comes with the catalogue; nothing changes where it is loaded already."""
    return ingest(database, tagger, [DIGEST], metadata=DIGEST_METADATA)


def ingest(
    database: Database,
    tagger: Tagger,
    files: Sequence[Path],
    *,
    format: str | None = None,
    metadata: Path | None = None,
    dry_run: bool = False,
    progress: Callable[[int], None] = lambda read: None,
) -> Report:
    """Load files; what can't be read or kept is in the report, and in the database, with its place and reason.

    Args:
        database: where to.
        tagger: gives the papers their tags.
        files: what to load, in this order.
        format: the files' format; else it is recognised from each file's first bytes.
        metadata: JSON lines with what the files lack, matched by title.
        dry_run: report what would happen, and keep nothing.
        progress: is told how many more records were read.

    Raises:
        OSError: a file can't be opened; nothing was loaded then.
        DatabaseUnavailable: what was committed until then stays.
    """
    report = Report()
    with ExitStack() as opened:
        streams = [(path.name, opened.enter_context(path.open("rb"))) for path in files]
        known: facts.Metadata = {}
        rejected: list[Rejection] = []
        if metadata is not None:
            known, faults = facts.read(opened.enter_context(metadata.open("rb")))
            rejected += [Rejection(metadata.name, fault.position, fault.reason, fault.excerpt) for fault in faults]

        def records() -> Iterator[Incoming | Rejection]:
            yield from rejected
            for name, stream in streams:
                head = stream.read(HEAD)
                stream.seek(0)
                chosen = format or recognise(head)
                if chosen is None:
                    excerpt = head[:100].decode("utf-8", "replace")
                    reason = f"its format isn't recognised; name it with --format, one of {', '.join(FORMATS)}"
                    yield Rejection(name, "file", reason, excerpt if excerpt.isprintable() else "")
                    continue
                yield from _incoming(FORMATS[chosen].read(stream), name, chosen, known)

        source = ", ".join(name for name, _ in streams)
        if dry_run:
            try:
                with database.writing(papers=True) as session:
                    _start(session, source, report)
                    for batch in _batches(records()):
                        _write(session, tagger, batch, report)
                        progress(len(batch))
                    raise _DryRun
            except _DryRun:
                report.run = None
                return report
        with database.writing() as session:
            _start(session, source, report)
        grown = 2 * BATCH
        for batch in _batches(records()):
            if report.created >= grown:
                database.analyze()
                grown = 4 * report.created
            with database.writing(papers=True) as session:
                before = len(report.rejected)
                _write(session, tagger, batch, report)
                _note(session, report, before)
            progress(len(batch))
        with database.writing() as session:
            _note(session, report, len(report.rejected), finished=True)
        if report.created >= BATCH:
            database.analyze()
    return report


def _incoming(
    records: Iterator[Draft | Reject], source: str, format: str, known: facts.Metadata
) -> Iterator[Incoming | Rejection]:
    """Enrich and normalise, and give each record the key by which it is known again."""
    seen: Counter[str] = Counter()
    for record in records:
        draft = normalise(facts.enrich(record, known)) if isinstance(record, Draft) else record
        if isinstance(draft, Reject):
            yield Rejection(source, draft.position, draft.reason, draft.excerpt)
            continue
        by_title = f"{title_key(draft.title)}|{slug(draft.authors[0]) if draft.authors else ''}"
        key = (draft.doi or draft.arxiv_id or by_title)[:400]
        seen[key] += 1
        yield record_of(draft, source, format, key if seen[key] == 1 else f"{key}#{seen[key]}")


def _batches(records: Iterator[Incoming | Rejection]) -> Iterator[list[Incoming | Rejection]]:
    while batch := list(islice(records, BATCH)):
        yield batch


def _start(session: Session, source: str, report: Report) -> None:
    run = m.IngestRun(source=source[:1000], started_at=datetime.now(UTC))
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
    figures: dict[str, Any] = {
        "read": report.read,
        "created": report.created,
        "updated": report.updated,
        "merged": report.merged,
    }
    figures |= {"unchanged": report.unchanged, "merged": report.merged, "rejected": len(report.rejected)}
    if finished:
        full = report.as_json()
        figures["finished_at"] = datetime.now(UTC)
        figures["report"] = {name: full[name] for name in ("matches", "candidates")}
    session.execute(sa.update(m.IngestRun).where(col(m.IngestRun.id) == report.run).values(**figures))
    session.add_all(
        m.Reject(run_id=report.run or 0, source=r.source, position=r.position, reason=r.reason, excerpt=r.excerpt)
        for r in report.rejected[noted:]
    )
