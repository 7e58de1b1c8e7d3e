"""Rules that add up: weights, labels decided before, and rules without phrases of their own."""

from pathlib import Path

import pytest

from app.tagging.rulebook import load_rules
from app.tagging.tagger import Tagger
from app.tagging.taxonomy import OWN, TaxonomyError, load_taxonomy

TAXONOMY = load_taxonomy()
TECHNIQUE = "blockchain:\n  - any: [ledger]\n"


def tagger(folder: Path, contribution: str) -> Tagger:
    """A tagger with the catalogue's claims, one technique and a few rules of contributions."""
    (folder / "rules").mkdir()
    (folder / "rules" / "common.yaml").write_bytes((OWN / "rules" / "common.yaml").read_bytes())
    (folder / "rules" / "technique.yaml").write_text(TECHNIQUE)
    (folder / "rules" / "contribution.yaml").write_text(contribution)
    return Tagger(TAXONOMY, load_rules(TAXONOMY, folder))


def given(tagger: Tagger, title: str, abstract: str) -> dict[str, list[str]]:
    """The contributions with the words of their evidence."""
    return {t.label: [e.text for e in t.evidence] for t in tagger.tag(title, abstract) if t.facet == "contribution"}


def test_weights_add_up(tmp_path: Path) -> None:
    """Tenths that add up to 1 are enough, whatever a machine loses in adding them; a negative weight takes away."""
    rules = "theory:\n"
    rules += "".join(f"  - any: [{w}]\n    weight: 0.1\n" for w in "abcdefghij")
    rules += "  - any: [experiments]\n    weight: -0.1\n"
    sums = tagger(tmp_path, rules)
    assert "theory" in given(sums, "A", "b c d e f g h i j")
    assert not given(sums, "A", "b c d e f g h i")
    assert not given(sums, "A", "b c d e f g h i j experiments")


def test_what_weighs_little_is_shown_only_where_nothing_weighs_more(tmp_path: Path) -> None:
    """A rule needs half of the weightiest one's weight; the label's sum counts it all the same."""
    rules = "theory:\n" + "".join(
        f"  - any: [{w}]\n    weight: {n}\n" for w, n in (("a", 0.9), ("b", 0.44), ("c", 0.5))
    )
    sums = tagger(tmp_path, rules)
    assert given(sums, "A", "b") == {"theory": ["A"]}
    assert given(sums, "A", "b c") == {"theory": ["A", "c"]}
    assert given(sums, "B", "c b") == {}


def test_a_rule_without_phrases_shows_the_words_of_the_label_that_it_asks_for(tmp_path: Path) -> None:
    """Its evidence is that of the technique."""
    rules = tagger(tmp_path, "defence:\n  - having: [technique/blockchain]\n")
    assert given(rules, "Trust", "We keep a ledger.") == {"defence": ["ledger"]}
    assert given(rules, "Trust", "We keep a book.") == {}


@pytest.mark.parametrize(
    ("title", "abstract", "words"),
    [
        ("Books", "Books are. We bind them with thread of a kind that holds.", "We bind them with thread of a kind"),
        ("On books", "Books are old. We bind. They hold.", "We bind"),
        ("On books", "Books are old.", "On books"),
        ("", "Books are old. They hold.", "Books are old"),
    ],
)  # fmt: skip
def test_a_rule_for_what_remains_shows_what_the_paper_says_that_it_does(
    tmp_path: Path, title: str, abstract: str, words: str
) -> None:
    """Its evidence is the first claim; without one the title, without that the first words."""
    rules = tagger(tmp_path, "attack:\n  - any: [attack]\nmethod:\n  - lacking: [contribution/attack]\n")
    assert given(rules, title, abstract) == {"method": [words]}
    assert given(rules, title, "This attack works.") == {"attack": ["attack"]}
    assert given(rules, "", "") == {}


@pytest.mark.parametrize(
    ("rule", "reason"),
    [
        ("{in: claim}", "'in' needs phrases under 'any'"),
        ("{times: 2, lacking: [technique/blockchain]}", "'times' needs phrases under 'any'"),
        ("{any: []}", "there are no phrases under 'any'"),
        ("{name: all}", "neither phrases under 'any' nor a condition"),
    ],
)
def test_a_rule_that_says_too_little_is_refused(tmp_path: Path, rule: str, reason: str) -> None:
    """The message names file, line, label and reason."""
    with pytest.raises(TaxonomyError, match=rf"contribution\.yaml, line 2: method: .*{reason}"):
        tagger(tmp_path, f"method:\n  - {rule}\n")
