"""What both engines promise, asked of each in the same words: tantivy in a folder, and a real Meilisearch."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain
from pathlib import Path

import pytest
from search_papers import PAPERS, paper

from app.paper import Paper
from app.search import EngineUnavailable, SearchEngine, SearchPage
from app.search.engines import open_engine
from app.search.query import parse
from app.settings import Settings
from app.tagging.taxonomy import Facet, Label, Taxonomy, load_taxonomy

TAXONOMY = load_taxonomy()
Pair = tuple[str, str]


@pytest.fixture(scope="module", params=["embedded", "meilisearch"])
def engine(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SearchEngine]:
    """An engine that holds the papers; tests that write use ``empty``."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("contract"))
    if request.param == "meilisearch":
        url, key = request.getfixturevalue("meilisearch_server")
        settings = Settings(search_url=url, search_key=key, search_index="test-contract")
    opened = open_engine(settings, TAXONOMY)
    opened.rebuild(PAPERS)
    yield opened
    opened.close()


@pytest.fixture
def empty(search_settings: dict[str, str], tmp_path: Path) -> Iterator[SearchEngine]:
    opened = open_engine(Settings(data_dir=tmp_path, **search_settings), TAXONOMY)
    yield opened
    opened.close()


def ask(engine: SearchEngine, q: str = "", *more: Pair) -> SearchPage:
    return engine.search(parse([("q", q), *more], TAXONOMY).request)


def ids(page: SearchPage) -> list[str]:
    return [hit.paper.id for hit in page.hits]


def marked(page: SearchPage, paper_id: str) -> list[str]:
    hit = next(hit for hit in page.hits if hit.paper.id == paper_id)
    return [part.text[start:end] for part in (hit.title, hit.snippet) for start, end in part.spans]


EVERYONE = {p.id for p in PAPERS}
FOUND = [
    ("gradients ", {"leak"}),
    ("gradient ", {"leak"}),
    ("GRADIENT ", {"leak"}),
    ("Muller ", {"leak"}),
    ("Žiga ", {"leak"}),
    ("ε ", {"anonymise"}),
    ("anonymizing ", {"anonymise"}),
    ("behavior ", {"anonymise"}),
    ('"deep leakage"', {"leak"}),
    ('"leakage deep"', set()),
    ('"large language model"', {"fedlora", "two"}),
    ('-"large language model" language', {"mia-text", "one"}),
    ('"shared gradients" OR "fine tuning"', {"leak", "fedlora"}),
    ('"gradients we"', set()),
    ("federated -vertical ", {"fedlora"}),
    ("unlearning OR leakage ", {"unlearn", "leak"}),
    ("title:federated", {"vertical"}),
    ('title:"membership inference"', {"shokri"}),
    ("author:shokri", {"shokri"}),
    ('author:"Reza Shokri"', {"shokri"}),
    ("author:zhu ", {"leak"}),
    ("venue:NeurIPS", {"leak"}),
    ("technique:federated-learning", {"fedlora", "vertical"}),
    ("-technique:federated-learning federated", set()),
    ("year:2023", {"vertical", "unlearn"}),
    ("year:2017..2019", {"leak", "shokri"}),
    ("year:..2019", {"leak", "shokri"}),
    ("2024", {"mia-text"}),
    ("2025", {"vertical"}),
    ("1906.08935", {"leak"}),
    ("https://arxiv.org/pdf/1906.08935v3", {"leak"}),
    ("https://doi.org/10.1109/SP.2017.41", {"shokri"}),
    ("9999.99999 ", set()),
    ("ondevice ", {"fedlora"}),
    ("on device", {"fedlora"}),
    ("dp fedlora", {"fedlora"}),
    ("dpfedlora ", {"fedlora"}),
    ("stragg", {"vertical"}),
    ("-gradients ", EVERYONE - {"leak"}),
    ("", EVERYONE),
]


@pytest.mark.parametrize(("q", "expected"), FOUND)
def test_a_query_finds_exactly(engine: SearchEngine, q: str, expected: set[str]) -> None:
    page = ask(engine, q)
    assert set(ids(page)) == expected
    assert page.total == page.total_all == len(expected)


def test_a_typo_is_read_as_the_word_and_the_answer_says_so(engine: SearchEngine) -> None:
    page = ask(engine, "leakge ")
    assert ids(page) == ["leak"]
    assert [(c.typed, c.read_as) for c in page.corrected] == [("leakge", "leakage")]
    assert marked(page, "leak") == ["Leakage"]


@pytest.mark.parametrize("q", ['"leakge"', "title:leakge", "-leakge leakage ", "20244 ", "frm "])
def test_no_typo_is_mended_in_phrases_fields_exclusions_numbers_and_short_words(engine: SearchEngine, q: str) -> None:
    assert ask(engine, q).corrected == ()


def test_synonyms_find_more_come_later_are_named_and_can_be_stopped(engine: SearchEngine) -> None:
    page = ask(engine, "MIA ")
    assert set(ids(page)) == {"mia-text", "shokri"}
    assert ids(page)[0] == "mia-text"
    assert [s.typed for s in page.synonyms] == ["MIA"]
    assert "membership inference" in page.synonyms[0].also
    assert marked(page, "shokri")[0] == "Membership Inference"
    off = ask(engine, "MIA ", ("synonyms", "off"))
    assert (ids(off), off.synonyms) == (["mia-text"], ())
    assert "leak" in ids(ask(engine, "DLG "))
    assert "unlearn" in ids(ask(engine, "right to be forgotten"))


def test_a_label_of_the_taxonomy_finds_the_papers_with_its_tag(engine: SearchEngine) -> None:
    assert "leak" in ids(ask(engine, "gradient inversion "))


def test_a_part_of_a_label_finds_its_papers_too(engine: SearchEngine) -> None:
    assert {"fedlora", "vertical"} <= set(ids(ask(engine, "collaborative learning ")))


def test_a_plain_word_that_no_paper_has_is_searched_as_what_it_stands_for(engine: SearchEngine) -> None:
    page = ask(engine, "snapshot ")
    assert ids(page) == ["leak"]
    assert [s.typed for s in page.synonyms] == ["snapshot"]
    assert page.corrected == ()
    assert marked(page, "leak") == ["images"]
    assert ask(engine, "snapshot ", ("synonyms", "off")).total == 0


def test_an_abbreviation_in_capitals_is_no_small_word(empty: SearchEngine) -> None:
    empty.rebuild([paper("he", "Homomorphic Encryption"), paper("other", "He said that he would heal")])
    assert ids(ask(empty, "HE")) == ids(ask(empty, "HE ")) == ["he"]
    assert ids(ask(empty, "he ")) == ["other", "he"]


def test_a_question_goes_on_with_papers_that_have_some_of_the_words(engine: SearchEngine) -> None:
    page = ask(engine, "how do gradients reveal pedestrians or stragglers")
    assert page.total_all == 0
    assert set(ids(page)) == {"leak", "anonymise", "vertical"}
    assert page.total == 3
    assert sum(page.facets["year"].values()) == 2  # one has no year
    first = ask(engine, "federated stragglers ")
    assert (first.total_all, first.total) == (1, 2)
    assert ids(first) == ["vertical", "fedlora"]
    assert ids(ask(engine, "federated stragglers ", ("per_page", "1"), ("page", "2"))) == ["fedlora"]
    assert ids(ask(engine, "stragglers federated ", ("sort", "newest"))) == ["vertical", "fedlora"]


@pytest.mark.parametrize(
    "typed",
    [
        "Membership Inference Attacks Against Machine Learning Models",
        "SubscribeMembership Inference Attacks Against Machine Learning Models",
        "membership inference attacks, against machine lerning",
        "Membership Inference Attacks Aga",
        "deep leakage: from gradeints",
        "dp fed lora",
    ],
)
def test_a_pasted_title_comes_first(engine: SearchEngine, typed: str) -> None:
    expected = "leak" if "eakage" in typed else "fedlora" if "lora" in typed else "shokri"
    assert ids(ask(engine, typed))[0] == expected


@pytest.mark.parametrize(
    "typed",
    ["Sample Sizes of Private Learners", "Sample oSizes of Private Learners", "smaple sizes of privte learners"],
)
def test_a_whole_title_is_first_among_those_that_are_nearly_the_same(empty: SearchEngine, typed: str) -> None:
    others = [
        paper(f"other{i}", f"Sample Sizes in Private Learners {'again' * (i > 0)}", "Private sizes.") for i in (0, 1)
    ]
    empty.put([*others, paper("meant", "Sample Sizes of Private Learners", "A long text. " * 40)])
    assert ids(ask(empty, typed))[0] == "meant"


def test_facets_ignore_their_own_filter_and_parents_count_their_children(engine: SearchEngine) -> None:
    page = ask(engine, "", ("technique", "vertical-fl"))
    assert ids(page) == ["vertical"]
    assert page.facets["technique"]["federated-learning"] == 2
    assert page.facets["technique"]["dp-training"] == 1
    assert page.facets["technique"]["differential-privacy"] == 1
    assert page.facets["technique"]["secure-computation"] == 1
    assert page.facets["venue"] == {"icml": 1}
    assert page.facets["year"] == {"2023": 1}
    both = ask(engine, "", ("technique", "vertical-fl"), ("technique", "machine-unlearning"))
    assert set(ids(both)) == {"vertical", "unlearn"}
    years = ask(engine, "", ("year_from", "2023"), ("year_to", "2023"))
    assert (years.total, years.facets["year"]["2019"]) == (2, 1)


def test_has_wants_all_of_its_values(engine: SearchEngine) -> None:
    assert ids(ask(engine, "", ("has", "code"))) == ["leak"]
    assert set(ids(ask(engine, "", ("has", "venue")))) == {"leak", "shokri", "vertical"}
    assert ids(ask(engine, "", ("has", "venue"), ("has", "code"))) == ["leak"]


def test_orders_are_total_and_each_others_reverse(engine: SearchEngine) -> None:
    newest = ids(ask(engine, "", ("sort", "newest")))
    expected = ["fedlora", "mia-text", "unlearn", "vertical", "one", "two", "html", "leak", "shokri", "anonymise"]
    assert newest == expected
    assert ids(ask(engine, "", ("sort", "oldest"))) == newest[::-1]
    titles = ids(ask(engine, "", ("sort", "title")))
    assert titles == ["html", "anonymise", "leak", "fedlora", "one", "two", "unlearn", "shokri", "mia-text", "vertical"]


@pytest.mark.parametrize("sort", ["newest", "oldest", "title", "relevance"])
def test_every_page_can_be_reached_and_the_one_after_is_empty(engine: SearchEngine, sort: str) -> None:
    params = (("sort", sort), ("per_page", "3"))
    pages = [
        ask(engine, "a OR model OR federated OR learning OR -zzz ", *params, ("page", str(n))) for n in range(1, 5)
    ]
    found = list(chain.from_iterable(map(ids, pages)))
    assert sorted(found) == sorted(EVERYONE)
    assert {page.total for page in pages} == {len(PAPERS)}
    for beyond in ("5", "1000000"):
        page = ask(engine, "learning OR -zzz ", *params, ("page", beyond))
        assert (ids(page), page.total) == ([], len(PAPERS))


@pytest.mark.parametrize("sort", ["relevance", "newest"])
def test_every_page_of_an_answer_with_some_of_the_words_can_be_reached(empty: SearchEngine, sort: str) -> None:
    both = [paper(f"both{i}", "Apples and pears", year=2000 + i) for i in range(3)]
    one = [
        paper(f"one{i}", "Apples" if i % 2 else "Pears", "of a kind " * (i % 7), year=2000 + i % 5) for i in range(120)
    ]
    empty.rebuild([*both, *one, paper("none", "Plums")])
    found: list[str] = []
    for number in range(1, 10):
        page = ask(empty, "apples pears ", ("page", str(number)), ("per_page", "20"), ("sort", sort))
        assert (page.total, page.total_all) == (123, 3)
        found += ids(page)
    assert set(found[:3]) == {p.id for p in both}
    assert sorted(found) == sorted(p.id for p in (*both, *one))


def test_equal_papers_come_in_the_order_of_year_then_id(empty: SearchEngine) -> None:
    same = [paper(f"p{i}", "Twins", "the same words", year=2020 + i % 2) for i in range(6)]
    empty.rebuild(same)
    assert ids(ask(empty, "twins ")) == ["p1", "p3", "p5", "p0", "p2", "p4"]


def test_spans_are_the_matched_words_of_the_papers_own_text(engine: SearchEngine) -> None:
    page = ask(engine, "haystack ")
    (hit,) = page.hits
    assert hit.title.text == hit.paper.title == "<b>Bold</b> & <script>alert(1)</script> Claims"
    assert hit.snippet.text in hit.paper.abstract
    assert marked(page, "html") == ["haystack"]
    assert len(hit.snippet.text) < 500
    assert marked(ask(engine, "grad"), "leak") == ["Gradients", "gradients"]
    assert marked(ask(engine, "ondevice "), "fedlora") == ["On-Device"]
    assert marked(ask(engine, '"fine tuning"'), "fedlora") == ["Fine-Tuning", "fine-tuning"]
    assert marked(ask(engine, "title:federated"), "vertical") == ["Federated"]


def test_a_paper_comes_back_as_it_was_put(engine: SearchEngine) -> None:
    assert {hit.paper.id: hit.paper for hit in ask(engine).hits} == {p.id: p for p in PAPERS}


@pytest.mark.parametrize(
    ("typed", "authors", "papers"),
    [
        ("shok", ["Reza Shokri"], ["shokri"]),
        ("Reza Sho", ["Reza Shokri"], ["shokri"]),
        ("zhu ligeng", ["Ligeng Zhu"], ["leak"]),
        ("muller", ["Žiga Müller"], ["leak"]),
        ("deep lea", [], ["leak"]),
        ("zzzz", [], []),
        ("", [], None),
    ],
)
def test_what_is_typed_becomes_authors_and_titles(
    engine: SearchEngine, typed: str, authors: list[str], papers: list[str] | None
) -> None:
    found = engine.suggest(parse([("q", typed), ("per_page", "5")], TAXONOMY).request)
    assert [author.name for author in found.authors] == authors
    assert papers is None or [paper.id for paper in found.papers] == papers


def test_many_people_of_one_name_come_by_their_papers(empty: SearchEngine) -> None:
    empty.rebuild(
        [
            paper(f"p{i}", "A", authors=(f"Wei Li {'ab'[i > 2]}", *(f"Li Person{i}{j}" for j in range(9))))
            for i in range(5)
        ]
    )
    found = empty.suggest(parse([("q", "wei "), ("per_page", "2")], TAXONOMY).request)
    assert [author.name for author in found.authors] == ["Wei Li a", "Wei Li b"]


def test_related_papers_share_rare_words_labels_or_authors(engine: SearchEngine) -> None:
    by_id = {p.id: p for p in PAPERS}

    def related(paper_id: str, most: int = 5) -> list[str]:
        return [p.id for p in engine.related(by_id[paper_id], most)]

    assert related("one")[0] == "two"
    assert "mia-text" in related("shokri")
    assert "vertical" in related("fedlora")
    assert len(related("fedlora", 1)) == 1
    assert all(paper_id not in related(paper_id) for paper_id in by_id)
    alone = paper("alone", "Nothing Shared", "zzz", authors=())
    assert engine.related(alone, 5) == ()


def test_papers_of_an_author_are_related(empty: SearchEngine) -> None:
    one, other = paper("one", "Apples", authors=("Ada X",)), paper("other", "Pears", authors=("Ada X", "B Y"))
    empty.rebuild([one, other, paper("third", "Plums", authors=("C Z",))])
    assert [p.id for p in empty.related(one, 5)] == ["other"]


NASTY = [
    "\x00", "a\x00b", "\ud800", "x" * 5_000, "word " * 1_000, '"' * 301, "(((((", "a OR " * 500, "-", "title:", '""',
    '"phrase" ' * 300, "-a " * 400, "\\", '"\\"', "technique:\"x' OR 1=1", "*", "a*b?c", "ﷺ" * 100, "日本語 の 論文",
    "e\u0301" * 300, "🙂", "year:9999..0001", "doi:10.1234/" + "a" * 4_000, "\u202e\u200b", "a:b:c:d", "~2", "1e400",
    "AND NOT [x TO y] {z} ^3", "IN [", 'id = "x"', "_", "privacy\n\r\t", "\u2028", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
]  # fmt: skip


@pytest.mark.parametrize("q", NASTY)
def test_no_text_is_an_error(engine: SearchEngine, q: str) -> None:
    for sort in ("relevance", "title"):
        page = ask(engine, q, ("sort", sort))
        assert len(engine.suggest(parse([("q", q)], TAXONOMY).request).papers) <= 20
        assert page.total >= page.total_all >= 0
        assert len(page.hits) == min(page.total, 20)


@pytest.mark.parametrize("value", ["", "\x00", 'a"b', "a\\", "a'b]", "é" * 600, "x" * 5_000, "\ud800", "A b"])
@pytest.mark.parametrize("facet", ["technique", "venue", "author"])
def test_no_filter_is_an_error(engine: SearchEngine, facet: str, value: str) -> None:
    wanted = value.replace("\x00", "").replace("\ud800", "")
    assert ask(engine, "", (facet, value)).total == (0 if wanted else len(PAPERS))


# writing


def test_put_replaces_and_delete_takes_out_at_once(empty: SearchEngine) -> None:
    empty.put(PAPERS[:2])
    assert set(ids(ask(empty))) == {"leak", "shokri"}
    before = empty.generation()
    empty.put([replace(PAPERS[0], revision=2, title="Shallow Leakage")])
    empty.put([replace(PAPERS[0], revision=2, title="Shallow Leakage")])
    assert empty.generation() != before
    assert ask(empty, "shallow ").total == 1
    assert ask(empty, '"deep leakage"').total == 0
    assert dict(empty.revisions()) == {"leak": 2, "shokri": 1}
    empty.delete(["leak", "nobody"])
    assert dict(empty.revisions()) == {"shokri": 1}
    empty.put([])
    empty.delete([])
    assert ask(empty).generation == empty.generation()


def test_an_index_that_is_missing_wants_to_be_built_and_says_what_to_do(empty: SearchEngine) -> None:
    assert empty.needs_rebuild()
    assert list(empty.revisions()) == []
    assert empty.generation() == empty.generation()
    empty.delete(["leak"])
    with pytest.raises(EngineUnavailable, match="epsilon index rebuild"):
        ask(empty)
    empty.rebuild([])
    assert not empty.needs_rebuild()
    assert ask(empty).total == 0


def test_a_rebuild_that_fails_leaves_the_old_index(empty: SearchEngine) -> None:
    empty.rebuild(PAPERS[:3])

    def broken() -> Iterator[Paper]:
        yield PAPERS[0]
        raise RuntimeError("the database went away")

    with pytest.raises(RuntimeError):
        empty.rebuild(broken())
    assert ask(empty).total == 3
    empty.rebuild(iter(PAPERS))
    assert ask(empty).total == len(PAPERS)


def test_another_version_of_the_taxonomy_is_noticed(search_settings: dict[str, str], tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, **search_settings)
    first = open_engine(settings, TAXONOMY)
    first.rebuild(PAPERS)
    first.close()
    fifth = Facet("colour", "colours", "Colour", "What colour it has.", (Label("red", "Red", "Is red."),))
    second = open_engine(settings, Taxonomy((*TAXONOMY.facets, fifth)))
    assert second.needs_rebuild()
    with pytest.raises(EngineUnavailable, match="another version"):
        ask(second)
    second.rebuild([replace(PAPERS[0], labels={"colour": ("red",)})])
    assert not second.needs_rebuild()
    found = second.search(parse([("q", "colour:red")], Taxonomy((*TAXONOMY.facets, fifth))).request)
    assert (found.total, found.facets["colour"]) == (1, {"red": 1})
    second.close()


def test_papers_with_half_characters_and_odd_ids_are_kept(empty: SearchEngine) -> None:
    odd = [paper("müller-ü", "Half \ud800 a character"), paper("x" * 150, "\x00 Control", "", published=None)]
    empty.put(odd)
    assert set(ids(ask(empty))) == {"müller-ü", "x" * 150}
    assert ids(ask(empty, "character ")) == ["müller-ü"]
    empty.delete(["müller-ü"])
    assert ask(empty).total == 1
