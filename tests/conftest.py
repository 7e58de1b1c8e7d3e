"""What tests share: real databases and search engines, empty for each test that asks for one.

``EPSILON_TEST_POSTGRES_URL`` (a role that may create databases) and ``EPSILON_TEST_MEILI_URL`` with
``EPSILON_TEST_MEILI_KEY`` name servers to use; else the tests start their own, and skip with the reason where they
can't.
"""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import httpx
import psycopg
import pytest
from browser import CHROMIUM, chromium
from playwright.sync_api import Browser
from servers import Meilisearch, Missing, Postgres
from sites import fill, running

from app.database import Database
from app.settings import Settings
from app.tagging.tagger import Tagger, load_tagger


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Keep the developer's own settings and ``.env`` out."""
    for name in [name for name in os.environ if name.startswith("EPSILON_") and not name.startswith("EPSILON_TEST_")]:
        monkeypatch.delenv(name)
    monkeypatch.setitem(Settings.model_config, "env_file", None)


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    """The address of a PostgreSQL server whose role may create databases."""
    given = os.environ.get("EPSILON_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    # not in pytest's own folder: the next run of pytest closes that to the user that PostgreSQL runs as
    with tempfile.TemporaryDirectory(prefix="epsilon-postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        try:
            server.create()
        except Missing as missing:
            pytest.skip(f"{missing}, and EPSILON_TEST_POSTGRES_URL is not set")
        server.start()
        yield server.url()
        server.stop()


@pytest.fixture
def postgres_url(postgres_server: str) -> Iterator[str]:
    """An empty PostgreSQL database."""
    name = f"epsilon_test_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"')
    yield postgres_server.rsplit("/", 1)[0] + f"/{name}"
    with psycopg.connect(postgres_server, autocommit=True) as connection:
        connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, once of each kind."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'epsilon.db'}"
    return str(request.getfixturevalue("postgres_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """An empty catalogue on each kind of database."""
    database = Database(Settings(database_url=database_url))
    database.migrate()
    yield database
    database.close()


@pytest.fixture(scope="session")
def tagger() -> Tagger:
    """The catalogue's own tagger."""
    return load_tagger()


@pytest.fixture(scope="session")
def meilisearch_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, str]]:
    """Address and key of a Meilisearch server."""
    given = os.environ.get("EPSILON_TEST_MEILI_URL")
    if given:
        yield given.rstrip("/"), os.environ.get("EPSILON_TEST_MEILI_KEY", "")
        return
    server = Meilisearch(tmp_path_factory.mktemp("meilisearch"))
    try:
        server.start()
    except Missing as missing:
        pytest.skip(f"{missing}, and EPSILON_TEST_MEILI_URL is not set")
    yield server.url, server.key
    server.stop()


@pytest.fixture
def meilisearch_settings(meilisearch_server: tuple[str, str]) -> Iterator[dict[str, str]]:
    """The three search settings of an index of this test's own, deleted at its end."""
    url, key = meilisearch_server
    prefix = f"test-{uuid.uuid4().hex[:12]}"
    yield {"search_url": url, "search_key": key, "search_index": prefix}
    with httpx.Client(base_url=url, headers={"Authorization": f"Bearer {key}"} if key else {}) as client:
        for index in client.get("/indexes", params={"limit": 1000}).json()["results"]:
            if index["uid"].startswith(prefix):
                client.delete(f"/indexes/{index['uid']}")


@pytest.fixture(params=["embedded", "meilisearch"])
def search_settings(request: pytest.FixtureRequest) -> dict[str, str]:
    """The search settings of an empty index, once for each engine."""
    return {} if request.param == "embedded" else dict(request.getfixturevalue("meilisearch_settings"))


@pytest.fixture(params=["zero set-up", "server"])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Settings of an empty catalogue: once SQLite and tantivy, once PostgreSQL and Meilisearch."""
    if request.param == "zero set-up":
        return Settings(data_dir=tmp_path / "data")
    return Settings(
        data_dir=tmp_path / "data",
        database_url=request.getfixturevalue("postgres_url"),
        **request.getfixturevalue("meilisearch_settings"),
    )


@pytest.fixture(scope="session")
def digest_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server, a program of its own, with the digest."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("digest"), _env_file=None)
    fill(settings)
    with running(settings) as (url, _log):
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The machine's Chromium."""
    if CHROMIUM is None:
        pytest.skip("no Chromium on this machine")
    with chromium() as found:
        yield found
