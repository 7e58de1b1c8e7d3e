"""Whatever is given is read or refused with a reason; a disk that is full or a database that goes costs a batch."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import pytest
import sqlalchemy as sa
from servers import Missing, Postgres
from sqlmodel import select

from app import models as m
from app.catalogue import get, papers
from app.database import Database, DatabaseUnavailable
from app.ingest.rejects import rejects, retry
from app.ingest.report import Report
from app.ingest.run import ingest
from app.settings import Settings
from app.tagging.tagger import Tagger


def titles(database: Database) -> set[str]:
    with database.reading() as session:
        return {paper.title for paper in papers(session)}


def refused(report: Report) -> list[tuple[str, str]]:
    return [(r.source, r.position) for r in report.rejected]


def test_every_kind_of_dirt_is_reported_at_its_place_and_the_rest_is_loaded(
    database: Database, tagger: Tagger, tmp_path: Path
) -> None:
    """One run over a file for each fault; each holds a good record before and after it."""
    good = [json.dumps({"title": f"A good paper on rivers, number {n}"}).encode() for n in range(8)]
    with zipfile.ZipFile(tmp_path / "zip.bib", "w") as archive:
        archive.writestr("papers.bib", "@misc{a, title={In an Archive}}")
    files: dict[str, tuple[bytes, list[str]]] = {
        "bom.jsonl": (b"\xef\xbb\xbf" + good[0] + b"\n", []),
        "utf8.jsonl": (good[1] + b'\n{"title": "Br\xfccken"}\n' + good[2], ["line 2"]),
        "number.jsonl": (b"17\n" + good[3], ["line 1"]),
        "nul.jsonl": (b'{"title": "A \\u0000 in a title"}\n' + good[4], ["line 1"]),
        "year.jsonl": (good[5] + b'\n{"title": "Of the far future", "year": 20233}', ["line 2"]),
        "long.jsonl": (json.dumps({"title": "x" * 10_000}).encode() + b"\n" + good[6], ["line 1"]),
        "bomb.xml": (b'<?xml version="1.0"?>\n<!DOCTYPE b [<!ENTITY a "aaaa">]><feed xmlns="http://www.w3.org/2005/Atom"/>',
                     ["line 1"]),
        "cut.bib": (b"@misc{a, title={Before It}}\n@misc{b, title={Cut in\n@misc{c, title={After It}}\n", ["line 2"]),
        "empty.bib": (b"", ["file"]),
        "words.txt": (b"Just some words.\n", ["file"]),
    }  # fmt: skip
    for name, (data, _) in files.items():
        (tmp_path / name).write_bytes(data)
    report = ingest(database, tagger, [tmp_path / "zip.bib", *(tmp_path / name for name in files)])
    assert refused(report) == [("zip.bib", "file")] + [(n, p) for n, (_, places) in files.items() for p in places]
    assert "ZIP" in report.rejected[0].reason
    assert all(r.reason for r in report.rejected)
    assert titles(database) == {f"A good paper on rivers, number {n}" for n in range(7)} | {"Before It", "After It"}
    with database.reading() as session:
        assert [(r.source, r.position) for r in session.exec(select(m.Reject).order_by(m.Reject.id))] == refused(report)


def test_a_nul_anywhere_is_kept_out_of_the_database(database: Database, tagger: Tagger, tmp_path: Path) -> None:
    record = {"title": "Rivers with dirt in them", "abstract": "Wa\x00ter.", "mine": {"deep": ["\x00"]}, "\x00": 1}
    (tmp_path / "a.jsonl").write_text(json.dumps(record))
    (tmp_path / "b.bib").write_bytes(b"@misc{a, title={\x00Cut \x00")
    report = ingest(database, tagger, [tmp_path / "a.jsonl", tmp_path / "b.bib"])
    assert (report.created, len(report.rejected)) == (1, 1)
    assert ingest(database, tagger, [tmp_path / "a.jsonl"]).unchanged == 1


def test_a_preview_says_what_would_become_of_each_record(database: Database, tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(
        "\n".join(
            json.dumps({"title": f"Private rivers of gradients {n}", "authors": [n * 3]}) for n in ("Ann ", "Ben ")
        )
    )
    ingest(database, tagger, [tmp_path / "a.jsonl"])
    (tmp_path / "a.jsonl").write_text(
        json.dumps({"title": "Private rivers of gradients Ann", "authors": ["Ann Ann Ann"]})
        + "\n"
        + json.dumps({"title": "Private rivers of gradients Ben", "authors": ["Ben Ben Ben"], "abstract": "New."})
    )
    (tmp_path / "b.jsonl").write_text(
        "\n".join(
            [
                json.dumps({"title": "Private Rivers of Gradients: Ann"}),
                json.dumps({"title": "Private rivers of gradients Ben", "authors": ["Cy Other"]}),
                "17",
            ]
        )
    )
    report = ingest(database, tagger, [tmp_path / "a.jsonl", tmp_path / "b.jsonl"], dry_run=True)
    assert report.run is None
    assert report.preview is not None
    assert [(o.outcome, o.position, bool(o.reason)) for o in report.preview] == [
        ("unchanged", "line 1", True),
        ("updated", "line 2", True),
        ("merged", "line 1", True),
        ("created", "line 2", True),
    ]
    assert [(c.position, c.reason) for c in report.candidates] == [("line 2", "same title, other authors")]
    assert [r.position for r in report.rejected] == ["line 3"]
    assert set(report.as_json()) >= {"created", "updated", "unchanged", "merged", "candidates", "rejected", "preview"}
    assert len(titles(database)) == 2
    with database.reading() as session:
        assert len(session.exec(select(m.IngestRun)).all()) == 1


def test_rejects_are_listed_until_they_are_settled(database: Database, tagger: Tagger, tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"title": "Rivers", "year": 20233}\n17\n')
    first = ingest(database, tagger, [path])
    with database.reading() as session:
        assert [r.position for r in rejects(session)] == ["line 1", "line 2"]
    again = retry(database, tagger)
    assert (again.created, [r.position for r in again.rejected]) == (0, ["line 1", "line 2"])
    with database.reading() as session:
        assert {r.run_id for r in rejects(session)} == {again.run}
        assert len(rejects(session, first.run)) == 2
    path.write_text('{"title": "Rivers", "year": 2023}\n')
    ingest(database, tagger, [path])
    with database.reading() as session:
        assert rejects(session) == []


def test_a_reject_that_can_be_read_now_becomes_a_paper(
    database: Database, tagger: Tagger, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As after an update of the catalogue that reads more: here, titles that were too long."""
    from app.ingest import normalise

    path = tmp_path / "a.bib"
    path.write_text(
        "@misc{a, title={" + "Long rivers " * 100 + "}, author={Ann One}}\n@misc{b, title={Short rivers}}\n"
    )
    assert ingest(database, tagger, [path]).created == 1
    monkeypatch.setattr(normalise, "LONGEST_TITLE", 5000)
    report = retry(database, tagger)
    assert (report.created, report.rejected) == (1, [])
    monkeypatch.undo()
    assert len(titles(database)) == 2
    with database.reading() as session:
        assert rejects(session) == []
        record = session.exec(select(m.SourceRecord).order_by(m.SourceRecord.id.desc())).first()  # type: ignore[union-attr]
        assert record is not None
        assert (record.source, record.format, record.position) == ("a.bib", "bibtex", "line 1")


def test_an_identifier_of_another_paper_does_not_make_two_papers_one(
    database: Database, tagger: Tagger, tmp_path: Path
) -> None:
    """As where a list gives every paper the DOI of its volume."""
    one = {"title": "Private rivers of gradients", "authors": ["Ann One"], "doi": "10.1000/volume"}
    two = {"title": "Unlearning what was never learned", "authors": ["Ben Two"], "doi": "10.1000/volume"}
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(one)}\n{json.dumps(two)}")
    report = ingest(database, tagger, [tmp_path / "a.jsonl"])
    assert (report.created, report.merged) == (2, 0)
    assert [c.reason for c in report.candidates] == ["same DOI, other title and authors"]
    assert ingest(database, tagger, [tmp_path / "a.jsonl"]).unchanged == 2
    (tmp_path / "a.jsonl").write_text(f"{json.dumps(one)}\n{json.dumps(two | {'abstract': 'New.'})}")
    assert ingest(database, tagger, [tmp_path / "a.jsonl"]).updated == 1
    assert len(titles(database)) == 2


def test_a_doi_that_is_none_is_noted_and_its_paper_is_kept(database: Database, tagger: Tagger, tmp_path: Path) -> None:
    (tmp_path / "a.jsonl").write_text(json.dumps({"title": "Private rivers of gradients", "doi": "10.1007/"}))
    report = ingest(database, tagger, [tmp_path / "a.jsonl"])
    assert (report.created, report.rejected) == (1, [])
    assert [(n.position, "10.1007/" in n.reason) for n in report.notes] == [("line 1", True)]
    with database.reading() as session:
        run = session.exec(select(m.IngestRun)).one()
        assert len(run.report["notes"]) == 1


def rows(path: Path, count: int) -> Path:
    path.write_text(
        "\n".join(json.dumps({"title": f"Rivers {n}", "arxiv_id": f"2301.{n:05}"}) for n in range(1, count + 1))
    )
    return path


def test_a_disk_that_is_full_costs_one_batch(tagger: Tagger, tmp_path: Path) -> None:
    """SQLite's own word for it, brought about by a database that may not grow."""
    database = Database(Settings(data_dir=tmp_path))
    database.prepare()
    path = rows(tmp_path / "papers.jsonl", 2000)
    with database.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()

    def limit(connection: sa.Connection) -> None:
        connection.exec_driver_sql(f"PRAGMA max_page_count = {pages + 350}")

    sa.event.listen(database._engine, "engine_connect", limit)
    with pytest.raises(DatabaseUnavailable, match="full"):
        ingest(database, tagger, [path])
    kept = len(titles(database))
    assert 0 < kept < 2000
    assert kept % 500 == 0
    sa.event.remove(database._engine, "engine_connect", limit)
    database.close()
    database = Database(Settings(data_dir=tmp_path))
    report = ingest(database, tagger, [path])
    assert (report.unchanged, report.created) == (kept, 2000 - kept)
    database.close()


def test_a_database_that_goes_in_the_middle_costs_one_batch(tagger: Tagger, tmp_path: Path) -> None:
    import tempfile

    with tempfile.TemporaryDirectory(prefix="epsilon-postgres-", ignore_cleanup_errors=True) as folder:
        server = Postgres(Path(folder))
        try:
            server.create()
        except Missing as missing:
            pytest.skip(str(missing))
        server.start()
        database = Database(Settings(database_url=server.url()))
        database.migrate()
        path = rows(tmp_path / "papers.jsonl", 1500)
        stopped: list[int] = []

        def progress(read: int, part: float) -> None:
            if not stopped:
                server.stop()
                stopped.append(read)

        with pytest.raises(DatabaseUnavailable, match="PostgreSQL"):
            ingest(database, tagger, [path], progress=progress)
        server.start()
        assert len(titles(database)) == 500
        report = ingest(database, tagger, [path])
        assert (report.unchanged, report.created) == (500, 1000)
        database.close()
        server.stop()


def test_a_paper_split_off_leaves_shared_identifiers_where_they_were(
    database: Database, tagger: Tagger, tmp_path: Path
) -> None:
    from app.ingest.curate import split

    paper = {"title": "Private rivers of gradients", "arxiv_id": "2301.00001"}
    for name in ("a.jsonl", "b.jsonl"):
        (tmp_path / name).write_text(json.dumps(paper))
        ingest(database, tagger, [tmp_path / name])
    with database.reading() as session:
        [only] = [p.id for p in papers(session)]
    [other] = split(database, tagger, only)
    with database.reading() as session:
        found = {p.id: p.arxiv_id for p in papers(session)}
        assert get(session, other) is not None
    assert found == {only: "2301.00001", other: None}
    (tmp_path / "b.jsonl").write_text(json.dumps(paper | {"abstract": "New."}))
    assert ingest(database, tagger, [tmp_path / "b.jsonl"]).updated == 1  # and doesn't undo what a curator did
    with database.reading() as session:
        assert {p.id for p in papers(session)} == {only, other}
