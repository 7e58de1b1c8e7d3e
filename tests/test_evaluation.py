"""The evaluation says what search finds on each engine, as users get it."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app.evaluation import evaluate
from app.settings import Settings

QUERIES = [
    {"query": "Controlling What You Share: Assessing Language Model Adherence to Privacy Preferences"},
    {"query": "zzzz qqqq", "target": "MUSE: Machine Unlearning Six-Way Evaluation for Language Models"},
]


def test_both_engines_are_measured(
    tmp_path: Path, meilisearch_server: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EPSILON_TEST_MEILI_URL", meilisearch_server[0])
    monkeypatch.setenv("EPSILON_TEST_MEILI_KEY", meilisearch_server[1])
    rows = [{"target": row["query"], **row} for row in QUERIES]
    (tmp_path / "queries.jsonl").write_bytes(b"\n".join(map(orjson.dumps, rows)))
    said: list[str] = []
    evaluate(tmp_path, Settings().taxonomy_dir, said.append)
    assert said == [f"search, {name}: 2 queries, MRR@10 0.500, recall@10 0.500" for name in ("embedded", "meilisearch")]


def test_without_a_meilisearch_it_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("EPSILON_TEST_MEILI_URL", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "queries.jsonl").write_bytes(orjson.dumps({"query": "MUSE", "target": "MUSE"}))
    said: list[str] = []
    evaluate(tmp_path, Settings().taxonomy_dir, said.append)
    assert "meilisearch: not measured" in said[0]
    assert said[1].startswith("search, embedded")
