"""Whose work a sentence speaks of: claims, the authors' own part of an abstract, others' work, and passing mentions."""

from pathlib import Path

import pytest

from app.tagging.rulebook import load_rules
from app.tagging.tagger import Tagger
from app.tagging.taxonomy import OWN, TaxonomyError, load_taxonomy

TAXONOMY = load_taxonomy()


def tagger(folder: Path, rules: str) -> Tagger:
    """A tagger with the catalogue's claims and a few rules of techniques."""
    (folder / "rules").mkdir()
    (folder / "rules" / "common.yaml").write_bytes((OWN / "rules" / "common.yaml").read_bytes())
    (folder / "rules" / "technique.yaml").write_text(rules)
    return Tagger(TAXONOMY, load_rules(TAXONOMY, folder))


@pytest.mark.parametrize(
    ("place", "abstract", "given"),
    [
        ("claim", "Gossip is old. We ask what gossip buys.", True),
        ("claim", "Gossip is old. We ask what a server buys.", False),
        ("claim", "The present article builds on gossip.", True),
        ("claim", "Gossip trains a model between robots.", True),
        ("own", "Gossip is old. We ask what a server buys.", False),
        ("own", "Servers are costly. We drop them. Gossip spreads the weights.", True),
        ("own", "Servers are costly. We drop them. However, previous gossip is slow.", False),
        ("own", "Servers are costly. We drop them. Existing gossip is slow, but we make it fast.", True),
        ("claim", "Gossip is old.We ask what a server buys.", False),
        ("claim", "We replace servers, e.g. by gossip.", True),
        ("claim", "We go beyond Li et al. with gossip.", True),
    ],
)
def test_zone(tmp_path: Path, place: str, abstract: str, given: bool) -> None:
    """Claims are the authors' sentences; from the first on, all is their own work but for sentences on others'."""
    tags = tagger(tmp_path, f"decentralized-learning:\n  - any: [gossip]\n    in: {place}\n").tag("A title", abstract)
    assert bool(tags) == given


RULES = """
defaults:
  aside: [unlike]
blockchain:
  - any: [ledger]
    in: claim
governance:
  - any: [consent]
    in: claim
    aside: []
"""


@pytest.mark.parametrize(
    ("abstract", "labels"),
    [
        ("We keep a ledger.", ["blockchain"]),
        ("Unlike every slow public ledger, we need no proof.", []),
        ("Unlike earlier proposals we have seen at all these venues, ours keeps a ledger.", ["blockchain"]),
        ("Unlike consent, we need nothing.", ["governance"]),
    ],
)
def test_aside(tmp_path: Path, abstract: str, labels: list[str]) -> None:
    """What stands shortly after a phrase of 'aside' is a passing mention, unless the rule itself says otherwise."""
    assert [tag.label for tag in tagger(tmp_path, RULES).tag("A title", abstract)] == labels


def test_sentence_start(tmp_path: Path) -> None:
    """A phrase with ^ is only found where a sentence begins, in the title as in the abstract."""
    rules = "blockchain:\n  - any: ['^existing (ledger|chain)*']\n"
    one = tagger(tmp_path, rules)
    assert one.tag("Existing ledgers", "")
    assert one.tag("", "They fail. Existing ledgers fail.")
    assert not one.tag("On existing ledgers", "All existing ledgers fail.")


def test_defaults_are_checked(tmp_path: Path) -> None:
    """A key that can't be a default is refused with the file."""
    with pytest.raises(TaxonomyError, match=r"technique\.yaml: defaults"):
        tagger(tmp_path, "defaults:\n  weight: 2\n")


@pytest.mark.parametrize(
    ("phrase", "abstract", "given"),
    [
        ("(*bench)", "We present GossipBench.", True),
        ("(*bench)", "We sit on a workbench of servers.", True),
        ("(*bench)", "We present a benchmark.", False),
        ("(#|two) ~1 models", "We ask 14 small models.", True),
        ("(#|two) ~1 models", "We ask two models.", True),
        ("(#|two) ~1 models", "We ask 14 very small models.", False),
        ("(#) models", "We ask many models.", False),
    ],
)
def test_endings_and_numbers(tmp_path: Path, phrase: str, abstract: str, given: bool) -> None:
    """A word may be known by its end alone, a number by being one."""
    tags = tagger(tmp_path, f"decentralized-learning:\n  - any: [{phrase}]\n").tag("A title", abstract)
    assert bool(tags) == given
