"""Mending loses no word; merging decides as people would."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.identifiers import arxiv_id
from app.ingest.merge import Given, compose, decide, identity
from app.ingest.normalise import author, mend, normalise
from app.paper import Draft, Reject
from app.venues import venue

DATA = Path(__file__).parent.parent / "app" / "data"
DIGEST = (DATA / "digest.txt").read_text(encoding="utf-8").splitlines()


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


def test_every_word_of_the_digest_is_there_still() -> None:
    for number, line in enumerate(DIGEST, start=1):
        mended = mend(line)
        if number == 40:  # a link that went through a mirror
            assert mended.endswith("https://huggingface.co/spaces/HReynaud/EchoFlow.")
            assert words(mended)[:-5] == words(line)[:-6]
        else:
            assert words(mended) == words(line), number
        assert "\\" not in mended, number
        assert "^{" not in mended, number
        assert "_{" not in mended, number


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (20, "Omega(sqrt{dklog d}{nepsilon})"),
        (22, "Omega(T^(1/3)) times larger"),
        (26, "O(n^(1/(2k+1)))"),
        (98, "up to a 26% improvement"),
        (132, "1{K^(1/2)T^(3/2)(1-lambda)^2}"),
    ],
)
def test_what_the_digest_broke_is_readable(number: int, expected: str) -> None:
    assert expected in mend(DIGEST[number - 1])


@pytest.mark.parametrize(
    ("given_", "expected"),
    [
        (r"$\epsilon$-DP and $O(\sqrt{n})$", "ε-DP and O(√(n))"),
        (r"costs $5, not $10 & 20\% less", "costs $5, not $10 & 20% less"),
        (r"D{\"u}rmuth, Ga\'el and \emph{others}", "Dürmuth, Gaël and others".replace("Gaël", "Gaél")),
        (r"\textbf{DP}-\textit{SGD} \cite{abadi}", "DP-SGD cite{abadi}"),
        ("A &amp; B <i>fine</i> text\x00 with\u200b controls", "A & B fine text with controls"),
        ("50% of all % signs stay % here", "50% of all % signs stay % here"),
    ],
)
def test_mending(given_: str, expected: str) -> None:
    assert mend(given_) == expected


@given(st.text(max_size=300))
def test_any_text_is_mended_once_for_all(text: str) -> None:
    once = mend(text)
    assert mend(once) == once


@given(st.text(alphabet="ab{}\\$^_%'`\"&<> 5", max_size=60))
def test_no_latex_stops_it(text: str) -> None:
    assert isinstance(mend(text), str)


@pytest.mark.parametrize(
    ("draft", "reason"),
    [
        (Draft(" -- "), "title"),
        (Draft("x" * 10_000), "10,000 characters"),
        (Draft("A title", year=20233), "20233"),
        (Draft("A title", published="soon"), "soon"),
        (Draft("A title", arxiv_id="nonsense"), "nonsense"),
        (Draft("A ti\x00tle"), "NUL"),
    ],
)
def test_what_cannot_be_kept_says_why(draft: Draft, reason: str) -> None:
    rejected = normalise(draft)
    assert isinstance(rejected, Reject)
    assert reason in rejected.reason


def test_a_doi_that_is_none_is_left_out_and_kept_aside() -> None:
    draft = normalise(Draft("A title", doi="https://link.springer.com/chapter/10.1007/978-3-031-20083-0_"))
    assert isinstance(draft, Draft)
    assert (draft.doi, draft.extra) == (
        None,
        {"left_out": {"doi": "https://link.springer.com/chapter/10.1007/978-3-031-20083-0_"}},
    )


def test_links_that_are_no_links_are_left_out() -> None:
    draft = normalise(Draft("A title", url="javascript:alert(1)", code_url="https://x.org/a b"))
    assert isinstance(draft, Draft)
    assert (draft.url, draft.code_url) == (None, None)


def test_names() -> None:
    assert author("van der Maaten, Laurens") == "Laurens van der Maaten"
    assert author("{\\'E}. Tardos") == "É. Tardos"


def test_versions_of_an_arxiv_paper_are_one() -> None:
    forms = [
        "2309.13038",
        "arXiv:2309.13038v2",
        "https://arxiv.org/abs/2309.13038v1",
        "http://arxiv.org/pdf/2309.13038.pdf",
    ]
    assert {arxiv_id(form) for form in forms} == {"2309.13038"}


@pytest.mark.parametrize(
    ("given_", "id_"),
    [
        ("Advances in Neural Information Processing Systems 36", "neurips"),
        ("37th Conference on Neural Information Processing Systems (NeurIPS 2023)", "neurips"),
        ("Proceedings of the 2021 ACM SIGSAC Conference on Computer and Communications Security", "ccs"),
        ("2022 IEEE Symposium on Security and Privacy (SP)", "sp"),
        ("30th {USENIX} Security Symposium", "usenix-security"),
        ("Proc. Priv. Enhancing Technol.", "popets"),
        ("Findings of the Association for Computational Linguistics: EMNLP 2021", "emnlp"),
        ("arXiv preprint arXiv:2101.00001", "arxiv"),
        ("NIPS", "neurips"),
        ("Thirty-seventh Conference on Neural Information Processing Systems", "neurips"),
        ("Proceedings of the 40th International Conference on Machine Learning, 23-29 July 2023, Hawaii", "icml"),
        ("Proceedings of The 25th International Conference on Artificial Intelligence and Statistics", "aistats"),
        ("44th IEEE Symposium on Security and Privacy, SP 2023, San Francisco, CA, USA, May 21-25, 2023", "sp"),
        ("33rd USENIX Security Symposium (USENIX Security 24)", "usenix-security"),
        ("Computer Vision - ECCV 2022 - 17th European Conference, Tel Aviv, Israel", "eccv"),
        ("The Eleventh International Conference on Learning Representations", "iclr"),
        ("Proceedings on Privacy Enhancing Technologies 2022(3)", "popets"),
        ("Trans. Mach. Learn. Res.", "tmlr"),
        ("SIGMOD Conference", "sigmod"),
        ("Machine Learning, Optimization, and Data Science", "machine-learning-optimization-and-data-science"),
        ("Submitted to The Twelfth International Conference on Learning Representations", "arxiv"),
        ("NeurIPS 2021 Workshop on Privacy in ML", "neurips-2021-workshop-on-privacy-in-ml"),
    ],
)
def test_venues(given_: str, id_: str) -> None:
    assert venue(given_).id == id_


def test_the_digest_s_venues_keep_their_names() -> None:
    for line in (DATA / "digest-metadata.jsonl").read_text(encoding="utf-8").splitlines():
        name = json.loads(line)["venue"]
        assert venue(name).label == name


KNOWN = identity(
    "known", Draft("Deep Leakage from Gradients", authors=("Ligeng Zhu", "Song Han"), year=2019, arxiv_id="1906.08935")
)


@pytest.mark.parametrize(
    ("draft", "joins", "reason"),
    [
        (Draft("Otherwise named", arxiv_id="1906.08935"), "known", "same arXiv id"),
        (Draft("Deep leakage from gradients.", authors=("S. Han",), year=2020), "known", "same title, year and author"),
        (Draft("Deep Leakage from Gradients"), "known", "same distinctive title"),
        (Draft("Deep Leakage from Gradients", authors=("Ann Other",), year=2019), None, "same title, other authors"),
        (Draft("Deep Leakage from Gradients", authors=("Song Han",), year=2024), None, "same title, other year"),
        (Draft("Deep Leakage from Gradients", arxiv_id="2001.00001"), None, "same title, other arXiv id"),
        (Draft("Something else altogether", authors=("Song Han",), year=2019), None, "not known yet"),
    ],
)
def test_which_paper_a_draft_is(draft: Draft, joins: str | None, reason: str) -> None:
    decision = decide([KNOWN], identity("", draft))
    assert (decision.joins, decision.reason) == (joins, reason)


def test_identifiers_show_that_two_papers_are_one() -> None:
    other = identity("other", Draft("Published elsewhere", doi="10.1/x"))
    decision = decide([KNOWN, other], identity("", Draft("Deep Leakage", arxiv_id="1906.08935", doi="10.1/x")))
    assert {decision.joins, *decision.absorbs} == {"known", "other"}


def test_a_paper_is_composed_of_the_best_of_its_sources() -> None:
    preprint = Draft("A Title", abstract="A long abstract that is whole.", authors=("A. One", "B. Two"), venue="arXiv",
                     published="2022-03-01", arxiv_id="2203.00001")  # fmt: skip
    published = Draft(
        "A title", abstract="A long …", authors=("A. One", "others"), venue="Proc. ICML", year=2023, doi="10.1/x"
    )
    for order in ([0, 1], [1, 0]):
        given_ = [Given(order[0], "bibtex", published), Given(order[1], "arxiv", preprint)]
        paper = compose(given_)
        assert (paper.venue.id, paper.year, paper.published) == ("icml", 2023, "2022-03-01")
        assert (paper.doi, paper.arxiv_id) == ("10.1/x", "2203.00001")
        assert paper.abstract == preprint.abstract
        assert paper.authors == preprint.authors
        assert paper.title == "A Title"
        assert paper.origins["venue"] == order[0]
