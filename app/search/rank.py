"""What a paper is worth to a query: the weights that both engines use, and BM25 over a window of papers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from app.search.plan import Plan
from app.search.vocabulary import Vocabulary
from app.search.words import Alternative, Group

TAG_SCORE = 3.0
"""A tag that the query names."""
TITLE_IS, TITLE_BEGINS = 100.0, 30.0
"""The query is the whole title, or its beginning."""
TEXTS = ("title", "abstract", "names")
K1, B = 1.2, 0.75


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much: a word in each of the ``TEXTS``; a word just as it was typed, beside one with its stem;
    two words of the query next to each other, twice that in a title; and whether everyday words count."""

    texts: tuple[float, float, float]
    exact: float
    pair: float
    everyday: bool


FULL = Weights((2.0, 1.0, 0.5), exact=0.8, pair=0.2, everyday=False)
"""For papers that have all the words: those about them come first."""
PART = Weights((0.6, 1.0, 0.3), exact=0.4, pair=0.05, everyday=True)
"""For papers that have some of the words, as with a question: what they have in common counts, wherever it stands."""


def ways(group: Group, weights: Weights) -> list[Alternative]:
    """Return what a word may stand for under the weights."""
    return [way for way in group.alternatives if weights.everyday or not way.everyday]


def ranked(
    papers: Sequence[Mapping[str, Any]], plan: Plan, vocabulary: Vocabulary, weights: Weights
) -> list[Mapping[str, Any]]:
    """Return the papers of a window, as documents, in the order of what they are worth; equal ones by their year."""
    texts = [{name: str(paper[name]).split() for name in TEXTS} for paper in papers]
    average = {name: max(1.0, sum(len(t[name]) for t in texts) / max(1, len(texts))) for name in TEXTS}
    idf = {a.value: vocabulary.idf(a.value) for group in plan.groups for a in group.alternatives if not a.field}
    scored = []
    for paper, text in zip(papers, texts, strict=True):
        counts = {name: Counter(words) for name, words in text.items()}
        norms = {name: K1 * (1 - B + B * len(words) / average[name]) for name, words in text.items()}

        def worth(
            way: Alternative,
            paper: Mapping[str, Any] = paper,
            counts: Mapping[str, Counter[str]] = counts,
            norms: Mapping[str, float] = norms,
        ) -> float:
            if way.field:
                had = way.value in paper.get(way.field, ())
                each = vocabulary.idf_of(vocabulary.papers // 50) if way.field == "terms" else TAG_SCORE
                return way.weight * each if had else 0.0
            score = 0.0
            for name, weight in zip(TEXTS, weights.texts, strict=True):
                if found := counts[name].get(way.value):
                    score += weight * found * (K1 + 1) / (found + norms[name])
            return way.weight * idf[way.value] * score

        score = sum(max(map(worth, ways(group, weights))) for group in plan.groups)
        written = f"{paper['paper']['title']} {paper['paper']['abstract']}".lower()
        score += sum(weights.exact * 2 for group in plan.groups if group.form and group.form in written)
        score += _together(text, plan, vocabulary, weights.pair) + _title(text["title"], plan)
        scored.append((-score, paper["newest"], paper))
    scored.sort(key=lambda entry: entry[:2])
    return [paper for _, _, paper in scored]


def _together(text: Mapping[str, list[str]], plan: Plan, vocabulary: Vocabulary, each: float) -> float:
    if not plan.pairs:
        return 0.0
    worth = {pair: vocabulary.idf(pair[0]) + vocabulary.idf(pair[1]) for pair in plan.pairs}
    score = 0.0
    for name, weight in (("title", 2 * each), ("abstract", each)):
        words = text[name]
        near = set(pairwise(words)) | set(zip(words, words[2:], strict=False))
        score += sum(weight * idf for pair, idf in worth.items() if pair in near)
    return score


def _title(title: list[str], plan: Plan) -> float:
    typed = list(plan.title)
    if not typed:
        return 0.0
    if title == typed:
        return TITLE_IS + TITLE_BEGINS
    return TITLE_BEGINS if len(typed) > 2 and "_".join(title).startswith("_".join(typed)) else 0.0
