"""Go through every page of many searches of a large catalogue: no paper twice, none missing, the total true.

    python benchmarks/paging.py [--engine embedded|meilisearch] [--queries 50]

The papers of a search by relevance are compared with those of the same search by title, which pages in another way.
"""

from __future__ import annotations

import argparse
import random
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack

from corpus import CACHE, corpus
from search import TAXONOMY, ours

from app.evaluation import meilisearch_server
from app.paper import Paper
from app.search import SearchEngine, text
from app.search.query import parse

FEWEST, MOST = 200, 4_000
PER_PAGE = 200
"""Papers of a page, the most that there can be."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["embedded", "meilisearch"], action="append")
    parser.add_argument("--queries", type=int, default=50)
    chosen = parser.parse_args()
    papers, wrong = corpus(), 0
    with ExitStack() as opened:
        for name in chosen.engine or ["embedded", "meilisearch"]:
            server = opened.enter_context(meilisearch_server(CACHE / "meilisearch")) if name == "meilisearch" else None
            if name == "meilisearch" and server is None:
                print("meilisearch: neither EPSILON_TEST_MEILI_URL nor a meilisearch on the PATH is there")
                continue
            with ours(name, papers, server or ("", "")) as engine:
                wrong += go_through(name, papers, engine, chosen.queries)
    sys.exit(wrong > 0)


def go_through(name: str, papers: Sequence[Paper], engine: SearchEngine, count: int) -> int:
    """Go through the searches and print what is found; return how many were wrong."""
    asked = pages = wrong = 0
    for q in queries(papers):
        total = engine.search(parse([("q", q), ("per_page", "1")], TAXONOMY).request).total
        if not FEWEST < total <= MOST:
            continue
        by_relevance, first = all_pages(engine, q, "relevance", total)
        by_title, _ = all_pages(engine, q, "title", total)
        pages += first
        asked += 1
        if not len(by_relevance) == len(set(by_relevance)) == total or set(by_relevance) != set(by_title):
            wrong += 1
            print(f"{name}: {q!r} has {total}, but {len(by_relevance)} came, {len(set(by_relevance))} different")
        if asked == count:
            break
    print(f"{name}: {asked} searches of {len(papers)} papers, {pages} pages, {wrong} wrong", flush=True)
    return wrong


def all_pages(engine: SearchEngine, q: str, sort: str, total: int) -> tuple[list[str], int]:
    """Return the ids of all papers, page after page to the one after the last, and how many pages there were."""
    found: list[str] = []
    number = 0
    while True:
        number += 1
        params = [("q", q), ("sort", sort), ("page", str(number)), ("per_page", str(PER_PAGE))]
        page = engine.search(parse(params, TAXONOMY).request)
        if page.total != total:
            raise SystemExit(f"{q!r}: page {number} says {page.total} papers, the first {total}")
        if not page.hits:
            return found, number - 1
        found += [hit.paper.id for hit in page.hits]


def queries(papers: Sequence[Paper]) -> Iterator[str]:
    """Yield words of titles, some as they are typed, some with OR, some excluded."""
    rng = random.Random(3)
    while True:
        words = [w for w in rng.choice(papers).title.split() if w.isalpha() and w.lower() not in text.STOP_WORDS]
        if len(words) > 2:
            one, other = rng.sample(words, 2)
            yield rng.choice([f"{one} ", f"{one} {other} ", f"{one} {other}", f"{one} -{other} ", f"{one} OR {other} "])


if __name__ == "__main__":
    main()
