"""The evaluation: how good tags and search are on labelled papers, measured as users get them.

A folder of labelled papers holds ``digest.jsonl`` (labels of the digest's papers), any other ``*.jsonl`` of papers with
their abstracts and labels, and ``queries.jsonl`` (questions in other words, each with the title of its paper). Further
labelled papers may come as labels alone, with a digest of the title; their texts are looked up in a file of papers.
"""

from __future__ import annotations

import hashlib
import lzma
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import orjson

from app.catalogue import papers
from app.database import Database
from app.identifiers import title_key
from app.ingest.run import load_digest
from app.search import SearchEngine, indexer
from app.search.engines import open_engine
from app.search.query import parse
from app.settings import Settings
from app.tagging.evaluate import as_markdown, report
from app.tagging.evaluate import evaluate as evaluate_tags
from app.tagging.tagger import Tagger, load_tagger
from app.tagging.taxonomy import Taxonomy

FOUND_WITHIN = 10
"""Results in which a paper counts as found."""


@dataclass(frozen=True, slots=True)
class FurtherLabels:
    """Labels of papers whose texts are elsewhere.

    ``labels`` is JSON lines with ``title_digest``, ``set`` (the set's name) and the facets' keys, ``texts`` a file of
    papers as JSON lines, packed by xz or not.
    """

    labels: Path
    texts: Path


def evaluate(
    gold: Path,
    taxonomy_dir: Path,
    say: Callable[[str], None],
    markdown: Path | None = None,
    further: FurtherLabels | None = None,
) -> None:
    """Say the figures of tags and search on a folder of labelled papers, and write the tags' ones into a file.

    Raises:
        OSError: the folder or a file of it can't be read.
    """
    tagger = load_tagger(taxonomy_dir)
    sets = {path.stem: _read(path) for path in sorted(gold.glob("*.jsonl"))}
    if not sets:
        raise FileNotFoundError(2, "no labelled papers (*.jsonl) there; name their folder with GOLD=", str(gold))
    queries = sets.pop("queries", [])
    if further is not None:
        sets = _further(further, say) | sets
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url="", search_url="", taxonomy_dir=taxonomy_dir)
        database = Database(settings)
        database.prepare()
        load_digest(database, tagger)
        _evaluate_tags(sets, database, tagger, say, markdown)
        if queries:
            _evaluate_engines(queries, settings, database, tagger.taxonomy, say)
        database.close()


def _evaluate_tags(
    sets: dict[str, list[dict[str, Any]]],
    database: Database,
    tagger: Tagger,
    say: Callable[[str], None],
    markdown: Path | None,
) -> None:
    with database.reading() as session:
        abstracts = {title_key(paper.title): paper.abstract for paper in papers(session)}
    qualities = {}
    for name, rows in sets.items():
        known = [row | {"abstract": row.get("abstract") or abstracts.get(title_key(row["title"]), "")} for row in rows]
        qualities[name] = evaluate_tags(tagger, known)
        say(f"tags, {name}: {len(known)} papers")
        say(report(qualities[name]))
    if markdown is not None:
        markdown.write_text(as_markdown(qualities), encoding="utf-8")


def _evaluate_engines(
    queries: Sequence[dict[str, Any]],
    settings: Settings,
    database: Database,
    taxonomy: Taxonomy,
    say: Callable[[str], None],
) -> None:
    """Say the figures of search on both engines, or why one can't be asked."""
    with meilisearch_server(settings.data_dir / "meilisearch") as server:
        found = {"embedded": settings}
        if server is None:
            say("search, meilisearch: not measured, since there is no EPSILON_TEST_MEILI_URL and none on the PATH")
        else:
            index = f"evaluate-{secrets.token_hex(4)}"
            given = {"search_url": server[0], "search_key": server[1], "search_index": index}
            found["meilisearch"] = settings.model_copy(update=given)
        for name, chosen in found.items():
            engine = open_engine(chosen, taxonomy)
            indexer.rebuild(database, engine)
            _evaluate_search(name, queries, engine, taxonomy, say)
            engine.close()
        if server is not None:
            headers = {"Authorization": f"Bearer {server[1]}"}
            httpx2.delete(f"{server[0]}/indexes/{index}", headers=headers if server[1] else {})


@contextmanager
def meilisearch_server(folder: Path) -> Iterator[tuple[str, str] | None]:
    """Give address and key of a Meilisearch to measure: the one that ``EPSILON_TEST_MEILI_URL`` names, else one of our
    own with its files in a folder, else None.
    """
    given, program = os.environ.get("EPSILON_TEST_MEILI_URL"), shutil.which("meilisearch")
    if given or program is None:
        yield (given.rstrip("/"), os.environ.get("EPSILON_TEST_MEILI_KEY", "")) if given else None
        return
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        address, key = f"127.0.0.1:{listener.getsockname()[1]}", secrets.token_hex(16)
    folder.mkdir(parents=True, exist_ok=True)
    options = ["--no-analytics", "--http-addr", address, "--master-key", key, "--log-level", "WARN"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(  # noqa: S603 - a program of the machine, no input of anybody
            [program, *options, "--db-path", str(folder / "data"), "--dump-dir", str(folder / "dumps")],
            cwd=folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
        )  # fmt: skip
    try:
        for _ in range(600):
            try:
                if httpx2.get(f"http://{address}/health").is_success:
                    break
            except httpx2.HTTPError:
                time.sleep(0.1)
        yield f"http://{address}", key
    finally:
        process.terminate()
        process.wait(30)


def _evaluate_search(
    name: str, queries: Sequence[dict[str, Any]], engine: SearchEngine, taxonomy: Taxonomy, say: Callable[[str], None]
) -> None:
    gain, found = 0.0, 0
    for row in queries:
        page = engine.search(parse([("q", row["query"])], taxonomy).request)
        titles = [title_key(hit.paper.title) for hit in page.hits[:FOUND_WITHIN]]
        target = title_key(row["target"])
        if target in titles:
            found += 1
            gain += 1 / (titles.index(target) + 1)
    count = len(queries)
    figures = f"MRR@{FOUND_WITHIN} {gain / count:.3f}, recall@{FOUND_WITHIN} {found / count:.3f}"
    say(f"search, {name}: {count} queries, {figures}")


def title_digest(title: str) -> str:
    """Return what a paper is known by where its text may not be kept."""
    return hashlib.sha256(title_key(title).encode()).hexdigest()[:16]


def _further(further: FurtherLabels, say: Callable[[str], None]) -> dict[str, list[dict[str, Any]]]:
    if not further.texts.exists():
        say(f"tags, {further.labels}: not measured, since there are no texts in {further.texts}")
        return {}
    wanted = {row["title_digest"]: row for row in _read(further.labels)}
    found: dict[str, list[dict[str, Any]]] = {}
    with lzma.open(further.texts) if further.texts.suffix == ".xz" else further.texts.open("rb") as lines:
        for line in lines:
            paper = orjson.loads(line)
            row = wanted.pop(title_digest(paper["title"]), None)
            if row is not None:
                text = {"title": paper["title"], "abstract": paper["abstract"]}
                found.setdefault(row["set"], []).append(row | text)
    return dict(sorted(found.items(), reverse=True))


def _read(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
