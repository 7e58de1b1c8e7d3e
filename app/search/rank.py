"""What a paper is worth to a query: the weights that both engines use, and BM25 over a window of papers. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

from app.search.plan import Plan
from app.search.vocabulary import Vocabulary
from app.search.words import Alternative

TITLE, ABSTRACT, NAMES = 2.0, 1.0, 1.0
"""How much a word counts in each text."""
EXACT = 0.1
"""The word just as it was typed, beside one with its stem."""
PAIR = 0.5
"""Two words of the query next to each other; twice that in a title."""
TAG_SCORE = 3.0
"""A tag that the query names."""
TITLE_IS, TITLE_BEGINS = 100.0, 30.0
"""The query is the whole title, or its beginning."""
WEIGHTS = (("title", TITLE), ("abstract", ABSTRACT), ("names", NAMES))
K1, B = 1.2, 0.75


def ranked(papers: Sequence[Mapping[str, Any]], plan: Plan, vocabulary: Vocabulary) -> list[Mapping[str, Any]]:
    """Return the papers of a window, as documents, in the order of what they are worth; equal ones by their year."""
    texts = [{name: str(paper[name]).split() for name, _ in WEIGHTS} for paper in papers]
    average = {name: max(1.0, sum(len(t[name]) for t in texts) / max(1, len(texts))) for name, _ in WEIGHTS}
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
            for name, weight in WEIGHTS:
                if found := counts[name].get(way.value):
                    score += weight * found * (K1 + 1) / (found + norms[name])
            return way.weight * idf[way.value] * score

        score = sum(max(map(worth, group.alternatives)) for group in plan.groups)
        written = f"{paper['paper']['title']} {paper['paper']['abstract']}".lower()
        score += sum(EXACT * 2 for group in plan.groups if group.form and group.form in written)
        score += _together(text, plan, vocabulary) + _title(text["title"], plan)
        scored.append((-score, paper["newest"], paper))
    scored.sort(key=lambda entry: entry[:2])
    return [paper for _, _, paper in scored]


def _together(text: Mapping[str, list[str]], plan: Plan, vocabulary: Vocabulary) -> float:
    if not plan.pairs:
        return 0.0
    worth = {pair: vocabulary.idf(pair[0]) + vocabulary.idf(pair[1]) for pair in plan.pairs}
    score = 0.0
    for name, weight in (("title", 2 * PAIR), ("abstract", PAIR)):
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
