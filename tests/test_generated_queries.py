"""Queries made at random: both engines find the same and count the same, and mark what matched.

``EPSILON_TEST_QUERIES`` says how many; 2000 take some minutes.
"""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from itertools import islice

import pytest
from query_maker import queries, wrong_marks

from app.catalogue import papers
from app.database import Database
from app.ingest.run import load_digest
from app.paper import Paper
from app.search import SearchEngine
from app.search.engines import open_engine
from app.search.language import parse_text, to_text
from app.search.query import parse
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.tagging.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
MOST = int(os.environ.get("EPSILON_TEST_QUERIES", "250"))
Both = tuple[tuple[Paper, ...], SearchEngine, SearchEngine]


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory, meilisearch_server: tuple[str, str]) -> Iterator[Both]:
    """The papers of the digest, and both engines with them."""
    url, key = meilisearch_server
    zero = Settings(data_dir=tmp_path_factory.mktemp("generated"))
    database = Database(zero)
    database.migrate()
    load_digest(database, load_tagger())
    with database.reading() as session:
        found = tuple(papers(session))
    database.close()
    server = Settings(search_url=url, search_key=key, search_index="test-generated")
    one, other = open_engine(zero, TAXONOMY), open_engine(server, TAXONOMY)
    one.rebuild(found)
    other.rebuild(found)
    yield found, one, other
    one.close()
    other.close()


def test_both_engines_find_and_count_the_same(both: Both) -> None:
    known, one, other = both
    rng = random.Random(60)
    ranked = 0
    for q in islice(queries(rng, known, TAXONOMY), MOST):
        tree = parse_text(q, TAXONOMY)
        assert parse_text(to_text(tree), TAXONOMY) == tree, q
        request = parse([("q", q), ("synonyms", rng.choice(["on", "off"])), ("per_page", "200")], TAXONOMY).request
        ours, theirs = one.search(request), other.search(request)
        assert (ours.total, ours.total_all) == (theirs.total, theirs.total_all), q
        assert {f: dict(c) for f, c in ours.facets.items()} == {f: dict(c) for f, c in theirs.facets.items()}, q
        assert {h.paper.id for h in ours.hits} == {h.paper.id for h in theirs.hits}, q
        assert (ours.corrected, ours.synonyms) == (theirs.corrected, theirs.synonyms), q
        ranked += ours.total > 1
    assert ranked > MOST // 3


@pytest.mark.parametrize("which", [1, 2], ids=["embedded", "meilisearch"])
def test_what_is_marked_is_what_matched(both: Both, which: int) -> None:
    known, engine = both[0], both[which]
    assert not isinstance(engine, tuple)
    rng = random.Random(61)
    marked = 0
    for q in islice(queries(rng, known, TAXONOMY), MOST):
        request = parse([("q", q)], TAXONOMY).request
        page = engine.search(request)
        assert not list(wrong_marks(page, request)), q
        marked += sum(len(part.spans) for hit in page.hits for part in (hit.title, hit.snippet))
    assert marked > MOST
