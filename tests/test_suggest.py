"""Suggestions while typing: labels, venues, authors, titles, in this order, on either engine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from search_papers import PAPERS, paper

from app.search import SearchEngine
from app.search.engines import open_engine
from app.settings import Settings
from app.tagging.taxonomy import load_taxonomy
from app.web.address import Address
from app.web.suggest import MOST, suggestions

TAXONOMY = load_taxonomy()
VENUES = {"neurips": "NeurIPS", "icml": "ICML", "federated": "Federated Journal"}
FEDERICA = paper("fed", "Federated Everything", authors=("Federica Example",), year=2020)


@pytest.fixture
def engine(search_settings: dict[str, str], tmp_path: Path) -> Iterator[SearchEngine]:
    opened = open_engine(Settings(data_dir=tmp_path, **search_settings), TAXONOMY)
    opened.rebuild([*PAPERS, FEDERICA])
    yield opened
    opened.close()


def test_each_kind_comes_in_its_turn_and_leads_to_its_page(engine: SearchEngine) -> None:
    def kinds(typed: str) -> list[str]:
        return [s.kind for s in suggestions(typed, TAXONOMY, VENUES, Address(), engine.suggest)]

    found = suggestions("fed", TAXONOMY, VENUES, Address(), engine.suggest)
    order = ["technique", "venue", "author", "paper"]
    assert [kind for kind in order if kind in {s.kind for s in found}] == order
    assert [s.kind for s in found] == sorted((s.kind for s in found), key=order.index)
    assert ("author", "Federica Example", "/authors/federica-example") in [(s.kind, s.label, s.url) for s in found]
    assert ("venue", "Federated Journal", "/venues/federated") in [(s.kind, s.label, s.url) for s in found]
    assert len(found) <= MOST
    assert kinds("deep leak") == ["paper"]
    assert kinds("neur") == ["venue"]
    assert kinds("") == kinds("  ") == kinds("zzzz") == []
