"""What a search page costs, beside Datasette with the same table, facets and full-text search in the same run.

    python benchmarks/pages.py [--papers 119|all] [--requests 200]

Both are programs of their own that answer over HTTP on loopback, in turn: words of titles, half of them with a filter,
no address twice, 20 papers and six facets a page. Datasette gets the easier work that it is quick at: each facet is a
plain column with a paper's first label, where ours counts all labels and their parents and marks the words; it doesn't
suggest facets, and its answers aren't compressed. With one worker both have one and the same core and one visitor; with
two workers (two processes of Datasette) four visitors ask at once. Datasette comes from PyPI into an environment of its
own, for this benchmark alone. A second look at a page must be answered by 304.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
from corpus import CACHE, corpus, digest

from app.paper import Paper
from app.search.engines import open_engine
from app.settings import Settings
from app.tagging.taxonomy import load_taxonomy

DATASETTE = "datasette==0.65.5"
TAXONOMY = load_taxonomy()
FACETS = list(TAXONOMY.by_id)
TARGETS = {"119": (4.0, 3.0), "all": (12.0, 8.0)}
"""By size: the most milliseconds that a page may cost at the median, and the least ratio to Datasette."""
VISITORS = 4


def datasette_program() -> str:
    """Return the Datasette of an environment of its own, made where it isn't there yet."""
    folder = CACHE / DATASETTE.replace("==", "-")
    program = folder / "bin" / "datasette"
    if not program.exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        subprocess.run([folder / "bin" / "pip", "install", "--quiet", DATASETTE], check=True)
    return str(program)


def table(papers: Sequence[Paper]) -> Path:
    """Return a SQLite file with the papers as Datasette likes them: facets as columns with an index each, FTS5."""
    path = CACHE / f"datasette-{len(papers)}.db"
    if path.exists():
        return path
    beside = path.with_suffix(".new")
    beside.unlink(missing_ok=True)
    columns = ["id", "title", "abstract", "authors", "venue", "year", *FACETS]
    with sqlite3.connect(beside) as db:
        db.execute(f"create table papers ({', '.join(columns)}, primary key (id))")
        marks = ", ".join("?" * len(columns))
        db.executemany(f"insert into papers values ({marks})", (_row(paper) for paper in papers))
        for name in ("venue", "year", *FACETS):
            db.execute(f"create index by_{name} on papers ({name})")
        db.execute("create virtual table papers_fts using fts5(title, abstract, tokenize='porter', content='papers')")
        db.execute("insert into papers_fts(rowid, title, abstract) select rowid, title, abstract from papers")
    db.close()
    beside.rename(path)
    return path


def _row(paper: Paper) -> list[object]:
    names = ", ".join(author.name for author in paper.authors)
    labels = [next(iter(paper.labels.get(facet, ())), None) for facet in FACETS]
    return [paper.id, paper.title, paper.abstract, names, paper.venue_label, paper.year, *labels]


def searches(papers: Sequence[Paper], count: int) -> list[tuple[str, str]]:
    """Return addresses of the same searches for both, ours first."""
    rng = random.Random(8)
    found: list[tuple[str, str]] = []
    facets = "".join(f"&_facet={name}" for name in (*FACETS, "venue", "year"))
    while len(found) < count:
        paper = rng.choice(papers)
        words = [word.lower() for word in paper.title.split() if word.isascii() and word.isalpha() and len(word) > 3]
        if len(words) < 3:
            continue
        q = "+".join(rng.sample(words, rng.choice([1, 2, 2])))
        ours, theirs = f"/search?q={q}", f"/db/papers?_size=20&_search={q}{facets}"
        if len(found) % 2 and paper.labels:
            facet = rng.choice(sorted(paper.labels))
            label = paper.labels[facet][0]
            ours, theirs = f"{ours}&{facet}={label}", f"{theirs}&{facet}={label}"
        if ours not in {known for known, _ in found}:
            found.append((ours, theirs))
    return found


@contextmanager
def server(command: Sequence[str | Path], ready: str, core: int | None = None) -> Iterator[str]:
    """Run a server on a free port of loopback, on one core where one is given; give its address."""
    port = random.randint(20_000, 60_000)
    keep = (lambda: os.sched_setaffinity(0, {core})) if core is not None else None
    process = subprocess.Popen(
        [*command, "--port", str(port)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        preexec_fn=keep,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        for _ in range(600):
            try:
                if httpx.get(url + ready, timeout=60).status_code == 200:
                    break
            except httpx.HTTPError:
                time.sleep(0.1)
        else:
            sys.exit(f"{command[0]} doesn't answer")
        yield url
    finally:
        process.terminate()
        process.wait(30)


class Visitor:
    """A visitor with a connection that stays open; as light as can be, since it shares the machine with the servers."""

    def __init__(self, url: str) -> None:
        self._connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=60)

    def ask(self, path: str, expected: int = 200, **headers: str) -> tuple[float, str]:
        """Return how many milliseconds an answer takes, and its tag."""
        start = time.perf_counter()
        self._connection.request("GET", path, headers={"Accept-Encoding": "gzip", **headers})
        answer = self._connection.getresponse()
        answer.read()
        took = (time.perf_counter() - start) * 1000
        if answer.status != expected:
            sys.exit(f"{path}: {answer.status} instead of {expected}")
        return took, answer.headers.get("ETag", "")


def in_turn(urls: Sequence[str], paths: Sequence[Sequence[str]]) -> list[float]:
    """Return the median of each server, asked in turn by one visitor."""
    visitors = [Visitor(url) for url in urls]
    times: list[list[float]] = [[] for _ in urls]
    for number, each in enumerate(paths):
        for visitor, path, taken in zip(visitors, each, times, strict=True):
            took, _ = visitor.ask(path)
            if number >= 10:
                taken.append(took)
    return [statistics.median(taken) for taken in times]


def at_once(urls: Sequence[str], paths: Sequence[str]) -> float:
    """Return the pages a second that four visitors get together, spread over the servers."""

    def visit(number: int) -> None:
        visitor = Visitor(urls[number % len(urls)])
        for path in paths[number::VISITORS]:
            visitor.ask(path)

    start = time.perf_counter()
    with ThreadPoolExecutor(VISITORS) as pool:
        list(pool.map(visit, range(VISITORS)))
    return len(paths) / (time.perf_counter() - start)


def seen_before(url: str, paths: Sequence[str]) -> float:
    """Return the median of repeated requests, each of which must be answered by 304, in milliseconds."""
    visitor = Visitor(url)
    tags = [visitor.ask(path)[1] for path in paths]
    return statistics.median(
        visitor.ask(path, 304, **{"If-None-Match": tag})[0] for path, tag in zip(paths, tags, strict=True)
    )


def compare(size: str, count: int) -> bool:
    """Print the figures of one size; tell whether a target is missed."""
    papers = digest() if size == "119" else corpus()
    most, least = TARGETS[size]
    folder = CACHE / f"embedded-{len(papers)}"
    settings = Settings(data_dir=folder, database_url="", search_url="")
    engine = open_engine(settings, TAXONOMY)
    if engine.needs_rebuild():
        engine.rebuild(papers)
    engine.close()
    paths = searches(papers, count)
    epsilon = [Path(sys.executable).with_name("epsilon"), "serve"]
    os.environ |= {"EPSILON_DATA_DIR": str(folder), "EPSILON_DATABASE_URL": "", "EPSILON_SEARCH_URL": ""}
    database = table(papers)
    (folder / "db.db").unlink(missing_ok=True)
    (folder / "db.db").symlink_to(database)
    theirs = [
        datasette_program(),
        "serve",
        "--immutable",
        str(folder / "db.db"),
        "--setting",
        "max_returned_rows",
        "1000",
    ]
    with ExitStack() as running:
        urls = [running.enter_context(server(command, ready, 0)) for command, ready in
                ((epsilon, "/readyz"), (theirs, "/-/versions.json"))]  # fmt: skip
        own, other = in_turn(urls, paths)
        again = seen_before(urls[0], [ours for ours, _ in paths[:50]])
    print(
        f"{len(papers):6} papers, one worker:  a page {own:6.2f} ms (at most {most}), Datasette {other:6.2f} ms, "
        f"{other / own:.1f} times (at least {least}); seen before (304): {again:.2f} ms",
        flush=True,
    )
    with ExitStack() as running:
        ours = running.enter_context(server([*epsilon, "--workers", "2"], "/readyz"))
        own_rate = at_once([ours], [path for path, _ in paths])
    with ExitStack() as running:
        urls = [running.enter_context(server(theirs, "/-/versions.json")) for _ in range(2)]
        other_rate = at_once(urls, [path for _, path in paths])
    print(
        f"{len(papers):6} papers, two workers: {own_rate:6.1f} pages/s, Datasette {other_rate:6.1f} pages/s, "
        f"{own_rate / other_rate:.1f} times (at least {least})",
        flush=True,
    )
    return own > most or other / own < least or own_rate / other_rate < least


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--papers", choices=["119", "all"], action="append")
    parser.add_argument("--requests", type=int, default=200)
    chosen = parser.parse_args()
    missed = [compare(size, chosen.requests) for size in chosen.papers or ["119", "all"]]
    sys.exit(any(missed))


if __name__ == "__main__":
    main()
