"""How long a search takes beside the bare engine, given the same queries in turn in the same run.

    python benchmarks/search.py [--engine embedded|meilisearch] [--papers 119|all] [--rounds 3]

A search counts all facets and marks the words of 20 results. The bare engine gets the query's words as they are, counts
four facets, and marks 20 results by itself: tantivy with its parser, aggregations and snippets, Meilisearch with its
default ranking, facets and highlights. Queries whose words all match and questions are measured apart, since a bare
engine does less for a question: it ranks by any of the words.
"""

from __future__ import annotations

import argparse
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import httpx
import orjson
import tantivy
from corpus import CACHE, CORPUS, corpus, digest

from app.evaluation import meilisearch_server
from app.paper import Paper
from app.search import SearchEngine, text
from app.search.engines import open_engine
from app.search.query import parse
from app.settings import Settings
from app.tagging.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
FACETS = [facet.id for facet in TAXONOMY][:4]
QUESTIONS = CORPUS.parent.parent / "gold" / "queries.jsonl"
TARGETS = {
    ("embedded", False): 3.0, ("embedded", True): 2.0, ("meilisearch", False): 1.7, ("meilisearch", True): 1.5,
}  # fmt: skip
"""The most that a search may take beside the bare engine, by engine and by whether the collection is large."""
LARGE = 10_000

Ask = Callable[[str], Any]


def matched_queries(papers: Sequence[Paper], count: int) -> list[str]:
    """Return words of titles, two or three each, as somebody types who knows what they look for."""
    rng = random.Random(6)
    found = []
    while len(found) < count:
        words = [w for w in rng.choice(papers).title.split() if w.isalpha() and w.lower() not in text.STOP_WORDS]
        if len(words) > 3:
            found.append(" ".join(rng.sample(words, rng.choice([2, 2, 3]))) + " ")
    return found


def questions(papers: Sequence[Paper], count: int) -> list[str]:
    """Return the labelled questions; where they aren't there, sentences of abstracts with every other word."""
    if QUESTIONS.exists():
        return [orjson.loads(line)["query"] for line in QUESTIONS.read_bytes().splitlines()][:count]
    rng = random.Random(7)
    return [" ".join(rng.choice(papers).abstract.split()[10:40:2]) for _ in range(count)]


# the bare engines


def bare_tantivy(papers: Sequence[Paper]) -> dict[bool, Ask]:
    """Return a plain tantivy index's search, for all words and for any."""
    folder = CACHE / f"bare-tantivy-{len(papers)}"
    builder = tantivy.SchemaBuilder()
    for name in ("title", "abstract"):
        builder.add_text_field(name, stored=True, tokenizer_name="en_stem")
    for name in FACETS:
        builder.add_text_field(name, fast=True, tokenizer_name="raw")
    builder.add_bytes_field("paper", stored=True)
    schema = builder.build()
    if not folder.exists():
        folder.mkdir(parents=True)
        writing = tantivy.Index(schema, str(folder))
        with writing.writer(128_000_000, 1) as writer:
            for paper in papers:
                document = tantivy.Document(title=paper.title, abstract=paper.abstract)
                document.add_bytes("paper", orjson.dumps(paper, default=dict))
                for name in FACETS:
                    for label in TAXONOMY.by_id[name].with_parents(paper.labels.get(name, ())):
                        document.add_text(name, label)
                writer.add_document(document)
            writer.commit()
            writer.wait_merging_threads()
    index = tantivy.Index.open(str(folder))
    index.reload()
    wanted = {name: {"terms": {"field": name, "size": 100}} for name in FACETS}

    def ask(q: str, *, all_words: bool) -> int:
        searcher = index.searcher()
        query, _ = index.parse_query_lenient(q, ["title", "abstract"], conjunction_by_default=all_words)
        result = searcher.search(query, 20)
        searcher.aggregate(query, wanted)
        snippets = [tantivy.SnippetGenerator.create(searcher, query, schema, name) for name in ("title", "abstract")]
        for _, address in result.hits:
            document = searcher.doc(address)
            orjson.loads(document["paper"][0])
            for snippet in snippets:
                snippet.snippet_from_doc(document).highlighted()
        return len(result.hits)

    return {True: lambda q: ask(q, all_words=True), False: lambda q: ask(q, all_words=False)}


def bare_meilisearch(papers: Sequence[Paper], url: str, key: str) -> dict[bool, Ask]:
    """Return a plain Meilisearch index's search, for all words and for the most frequent left out first."""
    headers = {"Authorization": f"Bearer {key}", "Accept-Encoding": "identity", "Content-Type": "application/json"}
    client = httpx.Client(base_url=url, headers=headers, timeout=60)
    name = f"bare-{len(papers)}"

    def wait(response: httpx.Response) -> None:
        task = response.raise_for_status().json()["taskUid"]
        while (status := client.get(f"/tasks/{task}").json()["status"]) in {"enqueued", "processing"}:
            time.sleep(0.2)
        if status != "succeeded":
            raise RuntimeError(f"the bare index can't be built: {client.get(f'/tasks/{task}').text}")

    if client.get(f"/indexes/{name}").status_code == 404:
        wait(client.post("/indexes", json={"uid": name, "primaryKey": "key"}))
        settings = {"searchableAttributes": ["title", "abstract"], "filterableAttributes": FACETS}
        wait(client.patch(f"/indexes/{name}/settings", json=settings))
        for start in range(0, len(papers), 5_000):
            batch = [
                {"key": str(number), "title": p.title, "abstract": p.abstract, "paper": p}
                | {f: TAXONOMY.by_id[f].with_parents(p.labels.get(f, ())) for f in FACETS}
                for number, p in enumerate(papers[start : start + 5_000], start)
            ]
            wait(client.post(f"/indexes/{name}/documents", content=orjson.dumps(batch, default=dict)))

    def ask(q: str, strategy: str) -> int:
        body = {
            "q": q, "hitsPerPage": 20, "facets": FACETS, "attributesToHighlight": ["title", "abstract"],
            "attributesToCrop": ["abstract"], "cropLength": 50, "matchingStrategy": strategy,
        }  # fmt: skip
        answer = client.post(f"/indexes/{name}/search", content=orjson.dumps(body)).raise_for_status()
        return len(orjson.loads(answer.content)["hits"])

    return {True: lambda q: ask(q, "all"), False: lambda q: ask(q, "frequency")}


# ours


@contextmanager
def ours(name: str, papers: Sequence[Paper], server: tuple[str, str]) -> Iterator[SearchEngine]:
    """Give the engine, with the papers in it; an index that was built before is used again."""
    settings = Settings(data_dir=CACHE / f"embedded-{len(papers)}", database_url="", search_url="")
    if name == "meilisearch":
        settings = Settings(search_url=server[0], search_key=server[1], search_index=f"ours-{len(papers)}")
    engine = open_engine(settings, TAXONOMY)
    if engine.needs_rebuild():
        engine.rebuild(papers)
    yield engine
    engine.close()


def measure(asks: Sequence[Ask], queries: Sequence[str], rounds: int) -> list[list[float]]:
    """Return how long each way took for each query, in milliseconds, in turn; the first round isn't counted."""
    times: list[list[float]] = [[] for _ in asks]
    for number in range(rounds + 1):
        for q in queries:
            for ask, taken in zip(asks, times, strict=True):
                start = time.perf_counter()
                ask(q)
                if number:
                    taken.append((time.perf_counter() - start) * 1000)
    return times


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
                    bare = (
                        bare_tantivy(papers) if name == "embedded" else bare_meilisearch(papers, *(server or ("", "")))
                    )
                    missed |= compare(name, papers, engine, bare, chosen.queries, chosen.rounds)
    sys.exit(missed)


def compare(
    name: str, papers: Sequence[Paper], engine: SearchEngine, bare: dict[bool, Ask], count: int, rounds: int
) -> bool:
    """Print the figures of one engine at one size; tell whether a ratio misses its target."""

    def ask(q: str) -> None:
        engine.search(parse([("q", q)], TAXONOMY).request)

    target, missed = TARGETS[name, len(papers) > LARGE], False
    for kind, queries, all_words in (
        ("all words match", [q for q in matched_queries(papers, 3 * count) if bare[True](q) > 0][:count], True),
        ("questions", questions(papers, count), False),
    ):
        own, theirs = measure([ask, bare[all_words]], queries, rounds)
        ratio = percentile(own, 0.5) / percentile(theirs, 0.5)
        missed |= ratio > target
        print(
            f"{name:12} {len(papers):6} papers, {kind:16} ours p50 {percentile(own, 0.5):6.2f} p95 "
            f"{percentile(own, 0.95):6.2f} ms, bare p50 {percentile(theirs, 0.5):6.2f} p95 "
            f"{percentile(theirs, 0.95):6.2f} ms, {ratio:.2f} times (at most {target})",
            flush=True,
        )
    return missed


if __name__ == "__main__":
    main()
