"""SQLite with tantivy and PostgreSQL with Meilisearch give the same answers, and facet counts keep their promise."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from typing import NamedTuple

import psycopg
import pytest

from app.catalogue import papers
from app.database import Database
from app.ingest.run import load_digest
from app.paper import Paper
from app.search import SearchEngine, SearchPage, SearchRequest
from app.search.engines import open_engine
from app.search.indexer import rebuild
from app.search.query import parse
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.tagging.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()
Params = list[tuple[str, str]]


class Stack(NamedTuple):
    """A catalogue with the digest on one database and one engine."""

    engine: SearchEngine
    papers: tuple[Paper, ...]


def _stack(cleanup: ExitStack, settings: Settings) -> Stack:
    database = Database(settings)
    cleanup.callback(database.close)
    database.migrate()
    load_digest(database, load_tagger())
    engine = open_engine(settings, TAXONOMY)
    cleanup.callback(engine.close)
    rebuild(database, engine)
    with database.reading() as session:
        return Stack(engine, tuple(sorted(papers(session), key=lambda paper: paper.id)))


@pytest.fixture(scope="module")
def stacks(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: str, meilisearch_server: tuple[str, str]
) -> Iterator[tuple[Stack, Stack]]:
    """The same catalogue in the zero set-up and on the servers."""
    name = f"epsilon_parity_{uuid.uuid4().hex[:8]}"
    url, key = meilisearch_server
    with psycopg.connect(postgres_server, autocommit=True) as connection, ExitStack() as cleanup:
        connection.execute(f'CREATE DATABASE "{name}"')
        cleanup.callback(connection.execute, f'DROP DATABASE "{name}" WITH (FORCE)')
        server = Settings(
            data_dir=tmp_path_factory.mktemp("server"),
            database_url=postgres_server.rsplit("/", 1)[0] + f"/{name}",
            search_url=url, search_key=key, search_index=name,
        )  # fmt: skip
        yield _stack(cleanup, Settings(data_dir=tmp_path_factory.mktemp("zero"))), _stack(cleanup, server)


def ask(engine: SearchEngine, params: Params) -> SearchPage:
    return engine.search(request(params))


def request(params: Params) -> SearchRequest:
    parsed = parse(params, TAXONOMY)
    assert not parsed.problems
    return parsed.request


def ids(page: SearchPage) -> list[str]:
    return [hit.paper.id for hit in page.hits]


def counts(page: SearchPage) -> dict[str, dict[str, int]]:
    return {facet: dict(values) for facet, values in page.facets.items()}


def random_filters(rng: random.Random, known: tuple[Paper, ...]) -> Params:
    """Draw filters that papers of the catalogue have, so that answers are seldom empty."""
    example = rng.choice(known)
    params: Params = []
    for facet in TAXONOMY:
        choices = list(facet.with_parents(example.labels.get(facet.id, ())))
        if choices and rng.random() < 0.35:
            wanted = {rng.choice(choices)} | ({rng.choice(list(facet.by_id))} if rng.random() < 0.5 else set())
            params += [(facet.id, value) for value in sorted(wanted)]
    if rng.random() < 0.25:
        params += [("venue", value) for value in sorted({example.venue, rng.choice(known).venue})]
    if rng.random() < 0.1:
        params += [("author", rng.choice(example.authors).id)]
    if rng.random() < 0.25:
        params += [("has", value) for value in rng.sample(["code", "venue"], rng.choice([1, 2]))]
    if rng.random() < 0.25 and example.year:
        params += [("year_from", str(example.year - rng.randint(0, 2)))]
    if rng.random() < 0.2 and example.year:
        params += [("year_to", str(example.year + rng.randint(0, 1)))]
    return params


def test_both_stacks_hold_the_same_papers(stacks: tuple[Stack, Stack]) -> None:
    zero, server = stacks
    assert len(zero.papers) == 119
    assert zero.papers == server.papers


def test_300_random_requests_have_the_same_answer(stacks: tuple[Stack, Stack]) -> None:
    zero, server = stacks
    rng = random.Random(20231)
    found = 0
    for _ in range(300):
        params = random_filters(rng, zero.papers)
        params += [("sort", rng.choice(["newest", "oldest", "title"])), ("per_page", rng.choice(["5", "20", "50"]))]
        params += [("page", str(rng.choice([1, 1, 2, 3])))]
        ours, theirs = ask(zero.engine, params), ask(server.engine, params)
        assert ids(ours) == ids(theirs), params
        assert (ours.total, ours.total_all) == (theirs.total, theirs.total_all), params
        assert counts(ours) == counts(theirs), params
        found += bool(ours.hits)
    assert found > 150


def test_100_phrases_out_of_titles_find_the_same_papers(stacks: tuple[Stack, Stack]) -> None:
    zero, server = stacks
    rng = random.Random(20232)
    for _ in range(100):
        paper = rng.choice(zero.papers)
        words = paper.title.replace('"', " ").split()
        start = rng.randrange(max(1, len(words) - 2))
        phrase = " ".join(words[start : start + rng.randint(2, 5)])
        params = [("q", f'"{phrase}"'), ("per_page", "200")]
        ours, theirs = ask(zero.engine, params), ask(server.engine, params)
        assert paper.id in ids(ours), phrase
        assert sorted(ids(ours)) == sorted(ids(theirs)), phrase
        assert counts(ours) == counts(theirs), phrase


def test_100_queries_of_words_find_the_same_papers(stacks: tuple[Stack, Stack]) -> None:
    zero, server = stacks
    rng = random.Random(20233)
    for _ in range(100):
        paper = rng.choice(zero.papers)
        words = [word for word in f"{paper.title} {paper.abstract}".split() if word.isalpha()]
        q = " ".join(rng.sample(words, rng.randint(1, 4)))
        params = [("q", q), ("per_page", "200"), ("sort", rng.choice(["newest", "title"]))]
        ours, theirs = ask(zero.engine, params), ask(server.engine, params)
        assert (ours.total, ours.total_all) == (theirs.total, theirs.total_all), q
        assert sorted(ids(ours)) == sorted(ids(theirs)), q
        assert counts(ours) == counts(theirs), q


def _alone(params: Params, facet: str, value: str) -> Params:
    if facet == "year":
        return [p for p in params if p[0] not in {"year_from", "year_to"}] + [("year_from", value), ("year_to", value)]
    return [p for p in params if p[0] != facet] + [(facet, value)]


@pytest.mark.parametrize("which", [0, 1], ids=["embedded", "meilisearch"])
def test_a_facet_count_is_the_total_with_that_value_alone(stacks: tuple[Stack, Stack], which: int) -> None:
    engine, known = stacks[which]
    rng = random.Random(20234)
    checked = 0
    for number in range(20):
        params = random_filters(rng, known)
        if number % 4 == 0:
            params += [("q", rng.choice(["privacy", "federated learning", "dropout gradient", '"language models"']))]
        page = ask(engine, params)
        for facet, values in page.facets.items():
            for value in _every_value(facet, values):
                total = ask(engine, [*_alone(params, facet, value), ("per_page", "1")]).total
                assert total == values.get(value, 0), (params, facet, value)
                checked += 1
    assert checked > 1000


def _every_value(facet: str, values: Mapping[str, int]) -> list[str]:
    return list(TAXONOMY.by_id[facet].by_id) if facet in TAXONOMY.by_id else list(values)


@pytest.mark.parametrize("which", [0, 1], ids=["embedded", "meilisearch"])
def test_a_further_value_never_lowers_the_total(stacks: tuple[Stack, Stack], which: int) -> None:
    engine, known = stacks[which]
    rng = random.Random(20235)
    for _ in range(20):
        params = random_filters(rng, known)
        page = ask(engine, params)
        for facet in {name for name, _ in params} & set(page.facets):
            for value in page.facets[facet]:
                assert ask(engine, [*params, (facet, value)]).total >= page.total, (params, facet, value)
