"""How conditions are said to Meilisearch: as filters over sets of words, exact whatever their number.

A filter knows no phrases: those are looked up first, and stand in the filter as the papers that have them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from app.search.condition import Adjacent, All, Any, Condition, Except, Starts, Terms, either
from app.search.plan import FEW, Plan
from app.search.tree import Years
from app.search.vocabulary import Vocabulary
from app.search.words import Group

EVERY, NONE = "id EXISTS", "id NOT EXISTS"
MOST_TELLING = 6
"""Words of a question whose pairs are asked for; a paper is worth the best one that it has."""


def quoted(value: str) -> str:
    """Return a value as filters write it."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def written(condition: Condition, papers_with: Callable[[Adjacent], tuple[str, ...]]) -> str:
    """Return the filter of a condition; ``papers_with`` gives the ids of the papers that have a phrase."""
    match condition:
        case Terms(field, values):
            if len(values) == 1:
                return f"{field} = {quoted(values[0])}"
            return f"{field} IN [{', '.join(map(quoted, values))}]"
        case Starts(field, prefix):
            return f"{field} STARTS WITH {quoted(prefix)}"
        case Adjacent():
            ids = papers_with(condition)
            return f"id IN [{', '.join(map(quoted, ids))}]" if ids else NONE
        case Years(first, last):
            bounds = [f"year >= {first}"] * (first is not None) + [f"year <= {last}"] * (last is not None)
            return f"({' AND '.join(bounds)})" if bounds else EVERY
        case All(children):
            return f"({' AND '.join(written(child, papers_with) for child in children)})" if children else EVERY
        case Any(children):
            return f"({' OR '.join(written(child, papers_with) for child in children)})" if children else NONE
        case Except(child):
            return f"NOT ({written(child, papers_with)})"


def combined(plan: Plan, vocabulary: Vocabulary) -> list[tuple[tuple[Condition, ...], float]]:
    """Return the pairs of the words that tell most with what having both is worth, and each word alone.

    A word is had by having anything that it may stand for.
    """
    told: dict[Condition, float] = {}
    for group in plan.groups:
        known = [way for way in group.alternatives if way.field or vocabulary.count(way.value)]
        if known:
            had = either(Terms(way.field or "words", (way.value,)) for way in known)
            told[had] = vocabulary.idf_of(_about(group, vocabulary))
    most_telling = sorted(told, key=lambda one: -told[one])[:MOST_TELLING]
    subsets = [subset for size in (2, 1) for subset in combinations(most_telling, size)]
    most = max((sum(told[one] for one in subset) for subset in subsets), default=1.0) or 1.0
    return [(subset, sum(told[one] for one in subset) / most) for subset in subsets]


def seems_few(plan: Plan, vocabulary: Vocabulary) -> bool:
    """Guess whether few papers have all the words, so that those with some of them can be asked for at once."""
    share = 1.0
    for group in plan.groups:
        share *= (_about(group, vocabulary) / max(1, vocabulary.papers)) ** 0.7  # words of a query come together
    return share * vocabulary.papers < FEW


def _about(group: Group, vocabulary: Vocabulary) -> int:
    """Return about how many papers have anything that a word may stand for."""
    count = sum(vocabulary.count(way.value) for way in group.alternatives if not way.field)
    return min(vocabulary.papers, count)
