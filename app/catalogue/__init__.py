"""The catalogue in the database: the reads that pages need here, the only writer of papers in ``save``.

Functions take a session and never commit; who opened the session decides. What leaves this module are ``app.paper``'s
values and the small ones below.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col, select

from app import models as m
from app.paper import ARXIV, Author, Draft, Evidence, Paper, Tag, Venue
from app.tagging.taxonomy import Taxonomy

BATCH = 500


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """Where facts of a paper come from: the source's name and format, the place in it, and what it gave."""

    source: str
    format: str
    position: str
    draft: Draft
    run_at: datetime


@dataclass(frozen=True, slots=True)
class Record:
    """Everything known of a paper."""

    paper: Paper
    venue: Venue
    venue_track: str | None
    tags: tuple[Tag, ...]
    sources: tuple[SourceRecord, ...]
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Moved:
    """The paper is now part of another one."""

    to: str


@dataclass(frozen=True, slots=True)
class Withdrawn:
    """The paper was taken out, and why."""

    title: str
    reason: str


@dataclass(frozen=True, slots=True)
class Summary:
    """What the catalogue holds, in a line."""

    papers: int
    first_year: int | None
    last_year: int | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class IndexLag:
    """How far the index is behind: papers that wait, and such as failed too often."""

    waiting: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Stats:
    """Figures for whoever runs the catalogue."""

    papers: int
    withdrawn: int
    facets: Mapping[str, Mapping[str, int]]
    venues: Mapping[str, int]
    unknown_venues: Mapping[str, int]
    sources: Mapping[str, int]
    runs: Sequence[Mapping[str, Any]]
    index: IndexLag
    set_aside: Mapping[str, str]


def get(session: Session, paper_id: str) -> Record | Moved | Withdrawn | None:
    """Return a paper with all that is known of it, or what became of it; None where there never was one."""
    row = session.get(m.Paper, paper_id)
    if row is None:
        redirect = session.get(m.Redirect, paper_id)
        return Moved(redirect.paper_id) if redirect else None
    if row.withdrawn is not None:
        return Withdrawn(row.title, row.withdrawn)
    venue = session.get_one(m.Venue, row.venue_id)
    return Record(
        next(papers(session, [paper_id])),
        Venue(venue.id, venue.label, venue.name, venue.kind),
        row.venue_track,
        tags(session, paper_id),
        tuple(sources(session, paper_id)),
        row.updated_at,
    )


def find_by_arxiv(session: Session, arxiv_id: str) -> str | None:
    """Return the id of the paper with this arXiv id."""
    return session.exec(select(m.Paper.id).where(m.Paper.arxiv_id == arxiv_id)).first()


def find_by_doi(session: Session, doi: str) -> str | None:
    """Return the id of the paper with this DOI."""
    return session.exec(select(m.Paper.id).where(m.Paper.doi == doi)).first()


def tags(session: Session, paper_id: str) -> tuple[Tag, ...]:
    """Return a paper's tags with their evidence; a curator's say that they are."""
    rows = session.exec(select(m.Tag).where(m.Tag.paper_id == paper_id).order_by(m.Tag.facet, m.Tag.label)).all()
    return tuple(Tag(t.facet, t.label, tuple(Evidence(**e) for e in t.evidence), not t.evidence) for t in rows)


def sources(session: Session, paper_id: str) -> Iterator[SourceRecord]:
    """Yield what the sources gave, in the order in which it came."""
    query = (
        select(m.SourceRecord, m.IngestRun.started_at)
        .join(m.IngestRun, col(m.SourceRecord.run_id) == col(m.IngestRun.id))
        .where(m.SourceRecord.paper_id == paper_id)
        .order_by(col(m.SourceRecord.id))
    )
    for row, run_at in session.exec(query):
        yield SourceRecord(row.source, row.format, row.position, draft_from_json(row.draft, row.position), run_at)


def papers(session: Session, ids: Sequence[str] | None = None) -> Iterator[Paper]:
    """Yield papers as the index holds them, by id, in bounded batches; withdrawn ones are left out."""
    if ids is None:
        last = ""
        while True:
            shown = (m.Paper.id > last, col(m.Paper.withdrawn).is_(None))
            batch = session.exec(select(m.Paper.id).where(*shown).order_by(m.Paper.id).limit(BATCH)).all()
            if not batch:
                return
            yield from _papers(session, batch)
            last = batch[-1]
            session.expunge_all()
    else:
        for start in range(0, len(ids), BATCH):
            yield from _papers(session, ids[start : start + BATCH])


def _papers(session: Session, ids: Sequence[str]) -> Iterator[Paper]:
    p = m.Paper.__table__  # type: ignore[attr-defined]
    v = m.Venue.__table__  # type: ignore[attr-defined]
    rows = session.execute(
        sa.select(p, v.c.label.label("venue_label"))
        .join(v, p.c.venue_id == v.c.id)
        .where(p.c.id.in_(ids), p.c.withdrawn.is_(None))
        .order_by(p.c.id)
    ).mappings()
    authors: dict[str, list[Author]] = {}
    a = m.Authorship
    for author in session.exec(select(a.paper_id, a.author_id, a.name).where(col(a.paper_id).in_(ids)).order_by(
        a.paper_id, col(a.position)
    )):  # fmt: skip
        authors.setdefault(author[0], []).append(Author(author[1], author[2]))
    labels: dict[str, dict[str, list[str]]] = {}
    t = m.Tag
    for paper_id, facet, label in session.exec(
        select(t.paper_id, t.facet, t.label).where(col(t.paper_id).in_(ids)).order_by(t.facet, t.label)
    ):
        labels.setdefault(paper_id, {}).setdefault(facet, []).append(label)
    for row in rows:
        yield Paper(
            id=row["id"], revision=row["revision"], title=row["title"], abstract=row["abstract"],
            authors=tuple(authors.get(row["id"], ())), venue=row["venue_id"], venue_label=row["venue_label"],
            year=row["year"], published=row["published"], arxiv_id=row["arxiv_id"], doi=row["doi"], url=row["url"],
            pdf_url=row["pdf_url"], code_url=row["code_url"],
            labels={facet: tuple(sorted(found)) for facet, found in labels.get(row["id"], {}).items()},
        )  # fmt: skip


def venues(session: Session) -> dict[str, Venue]:
    """Return the venues by their ids."""
    rows = session.exec(select(m.Venue)).all()
    return {row.id: Venue(row.id, row.label, row.name, row.kind) for row in rows}


def author_name(session: Session, author_id: str) -> str | None:
    """Return an author's name, or None where nobody has this id."""
    return session.exec(select(m.Author.name).where(m.Author.id == author_id)).first()


def changes(session: Session, skip: int, most: int) -> list[tuple[str, datetime]]:
    """Return papers by id with the moment of their last change: for the sitemap."""
    shown = select(m.Paper.id, m.Paper.updated_at).where(col(m.Paper.withdrawn).is_(None))
    return [(row[0], row[1]) for row in session.exec(shown.order_by(m.Paper.id).offset(skip).limit(most))]


def summary(session: Session) -> Summary:
    """Return what the catalogue holds."""
    query = sa.select(
        sa.func.count(), sa.func.min(m.Paper.year), sa.func.max(m.Paper.year), sa.func.max(col(m.Paper.updated_at))
    ).where(col(m.Paper.withdrawn).is_(None))
    count, first, last, updated = session.execute(query).one()
    return Summary(count, first, last, updated)


def index_lag(session: Session) -> IndexLag:
    """Return how far the index is behind."""
    counts = dict(session.execute(sa.select(col(m.IndexTask.set_aside), sa.func.count()).group_by("set_aside")).all())
    return IndexLag(counts.get(False, 0), counts.get(True, 0))


def stats(session: Session, taxonomy: Taxonomy) -> Stats:
    """Return the figures; a parent label counts its children's papers."""
    shown = col(m.Paper.withdrawn).is_(None)
    counts: dict[str, Counter[str]] = {facet.id: Counter() for facet in taxonomy}
    for facet in taxonomy:
        by_paper: dict[str, list[str]] = {}
        query = (
            select(m.Tag.paper_id, m.Tag.label)
            .join(m.Paper, col(m.Paper.id) == m.Tag.paper_id)
            .where(m.Tag.facet == facet.id, shown)
        )
        for paper_id, label in session.exec(query):
            by_paper.setdefault(paper_id, []).append(label)
        for found in by_paper.values():
            counts[facet.id].update(facet.with_parents(found))

    def grouped(*query: Any) -> dict[str, int]:
        return {str(key): count for key, count in session.execute(*query).all()}

    by_venue = sa.select(col(m.Paper.venue_id), sa.func.count()).where(shown).group_by(m.Paper.venue_id)
    unknown = (
        sa.select(col(m.Venue.label), sa.func.count())
        .join(m.Paper, col(m.Paper.venue_id) == m.Venue.id)
        .where(shown, col(m.Venue.kind) == "unknown")
        .group_by(m.Venue.label)
    )
    by_source = sa.select(col(m.SourceRecord.source), sa.func.count()).group_by(m.SourceRecord.source)
    runs = session.exec(select(m.IngestRun).order_by(col(m.IngestRun.id).desc()).limit(20)).all()
    aside = session.exec(select(m.IndexTask).where(col(m.IndexTask.set_aside).is_(True)).limit(100)).all()
    gone = session.execute(sa.select(sa.func.count()).where(col(m.Paper.withdrawn).is_not(None))).scalar_one()
    return Stats(
        papers=summary(session).papers,
        withdrawn=gone,
        facets={facet: dict(found.most_common()) for facet, found in counts.items()},
        venues=dict(sorted(grouped(by_venue).items(), key=lambda pair: (-pair[1], pair[0]))),
        unknown_venues=dict(sorted(grouped(unknown).items(), key=lambda pair: (-pair[1], pair[0]))),
        sources=grouped(by_source),
        runs=[run.model_dump(mode="json", exclude={"report"}) for run in runs],
        index=index_lag(session),
        set_aside={task.paper_id: task.error or "" for task in aside},
    )


_STORED_FIELDS = tuple(field.name for field in fields(Draft) if field.name != "position")


def draft_to_json(draft: Draft) -> dict[str, Any]:
    """Return a draft for storing; its position stands beside it."""
    given = {name: getattr(draft, name) for name in _STORED_FIELDS}
    return {name: list(value) if name == "authors" else value for name, value in given.items() if value}


def draft_from_json(given: Mapping[str, Any], position: str = "") -> Draft:
    """Return the draft that was stored."""
    return Draft(**{**given, "authors": tuple(given.get("authors", ())), "position": position})


def is_published(paper: Paper) -> bool:
    """Tell whether a paper is more than a preprint."""
    return paper.venue != ARXIV


def known_ids(session: Session, ids: Iterable[str]) -> set[str]:
    """Return which of the ids a paper has or once had."""
    wanted = list(ids)
    found = set(session.exec(select(m.Paper.id).where(col(m.Paper.id).in_(wanted))))
    return found | set(session.exec(select(m.Redirect.old_id).where(col(m.Redirect.old_id).in_(wanted))))
