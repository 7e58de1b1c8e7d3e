"""The real server while PostgreSQL and Meilisearch stop and come back under running requests: pages and recovery."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from typing import NamedTuple

import httpx
import pytest
from servers import Meilisearch, Missing, Postgres, wait_until
from sites import fill, running

from app.settings import Settings

QUERY = "gradient inversion"


class Stack(NamedTuple):
    """A running catalogue with servers of its own, that a test may stop."""

    client: httpx.Client
    postgres: Postgres
    meilisearch: Meilisearch
    paper: str


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    folder = tmp_path_factory.mktemp("outage")
    postgres, meilisearch = Postgres(folder / "postgres"), Meilisearch(folder / "meilisearch")
    try:
        postgres.create()
        postgres.start()
        meilisearch.start()
    except Missing as missing:
        pytest.skip(str(missing))
    settings = Settings(
        data_dir=folder, database_url=postgres.url(), search_url=meilisearch.url, search_key=meilisearch.key
    )
    fill(settings)
    try:
        with running(settings) as (url, _), httpx.Client(base_url=url, timeout=30) as client:
            paper = client.get("/api/v1/papers", params={"q": QUERY}).json()["papers"][0]["id"]
            yield Stack(client, postgres, meilisearch, paper)
    finally:
        meilisearch.stop()
        postgres.stop()


class Visitors:
    """Requests that go on all the while, each visitor on a thread; what they were answered is counted."""

    def __init__(self, base: httpx.URL, paths: list[str]) -> None:
        self.seen: Counter[tuple[str, int]] = Counter()
        self._end = threading.Event()
        self._threads = [threading.Thread(target=self._visit, args=(base, path)) for path in paths]

    def _visit(self, base: httpx.URL, path: str) -> None:
        with httpx.Client(base_url=base, timeout=60) as client:
            while not self._end.is_set():
                self.seen[path, client.get(path).status_code] += 1
                time.sleep(0.02)

    def __enter__(self) -> Visitors:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        for thread in self._threads:
            thread.join()


def ready(stack: Stack) -> bool:
    return stack.client.get("/readyz").status_code == 200


def assert_no_trace(response: httpx.Response) -> None:
    assert "Traceback" not in response.text
    assert "Error" not in response.text
    assert response.headers["Retry-After"]


def test_meilisearch_stops_and_comes_back(stack: Stack) -> None:
    client, paper = stack.client, f"/papers/{stack.paper}"
    with Visitors(client.base_url, ["/search?q=privacy", paper]) as visitors:
        stack.meilisearch.stop()
        try:
            wait_until(lambda: not ready(stack), "the outage")
            search = client.get("/search", params={"q": QUERY})
            assert search.status_code == 503
            assert f'value="{QUERY}"' in search.text
            assert_no_trace(search)
            answer = client.get("/api/v1/papers", params={"q": QUERY})
            assert answer.status_code == 503
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert client.get(paper).status_code == 200
            assert client.get("/about").status_code == 200
            report = client.get("/readyz").json()
            assert report["database"] == "ok"
            assert "Meilisearch" in report["search"]
        finally:
            stack.meilisearch.start()
        wait_until(lambda: client.get("/search", params={"q": QUERY}).status_code == 200, "the recovery")
        assert ready(stack)
    assert {status for path, status in visitors.seen if path == paper} == {200}
    assert {status for _, status in visitors.seen} <= {200, 503}


def test_postgresql_stops_and_comes_back(stack: Stack) -> None:
    client, paper = stack.client, f"/papers/{stack.paper}"
    with Visitors(client.base_url, ["/healthz", paper]) as visitors:
        stack.postgres.stop()
        try:
            wait_until(lambda: not ready(stack), "the outage")
            page = client.get(paper)
            assert page.status_code == 503
            assert page.headers["Content-Type"].startswith("text/html")
            assert_no_trace(page)
            answer = client.get(f"/api/v1{paper}")
            assert answer.status_code == 503
            assert answer.headers["Content-Type"] == "application/problem+json"
            assert client.get("/static/app.css").status_code == 200
            assert client.get("/search", params={"q": QUERY}).status_code == 200
            report = client.get("/readyz").json()
            assert report["search"] == "ok"
            assert report["database"] != "ok"
        finally:
            stack.postgres.start()
        wait_until(lambda: client.get(paper).status_code == 200, "the recovery")
        assert ready(stack)
    assert {status for path, status in visitors.seen if path == "/healthz"} == {200}
    assert {status for _, status in visitors.seen} <= {200, 503}
