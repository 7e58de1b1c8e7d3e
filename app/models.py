"""The database's tables. Only ``catalogue``, ``ingest`` and the indexer touch them; pages get ``app.paper``'s values.

A paper's columns are composed from its source records (``ingest.merge.compose``), which are kept as they were given:
so a better source can win field by field, and a merge can be undone.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Moment(TypeDecorator[datetime]):
    """A moment in UTC; SQLite forgets the zone, so it is put back."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Store UTC."""
        return value.astimezone(UTC) if value else None

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return it with its zone."""
        return value.replace(tzinfo=UTC) if value and value.tzinfo is None else value


class Venue(SQLModel, table=True):
    """Where papers are published; ``kind`` is conference, journal, workshop, preprint or unknown."""

    id: str = Field(primary_key=True)
    label: str
    name: str
    kind: str


class VenueAlias(SQLModel, table=True):
    """A folded spelling under which sources know a venue."""

    __tablename__ = "venue_alias"
    alias: str = Field(primary_key=True)
    venue_id: str = Field(foreign_key="venue.id", index=True)


class Author(SQLModel, table=True):
    """A person's name; the id is the folded name, so that spellings with and without accents meet."""

    id: str = Field(primary_key=True)
    name: str


class Paper(SQLModel, table=True):
    """A paper as shown. ``revision`` rises when its document changes; ``withdrawn`` is the reason, if any."""

    id: str = Field(primary_key=True)
    revision: int
    title: str
    title_key: str = Field(index=True)
    title_start: str = Field(index=True)
    abstract: str
    venue_id: str = Field(foreign_key="venue.id", index=True)
    venue_track: str | None = None
    year: int | None = Field(default=None, index=True)
    published: str | None = None
    arxiv_id: str | None = Field(default=None, unique=True)
    doi: str | None = Field(default=None, unique=True)
    url: str | None = None
    pdf_url: str | None = None
    code_url: str | None = None
    withdrawn: str | None = None
    tagger: str = ""
    created_at: datetime = Field(sa_type=Moment)
    updated_at: datetime = Field(sa_type=Moment, index=True)


class Authorship(SQLModel, table=True):
    """An author of a paper, in the printed order, under the printed name."""

    paper_id: str = Field(foreign_key="paper.id", primary_key=True)
    position: int = Field(primary_key=True)
    author_id: str = Field(foreign_key="author.id", index=True)
    name: str


class Tag(SQLModel, table=True):
    """A label of a facet that a paper has, with the evidence as a list of spans; a curator's has none."""

    paper_id: str = Field(foreign_key="paper.id", primary_key=True)
    facet: str = Field(primary_key=True)
    label: str = Field(primary_key=True)
    evidence: list[dict[str, Any]] = Field(sa_type=sa.JSON)


class TagDecision(SQLModel, table=True):
    """A curator's yes or no to a label; it outlives every run of the tagger."""

    __tablename__ = "tag_decision"
    paper_id: str = Field(foreign_key="paper.id", primary_key=True)
    facet: str = Field(primary_key=True)
    label: str = Field(primary_key=True)
    wanted: bool
    decided_at: datetime = Field(sa_type=Moment)


class IngestRun(SQLModel, table=True):
    """One call of ingest: what it read and what became of it. ``report`` keeps the matches and candidates."""

    __tablename__ = "ingest_run"
    id: int | None = Field(default=None, primary_key=True)
    source: str
    started_at: datetime = Field(sa_type=Moment)
    finished_at: datetime | None = Field(default=None, sa_type=Moment)
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    rejected: int = 0
    report: dict[str, Any] = Field(default_factory=dict, sa_type=sa.JSON)


class SourceRecord(SQLModel, table=True):
    """A draft as a source gave it. ``key`` is what it is within its source, ``digest`` its content.

    ``born_as`` is the paper that the record made or first joined: where it goes back to when a merge is undone.
    """

    __tablename__ = "source_record"
    __table_args__ = (sa.UniqueConstraint("source", "key"),)
    id: int | None = Field(default=None, primary_key=True)
    paper_id: str = Field(foreign_key="paper.id", index=True)
    born_as: str = Field(index=True)
    source: str
    format: str
    position: str
    key: str
    digest: str
    draft: dict[str, Any] = Field(sa_type=sa.JSON)
    run_id: int = Field(foreign_key="ingest_run.id")


class Reject(SQLModel, table=True):
    """A record that could not be read or kept, with its place, the reason and its beginning.

    ``record`` is the whole of it in its ``format``, where it is known: it can be retried. It is ``settled`` once a
    later run gave the same source again, or retried it.
    """

    id: int | None = Field(default=None, primary_key=True)
    run_id: int = Field(foreign_key="ingest_run.id", index=True)
    source: str
    position: str
    reason: str
    excerpt: str
    format: str = Field(default="", sa_column_kwargs={"server_default": ""})
    record: str = Field(default="", sa_column_kwargs={"server_default": ""})
    settled: bool = Field(default=False, sa_column_kwargs={"server_default": sa.false()})


class Redirect(SQLModel, table=True):
    """An id that a paper once had, for good."""

    old_id: str = Field(primary_key=True)
    paper_id: str = Field(foreign_key="paper.id", index=True)


class IndexTask(SQLModel, table=True):
    """A paper whose indexed document is behind, or one that must leave the index. One row a paper.

    ``set_aside`` holds the last failure's reason once it has failed too often; until then ``not_before`` delays it.
    """

    __tablename__ = "index_task"
    paper_id: str = Field(primary_key=True)
    revision: int
    attempts: int = 0
    not_before: datetime = Field(sa_type=Moment, index=True)
    error: str | None = None
    set_aside: bool = False


class RebuildRequest(SQLModel, table=True):
    """A wish for a new index, left for the process that holds it."""

    __tablename__ = "rebuild_request"
    id: int | None = Field(default=None, primary_key=True)
    requested_at: datetime = Field(sa_type=Moment)
    done_at: datetime | None = Field(default=None, sa_type=Moment)
    error: str | None = None
