"""arXiv's API against a server on loopback that answers as arXiv does: pages, pace, Retry-After, faults."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlmodel import select

from app import models as m
from app.catalogue import papers
from app.database import Database
from app.ingest.arxiv_api import PACE, ArxivApi, ArxivRequest, ArxivUnavailable, request_for_ids
from app.paper import Draft
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.worker import ask_arxiv

FEED = (
    '<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom" '
    'xmlns:opensearch="http://a9.com/-/spec/opensearch/1.1/"><opensearch:totalResults>{total}</opensearch:totalResults>'
    "{entries}</feed>"
)
ENTRY = (
    "<entry><id>http://arxiv.org/abs/{id}v1</id><title>Private rivers, part {id}</title><summary>About.</summary>"
    "<published>2023-01-01T00:00:00Z</published><author><name>Ann One</name></author></entry>\n"
)


@dataclass
class Arxiv:
    """A server with so many papers; ``faults`` are answered first, each a status with headers, or "empty"."""

    total: int = 250
    faults: list[Any] = field(default_factory=list)
    asked: list[tuple[float, dict[str, list[str]], str]] = field(default_factory=list)
    open: int = 0
    most_open: int = 0
    url: str = ""

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        query = parse_qs(urlsplit(request.path).query)
        self.asked.append((time.monotonic(), query, request.headers["User-Agent"]))
        fault = self.faults.pop(0) if self.faults else None
        status, headers = fault if isinstance(fault, tuple) else (200, {})
        if "id_list" in query:
            ids = query["id_list"][0].split(",")
            total = len(ids)
        else:
            start, size = int(query["start"][0]), int(query["max_results"][0])
            ids = [f"2301.{n:05}" for n in range(start + 1, min(self.total, start + size) + 1)]
            total = self.total
        body = FEED.format(total=total, entries="" if fault == "empty" else "".join(ENTRY.format(id=i) for i in ids))
        self.open -= 1
        request.send_response(status)
        for name, value in headers.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body.encode())


@pytest.fixture
def arxiv() -> Iterator[Arxiv]:
    """The server."""
    state = Arxiv()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            state.answer(self)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state.url = f"http://127.0.0.1:{server.server_port}/api/query"
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield state
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def settings(arxiv: Arxiv, tmp_path: Path) -> Settings:
    """Settings that know the server and who asks."""
    return Settings(data_dir=tmp_path, arxiv_url=arxiv.url, contact="ann@example.org", base_url="https://example.org/p")


@pytest.fixture
def api(settings: Settings) -> ArxivApi:
    """The API without waiting for it."""
    return ArxivApi(settings, sleep=lambda seconds: None, pace=0)


def titles(api: ArxivApi, request: ArxivRequest) -> list[str]:
    return [record.title for record in api.fetch(request) if isinstance(record, Draft)]


def test_a_query_is_fetched_page_by_page(arxiv: Arxiv, api: ArxivApi) -> None:
    found = titles(api, ArxivRequest("cat:cs.CR"))
    assert found == [f"Private rivers, part 2301.{n:05}" for n in range(1, 251)]
    assert [query["start"] for _, query, _ in arxiv.asked] == [["0"], ["100"], ["200"]]
    assert {query["search_query"][0] for _, query, _ in arxiv.asked} == {"cat:cs.CR"}


def test_no_more_than_asked_for(arxiv: Arxiv, api: ArxivApi) -> None:
    assert len(titles(api, ArxivRequest("cat:cs.CR", most=120))) == 120
    assert [query["max_results"] for _, query, _ in arxiv.asked] == [["100"], ["20"]]


def test_ids_in_any_form_are_asked_for_once(arxiv: Arxiv, api: ArxivApi) -> None:
    request = request_for_ids(["arXiv:2301.00007v2", "https://arxiv.org/abs/2301.00008", "2301.00007"])
    assert titles(api, request) == ["Private rivers, part 2301.00007", "Private rivers, part 2301.00008"]
    assert arxiv.asked[0][1]["id_list"] == ["2301.00007,2301.00008"]
    with pytest.raises(ValueError, match="nonsense"):
        request_for_ids(["nonsense"])


def test_it_says_who_asks(arxiv: Arxiv, api: ArxivApi) -> None:
    titles(api, ArxivRequest("x", most=1))
    agent = arxiv.asked[0][2]
    assert agent.startswith("epsilon/")
    assert "ann@example.org" in agent
    assert "https://example.org/p" in agent


def test_requests_are_three_seconds_apart_and_one_at_a_time(arxiv: Arxiv, settings: Settings) -> None:
    """Two processes' worth of clients share the pace by their data folder; the pace is checked where time passes."""
    assert PACE == 3.0
    pace = 0.2
    clients = [ArxivApi(settings, pace=pace) for _ in range(2)]
    threads = [threading.Thread(target=titles, args=(client, ArxivRequest("x", most=200))) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    moments = sorted(moment for moment, _, _ in arxiv.asked)
    assert len(moments) == 4
    assert min(b - a for a, b in pairwise(moments)) > 0.9 * pace
    assert arxiv.most_open == 1


@pytest.mark.parametrize(("ahead", "waited"), [(0.4, [3.0]), (-1.0, [2.0]), (3600.0, []), (-3600.0, [])])
def test_the_pace_is_kept_when_the_last_request_seems_to_lie_ahead(
    arxiv: Arxiv, settings: Settings, ahead: float, waited: list[float]
) -> None:
    """A little ahead is rounding, and waits; an hour ahead is a clock that was set back, and doesn't wait an hour."""
    (settings.data_dir / "arxiv.lock").write_text(f"{time.time() + ahead:.6f}")
    slept: list[float] = []
    titles(ArxivApi(settings, sleep=slept.append), ArxivRequest("x", most=10))
    assert slept == pytest.approx(waited, abs=0.5)


@pytest.mark.parametrize("fault", [(503, {"Retry-After": "7"}), (429, {"Retry-After": "7"})])
def test_retry_after_is_kept(arxiv: Arxiv, settings: Settings, fault: tuple[int, dict[str, str]]) -> None:
    waited: list[float] = []
    arxiv.faults = [fault]
    assert len(titles(ArxivApi(settings, sleep=waited.append, pace=0), ArxivRequest("x", most=10))) == 10
    assert 7 in waited
    arxiv.faults = [(503, {"Retry-After": "86400"})]
    with pytest.raises(ArxivUnavailable, match="86400"):
        titles(ArxivApi(settings, sleep=waited.append, pace=0), ArxivRequest("x", most=10))


def test_an_empty_page_that_should_have_papers_is_asked_for_again(arxiv: Arxiv, api: ArxivApi) -> None:
    arxiv.faults = [None, "empty"]
    assert len(titles(api, ArxivRequest("x"))) == 250
    assert len(arxiv.asked) == 4


def test_nothing_found_is_no_fault(arxiv: Arxiv, api: ArxivApi) -> None:
    arxiv.total = 0
    assert titles(api, ArxivRequest("x")) == []
    assert len(arxiv.asked) == 1


def test_what_does_not_answer_is_said_in_one_line(arxiv: Arxiv, api: ArxivApi, settings: Settings) -> None:
    arxiv.faults = [(500, {})] * 9
    with pytest.raises(ArxivUnavailable, match="status 500"):
        titles(api, ArxivRequest("x"))
    assert len(arxiv.asked) == 5
    arxiv.faults = [(400, {})]
    with pytest.raises(ArxivUnavailable, match="status 400"):
        titles(api, ArxivRequest("x"))
    gone = settings.model_copy(update={"arxiv_url": "http://127.0.0.1:9/"})
    with pytest.raises(ArxivUnavailable, match=r"127\.0\.0\.1:9"):
        titles(ArxivApi(gone, sleep=lambda seconds: None, pace=0), ArxivRequest("x"))


def test_the_worker_asks_saved_queries_once_in_their_interval(arxiv: Arxiv, settings: Settings) -> None:
    settings = settings.model_copy(update={"arxiv_queries": "cat:cs.CR; all:rivers"})
    database = Database(settings)
    database.prepare()
    tagger = load_tagger()
    arxiv.total = 5
    arxiv.faults = [None, (400, {})]
    with pytest.raises(ArxivUnavailable):
        ask_arxiv(database, tagger, settings, pace=0)
    assert len(arxiv.asked) == 2  # the second query failed, so it alone is due
    ask_arxiv(database, tagger, settings, pace=0)
    assert [query["search_query"][0] for _, query, _ in arxiv.asked] == ["cat:cs.CR", "all:rivers", "all:rivers"]
    ask_arxiv(database, tagger, settings, pace=0)
    assert len(arxiv.asked) == 3
    with database.writing() as session:
        for run in session.exec(select(m.IngestRun)):
            run.started_at = run.started_at.replace(year=2020)
            session.add(run)
    ask_arxiv(database, tagger, settings, pace=0)
    assert len(arxiv.asked) == 5
    with database.reading() as session:
        assert len(list(papers(session))) == 5
    database.close()


def test_no_query_is_asked_unless_it_was_saved(arxiv: Arxiv, settings: Settings) -> None:
    assert Settings.model_fields["arxiv_queries"].default == ""
    database = Database(settings)
    database.prepare()
    ask_arxiv(database, load_tagger(), settings, pace=0)
    assert arxiv.asked == []
    database.close()
