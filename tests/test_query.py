"""The query language: what people type becomes a tree, a tree becomes text and addresses again."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.search import SearchRequest, Sort
from app.search import query as q
from app.search.query import parse, parse_text, to_text, url_params
from app.search.tree import And, Everything, Field, Node, Not, Or, Phrase, Word, Years
from app.tagging.taxonomy import load_taxonomy

TAXONOMY = load_taxonomy()


def tree(text: str) -> Node:
    return parse_text(text, TAXONOMY)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", Everything()),
        ("  \x00 ", Everything()),
        ("- & OR", Everything()),
        ("privac", Word("privac", prefix=True)),
        ("privacy ", Word("privacy")),
        ("privacy?", Word("privacy")),
        ("deep leakage ", And((Word("deep"), Word("leakage")))),
        ('"deep leakage"', Phrase("deep leakage")),
        ('"never closed', Phrase("never closed")),
        ("“curly quotes”", Phrase("curly quotes")),
        ("a -b ", And((Word("a"), Not(Word("b"))))),
        ('-"a b"', Not(Phrase("a b"))),
        ("non-IID ", Word("non-IID")),
        ("FedVS - stragglers ", And((Word("FedVS"), Word("stragglers")))),
        ("a OR b c ", And((Or((Word("a"), Word("b"))), Word("c")))),
        ("a OR b OR c", Or((Word("a"), Word("b"), Word("c", prefix=True)))),
        ("OR a OR OR b OR ", Or((Word("a"), Word("b")))),
        ("a or b ", And((Word("a"), Word("or"), Word("b")))),
        ("title:leakage", Field("title", Word("leakage"))),
        ('title:"deep leakage"', Field("title", Phrase("deep leakage"))),
        ("author:Shokri", Field("author", Word("Shokri"))),
        ("venue:NeurIPS", Field("venue", Word("NeurIPS"))),
        ("technique:mpc", Field("technique", Word("mpc"))),
        ('technique:"Local DP"', Field("technique", Word("local-dp"))),
        ("-technique:mpc", Not(Field("technique", Word("mpc")))),
        ("year:2023", Years(2023, 2023)),
        ("year:2021..2023", Years(2021, 2023)),
        ("year:2021..", Years(2021, None)),
        ("year:..2021", Years(None, 2021)),
        ("year:soon ", Word("year:soon")),
        ("data:driven ", Word("data:driven")),
        ("Data: a survey ", And((Word("Data"), Word("a"), Word("survey")))),
        ('technique:"of drawing" ', And((Word("technique"), Phrase("of drawing")))),
        ("2309.13038", Field("arxiv", Word("2309.13038"))),
        ("arXiv:2309.13038v2", Field("arxiv", Word("2309.13038"))),
        (" https://arxiv.org/pdf/2309.13038v1.pdf ", Field("arxiv", Word("2309.13038"))),
        ("arXiv 2309.13038", Field("arxiv", Word("2309.13038"))),
        ("https://doi.org/10.1109/ICCV51070.2023.00466", Field("doi", Word("10.1109/iccv51070.2023.00466"))),
        ("SubscribeFedVS: Straggler ", And((Word("FedVS"), Word("Straggler")))),
        ("Subscribe Deep ", Word("Deep")),
    ],
)
def test_text_becomes_a_tree(text: str, expected: Node) -> None:
    assert tree(text) == expected
    assert tree(to_text(expected)) == expected


PIECES = st.one_of(
    st.sampled_from(
        [
            "OR",
            "-",
            '"',
            ":",
            " ",
            "  ",
            "year:2021..2023",
            "technique:mpc",
            "data:x",
            'title:"',
            "author:",
            "venue:",
            "-title:x",
            "2309.13038",
            "doi:10.1145/3.4",
            'foo:"bar baz"',
            "non-IID",
            "ε",
            "\x00",
            "Subscribe",
            "…",
            "_",
        ]
    ),
    st.text(alphabet=st.characters(), max_size=8),
)


@settings(max_examples=600, deadline=None)
@given(st.lists(PIECES, max_size=12), st.booleans())
def test_text_to_tree_to_text_is_stable(pieces: list[str], spaced: bool) -> None:
    first = tree((" " if spaced else "").join(pieces))
    text = to_text(first)
    assert tree(text) == first
    assert to_text(tree(text)) == text


PARAMS = st.lists(
    st.tuples(
        st.sampled_from(["q", "technique", "venue", "author", "has", "year_from", "sort", "page", "per_page", "x"]),
        st.one_of(
            st.sampled_from(["mpc", "local-dp", "code", "neurips", "2021", "-1", "0", "9" * 40, "title", "relevance"]),
            st.text(max_size=20),
        ),
    ),
    max_size=8,
)


@settings(max_examples=400, deadline=None)
@given(PARAMS)
def test_a_request_and_its_address_are_inverses(params: list[tuple[str, str]]) -> None:
    request = parse(params, TAXONOMY).request
    assert parse(url_params(request), TAXONOMY).request == request


@given(st.permutations([("technique", "mpc"), ("technique", "local-dp"), ("venue", "icml"), ("page", "2")]))
def test_the_same_filters_in_any_order_are_one_request(params: list[tuple[str, str]]) -> None:
    expected = [("technique", "local-dp"), ("technique", "mpc"), ("venue", "icml"), ("page", "2")]
    assert url_params(parse(params, TAXONOMY).request) == expected


def test_defaults_are_left_out_of_the_address() -> None:
    params = [("q", "leakage"), ("page", "1"), ("per_page", "20"), ("sort", "relevance"), ("synonyms", "on")]
    assert url_params(parse(params, TAXONOMY).request) == [("q", "leakage")]
    assert parse([("sort", "relevance")], TAXONOMY).request.sort == Sort.NEWEST


@pytest.mark.parametrize(
    ("params", "parameter"),
    [
        ([("page", "0")], "page"),
        ([("page", "two")], "page"),
        ([("per_page", "100000")], "per_page"),
        ([("year_from", "20x1")], "year_from"),
        ([("sort", "best")], "sort"),
        ([("technique", "magic")], "technique"),
        ([("has", "everything")], "has"),
        ([("colour", "red")], "colour"),
        ([("q", "a"), ("q", "b")], "q"),
    ],
)
def test_what_cannot_be_used_is_said(params: list[tuple[str, str]], parameter: str) -> None:
    parsed = parse(params, TAXONOMY)
    assert [problem.parameter for problem in parsed.problems] == [parameter]
    assert parsed.problems[0].reason


def test_numbers_out_of_range_are_brought_into_it() -> None:
    request = parse([("page", "-3"), ("per_page", "100000")], TAXONOMY).request
    assert (request.page, request.per_page) == (1, 200)


def test_edits_go_back_to_the_first_page() -> None:
    request = parse([("q", "leakage -text"), ("technique", "mpc"), ("page", "3")], TAXONOMY).request
    more = q.with_value(request, "technique", "local-dp")
    assert (more.filters, more.page) == ({"technique": ("mpc", "local-dp")}, 1)
    assert q.without_value(q.without_value(more, "technique", "mpc"), "technique", "local-dp").filters == {}
    assert q.without_facet(more, "technique").filters == {}
    assert q.with_page(request, 2) == replace(request, page=2)
    assert q.with_value(request, "year", "2023").year_from == 2023
    assert q.without_part(request, Not(Word("text"))).text == "leakage "
    emptied = q.without_part(q.without_part(request, Not(Word("text"))), Word("leakage"))
    assert (emptied.tree, emptied.text, emptied.sort) == (Everything(), "", Sort.NEWEST)
    assert q.with_sort(request, Sort.TITLE).sort == Sort.TITLE


def test_the_exact_search_of_a_word_that_was_read_as_another() -> None:
    request = parse([("q", "federatd learning")], TAXONOMY).request
    assert q.exactly(request, "federatd").text == '"federatd" learning'


def test_a_request_without_anything() -> None:
    assert parse([], TAXONOMY).request == SearchRequest()
    assert url_params(SearchRequest()) == []
