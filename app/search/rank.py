"""What a paper is worth to a query: the weights that both engines use, and BM25 over a window of papers. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
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
MANY = 10
"""Words: fewer are looked for one by one."""
NEAR = 125
"""Characters that hold any two words."""


@dataclass(frozen=True, slots=True)
class Weights:
    """What counts how much: a word in each of the ``TEXTS``; a word just as it was typed, beside one with its stem;
    two words of the query next to each other, twice that in a title; whether everyday words count; and what all that a
    word stands for counts beside the best of it."""

    texts: tuple[float, float, float]
    exact: float
    pair: float
    everyday: bool
    others: float = 0.0


FULL = Weights((2.0, 1.0, 0.5), exact=0.8, pair=0.2, everyday=False)
"""For papers that have all the words: those about them come first."""
PART = Weights((0.3, 1.0, 0.3), exact=0.4, pair=0.02, everyday=True, others=0.1)
"""For papers that have some of the words, as with a question: what they have in common counts, wherever it stands."""


def ways(group: Group, weights: Weights) -> list[Alternative]:
    """Return what a word may stand for under the weights."""
    return [way for way in group.alternatives if weights.everyday or not way.everyday]


def ranked(
    papers: Sequence[Mapping[str, Any]], plan: Plan, vocabulary: Vocabulary, weights: Weights
) -> list[Mapping[str, Any]]:
    """Return the papers of a window, as documents, in the order of what they are worth; equal ones by their year."""
    groups = [(ways(group, weights), group.form) for group in plan.groups]
    idf = {way.value: vocabulary.idf(way.value) for group, _ in groups for way in group if not way.field}
    pairs = {pair: idf_of(vocabulary, pair) for pair in plan.pairs} if weights.pair else {}
    wanted = {word: f" {word} " for word in {*idf, *chain(*pairs)}}
    texts = [[f" {paper[name]} " for name in TEXTS] for paper in papers]
    lengths = [[text.count(" ") - 1 for text in texts_of_one] for texts_of_one in texts]
    average = [max(1.0, sum(of_all) / len(papers)) for of_all in zip(*lengths, strict=True)]
    term = vocabulary.idf_of(vocabulary.with_term)
    scored = []
    for i, paper in enumerate(papers):
        worth: dict[str, float] = {}
        score = 0.0
        for j, text in enumerate(texts[i]):
            present = _present(text, wanted)
            norm = K1 * (1 - B + B * lengths[i][j] / average[j])
            for word in present:
                count = text.count(wanted[word])
                worth[word] = worth.get(word, 0.0) + weights.texts[j] * count * (K1 + 1) / (count + norm)
            if len(present) > 1 and TEXTS[j] != "names":
                each = 2 * weights.pair if TEXTS[j] == "title" else weights.pair
                score += each * sum(
                    worth_of
                    for (word, other), worth_of in pairs.items()
                    if word in present and other in present and _near(text, wanted[word], other)
                )
        written = ""
        for group, form in groups:
            best = every = 0.0
            for way in group:
                if not way.field:
                    value = way.weight * idf[way.value] * worth.get(way.value, 0.0)
                elif way.value in paper.get(way.field, ()):
                    value = way.weight * (term if way.field == "terms" else TAG_SCORE)
                else:
                    continue
                every += value
                if value > best:
                    best = value
            score += best + weights.others * (every - best)
            if form and best and weights.exact:
                written = written or f"{paper['paper']['title']} {paper['paper']['abstract']}".lower()
                score += weights.exact * 2 * _has(written, form)
        scored.append((-score - _title(texts[i][0].split(), plan), paper["newest"], paper))
    scored.sort(key=lambda entry: entry[:2])
    return [paper for _, _, paper in scored]


def _present(text: str, wanted: Mapping[str, str]) -> Collection[str]:
    """Return which words, each given with the spaces around it, a text has; one pass where they are many."""
    if len(wanted) > MANY:
        return wanted.keys() & text.split()
    return [word for word, spaced in wanted.items() if spaced in text]


def _has(written: str, form: str) -> bool:
    """Tell whether a text has a word as it was typed."""
    at = written.find(form)
    while at >= 0:
        end = at + len(form)
        if not (written[at - 1 : at].isalnum() or written[end : end + 1].isalnum()):
            return True
        at = written.find(form, end)
    return False


def _near(text: str, spaced: str, other: str) -> bool:
    """Tell whether a word, given with the spaces around it, has another right behind it, or one further."""
    at = text.find(spaced)
    while at >= 0:
        at += len(spaced)
        if other in text[at : at + NEAR].split(" ", 2)[:2]:
            return True
        at = text.find(spaced, at - 1)
    return False


def idf_of(vocabulary: Vocabulary, words: Sequence[str]) -> float:
    """Return how much words together tell."""
    return sum(map(vocabulary.idf, words))


def _title(title: list[str], plan: Plan) -> float:
    typed = list(plan.title)
    if not typed:
        return 0.0
    if title == typed:
        return TITLE_IS + TITLE_BEGINS
    return TITLE_BEGINS if len(typed) > 2 and "_".join(title).startswith("_".join(typed)) else 0.0
