"""What a curator does with papers that are stored: merge, split, withdraw, and tagging all of them anew."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app import models as m
from app.catalogue import draft_to_json, known_ids
from app.catalogue.save import save
from app.catalogue.save import withdraw as save_withdrawn
from app.database import Database
from app.ingest.batch import entry, join, leave_out, stored_records
from app.ingest.merge import Given
from app.tagging.tagger import Tagger

BATCH = 500


class CurateError(Exception):
    """What was asked can't be done; the message says why."""


@dataclass(slots=True)
class Retagged:
    """What tagging anew changed: papers looked at and changed, and tags that came and went by ``facet:label``."""

    papers: int = 0
    changed: int = 0
    added: Counter[str] = field(default_factory=Counter)
    removed: Counter[str] = field(default_factory=Counter)

    def as_text(self) -> str:
        """Say it, one label a line."""
        lines = [f"{self.papers} papers tagged, {self.changed} changed"]
        for name in sorted(self.added.keys() | self.removed.keys()):
            lines.append(f"{name}\t+{self.added[name]}\t-{self.removed[name]}")
        return "\n".join(lines)


def merge(database: Database, tagger: Tagger, paper_id: str, into: str) -> None:
    """Make a paper part of another; its address leads there from then on.

    Raises:
        CurateError: one of them isn't there, or both are one.
    """
    now = datetime.now(UTC)
    with database.writing(papers=True) as session:
        if paper_id == into:
            raise CurateError(f"{paper_id} can't be merged into itself")
        for id_ in (paper_id, into):
            _require(session, id_)
        join(session, paper_id, into, now)
        _compose(session, tagger, [into], now)


def split(database: Database, tagger: Tagger, paper_id: str) -> list[str]:
    """Undo merges and return the ids of the papers that are there again, or anew.

    A paper that was merged away gets its records back. From a paper that records joined by title or identifier, each
    such record becomes a paper of its own.

    Raises:
        CurateError: there is nothing to split.
    """
    now = datetime.now(UTC)
    with database.writing(papers=True) as session:
        redirect = session.get(m.Redirect, paper_id)
        r = m.SourceRecord
        if redirect is not None:
            old_home = redirect.paper_id
            records = session.exec(select(r.id).where(r.paper_id == old_home, r.born_as == paper_id)).all()
            parts = {paper_id: [record for record in records if record is not None]}
            session.delete(redirect)
            session.flush()
        else:
            _require(session, paper_id)
            old_home = paper_id
            own = session.exec(select(r.id).where(r.paper_id == paper_id).order_by(col(r.id))).all()
            parts = {}
            for record in own[1:]:
                if record is not None:
                    parts[_free_id(session, paper_id, set(parts))] = [record]
        if not any(parts.values()):
            raise CurateError(f"{paper_id} is made of one record: there is nothing to split")
        given = stored_records(session, [old_home])[old_home]
        taken = {record for ids in parts.values() for record in ids}
        if not [g for g in given if g.order not in taken]:
            raise CurateError(f"nothing would be left of {old_home}")
        # what stays is written first, so that an identifier is free before the other paper takes it
        stays = [g for g in given if g.order not in taken]
        save(session, [entry(old_home, stays, tagger)], now)
        held = {(name, getattr(g.draft, name)) for g in stays for name in ("doi", "arxiv_id")}
        for id_, ids in parts.items():
            parted = [_without(session, g, held) for g in given if g.order in ids]
            held |= {(name, getattr(g.draft, name)) for g in parted for name in ("doi", "arxiv_id")}
            save(session, [entry(id_, parted, tagger)], now)
            session.execute(sa.update(r).where(col(r.id).in_(ids)).values(paper_id=id_, born_as=id_))
        return list(parts)


def _without(session: Session, given: Given, held: set[tuple[str, str | None]]) -> Given:
    """Take from a record the identifiers that another paper holds: two papers can't have one."""
    names = [name for name in ("doi", "arxiv_id") if getattr(given.draft, name)]
    taken = {name: getattr(given.draft, name) for name in names if (name, getattr(given.draft, name)) in held}
    if not taken:
        return given
    draft = leave_out(given.draft, taken)
    record = sa.update(m.SourceRecord).where(col(m.SourceRecord.id) == given.order)
    session.execute(record.values(draft=draft_to_json(draft)))
    return replace(given, draft=draft)


def withdraw(database: Database, paper_id: str, reason: str) -> None:
    """Take a paper out with a reason that visitors see; no later ingest brings it back.

    Raises:
        CurateError: there is no such paper, or no reason.
    """
    if not reason.strip():
        raise CurateError("a withdrawn paper needs a reason for its visitors")
    with database.writing(papers=True) as session:
        _require(session, paper_id)
        save_withdrawn(session, paper_id, reason.strip(), datetime.now(UTC))


def retag(
    database: Database,
    tagger: Tagger,
    progress: Callable[[int], None] = lambda done: None,
    *,
    stale_only: bool = False,
) -> Retagged:
    """Tag stored papers anew; a revision rises only where tags change, and a curator's decisions stay.

    ``stale_only`` leaves out the papers that this very tagger, of these rules, has tagged.
    """
    result = Retagged()
    last = ""
    while True:
        with database.writing(papers=True) as session:
            batch = select(m.Paper.id).where(m.Paper.id > last).order_by(m.Paper.id).limit(BATCH)
            ids = list(session.exec(batch.where(col(m.Paper.tagger) != tagger.version) if stale_only else batch))
            if not ids:
                return result
            before = _tags(session, ids)
            outcome = _compose(session, tagger, ids, datetime.now(UTC))
            after = _tags(session, ids)
        result.papers += len(ids)
        result.changed += sum(state == "updated" for state in outcome.values())
        result.added.update(f"{facet}:{label}" for _, facet, label in after - before)
        result.removed.update(f"{facet}:{label}" for _, facet, label in before - after)
        last = ids[-1]
        progress(len(ids))


def _compose(session: Session, tagger: Tagger, ids: list[str], now: datetime) -> dict[str, str]:
    records = stored_records(session, ids)
    return save(session, [entry(id_, records[id_], tagger) for id_ in ids if id_ in records], now)


def _tags(session: Session, ids: list[str]) -> set[tuple[str, str, str]]:
    t = m.Tag
    return set(session.exec(select(t.paper_id, t.facet, t.label).where(col(t.paper_id).in_(ids))))


def _require(session: Session, paper_id: str) -> None:
    if session.get(m.Paper, paper_id) is None:
        raise CurateError(f"there is no paper '{paper_id}'")


def _free_id(session: Session, paper_id: str, taken: set[str]) -> str:
    number = 2
    while (free := f"{paper_id}-{number}") in taken or known_ids(session, [free]):
        number += 1
    return free
