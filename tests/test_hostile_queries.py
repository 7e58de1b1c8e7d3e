"""Whatever is asked for over HTTP, on both engines: an answer or a clear refusal, never a fault of ours.

``EPSILON_TEST_QUERIES`` says how many.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from urllib.parse import quote, quote_from_bytes

import httpx
import pytest
from sites import fill, running

from app.settings import Settings

MOST = int(os.environ.get("EPSILON_TEST_QUERIES", "150"))
PIECES = (
    '"', "'", "(", ")", "-", "--", "+", "*", ":", "..", ".", ",", "\\", "/", "%", "^", "~", "[", "]", "{", "}",
    "<", ">", "=", "!", "&&", "||", "OR", "AND", "NOT", "TO", "IN", "or", "title:", "author:", "year:",
    "venue:", "has:", "technique:", "arxiv:", "doi:", "abstract:", "year:2020..", "year:..2020",
    "year:2020..2010", "year:99999999999999999999", "-year:x", "arXiv:2309.13038v2", "https://arxiv.org/pdf/",
    "10.1145/", "\0", "\x1b", "\u202e", "\ufeff", "\ud7ff", "\uffff", "\U0001f600", "e\u0301", "ﬁ", "İ", "ß",
    "中文", "العربية", "differential privacy", "gradient", "a", "the", "0", "-1", "1e999", "nan", "id NOT EXISTS",
    "words = \"a\"", "'; DROP TABLE paper; --", "<script>", "{{7*7}}", "\n", "\t", " ", "   ",
)  # fmt: skip
PATHS = (
    "/search", "/api/v1/papers", "/api/v1/suggest", "/matrix",
    "/matrix.csv", "/search.atom", "/search.csv", "/search.bib",
)  # fmt: skip
NAMES = (
    "q", "technique", "attack", "contribution", "data", "venue", "author", "year_from", "year_to", "page", "per_page",
    "sort", "synonyms", "has", "rows", "columns", "nonsense",
)  # fmt: skip


def hostile(rng: random.Random) -> str:
    """Return a value as it stands in an address: pieces of everything, bytes that are no text, far too long."""
    match rng.randrange(6):
        case 0:
            return quote_from_bytes(rng.randbytes(rng.randint(1, 40)))
        case 1:
            return quote((rng.choice(PIECES) * rng.choice((2, 50, 1500)))[:5000])
        case 2:
            return quote("".join(rng.choice(PIECES) for _ in range(rng.randint(1, 300))))
        case _:
            return quote(rng.choice(("", " ")).join(rng.choice(PIECES) for _ in range(rng.randint(1, 12))))


@pytest.fixture(scope="module", params=["embedded", "meilisearch"])
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A running server with the digest."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("hostile"), database_url="", search_url="")
    if request.param == "meilisearch":
        url, key = request.getfixturevalue("meilisearch_server")
        settings = Settings(
            data_dir=settings.data_dir, database_url="", search_url=url, search_key=key, search_index="test-hostile"
        )
    fill(settings)
    with ExitStack() as opened:
        yield opened.enter_context(running(settings))


def test_no_query_of_any_kind_is_a_fault_of_ours(site: tuple[str, Path]) -> None:
    address, log = site
    rng = random.Random(14)
    with httpx.Client(timeout=30) as client:
        for _ in range(MOST):
            names = [rng.choice(NAMES) for _ in range(rng.choice((0, 0, 1, 3)))]
            asked = "&".join(f"{name}={hostile(rng)}" for name in ["q", *names])
            path = rng.choice(PATHS)
            answer = client.get(f"{address}{path}?{asked}")
            assert answer.status_code in {200, 303, 400, 404, 414, 422}, (path, asked)
            if path == "/search" and answer.status_code == 200:
                assert answer.text.rstrip().endswith("</html>"), asked
        assert client.get(f"{address}/readyz").status_code == 200
    assert "Traceback" not in log.read_text()
