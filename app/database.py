"""The connection to the database, and all that differs between SQLite and PostgreSQL.

``reading()`` and ``writing()`` give sessions; whatever means that the database can't do its work leaves this module as
``DatabaseUnavailable`` with one line that says what to do.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlmodel import Session

from app.settings import Settings

MIGRATIONS = Path(__file__).parent.parent / "migrations"
INGEST_LOCK = 0x455053  # "EPS": one ingest batch at a time writes papers on PostgreSQL


class DatabaseUnavailable(Exception):
    """The database can't be reached or used; the message says which and what to do."""


class SchemaMismatch(DatabaseUnavailable):
    """The database's schema is another version's."""


class Database:
    """One database for the process; threads share it."""

    def __init__(self, settings: Settings) -> None:
        """Read the address; nothing is opened yet.

        Raises:
            DatabaseUnavailable: the address is of no kind that we know.
        """
        try:
            self._url = sa.make_url(settings.database)
        except ArgumentError:
            raise DatabaseUnavailable(
                "EPSILON_DATABASE_URL is not an address; write sqlite:///file or postgresql://user:password@host/name"
            ) from None
        kind = self._url.get_backend_name()
        if kind not in {"sqlite", "postgresql"} or (kind == "sqlite" and not self._url.database):
            raise DatabaseUnavailable(f"EPSILON_DATABASE_URL: '{kind}' is neither sqlite:///file nor postgresql://…")
        self.is_sqlite = kind == "sqlite"
        if self.is_sqlite:
            self._engine = sa.create_engine(
                self._url.set(drivername="sqlite"), connect_args={"timeout": 30, "check_same_thread": False}
            )
            sa.event.listen(self._engine, "connect", _prepare_sqlite)
            sa.event.listen(self._engine, "begin", _begin_sqlite)
        else:
            self._engine = sa.create_engine(
                self._url.set(drivername="postgresql+psycopg"),
                pool_pre_ping=True, pool_size=10, max_overflow=20, pool_timeout=10,
                connect_args={"connect_timeout": 5, "options": "-c timezone=UTC -c lock_timeout=60000"},
            )  # fmt: skip

    @property
    def place(self) -> str:
        """Say where it is, without its password."""
        return str(self._url.database) if self.is_sqlite else self._url.render_as_string(hide_password=True)

    def prepare(self) -> None:
        """Make the database usable: SQLite is created and migrated, PostgreSQL's schema is checked."""
        if self.is_sqlite:
            with self._failures():
                Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True)
            if self.version() != self._head():
                self.migrate()
        else:
            self.check_schema()

    def migrate(self) -> None:
        """Bring the schema to this version; nothing where it is already. Two at once wait for each other."""
        with self._failures():
            if self.is_sqlite:
                Path(str(self._url.database)).parent.mkdir(parents=True, exist_ok=True)
            config = self.alembic_config()
            with self._engine.connect() as connection:
                if not self.is_sqlite:
                    connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": INGEST_LOCK + 1})
                    connection.commit()
                config.attributes["connection"] = connection
                try:
                    command.upgrade(config, "head")
                finally:
                    if not self.is_sqlite:
                        connection.rollback()
                        connection.execute(sa.text("SELECT pg_advisory_unlock(:key)"), {"key": INGEST_LOCK + 1})
                        connection.commit()

    def check_schema(self) -> None:
        """Raise SchemaMismatch unless the schema is this version's."""
        version = self.version()
        if version != self._head():
            state = "has no tables of Epsilon yet" if version is None else f"is at version {version}"
            raise SchemaMismatch(f"the database {self.place} {state}: run 'epsilon migrate' (this is {self._head()})")

    def alembic_config(self) -> Config:
        """Return the configuration of the migrations."""
        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
        config.set_main_option("path_separator", "os")
        return config

    def connect(self) -> sa.Connection:
        """Open a connection for the migrations' own tests and tools."""
        return self._engine.connect()

    def version(self) -> str | None:
        """Return the schema's version; None where there is none yet."""
        with self._failures(), self._engine.connect() as connection:
            return MigrationContext.configure(connection).get_current_revision()

    def _head(self) -> str | None:
        return ScriptDirectory.from_config(self.alembic_config()).get_current_head()

    @contextmanager
    def reading(self, *, snapshot: bool = False) -> Iterator[Session]:
        """Give a session for reads; nothing that it does is kept. With ``snapshot`` all its reads are of one moment."""
        with self._failures(), Session(self._engine, autoflush=False) as session:
            if snapshot and not self.is_sqlite:  # a transaction of SQLite's is one anyway
                session.connection(execution_options={"isolation_level": "REPEATABLE READ"})
            yield session
            session.rollback()

    @contextmanager
    def writing(self, *, papers: bool = False) -> Iterator[Session]:
        """Give a session for one transaction: all of it is kept, or nothing.

        With ``papers`` it may write papers: such transactions wait for each other, so that two ingests see each
        other's papers whole.
        """
        with self._failures(), Session(self._engine, autoflush=False) as session:
            if self.is_sqlite:
                session.connection(execution_options={"epsilon_write": True})
            elif papers:
                session.execute(sa.text("SELECT pg_advisory_xact_lock(:key)"), {"key": INGEST_LOCK})
            yield session
            session.commit()

    def analyze(self) -> None:
        """Let the database count its rows anew, so that it finds the quick way to them after many were added."""
        with self._failures(), self._engine.connect() as connection:
            connection.execute(sa.text("ANALYZE"))
            connection.commit()

    def continue_numbering(self, session: Session, table: sa.Table) -> None:
        """Let the numbers of new rows go on after those that were written with their number."""
        if not self.is_sqlite:
            last = sa.func.coalesce(sa.select(sa.func.max(table.c.id)).scalar_subquery(), 0) + 1
            sequence = sa.func.pg_get_serial_sequence(table.name, "id")
            session.execute(sa.select(sa.func.setval(sequence, last, False)))

    def ping(self) -> None:
        """Raise DatabaseUnavailable unless it answers."""
        with self._failures(), self._engine.connect() as connection:
            connection.execute(sa.text("SELECT 1"))

    def close(self) -> None:
        """Let go of all connections."""
        self._engine.dispose()

    @contextmanager
    def _failures(self) -> Iterator[None]:
        """Turn what the driver says into one line."""
        try:
            yield
        except (NoSuchModuleError, PoolTimeout, OperationalError, InterfaceError, sa.exc.ProgrammingError) as error:
            raise self._unavailable(error) from error
        except DBAPIError as error:
            if error.connection_invalidated or isinstance(error.orig, sqlite3.DatabaseError):
                raise self._unavailable(error) from error
            raise
        except OSError as error:
            raise DatabaseUnavailable(
                f"the database's folder can't be used: {error.strerror or error} ({error.filename}); "
                "set EPSILON_DATA_DIR to one that can be written"
            ) from error

    def _unavailable(self, error: Exception) -> DatabaseUnavailable:
        cause = getattr(error, "orig", None) or error
        reason = " ".join(str(cause).split())[:300]
        if (self.is_sqlite and "no such table" in reason) or "UndefinedTable" in type(cause).__name__:
            return SchemaMismatch(f"the database {self.place} has no tables of Epsilon: run 'epsilon migrate'")
        todo = (
            "check that EPSILON_DATA_DIR can be written and holds a database of Epsilon"
            if self.is_sqlite
            else "check that PostgreSQL runs and that EPSILON_DATABASE_URL is right"
        )
        return DatabaseUnavailable(f"the database {self.place} can't be used ({reason}); {todo}")


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # transactions begin where we say so, see _begin_sqlite
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "foreign_keys=ON", "synchronous=NORMAL", "cache_size=-32000"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A transaction that reads first and writes then could not wait for another writer: take the lock at once.
    wants_lock = connection.get_execution_options().get("epsilon_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if wants_lock else "BEGIN")
