"""Sources: each format's file gives what stands beside it, and no bytes stop one."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.paper import Draft, Reject
from app.sources import FORMATS, HEAD, digest, recognise
from app.sources.text import LONGEST

DATA = Path(__file__).parent.parent / "app" / "data"
PAIRS = {
    name: path for name in FORMATS for path in Path(__file__).parent.glob(f"sources/{name}.*") if path.suffix != ".json"
}


def read(name: str, data: bytes) -> list[Draft | Reject]:
    """Read a file, without the records that rejects keep whole."""
    found = FORMATS[name].read(io.BytesIO(data))
    return [replace(record, record="") if isinstance(record, Reject) else record for record in found]


@pytest.mark.parametrize("name", FORMATS)
def test_a_file_gives_what_stands_beside_it(name: str) -> None:
    """``sources/`` holds a hand-made file of each format, and beside it what it says, empty values left out."""
    data = PAIRS[name].read_bytes()
    assert recognise(data[:HEAD]) == name
    found = [{key: value for key, value in asdict(record).items() if value} for record in read(name, data)]
    expected = json.loads((PAIRS[name].parent / f"{name}.json").read_text(encoding="utf-8"))
    assert json.loads(json.dumps(found)) == expected


@pytest.mark.parametrize("name", FORMATS)
def test_what_a_reject_keeps_is_rejected_again_for_the_same_reason(name: str) -> None:
    kept = [r for r in FORMATS[name].read(io.BytesIO(PAIRS[name].read_bytes())) if isinstance(r, Reject) and r.record]
    assert kept or name in {"digest", "awesome"}
    for reject in kept:
        assert reject.reason in {r.reason for r in read(name, reject.record.encode()) if isinstance(r, Reject)}


@pytest.mark.parametrize("name", FORMATS)
def test_a_byte_order_mark_changes_nothing(name: str) -> None:
    data = PAIRS[name].read_bytes()
    assert recognise((b"\xef\xbb\xbf" + data)[:HEAD]) == name
    assert read(name, b"\xef\xbb\xbf" + data) == read(name, data)


@pytest.mark.parametrize("name", FORMATS)
def test_windows_line_ends_change_nothing(name: str) -> None:
    data = PAIRS[name].read_bytes()
    if name == "csv":  # a value keeps its own line end
        data = data.replace(b"private,\nand", b"private, and")
    assert read(name, data.replace(b"\n", b"\r\n")) == read(name, data)


@pytest.mark.parametrize("name", FORMATS)
@given(data=st.binary(max_size=300))
def test_no_bytes_stop_a_source(name: str, data: bytes) -> None:
    assert all(isinstance(record, Draft | Reject) for record in read(name, data))
    assert recognise(data) in {None, *FORMATS}


@pytest.mark.parametrize("name", FORMATS)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_no_damage_stops_a_source(name: str, data: st.DataObject) -> None:
    """Bytes of its own file are cut out, doubled or overwritten."""
    whole = bytearray(PAIRS[name].read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(whole)))
        stop = start + data.draw(st.integers(0, 200))
        whole[start:stop] = data.draw(
            st.one_of(st.binary(max_size=8), st.just(bytes(whole[start:stop] * 2)), st.just(b""))
        )
    assert all(isinstance(record, Draft | Reject) for record in read(name, bytes(whole)))


class Endless(io.RawIOBase):
    """So many bytes of one letter after a beginning, made as they are read."""

    def __init__(self, begin: bytes, size: int, end: bytes) -> None:
        super().__init__()
        self._parts, self._rest = self._make(begin, size, end), b""

    @staticmethod
    def _make(begin: bytes, size: int, end: bytes) -> Iterator[bytes]:
        yield begin
        for _ in range(size // 8000):
            yield b"x" * 8000
        yield end

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        self._rest = self._rest or next(self._parts, b"")
        part, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(part)] = part
        return len(part)


LONG = {
    "digest": (b"Get trending papers in your email inbox!\n", b"\nIts abstract.\nRivers\nFlow.\n"),
    "jsonl": (b'{"title": "', b'"}\n{"title": "Rivers"}\n'),
    "arxiv": (
        b'<?xml version="1.0"?><feed xmlns="http://www.w3.org/2005/Atom"><entry><title>',
        b"</title></entry><entry><title>Rivers</title></entry></feed>",
    ),
    "ris": (b"TY  - JOUR\nTI  - ", b"\nER  - \nTY  - JOUR\nTI  - Rivers\nER  - \n"),
    "bibtex": (b"@misc{a,\n title={", b"},\n}\n@misc{b, title={Rivers}}\n"),
    "csv": (b"title,year\n", b",2020\nRivers,2020\n"),
    "awesome": (b"# List\n- [", b"](https://arxiv.org/abs/2001.00001)\n"),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_line_of_200_mb_is_refused_in_bounded_memory(name: str) -> None:
    import tracemalloc

    begin, end = LONG[name]
    tracemalloc.start()
    records = list(FORMATS[name].read(io.BufferedReader(Endless(begin, 200_000_000, end))))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 40_000_000
    assert isinstance(records[0], Reject)
    assert "longer than" in records[0].reason or "too long" in records[0].reason
    if name != "awesome":  # that is read as a whole
        assert [record.title for record in records if isinstance(record, Draft)] == ["Rivers"]


@pytest.mark.parametrize("name", FORMATS)
def test_broken_utf8_costs_one_record_and_is_reported_at_its_place(name: str) -> None:
    data = PAIRS[name].read_bytes()
    broken = data.replace(b"Unlearning What Was", b"Unlearning What W\xe4s", 1)
    assert broken != data
    before, after = read(name, data), read(name, broken)
    lost = [record for record in before if isinstance(record, Draft) and record not in after]
    assert len(lost) <= 1
    [reject] = [record for record in after if isinstance(record, Reject) and record not in before]
    assert "line" in reject.position
    assert "UTF-8" in reject.reason or "invalid token" in reject.reason


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_is_known_by_its_content_when_damaged_far_behind(name: str) -> None:
    assert recognise(PAIRS[name].read_bytes()[:200].ljust(300, b"\n") + b"\xff\xfe") == name


BOMB = (
    b'<?xml version="1.0"?>\n<!DOCTYPE lolz [<!ENTITY lol "lol"><!ENTITY lol2 "'
    + b"&lol;" * 100
    + b'">]>\n<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>&lol2;</title></entry></feed>'
)


def test_an_xml_bomb_is_refused() -> None:
    assert recognise(BOMB) == "arxiv"
    [reject] = read("arxiv", BOMB)
    assert isinstance(reject, Reject)
    assert "bomb" in reject.reason


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"PK\x03\x04" + b"\x00" * 30, None),
        (b"", None),
        (b"Just some words about papers.\n", None),
        (b"<!DOCTYPE html><html><a href='https://arxiv.org/abs/2001.00001'>A page</a></html>", None),
        (b'<?xml version="1.0"?><records/>', "arxiv"),
        (b"# Our code\n```bibtex\n@misc{a, title={B}}\n```\n- [x](https://arxiv.org/abs/2001.00001)", "awesome"),
        (b"# a comment\n@misc{a, title={B}}", "bibtex"),
        (b"  \n\nTY - JOUR\n", "ris"),
        (b"title;year\nA;2020\n", "csv"),
    ],
)
def test_a_format_is_recognised_by_its_content(data: bytes, what: str | None) -> None:
    assert recognise(data) == what


def test_the_digest_gives_its_119_papers_with_the_titles_of_its_metadata() -> None:
    drafts = read("digest", (DATA / "digest.txt").read_bytes())
    known = [json.loads(line)["title"] for line in (DATA / "digest-metadata.jsonl").read_text().splitlines()]
    assert [draft.title for draft in drafts if isinstance(draft, Draft)] == known
    assert drafts[0].position == "line 3"


def test_a_title_without_abstract_is_rejected_at_its_line() -> None:
    furniture = b"Get trending papers in your email inbox!\n"
    assert digest.recognises(furniture)
    [draft, reject] = read("digest", furniture + b"SubscribeOne\nIts abstract.\nTwo\n")
    assert draft == Draft("One", "Its abstract.", position="line 2")
    assert reject == Reject("line 4", "the title has no abstract on the line after it", "Two")


def test_many_small_records_need_little_memory() -> None:
    import tracemalloc

    entry = b"@misc{a,\n title={Rivers},\n note={%s}\n}\n" % (b"n" * 10_000)
    data = io.BytesIO(entry * (3 * LONGEST // len(entry)))
    tracemalloc.start()
    count = sum(isinstance(record, Draft) for record in FORMATS["bibtex"].read(data))
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert count == 3 * LONGEST // len(entry)
    assert peak < LONGEST
