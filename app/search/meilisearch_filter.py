"""How conditions are said to Meilisearch: as filters over sets of words, exact whatever their number.

A filter knows no phrases: those are looked up first, and stand in the filter as the papers that have them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from app.search.condition import Adjacent, All, Any, Condition, Except, Starts, Terms, either, every
from app.search.plan import FEW, Plan
from app.search.tree import Years
from app.search.vocabulary import Vocabulary
from app.search.words import Alternative, Group

EVERY, NONE = "id EXISTS", "id NOT EXISTS"
MOST_TELLING = 7
"""Words of a question whose pairs are asked for; a paper is worth the best one that it has."""
TOO_COMMON = 15
"""One paper in so many: what a plain word stands for in more than that finds none by itself."""


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


def combined(plan: Plan, vocabulary: Vocabulary) -> list[tuple[Condition, float]]:
    """Return the pairs of the words that tell most, and each of them alone, with what having them is worth.

    A word is had by having anything that it may stand for.
    """
    groups = {group: _known(group, vocabulary) for group in plan.groups}
    about = {group: _about(group, vocabulary) or vocabulary.with_term for group, ways in groups.items() if ways}
    worth = {group: vocabulary.idf_of(papers) for group, papers in about.items()}
    most_telling = sorted(worth, key=lambda group: -worth[group])[:MOST_TELLING]
    most = sum(worth[group] for group in most_telling[:2]) or 1.0
    had = {group: either(Terms(way.field or "words", (way.value,)) for way in groups[group]) for group in most_telling}
    return [
        (every(had[group] for group in subset), sum(worth[group] for group in subset) / most)
        for size in (2, 1)
        for subset in combinations(most_telling, size)
    ]


def _known(group: Group, vocabulary: Vocabulary) -> list[Alternative]:
    """Return what a word may stand for that papers have, but for plain words what many of them have."""
    most = vocabulary.papers / TOO_COMMON
    return [
        way
        for way in group.alternatives
        if way.field or 0 < vocabulary.count(way.value) <= (most if way.everyday else vocabulary.papers)
    ]


def seems_few(plan: Plan, vocabulary: Vocabulary) -> bool:
    """Guess whether few papers have all the words, so that those with some of them can be asked for at once."""
    share = 1.0
    for group in plan.groups:
        share *= (_about(group, vocabulary) / max(1, vocabulary.papers)) ** 0.7  # words of a query come together
    return share * vocabulary.papers < FEW


def _about(group: Group, vocabulary: Vocabulary) -> int:
    """Return about how many papers have anything that finds papers for a word."""
    words = [way.value for way in group.alternatives if not way.field and not way.everyday]
    return min(vocabulary.papers, sum(map(vocabulary.count, words)) if words else vocabulary.with_term)
