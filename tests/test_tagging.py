"""What the tagger promises of any text: an answer, evidence that can be checked, the same every time."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.tagging.lines import LineError, tag_lines
from app.tagging.rulebook import load
from app.tagging.tagger import LONGEST, MOST_EVIDENCE, Tagger, load_tagger
from app.tagging.taxonomy import OWN, TaxonomyError

TAGGER = load_tagger()
PHRASES = [
    "we propose", "federated learning", "differential privacy", "membership inference", "(MIA)", "DP-SGD", "unlearning",
    "gradient inversion attacks", "such as", "unlike", "existing", "language models", "patients", "images", ".", "?",
    "\n", "$\\epsilon$", "\\cite{x}", "…", "隐私保护", "конфиденциальность", "\x00", "\u202e", "a\u0301", "²",
]  # fmt: skip
TEXTS = st.one_of(st.text(), st.lists(st.sampled_from(PHRASES) | st.text(max_size=8), max_size=60).map(" ".join))


@given(title=TEXTS, abstract=TEXTS)
@settings(max_examples=300, deadline=None)
def test_any_text_gets_an_answer_whose_evidence_is_its_own(title: str, abstract: str) -> None:
    tags = TAGGER.tag(title, abstract)
    fields = {"title": title, "abstract": abstract}
    for tag in tags:
        assert 0 < len(tag.evidence) <= MOST_EVIDENCE, tag
        for e in tag.evidence:
            assert e.text
            assert fields[e.field][e.start : e.end] == e.text
    assert TAGGER.tag(title, abstract) == tags
    assert load_tagger_again().tag(title, abstract) == tags


_AGAIN: list[Tagger] = []


def load_tagger_again() -> Tagger:
    """Return a second tagger of the same rules, that has read other texts before."""
    if not _AGAIN:
        _AGAIN.append(load_tagger())
        _AGAIN[0].tag("Something else", "It was never about privacy.")
    return _AGAIN[0]


@pytest.mark.parametrize(
    "text", ["", " ", "\x00\x01\x1f", "(" * 5000, "a" * LONGEST * 5, "We " * LONGEST, "- " * LONGEST]
)
def test_odd_texts_have_no_tags_of_privacy(text: str) -> None:
    assert not [tag for tag in TAGGER.tag(text, text) if tag.facet in {"technique", "attack"}]


def test_a_label_is_never_beside_its_parent() -> None:
    text = "We propose vertical federated learning with differential privacy, trained by DP-SGD."
    for facet in TAGGER.taxonomy:
        labels = [tag.label for tag in TAGGER.tag("Vertical federated learning", text) if tag.facet == facet.id]
        assert list(facet.most_specific(labels)) == labels


def test_lines_come_back_with_labels_and_the_rest_as_it_was() -> None:
    lines = [
        {"title": "Federated learning", "abstract": "We study federated learning.", "x": [1]},
        {"title": "", "abstract": ""},
        {"title": None, "abstract": "We study federated learning."},
    ]
    stream = io.BytesIO(b"\xef\xbb\xbf" + b"\n".join(json.dumps(line).encode() for line in lines))
    tagged = [json.loads(line) for line in tag_lines(stream, TAGGER) if isinstance(line, bytes)]
    assert [{key: row[key] for key in line} for row, line in zip(tagged, lines, strict=True)] == lines
    assert [row["techniques"] for row in tagged] == [["federated-learning"], [], ["federated-learning"]]
    assert all({facet.key for facet in TAGGER.taxonomy} <= row.keys() for row in tagged)


@pytest.mark.parametrize("line", [b"{", b"7", b"null", b'{"title": 7}', b'{"name": "x"}', b"\xff\xfe"])
def test_a_line_that_is_no_paper_is_named(line: bytes) -> None:
    [found] = tag_lines([line], TAGGER)
    assert isinstance(found, LineError)
    assert str(found).startswith("line 1: ")


@pytest.mark.parametrize(
    ("rules", "says"),
    [
        ("no-such-label:\n  - any: [x]\n", "no-such-label"),
        ("blockchain:\n  - any: ['(a|']\n", "line 2: blockchain"),
        ("blockchain:\n  - any: [a]\n  - any: [b]\n    wieght: 1\n", "line 3: blockchain: unknown key 'wieght'"),
        ("blockchain:\n  - any: [a]\n    in: somewhere\n", "line 2: blockchain: 'in' is 'somewhere'"),
        ("blockchain:\n  - any: [yes]\n", "line 2: blockchain"),
        ("blockchain: 7\n", "blockchain"),
        ("blockchain:\n  - [\n", "line"),
    ],
)
def test_a_mistake_in_the_rules_is_named(tmp_path: Path, rules: str, says: str) -> None:
    (tmp_path / "taxonomy.yaml").write_bytes((OWN / "taxonomy.yaml").read_bytes())
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "technique.yaml").write_text(rules)
    with pytest.raises(TaxonomyError) as raised:
        load(tmp_path)
    assert "technique.yaml" in str(raised.value)
    assert says in str(raised.value)
