"""How long a search takes beside the bare engine, given the same calls in turn in the same run.

    python benchmarks/search.py [--engine embedded|meilisearch] [--papers 119|all] [--rounds 3]

A search counts all facets and marks the words of 20 results. Each call that it makes is noted, and made again with
nothing around it: of tantivy, with its own snippets for the results; of Meilisearch, as the same bytes over an open
connection. Queries whose words all match and questions are measured apart.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import orjson
import tantivy
from corpus import CACHE, CORPUS, corpus, digest

from app.evaluation import meilisearch_server
from app.paper import Paper
from app.search import SearchEngine, text
from app.search.embedded import EmbeddedEngine
from app.search.engines import open_engine
from app.search.meilisearch import MeilisearchEngine
from app.search.query import parse
from app.settings import Settings
from app.tagging.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
QUESTIONS = CORPUS.parent.parent / "gold" / "queries.jsonl"
TARGETS = {
    ("embedded", False): 3.0, ("embedded", True): 2.0, ("meilisearch", False): 1.7, ("meilisearch", True): 1.5,
}  # fmt: skip
"""The most that a search may take beside the bare engine, by engine and by whether the collection is large."""
LARGE = 10_000


def matched_queries(papers: Sequence[Paper], engine: SearchEngine, count: int) -> list[str]:
    """Return one to three words of titles that 20 papers have all of, as somebody types who knows the field."""
    rng = random.Random(6)
    found: list[str] = []
    while len(found) < count:
        words = [w for w in rng.choice(papers).title.split() if w.isalpha() and w.lower() not in text.STOP_WORDS]
        q = " ".join(rng.sample(words, min(len(words), rng.choice([1, 2, 2, 3])))) + " "
        if words and engine.search(parse([("q", q)], TAXONOMY).request).total_all >= 20:
            found.append(q)
    return found


def questions(papers: Sequence[Paper], count: int) -> list[str]:
    """Return the labelled questions; where they aren't there, sentences of abstracts with every other word."""
    if QUESTIONS.exists():
        return [orjson.loads(line)["query"] for line in QUESTIONS.read_bytes().splitlines()][:count]
    rng = random.Random(7)
    return [" ".join(rng.choice(papers).abstract.split()[10:40:2]) for _ in range(count)]


# the bare engines: each is given again what it was asked


class Tantivy:
    """Notes what a search asks of tantivy, and asks it again with nothing around it."""

    def __init__(self, engine: EmbeddedEngine) -> None:
        self._calls: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = []
        self._engine = engine

    @contextmanager
    def noting(self) -> Iterator[list[Any]]:
        """Note the calls of one search."""
        opened = self._engine._current()
        calls: list[Any] = []
        index, opened.index = opened.index, _NotingIndex(opened.index, calls)  # type: ignore[assignment]
        yield calls
        opened.index = index

    def again(self, calls: list[Any]) -> None:
        """Do what was noted; results are marked by tantivy's own snippets, as it does for a query's words."""
        index = self._engine._current().index
        searcher, last = index.searcher(), None
        marking: list[tantivy.SnippetGenerator] = []
        for name, given, options in calls:
            if name == "search":
                last = given[0]
            elif name == "doc" and last is not None and not marking:
                names = ("title", "abstract")
                marking = [tantivy.SnippetGenerator.create(searcher, last, index.schema, field) for field in names]
            result = getattr(searcher, name)(*given, **options)
            if name == "doc":
                paper = orjson.loads(result["paper"][0])
                document = tantivy.Document(title=paper["title"], abstract=paper["abstract"])
                for generator in marking:
                    generator.snippet_from_doc(document).highlighted()


class _NotingIndex:
    def __init__(self, index: tantivy.Index, calls: list[Any]) -> None:
        self._index, self._calls = index, calls

    def searcher(self) -> _NotingSearcher:
        return _NotingSearcher(self._index.searcher(), self._calls)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._index, name)


class _NotingSearcher:
    def __init__(self, searcher: tantivy.Searcher, calls: list[Any]) -> None:
        self._searcher, self._calls = searcher, calls

    def __getattr__(self, name: str) -> Any:
        asked = getattr(self._searcher, name)
        if name not in {"search", "aggregate", "doc"}:
            return asked

        def noted(*given: Any, **options: Any) -> Any:
            self._calls.append((name, given, options))
            return asked(*given, **options)

        return noted


class Meilisearch:
    """Notes what a search sends to Meilisearch, and sends it again with nothing around it."""

    def __init__(self, engine: MeilisearchEngine, url: str, key: str) -> None:
        self._server = engine._server
        headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity", "Content-Type": "application/json"}
        self._client = httpx.Client(base_url=url, headers=headers, timeout=60)

    @contextmanager
    def noting(self) -> Iterator[list[Any]]:
        """Note the requests of one search."""
        calls: list[Any] = []
        send = self._server._send

        def noted(method: str, path: str, body: Any = None) -> Any:
            calls.append((method, path, None if body is None else orjson.dumps(body, default=dict)))
            return send(method, path, body)

        self._server._send = noted  # type: ignore[method-assign]
        yield calls
        self._server._send = send  # type: ignore[method-assign]

    def again(self, calls: list[Any]) -> None:
        """Send what was noted, and read the answers."""
        for method, path, body in calls:
            orjson.loads(self._client.request(method, path, content=body).content)


# ours


@contextmanager
def ours(name: str, papers: Sequence[Paper], server: tuple[str, str]) -> Iterator[SearchEngine]:
    """Give the engine, with the papers in it; an index that was built before is used again."""
    settings = Settings(data_dir=CACHE / f"search-{len(papers)}", database_url="", search_url="")
    if name == "meilisearch":
        settings = Settings(search_url=server[0], search_key=server[1], search_index=f"ours-{len(papers)}")
    engine = open_engine(settings, TAXONOMY)
    if engine.needs_rebuild():
        engine.rebuild(papers)
    yield engine
    engine.close()


def measure(
    engine: SearchEngine, bare: Tantivy | Meilisearch, queries: Sequence[str], rounds: int
) -> tuple[list[float], list[float]]:
    """Return how long a search and its calls alone took for each query, in milliseconds; the first round only warms."""
    requests = [parse([("q", q)], TAXONOMY).request for q in queries]
    noted = []
    for request in requests:
        engine.search(request)  # what it has to read first is not asked again
        with bare.noting() as calls:
            engine.search(request)
        noted.append(calls)
    own: list[float] = []
    theirs: list[float] = []
    for number in range(rounds + 1):
        for request, calls in zip(requests, noted, strict=True):
            start = time.perf_counter()
            engine.search(request)
            between = time.perf_counter()
            bare.again(calls)
            if number:
                own.append((between - start) * 1000)
                theirs.append((time.perf_counter() - between) * 1000)
    return own, theirs


def percentile(times: Sequence[float], share: float) -> float:
    """Return the time that so large a share of the queries doesn't pass."""
    return sorted(times)[min(len(times) - 1, int(share * len(times)))]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["embedded", "meilisearch"], action="append")
    parser.add_argument("--papers", choices=["119", "all"], action="append")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--queries", type=int, default=60)
    chosen = parser.parse_args()
    missed = False
    with ExitStack() as opened:
        for size in chosen.papers or ["119", "all"]:
            papers = digest() if size == "119" else corpus()
            server = None
            for name in chosen.engine or ["embedded", "meilisearch"]:
                if name == "meilisearch":
                    server = server or opened.enter_context(meilisearch_server(CACHE / "meilisearch"))
                    if server is None:
                        print("meilisearch: neither EPSILON_TEST_MEILI_URL nor a meilisearch on the PATH is there")
                        continue
                with ours(name, papers, server or ("", "")) as engine:
                    missed |= compare(name, papers, engine, server or ("", ""), chosen.queries, chosen.rounds)
    sys.exit(missed)


def compare(
    name: str, papers: Sequence[Paper], engine: SearchEngine, server: tuple[str, str], count: int, rounds: int
) -> bool:
    """Print the figures of one engine at one size; tell whether a ratio misses its target."""
    bare = Meilisearch(engine, *server) if isinstance(engine, MeilisearchEngine) else Tantivy(_embedded(engine))
    target, missed = TARGETS[name, len(papers) > LARGE], False
    for kind, queries in (
        ("all words match", matched_queries(papers, engine, count)),
        ("questions", questions(papers, count)),
    ):
        own, theirs = measure(engine, bare, queries, rounds)
        ratio = percentile(own, 0.5) / percentile(theirs, 0.5)
        missed |= ratio > target
        print(
            f"{name:12} {len(papers):6} papers, {kind:16} ours p50 {percentile(own, 0.5):6.2f} p95 "
            f"{percentile(own, 0.95):6.2f} ms, bare p50 {percentile(theirs, 0.5):6.2f} p95 "
            f"{percentile(theirs, 0.95):6.2f} ms, {ratio:.2f} times (at most {target})",
            flush=True,
        )
    return missed


def _embedded(engine: SearchEngine) -> EmbeddedEngine:
    assert isinstance(engine, EmbeddedEngine)
    return engine


if __name__ == "__main__":
    main()
