"""What runs rejected: listed, and retried once the catalogue reads more than it did."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from io import BytesIO

import orjson
from sqlmodel import Session, col, select

from app import models as m
from app.catalogue import draft_from_json
from app.database import Database
from app.ingest.report import Report
from app.ingest.run import DRAFT, Feed, ingest
from app.paper import Draft, Reject
from app.sources import FORMATS
from app.tagging.tagger import Tagger


def rejects(session: Session, run: int | None = None) -> list[m.Reject]:
    """Return what was rejected and isn't settled, or all that a run rejected."""
    chosen = m.Reject.run_id == run if run is not None else col(m.Reject.settled).is_(False)
    return list(session.exec(select(m.Reject).where(chosen).order_by(col(m.Reject.id))))


def retry(database: Database, tagger: Tagger, run: int | None = None) -> Report:
    """Read again what was rejected and kept whole; what fails again is kept anew.

    Raises:
        DatabaseUnavailable: what was committed until then stays.
    """
    with database.reading() as session:
        kept = [reject for reject in rejects(session, run) if reject.record]
        session.expunge_all()
    groups: dict[tuple[str, str], list[m.Reject]] = {}
    for reject in kept:
        groups.setdefault((reject.source, reject.format), []).append(reject)
    feeds = [
        Feed(source, format.removeprefix(DRAFT), _read_again(format, found))
        for (source, format), found in groups.items()
    ]
    return ingest(database, tagger, feeds, retried=[reject.id or 0 for reject in kept])


def _read_again(format: str, kept: Sequence[m.Reject]) -> Iterator[Draft | Reject]:
    for reject in kept:
        if format.startswith(DRAFT):
            yield draft_from_json(orjson.loads(reject.record), reject.position)
            continue
        for record in FORMATS[format].read(BytesIO(reject.record.encode())):
            yield replace(record, position=reject.position)
