"""The only writer of papers: fields, authors, tags and index task, together in the caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app import models as m
from app.identifiers import slug, title_key
from app.paper import Composed, Evidence, Tag, Venue

TITLE_START = 24
"""So many characters of a title's key do similar titles share."""

_DOCUMENT = (
    "title", "abstract", "venue_id", "year", "published", "arxiv_id", "doi", "url", "pdf_url", "code_url", "withdrawn",
)  # fmt: skip
"""The columns that the index holds: a change of one raises the revision."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A paper to write: its id, its fields, what the tagger says and which tagger that was."""

    paper_id: str
    composed: Composed
    tags: tuple[Tag, ...]
    tagger: str


def author_id(name: str) -> str:
    """Return the id of an author: the folded name."""
    return slug(name) or "unknown"


def decided(tags: Iterable[Tag], decisions: Iterable[m.TagDecision]) -> dict[tuple[str, str], list[dict[str, Any]]]:
    """Return evidence by facet and label: the tagger's tags, less a curator's noes, and a curator's yeses. Pure."""
    found = {(tag.facet, tag.label): [_evidence_row(e) for e in tag.evidence] for tag in tags}
    for decision in decisions:
        key = (decision.facet, decision.label)
        if decision.wanted:
            found.setdefault(key, [])
        else:
            found.pop(key, None)
    return found


def _evidence_row(e: Evidence) -> dict[str, Any]:
    return {"rule": e.rule, "field": e.field, "start": e.start, "end": e.end, "text": e.text}


def save(session: Session, entries: Sequence[Entry], now: datetime) -> dict[str, str]:
    """Write papers and return ``created``, ``updated`` or ``unchanged`` for each id.

    The revision rises, and an index task is left, only where the indexed document changes.
    """
    if not entries:
        return {}
    ids = [entry.paper_id for entry in entries]
    _add_missing(session, m.Venue, _venue_rows(entry.composed.venue for entry in entries))
    _add_missing(session, m.Author, [
        {"id": author_id(name), "name": name} for entry in entries for name in entry.composed.authors
    ])  # fmt: skip
    rows = {
        row["id"]: row for row in session.execute(sa.select(_table(m.Paper)).where(col(m.Paper.id).in_(ids))).mappings()
    }
    authors = _grouped(session, m.Authorship, ids, lambda row: (row["author_id"], row["name"]))
    tags = _grouped(session, m.Tag, ids, lambda row: ((row["facet"], row["label"]), row["evidence"]))
    decisions: dict[str, list[m.TagDecision]] = {}
    for decision in session.exec(select(m.TagDecision).where(col(m.TagDecision.paper_id).in_(ids))):
        decisions.setdefault(decision.paper_id, []).append(decision)

    outcome: dict[str, str] = {}
    new_papers: list[dict[str, Any]] = []
    new_authors: list[dict[str, Any]] = []
    new_tags: list[dict[str, Any]] = []
    tasks: dict[str, int] = {}
    stale_authors: list[str] = []
    stale_tags: list[str] = []
    for entry in entries:
        paper_id, old = entry.paper_id, rows.get(entry.paper_id)
        row = _row(entry)
        wanted_authors = [(author_id(name), name) for name in entry.composed.authors]
        wanted_tags = decided(entry.tags, decisions.get(paper_id, ()))
        old_tags = dict(tags.get(paper_id, ()))
        row["withdrawn"] = old["withdrawn"] if old else None
        same_document = (
            old is not None
            and all(old[name] == row[name] for name in _DOCUMENT)
            and authors.get(paper_id, []) == wanted_authors
            and old_tags.keys() == wanted_tags.keys()
        )
        outcome[paper_id] = "created" if old is None else "unchanged" if same_document else "updated"
        if old is None:
            new_papers.append(row | {"id": paper_id, "revision": 1, "created_at": now, "updated_at": now})
            tasks[paper_id] = 1
        elif not same_document:
            revision = old["revision"] + 1
            _update(session, paper_id, row | {"revision": revision, "updated_at": now})
            tasks[paper_id] = revision
        elif any(old[name] != value for name, value in row.items()):
            _update(session, paper_id, row)
        if authors.get(paper_id, []) != wanted_authors:
            stale_authors.append(paper_id)
            new_authors += [
                {"paper_id": paper_id, "position": position, "author_id": id_, "name": name}
                for position, (id_, name) in enumerate(wanted_authors)
            ]
        if old_tags != wanted_tags:
            stale_tags.append(paper_id)
            new_tags += [
                {"paper_id": paper_id, "facet": facet, "label": label, "evidence": evidence}
                for (facet, label), evidence in wanted_tags.items()
            ]
    _insert(session, m.Paper, new_papers)
    _replace(session, m.Authorship, stale_authors, new_authors)
    _replace(session, m.Tag, stale_tags, new_tags)
    queue(session, tasks, now)
    return outcome


def queue(session: Session, revisions: Mapping[str, int], now: datetime) -> None:
    """Leave index tasks: the papers of these ids have these revisions, or are gone."""
    rows = [
        {"paper_id": i, "revision": r, "attempts": 0, "not_before": now, "error": None, "set_aside": False}
        for i, r in revisions.items()
    ]
    _replace(session, m.IndexTask, list(revisions), rows)


def withdraw(session: Session, paper_id: str, reason: str | None, now: datetime) -> bool:
    """Take a paper out with a reason, or put it back with None; False where there is no such paper."""
    row = session.get(m.Paper, paper_id)
    if row is None:
        return False
    if row.withdrawn != reason:
        _update(session, paper_id, {"withdrawn": reason, "revision": row.revision + 1, "updated_at": now})
        queue(session, {paper_id: row.revision + 1}, now)
    return True


def remove(session: Session, paper_id: str, into: str, now: datetime) -> None:
    """Take out a paper that is now part of another: its address leads there for good."""
    row = session.get_one(m.Paper, paper_id)
    revision = row.revision + 1
    decisions = session.exec(select(m.TagDecision).where(m.TagDecision.paper_id == paper_id)).all()
    kept = {(d.facet, d.label) for d in session.exec(select(m.TagDecision).where(m.TagDecision.paper_id == into))}
    moved = [d.model_dump() | {"paper_id": into} for d in decisions if (d.facet, d.label) not in kept]
    for model in (m.Authorship, m.Tag, m.TagDecision):
        session.execute(sa.delete(model).where(_table(model).c.paper_id == paper_id))
    _insert(session, m.TagDecision, moved)
    session.execute(sa.update(m.Redirect).where(col(m.Redirect.paper_id) == paper_id).values(paper_id=into))
    session.execute(sa.delete(m.Paper).where(col(m.Paper.id) == paper_id))
    session.expunge_all()
    _insert(session, m.Redirect, [{"old_id": paper_id, "paper_id": into}])
    queue(session, {paper_id: revision}, now)


def _row(entry: Entry) -> dict[str, Any]:
    c = entry.composed
    key = title_key(c.title)
    return {
        "title": c.title, "title_key": key, "title_start": key[:TITLE_START], "abstract": c.abstract,
        "venue_id": c.venue.id, "venue_track": c.venue_track, "year": c.year, "published": c.published,
        "arxiv_id": c.arxiv_id, "doi": c.doi, "url": c.url, "pdf_url": c.pdf_url, "code_url": c.code_url,
        "tagger": entry.tagger,
    }  # fmt: skip


def _table(model: type[SQLModel]) -> sa.Table:
    return model.__table__  # type: ignore[attr-defined,no-any-return]


def _venue_rows(venues: Iterable[Venue]) -> list[dict[str, Any]]:
    return [asdict(venue) for venue in venues]


def _insert(session: Session, model: type[SQLModel], rows: Sequence[Mapping[str, Any]]) -> None:
    if rows:
        session.execute(sa.insert(_table(model)), rows)


def _update(session: Session, paper_id: str, values: Mapping[str, Any]) -> None:
    session.execute(sa.update(_table(m.Paper)).where(col(m.Paper.id) == paper_id).values(**values))


def _replace(
    session: Session, model: type[SQLModel], paper_ids: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> None:
    if paper_ids:
        table = _table(model)
        session.execute(sa.delete(table).where(table.c.paper_id.in_(paper_ids)))
        _insert(session, model, rows)


def _add_missing(session: Session, model: type[SQLModel], rows: Iterable[Mapping[str, Any]]) -> None:
    by_id: dict[str, Mapping[str, Any]] = {}
    for row in rows:
        by_id.setdefault(row["id"], row)
    table = _table(model)
    have = set(session.execute(sa.select(table.c.id).where(table.c.id.in_(list(by_id)))).scalars())
    _insert(session, model, [row for id_, row in by_id.items() if id_ not in have])


def _grouped(session: Session, model: type[SQLModel], ids: Sequence[str], value: Any) -> dict[str, list[Any]]:
    """Return what a table says of papers, in the order of its key."""
    table = _table(model)
    query = sa.select(table).where(table.c.paper_id.in_(ids)).order_by(*table.primary_key.columns)
    found: dict[str, list[Any]] = {}
    for row in session.execute(query).mappings():
        found.setdefault(row["paper_id"], []).append(value(row))
    return found
