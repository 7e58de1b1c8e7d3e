"""Backup and restore: the whole database in one portable file, from either kind of database into either.

The file is gzipped JSON lines: a header, then a line for each row with its table. The search index isn't in it, since
it is made of the database.
"""

from __future__ import annotations

import gzip
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session, SQLModel, col, select

from app import models as m
from app.catalogue.save import queue
from app.database import Database

FORMAT = 1
BATCH = 500
_DERIVED = {"index_task", "rebuild_request"}


class BackupError(Exception):
    """A backup can't be restored; the message says why."""


def _tables() -> list[sa.Table]:
    """Return the tables, a table after those that it refers to."""
    return [table for table in SQLModel.metadata.sorted_tables if table.name not in _DERIVED]


def backup(database: Database, file: Path) -> int:
    """Write everything as it is at one moment, while everything runs; return the number of rows.

    The file is there whole or not at all.

    Raises:
        OSError: it can't be written.
    """
    partial = file.with_name(f"{file.name}.part")
    count = 0
    try:
        with database.reading(snapshot=True) as session, gzip.open(partial, "wb", compresslevel=6) as out:
            header = {"epsilon_backup": FORMAT, "schema": database.version(), "made_at": datetime.now(UTC)}
            out.write(orjson.dumps(header) + b"\n")
            for table in _tables():
                rows = session.execute(sa.select(table).execution_options(yield_per=BATCH)).mappings()
                for row in rows:
                    out.write(orjson.dumps([table.name, dict(row)]) + b"\n")
                    count += 1
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(file)
    finally:
        partial.unlink(missing_ok=True)
    return count


def restore(database: Database, file: Path) -> int:
    """Fill an empty database from a backup; all of it or nothing. Return the number of rows.

    Every paper gets an index task, so that the index follows.

    Raises:
        BackupError: the database isn't empty, or the file is no backup of this version.
        OSError: the file can't be read.
    """
    tables = {table.name: table for table in _tables()}
    count = 0
    with gzip.open(file, "rb") as lines, database.writing(papers=True) as session:
        _check(session, _header(lines, file), database, file)
        try:
            for name, rows in groupby(map(orjson.loads, lines), key=lambda line: line[0]):
                table = tables[name]
                values = (_row(table, row) for _, row in rows)
                while batch := list(islice(values, BATCH)):
                    session.execute(sa.insert(table), batch)
                    count += len(batch)
        except (orjson.JSONDecodeError, EOFError, gzip.BadGzipFile, KeyError, TypeError, IndexError) as error:
            raise BackupError(f"{file} is damaged after {count:,} rows ({error}); nothing was restored") from error
        for table in tables.values():
            if "id" in table.c and isinstance(table.c.id.type, sa.Integer):
                database.continue_numbering(session, table)
        for ids in _batches(session):
            queue(session, ids, datetime.now(UTC))
    return count


def _header(lines: Any, file: Path) -> dict[str, Any]:
    try:
        header = orjson.loads(lines.readline())
    except (orjson.JSONDecodeError, gzip.BadGzipFile, EOFError):
        header = None
    if not isinstance(header, dict) or header.get("epsilon_backup") != FORMAT:
        raise BackupError(f"{file} is no backup of Epsilon")
    return header


def _check(session: Session, header: dict[str, Any], database: Database, file: Path) -> None:
    if header["schema"] != database.version():
        raise BackupError(
            f"{file} is of schema {header['schema']}, the database of {database.version()}: use that version"
        )
    for table in _tables():
        if session.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first():
            raise BackupError(f"the database isn't empty (table {table.name}): restore into a new one")


def _row(table: sa.Table, row: dict[str, Any]) -> dict[str, Any]:
    moments = {c.name for c in table.c if isinstance(c.type, m.Moment)}
    return {name: datetime.fromisoformat(value) if name in moments and value else value for name, value in row.items()}


def _batches(session: Session) -> Iterator[dict[str, int]]:
    last = ""
    while True:
        query = select(m.Paper.id, m.Paper.revision).where(col(m.Paper.id) > last).order_by(m.Paper.id).limit(BATCH)
        rows = session.exec(query).all()
        if not rows:
            return
        yield dict(rows)
        last = rows[-1][0]
