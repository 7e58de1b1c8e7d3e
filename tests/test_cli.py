"""The command line as others call it: exit status, one line for what went wrong, JSON alone on standard output."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from servers import free_port

Run = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parent.parent
DIGEST = ROOT / "app" / "data" / "digest.txt"
METADATA = ROOT / "app" / "data" / "digest-metadata.jsonl"


@pytest.fixture
def epsilon(tmp_path: Path) -> Run:
    """Run ``epsilon`` in an empty folder, as a program of its own."""

    def run(*arguments: object, **settings: str) -> subprocess.CompletedProcess[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("EPSILON_")}
        return subprocess.run(
            [sys.executable, "-m", "app.cli", *map(str, arguments)], cwd=tmp_path, capture_output=True, text=True,
            env=clean | settings, timeout=120, check=False,
        )  # fmt: skip

    return run


def one_line(done: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that a failed command says."""
    assert done.returncode == 1, done
    assert "Traceback" not in done.stderr
    [line] = done.stderr.strip().splitlines()
    return line


def test_the_digest_is_loaded_searched_and_loaded_again_without_change(epsilon: Run) -> None:
    first = epsilon("ingest", DIGEST, "--metadata", METADATA, "--json")
    report = json.loads(first.stdout)
    assert first.returncode == 0
    assert {key: report[key] for key in ("read", "created", "rejected")} == {
        "read": 119,
        "created": 119,
        "rejected": [],
    }
    again = json.loads(epsilon("ingest", DIGEST, "--metadata", METADATA, "--json").stdout)
    assert {key: again[key] for key in ("created", "updated", "unchanged")} == {
        "created": 0, "updated": 0, "unchanged": 119,
    }  # fmt: skip
    check = epsilon("index", "check")
    assert check.returncode == 0, check
    found = json.loads(epsilon("search", "gradient inversion", "--year-from", "2020", "--json").stdout)
    assert found["total"] >= 1
    assert found["total"] == len(found["papers"]) or found["next"]
    stats = json.loads(epsilon("stats", "--json").stdout)
    assert stats["papers"] == 119
    assert stats["index"] == {"waiting": 0, "set_aside": 0}


def test_rejected_records_are_reported_and_the_rest_is_loaded(epsilon: Run, tmp_path: Path) -> None:
    (tmp_path / "papers.jsonl").write_text('{"title": "A fine paper on privacy"}\n17\n{"title": "x", "year": 20233}\n')
    done = epsilon("ingest", "papers.jsonl", "--json")
    assert done.returncode == 3
    report = json.loads(done.stdout)
    assert report["created"] == 1
    assert [(r["source"], r["position"]) for r in report["rejected"]] == [
        ("papers.jsonl", "line 2"), ("papers.jsonl", "line 3"),
    ]  # fmt: skip


def test_a_dry_run_keeps_nothing(epsilon: Run, tmp_path: Path) -> None:
    (tmp_path / "papers.jsonl").write_text('{"title": "A fine paper on privacy"}\n')
    assert json.loads(epsilon("ingest", "papers.jsonl", "--dry-run", "--json").stdout)["created"] == 1
    assert json.loads(epsilon("stats", "--json").stdout)["papers"] == 0


def test_a_file_that_is_not_there(epsilon: Run) -> None:
    assert "nofile.bib" in one_line(epsilon("ingest", "nofile.bib"))


def test_a_database_that_is_not_there(epsilon: Run) -> None:
    url = f"postgresql://epsilon:secret@127.0.0.1:{free_port()}/epsilon"
    line = one_line(epsilon("stats", EPSILON_DATABASE_URL=url))
    assert "EPSILON_DATABASE_URL" in line
    assert "secret" not in line


def test_a_database_without_our_tables(epsilon: Run, postgres_url: str) -> None:
    assert "epsilon migrate" in one_line(epsilon("stats", EPSILON_DATABASE_URL=postgres_url))
    assert epsilon("migrate", EPSILON_DATABASE_URL=postgres_url).returncode == 0
    assert epsilon("stats", EPSILON_DATABASE_URL=postgres_url).returncode == 0


def test_a_file_that_is_no_database(epsilon: Run, tmp_path: Path) -> None:
    (tmp_path / "other.db").write_bytes(b"this is not a database, though it is long enough to be read as one " * 20)
    assert "other.db" in one_line(epsilon("stats", EPSILON_DATABASE_URL=f"sqlite:///{tmp_path / 'other.db'}"))


def test_an_address_of_no_known_kind(epsilon: Run) -> None:
    assert "EPSILON_DATABASE_URL" in one_line(epsilon("stats", EPSILON_DATABASE_URL="mysql://x/y"))


def test_a_data_folder_that_cannot_be_written(epsilon: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "EPSILON_DATA_DIR" in one_line(epsilon("stats", EPSILON_DATA_DIR=str(tmp_path / "file" / "data")))


def test_a_search_engine_that_is_not_there(epsilon: Run) -> None:
    url = f"http://127.0.0.1:{free_port()}"
    assert "EPSILON_SEARCH_URL" in one_line(epsilon("search", "privacy", EPSILON_SEARCH_URL=url))


def test_papers_are_safe_while_the_search_engine_is_down(epsilon: Run, tmp_path: Path) -> None:
    (tmp_path / "papers.jsonl").write_text('{"title": "A fine paper on privacy"}\n')
    url = f"http://127.0.0.1:{free_port()}"
    done = epsilon("ingest", "papers.jsonl", "--json", EPSILON_SEARCH_URL=url)
    assert done.returncode == 0
    assert json.loads(done.stdout)["created"] == 1
    assert "stored" in done.stderr
    assert json.loads(epsilon("stats", "--json").stdout)["index"]["waiting"] == 1


def test_a_wrong_key(epsilon: Run, meilisearch_settings: dict[str, str]) -> None:
    settings = {f"EPSILON_{name.upper()}": value for name, value in meilisearch_settings.items()}
    if not meilisearch_settings["search_key"]:
        pytest.skip("the Meilisearch server asks for no key")
    line = one_line(epsilon("search", "privacy", **settings | {"EPSILON_SEARCH_KEY": "wrong"}))
    assert "EPSILON_SEARCH_KEY" in line


def test_wrong_use(epsilon: Run) -> None:
    for arguments in (
        ["nonsense"],
        ["search", "--year-from", "soon"],
        ["search", "--technique", "nonsense"],
        ["ingest"],
    ):
        assert epsilon(*arguments).returncode == 2, arguments


def test_tagging_lines(epsilon: Run, tmp_path: Path) -> None:
    paper = {
        "title": "Membership inference attacks",
        "abstract": "We propose a membership inference attack.",
        "mine": 1,
    }
    (tmp_path / "papers.jsonl").write_text(json.dumps(paper) + "\nnonsense\n")
    done = epsilon("tag", "papers.jsonl")
    assert done.returncode == 3
    assert "line 2" in done.stderr
    [line] = done.stdout.splitlines()
    tagged = json.loads(line)
    assert tagged["mine"] == 1
    assert "membership-inference" in tagged["attacks"]
    for evidence in tagged["evidence"]:
        assert tagged[evidence["field"]][evidence["start"] : evidence["end"]] == evidence["text"]
