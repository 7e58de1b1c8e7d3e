"""What a visitor searches for stands in no log: everything that a real server writes is read."""

from __future__ import annotations

from pathlib import Path

import httpx
from sites import fill, running

from app.settings import Settings

WORDS = ("zephyrquartz", "wombatsecret")
"""Words that nothing but the searches of this test says."""
WAYS = [
    "/search?q={q}", "/search?technique={q}", "/search?author={q}", "/search?venue={q}", "/search?unknown={q}",
    "/api/v1/papers?q={q}", "/api/v1/papers?technique={q}", "/api/v1/papers?{q}=1", "/api/v1/suggest?q={q}",
    "/suggest?q={q}", "/search.bib?q={q}", "/search.ris?q={q}", "/search.csl.json?q={q}", "/search.csv?q={q}",
    "/search.jsonl?q={q}", "/search.atom?q={q}", "/search.feed.json?q={q}", "/matrix?q={q}", "/matrix.csv?q={q}",
    "/papers/{q}", "/papers/{q}.bib", "/authors/{q}", "/venues/{q}", "/techniques/{q}", "/arxiv/{q}", "/doi/10.1/{q}",
    "/unapi?id={q}&format=bibtex", "/static/{q}", "/{q}", "/search/{q}", "/search?q=%ff{q}", "/search?q=%22{q}",
    "/search?q={q}%00&page=999999999",
]  # fmt: skip


def test_no_search_is_logged(settings: Settings) -> None:
    fill(settings)
    workers = "2" if settings.database_url else "1"
    with running(settings, arguments=["--workers", workers]) as (url, log), httpx.Client(base_url=url) as client:
        partial = {"HX-Request": "true", "HX-Request-Type": "partial"}
        for way in WAYS:
            path = way.format(q="+".join(WORDS))
            for headers in ({}, partial, {"Referer": f"{url}{path}", "User-Agent": WORDS[0], "Cookie": WORDS[1]}):
                assert client.get(path, headers=headers).status_code < 500, way
        for method in ("POST", "PUT", "DELETE", "PROPFIND"):
            client.request(method, f"/search?q={WORDS[0]}", data={"q": WORDS[1]})
        answered = client.get("/search?q=privacy")
        assert answered.status_code == 200
    said = Path(log).read_text(encoding="utf-8", errors="replace")
    assert "/search" in said, "the server writes no access log, so this test says nothing"
    for word in (*WORDS, "privacy"):
        assert word not in said.replace(str(settings.data_dir), ""), word
