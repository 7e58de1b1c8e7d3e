"""How conditions are said to Meilisearch: as filters over sets of words, exact whatever their number.

A filter knows no phrases: those are looked up first, and stand in the filter as the papers that have them.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from app.search.condition import Adjacent, All, Any, Condition, Except, Starts, Terms
from app.search.plan import Plan
from app.search.tree import Years
from app.search.vocabulary import Vocabulary

EVERY, NONE = "id EXISTS", "id NOT EXISTS"
RAREST = 7
"""Words of a question whose combinations are asked for; a paper is worth the best one that it has."""


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


def about(condition: Condition, vocabulary: Vocabulary) -> int:
    """Return about how many papers a word's condition holds for."""
    match condition:
        case Terms("words", values):
            return min(vocabulary.papers, sum(vocabulary.count(value) for value in values))
        case Starts("forms", prefix):
            return min(vocabulary.papers, sum(map(vocabulary.count_form, vocabulary.starting_with(prefix))))
        case Any(children):
            return min(vocabulary.papers, sum(about(child, vocabulary) for child in children))
        case All(children):
            return min((about(child, vocabulary) for child in children), default=vocabulary.papers)
        case _:
            return 0


def combined(plan: Plan, vocabulary: Vocabulary) -> list[tuple[tuple[Condition, ...], float]]:
    """Return up to three of the rarest words each, with what having them is worth, and each other word alone."""
    worth = {unit: vocabulary.idf_of(about(unit, vocabulary)) for unit in plan.units}
    rarest = sorted(plan.units, key=lambda unit: -worth[unit])[:RAREST]
    subsets = [subset for size in (3, 2, 1) for subset in combinations(rarest, size)]
    subsets += [(unit,) for unit in plan.units if unit not in rarest]
    most = max((sum(worth[unit] for unit in subset) for subset in subsets), default=1.0) or 1.0
    return [(subset, sum(worth[unit] for unit in subset) / most) for subset in subsets]
