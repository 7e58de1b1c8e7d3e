"""Ingest on both databases: what is given is one paper, is read or refused with a reason, and twice is once."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import select

from app import models as m
from app.backup import BackupError, backup, restore
from app.catalogue import Moved, Record, Withdrawn, get, index_lag, papers, stats, summary
from app.database import Database
from app.identifiers import title_key
from app.ingest.curate import CurateError, merge, retag, split, withdraw
from app.ingest.report import Report
from app.ingest.run import DIGEST_METADATA, ingest, load_digest
from app.settings import Settings
from app.tagging.tagger import Tagger

Load = Callable[..., Report]


@pytest.fixture
def load(database: Database, tagger: Tagger, tmp_path: Path) -> Load:
    """Load papers as a JSON lines file of a name."""

    def load(name: str, *records: Any) -> Report:
        path = tmp_path / name
        path.write_text("\n".join(json.dumps(r) for r in records), encoding="utf-8")
        return ingest(database, tagger, [path])

    return load


def record(database: Database, paper_id: str) -> Record:
    with database.reading() as session:
        found = get(session, paper_id)
    assert isinstance(found, Record)
    return found


def ids(database: Database) -> list[str]:
    with database.reading() as session:
        return [paper.id for paper in papers(session)]


def test_the_digest_has_its_papers_with_their_facts(database: Database, tagger: Tagger) -> None:
    report = load_digest(database, tagger)
    assert (report.read, report.created, len(report.rejected)) == (119, 119, 0)
    facts = {
        title_key(f["title"]): f for f in map(json.loads, DIGEST_METADATA.read_text(encoding="utf-8").splitlines())
    }
    with database.reading() as session:
        stored = list(papers(session))
        assert index_lag(session).waiting == 119
    assert {paper.title for paper in stored} == {fact["title"] for fact in facts.values()}
    for paper in stored:
        fact = facts[title_key(paper.title)]
        assert [author.name for author in paper.authors] == fact["authors"]
        assert paper.arxiv_id == fact["arxiv_id"]
        assert paper.venue_label == fact["venue"]
        assert paper.year == (fact["venue_year"] or int(fact["published"][:4]))
        assert paper.code_url == fact["code_url"]
        assert paper.doi == (fact["doi"].lower() if fact["doi"] else None)
    again = load_digest(database, tagger)
    assert (again.unchanged, again.created, again.updated, again.merged) == (119, 0, 0, 0)


def test_a_changed_record_changes_its_paper(database: Database, load: Load) -> None:
    load("a.jsonl", {"title": "Private rivers of gradients", "arxiv_id": "2301.00001", "abstract": "Old."})
    report = load("a.jsonl", {"title": "Private rivers of gradients", "arxiv_id": "2301.00001", "abstract": "New."})
    assert (report.updated, report.created) == (1, 0)
    [paper_id] = ids(database)
    found = record(database, paper_id)
    assert (found.paper.abstract, found.paper.revision) == ("New.", 2)


def test_preprint_and_published_version_are_one_paper(database: Database, load: Load) -> None:
    load(
        "a.jsonl",
        {"title": "Private rivers of gradients", "arxiv_id": "2301.00001", "authors": ["Ann One"], "venue": "arXiv"},
    )
    published = {"title": "Private Rivers of Gradients.", "authors": ["One, Ann"], "venue": "Proc. ICML", "year": 2023}
    report = load("b.jsonl", published | {"doi": "10.1000/x"})
    assert (report.merged, report.created) == (1, 0)
    assert report.matches[0].reason == "same title, year and author"
    [paper_id] = ids(database)
    found = record(database, paper_id)
    shown = found.paper
    assert (shown.venue, shown.year, shown.arxiv_id, shown.doi) == (
        "icml",
        2023,
        "2301.00001",
        "10.1000/x",
    )
    assert [source.source for source in found.sources] == ["a.jsonl", "b.jsonl"]


def test_an_identifier_makes_two_known_papers_one(database: Database, load: Load) -> None:
    load("a.jsonl", {"title": "Private rivers of gradients", "arxiv_id": "2301.00001"})
    load("b.jsonl", {"title": "Rivers, published under another name", "doi": "10.1000/x"})
    old = ids(database)
    report = load("c.jsonl", {"title": "Rivers", "arxiv_id": "2301.00001", "doi": "10.1000/x"})
    assert report.merged == 1
    [left] = ids(database)
    [gone] = set(old) - {left}
    with database.reading() as session:
        assert get(session, gone) == Moved(left)


def test_what_is_only_similar_is_reported_and_left_apart(database: Database, load: Load) -> None:
    load("a.jsonl", {"title": "Private rivers of federated gradients", "authors": ["Ann One"], "year": 2023})
    report = load("b.jsonl", {"title": "Private rivers of federated gradients", "authors": ["Ben Two"], "year": 2023})
    assert (report.created, report.merged) == (1, 0)
    assert report.candidates[0].reason == "same title, other authors"


def test_a_hundred_papers_of_one_title(database: Database, load: Load) -> None:
    names = [f"Ann {a}{b}" for a in "abcdefghij" for b in "klmnopqrst"]
    report = load("a.jsonl", *({"title": "Federated Learning", "authors": [name], "year": 2020} for name in names))
    assert report.created == 100
    assert len(set(ids(database))) == 100


def test_rejects_are_kept_with_their_place(database: Database, load: Load) -> None:
    report = load("a.jsonl", {"title": "A fine title here"}, 17, {"title": "Bad", "year": 20233}, {"title": "No\x00ne"})
    assert [(r.position, r.source) for r in report.rejected] == [(f"line {n}", "a.jsonl") for n in (2, 3, 4)]
    with database.reading() as session:
        kept = [(r.position, r.reason) for r in session.exec(select(m.Reject))]
    assert kept == [(r.position, r.reason) for r in report.rejected]


def test_a_withdrawn_paper_stays_away(database: Database, load: Load) -> None:
    paper = {"title": "Private rivers of gradients", "arxiv_id": "2301.00001"}
    load("a.jsonl", paper)
    [paper_id] = ids(database)
    withdraw(database, paper_id, "its authors asked")
    load("b.jsonl", paper | {"abstract": "Back again."})
    with database.reading() as session:
        assert get(session, paper_id) == Withdrawn("Private rivers of gradients", "its authors asked")
        assert summary(session).papers == 0
    with pytest.raises(CurateError, match="no paper"):
        withdraw(database, "nonsense", "why")


def test_a_merge_can_be_undone(database: Database, tagger: Tagger, load: Load) -> None:
    load(
        "a.jsonl",
        {"title": "Rivers of gradients", "arxiv_id": "2301.00001"},
        {"title": "Mountains", "arxiv_id": "2301.00002"},
    )
    one, two = sorted(ids(database))
    before = [record(database, i).paper for i in (one, two)]
    merge(database, tagger, one, two)
    assert ids(database) == [two]
    with database.reading() as session:
        assert get(session, one) == Moved(two)
    assert split(database, tagger, one) == [one]
    after = [record(database, i).paper for i in (one, two)]
    assert [(p.id, p.title, p.arxiv_id) for p in after] == [(p.id, p.title, p.arxiv_id) for p in before]
    with pytest.raises(CurateError, match="one record"):
        split(database, tagger, one)


def test_curators_decisions_outlive_retagging(database: Database, tagger: Tagger, load: Load) -> None:
    from datetime import UTC, datetime

    load("a.jsonl", {"title": "Membership inference attacks", "abstract": "We propose a membership inference attack."})
    [paper_id] = ids(database)
    assert ("attack", "membership-inference") in {(t.facet, t.label) for t in record(database, paper_id).tags}
    with database.writing() as session:
        for label, wanted in (("membership-inference", False), ("side-channel", True)):
            session.add(
                m.TagDecision(
                    paper_id=paper_id, facet="attack", label=label, wanted=wanted, decided_at=datetime.now(UTC)
                )
            )
    result = retag(database, tagger)
    assert (result.papers, result.changed) == (1, 1)
    assert [t.label for t in record(database, paper_id).tags if t.facet == "attack"] == ["side-channel"]
    assert retag(database, tagger).changed == 0
    assert retag(database, tagger, stale_only=True).papers == 0
    with database.writing(papers=True) as session:
        session.execute(sa.update(m.Paper).values(tagger="other rules"))
    assert retag(database, tagger, stale_only=True).papers > 0
    assert record(database, paper_id).paper.revision == 2


def test_two_ingests_at_once_end_as_one_after_the_other(database: Database, tagger: Tagger, tmp_path: Path) -> None:
    rows = [{"title": f"Paper number {n} on private things", "arxiv_id": f"2301.{n:05}"} for n in range(1, 60)]
    files = []
    for name, part in (("a", rows[:40]), ("b", rows[20:])):
        files.append(tmp_path / f"{name}.jsonl")
        files[-1].write_text("\n".join(map(json.dumps, part)), encoding="utf-8")
    threads = [threading.Thread(target=ingest, args=(database, tagger, [file])) for file in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ids(database)) == len(rows)


def test_backup_and_restore_into_either_kind(database: Database, tagger: Tagger, load: Load, tmp_path: Path,
                                             postgres_url: str) -> None:  # fmt: skip
    load_digest(database, tagger)
    one, two, three, *_ = ids(database)
    merge(database, tagger, one, two)
    withdraw(database, three, "it was asked for")
    backup(database, tmp_path / "backup.gz")
    url = postgres_url if database.is_sqlite else f"sqlite:///{tmp_path / 'other.db'}"
    other = Database(Settings(database_url=url))
    other.migrate()
    restore(other, tmp_path / "backup.gz")
    with database.reading() as mine, other.reading() as theirs:
        assert sorted(papers(mine), key=lambda p: p.id) == sorted(papers(theirs), key=lambda p: p.id)
        assert get(theirs, one) == Moved(two)
        assert get(theirs, three) == get(mine, three)
        assert index_lag(theirs).waiting == 118
        assert stats(theirs, tagger.taxonomy).facets == stats(mine, tagger.taxonomy).facets
    assert load_digest(other, tagger).unchanged == 119
    with pytest.raises(BackupError, match="isn't empty"):
        restore(other, tmp_path / "backup.gz")
    other.close()


def test_a_damaged_backup_restores_nothing(database: Database, load: Load, tmp_path: Path) -> None:
    load("a.jsonl", *({"title": f"Private rivers of gradients {n}"} for n in range(50)))
    backup(database, tmp_path / "backup.gz")
    data = (tmp_path / "backup.gz").read_bytes()
    (tmp_path / "cut.gz").write_bytes(data[: len(data) // 2])
    (tmp_path / "text.gz").write_bytes(b"hello")
    empty = Database(Settings(database_url=f"sqlite:///{tmp_path / 'empty.db'}"))
    empty.migrate()
    for name in ("cut.gz", "text.gz"):
        with pytest.raises(BackupError):
            restore(empty, tmp_path / name)
    assert ids(empty) == []
    empty.close()
