"""An engine that is down, locked or broken says so in one clear line, and comes back by itself."""

from __future__ import annotations

import multiprocessing
import shutil
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import pytest
from search_papers import PAPERS
from servers import Meilisearch, Missing, free_port

from app.search import EngineUnavailable, IndexInUse, SearchEngine
from app.search.engines import open_engine
from app.search.query import parse
from app.settings import Settings
from app.tagging.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()


Open = Callable[..., SearchEngine]


@pytest.fixture
def engine_of() -> Iterator[Open]:
    """Opens engines from settings, and closes them at the end."""
    with ExitStack() as cleanup:

        def opened(**settings: Any) -> SearchEngine:
            return cleanup.enter_context(closing(open_engine(Settings(**settings), TAXONOMY)))

        yield opened


def total(engine: SearchEngine, q: str = "") -> int:
    return engine.search(parse([("q", q)], TAXONOMY).request).total


@pytest.mark.parametrize("address", ["http://127.0.0.1:{port}", "http://no-such-host.invalid:7700"])
def test_a_server_that_is_not_there_is_one_line_that_says_what_to_do(engine_of: Open, address: str) -> None:
    engine = engine_of(search_url=address.format(port=free_port()))
    for ask in (
        lambda: total(engine), engine.generation, engine.needs_rebuild, lambda: engine.put(PAPERS[:1]),
        lambda: engine.delete(["leak"]), lambda: engine.rebuild(PAPERS), lambda: list(engine.revisions()),
    ):  # fmt: skip
        with pytest.raises(EngineUnavailable, match="EPSILON_SEARCH_URL") as raised:
            ask()
        assert "\n" not in str(raised.value)


def test_a_wrong_key_is_named(engine_of: Open, meilisearch_settings: dict[str, str]) -> None:
    engine = engine_of(**{**meilisearch_settings, "search_key": "wrong"})
    with pytest.raises(EngineUnavailable, match="EPSILON_SEARCH_KEY"):
        total(engine)


def test_a_server_that_comes_back_is_used_again(engine_of: Open, tmp_path: Path) -> None:
    server = Meilisearch(tmp_path)
    try:
        server.start()
    except Missing as missing:
        pytest.skip(str(missing))
    try:
        engine = engine_of(search_url=server.url, search_key=server.key)
        engine.rebuild(PAPERS)
        assert total(engine) == len(PAPERS)
        server.stop()
        for _ in range(3):
            with pytest.raises(EngineUnavailable):
                total(engine)
        server.start()
        assert total(engine) == len(PAPERS)
    finally:
        server.stop()


def test_two_catalogues_share_a_server(engine_of: Open, meilisearch_settings: dict[str, str]) -> None:
    one = engine_of(**meilisearch_settings)
    name = meilisearch_settings["search_index"]
    other = engine_of(**{**meilisearch_settings, "search_index": f"{name}-2"})
    one.rebuild(PAPERS)
    other.rebuild(PAPERS[:2])
    one.rebuild(PAPERS[:5])
    assert (total(one), total(other)) == (5, 2)


def test_broken_files_are_one_line_and_a_rebuild_mends_them(engine_of: Open, tmp_path: Path) -> None:
    engine = engine_of(data_dir=tmp_path)
    engine.rebuild(PAPERS)
    engine.close()
    (folder,) = (tmp_path / "index").glob("index-*")
    (folder / "meta.json").write_text("{")
    again = engine_of(data_dir=tmp_path)
    with pytest.raises(EngineUnavailable, match="epsilon index rebuild"):
        total(again)
    again.rebuild(PAPERS)
    assert total(again) == len(PAPERS)
    shutil.rmtree(tmp_path / "index")
    assert again.needs_rebuild()
    again.rebuild(PAPERS)
    assert total(again) == len(PAPERS)


def test_a_folder_that_cannot_be_written_is_one_line(engine_of: Open, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    engine = engine_of(data_dir=tmp_path / "file")
    for ask in (lambda: engine.put(PAPERS), lambda: engine.rebuild(PAPERS), lambda: total(engine)):
        with pytest.raises(EngineUnavailable):
            ask()


def _try_to_write(folder: Path, answers: multiprocessing.Queue[str]) -> None:
    engine = open_engine(Settings(data_dir=folder), TAXONOMY)
    try:
        engine.put(PAPERS[:1])
        answers.put("written")
    except IndexInUse:
        answers.put(f"in use, {total(engine)} papers")


def test_one_process_writes_and_others_read(engine_of: Open, tmp_path: Path) -> None:
    engine = engine_of(data_dir=tmp_path)
    engine.put(PAPERS[:3])
    context = multiprocessing.get_context("spawn")
    answers: multiprocessing.Queue[str] = context.Queue()
    for expected in ("in use, 3 papers", "written"):
        process = context.Process(target=_try_to_write, args=(tmp_path, answers))
        process.start()
        assert answers.get(timeout=60) == expected
        process.join()
        engine.close()


def test_a_reader_sees_what_another_engine_wrote(
    engine_of: Open, search_settings: dict[str, str], tmp_path: Path
) -> None:
    settings = {"data_dir": tmp_path, **search_settings}
    writer, reader = engine_of(**settings), engine_of(**settings)
    writer.rebuild(PAPERS[:2])
    assert total(reader) == 2
    before = reader.generation()
    writer.put(PAPERS[2:3])
    assert (total(reader), total(reader, "MIA ")) == (3, 2)
    writer.rebuild(PAPERS)
    assert total(reader, "leakge ") == 1
    assert reader.generation() != before


def test_many_threads_search_while_the_index_is_rebuilt(
    engine_of: Open, search_settings: dict[str, str], tmp_path: Path
) -> None:
    engine = engine_of(data_dir=tmp_path, **search_settings)
    engine.rebuild(PAPERS)

    def ask(number: int) -> set[int]:
        return {total(engine, q) for q in ("", "-zzz ")} if number % 2 else {total(engine)}

    with ThreadPoolExecutor(8) as pool:
        answers = [pool.submit(ask, number) for number in range(60)]
        for _ in range(4):
            engine.rebuild(PAPERS[:5])
            engine.rebuild(PAPERS)
        seen = set().union(*(answer.result() for answer in answers))
    assert seen <= {5, len(PAPERS)}
