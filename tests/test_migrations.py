"""One history for both databases: up, down, up again, and nothing that the models have and it lacks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa
from alembic import command

from app.database import Database, SchemaMismatch
from app.settings import Settings


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty database of each kind."""
    database = Database(Settings(database_url=database_url))
    yield database
    database.close()


def test_the_history_makes_what_the_models_say(database: Database) -> None:
    database.migrate()
    with database.connect() as connection:
        config = database.alembic_config()
        config.attributes["connection"] = connection
        command.check(config)  # raises where they differ


def test_it_goes_down_to_nothing_and_up_again(database: Database) -> None:
    database.migrate()
    with database.connect() as connection:
        config = database.alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
        assert set(sa.inspect(connection).get_table_names()) <= {"alembic_version"}
        connection.rollback()
        command.upgrade(config, "head")
    database.check_schema()


def test_migrating_again_changes_nothing(database: Database) -> None:
    database.migrate()
    version = database.version()
    database.migrate()
    assert database.version() == version


def test_a_database_without_tables_says_what_to_do(postgres_url: str) -> None:
    database = Database(Settings(database_url=postgres_url))
    with pytest.raises(SchemaMismatch, match="epsilon migrate"):
        database.prepare()
    database.close()


def test_a_transaction_is_kept_whole_or_not_at_all(database: Database) -> None:
    database.migrate()
    insert = sa.text("INSERT INTO venue (id, label, name, kind) VALUES ('a', 'A', 'A', 'journal')")

    def fail_after_a_write() -> None:
        with database.writing() as session:
            session.execute(insert)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_after_a_write()
    with database.writing() as session:
        session.execute(insert)
    with database.reading() as session:
        assert session.execute(sa.text("SELECT count(*) FROM venue")).scalar_one() == 1
