"""Web servers for tests: the application in this process, and the real one as a program of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import httpx
from servers import free_port, wait_until
from starlette.testclient import TestClient

from app.database import Database
from app.ingest.run import load_digest
from app.main import create_app
from app.search.engines import open_engine
from app.search.indexer import rebuild
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.tagging.taxonomy import load_taxonomy

ROOT = Path(__file__).parent.parent


def fill(settings: Settings) -> None:
    """Load the digest and build its index."""
    database = Database(settings)
    database.migrate()
    load_digest(database, load_tagger(settings.taxonomy_dir))
    engine = open_engine(settings, load_taxonomy(settings.taxonomy_dir))
    rebuild(database, engine)
    engine.close()
    database.close()


@contextmanager
def client(settings: Settings) -> Iterator[TestClient]:
    """Give a client of the application in this process."""
    with TestClient(create_app(settings), base_url="http://testserver", raise_server_exceptions=False) as found:
        yield found


@contextmanager
def running(
    settings: Settings, command: Sequence[str] = (), arguments: Sequence[str] = (), **environment: str
) -> Iterator[tuple[str, Path]]:
    """Run the server as a program; give its address and the file with all that it writes."""
    port = free_port()
    given = settings.model_dump(exclude_unset=True)
    own = {f"EPSILON_{name.upper()}": str(value) for name, value in given.items()}
    log = settings.data_dir / "server.log"
    command = command or [str(Path(sys.executable).with_name("epsilon")), "serve"]
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, "--port", str(port), *arguments], cwd=ROOT, env={**os.environ, **own, **environment},
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            url = f"http://127.0.0.1:{port}"
            wait_until(lambda: process.poll() is not None or httpx.get(f"{url}/healthz").is_success, "the server", 30)
            assert process.poll() is None, log.read_text()
            yield url, log
        finally:
            process.terminate()
            process.wait(20)
