"""The evaluation: how good tags and search are on labelled papers, measured as users get them.

A folder of labelled papers holds ``digest.jsonl`` (labels of the digest's papers), any other ``*.jsonl`` of papers with
their abstracts and labels, and ``queries.jsonl`` (questions in other words, each with the title of its paper).
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

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


def evaluate(gold: Path, taxonomy_dir: Path, say: Callable[[str], None], markdown: Path | None = None) -> None:
    """Say the figures of tags and search on a folder of labelled papers, and write the tags' ones into a file.

    Raises:
        OSError: the folder or a file of it can't be read.
    """
    tagger = load_tagger(taxonomy_dir)
    sets = {path.stem: _read(path) for path in sorted(gold.glob("*.jsonl"))}
    if not sets:
        raise FileNotFoundError(2, "no labelled papers (*.jsonl) there; name their folder with GOLD=", str(gold))
    queries = sets.pop("queries", [])
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(data_dir=Path(folder), database_url="", search_url="", taxonomy_dir=taxonomy_dir)
        database = Database(settings)
        database.prepare()
        load_digest(database, tagger)
        _evaluate_tags(sets, database, tagger, say, markdown)
        engine = open_engine(settings, tagger.taxonomy)
        indexer.rebuild(database, engine)
        if queries:
            _evaluate_search(queries, engine, tagger.taxonomy, say)
        engine.close()
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


def _evaluate_search(
    queries: Sequence[dict[str, Any]], engine: SearchEngine, taxonomy: Taxonomy, say: Callable[[str], None]
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
    say(f"search: {count} queries, MRR@{FOUND_WITHIN} {gain / count:.3f}, recall@{FOUND_WITHIN} {found / count:.3f}")


def _read(path: Path) -> list[dict[str, Any]]:
    return [orjson.loads(line) for line in path.read_bytes().splitlines() if line.strip()]
