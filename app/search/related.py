"""Related papers: those that share rare words, labels and authors with a paper, as a plan that engines answer. Pure."""

from __future__ import annotations

from collections import Counter

from app.paper import Paper
from app.search import Sort, text
from app.search.condition import Except, Terms, either, every
from app.search.document import facet_field
from app.search.plan import Plan
from app.search.vocabulary import Vocabulary
from app.search.words import Alternative, Group, Marks
from app.tagging.taxonomy import Taxonomy

MOST_WORDS = 14
"""The words by which a paper is known best."""
LABEL, AUTHOR = 0.8, 1.5
"""What a shared label and a shared author weigh, as a tag that a query names weighs 1."""
COUNTED = 3
"""A word counts no more often than this."""


def related_plan(paper: Paper, taxonomy: Taxonomy, vocabulary: Vocabulary) -> Plan:
    """Return the plan that finds the papers which have something in common with one, most first."""
    groups = [Group.of(word) for word in _telling(paper, vocabulary)]
    for facet in taxonomy:
        field = facet_field(facet.id)
        groups += [Group((Alternative(label, LABEL, field),)) for label in paper.labels.get(facet.id, ())]
    groups += [Group((Alternative(author.id, AUTHOR, "author"),)) for author in paper.authors]
    shared = either(Terms(way.field or "words", (way.value,)) for group in groups for way in group.alternatives)
    found = every([shared, Except(Terms("id", (paper.id,)))])
    marks = {"title": Marks(), "abstract": Marks()}
    return Plan(found, found, found, {}, groups=tuple(groups), marks=marks, order=Sort.RELEVANCE)


def _telling(paper: Paper, vocabulary: Vocabulary) -> list[str]:
    """Return the words that tell most of a paper: rare ones that others have too, and those of its title first."""
    title = set(text.stems(paper.title))
    counts = Counter(stem for stem in text.stems(f"{paper.title} {paper.abstract}") if stem not in text.STOP_WORDS)

    def worth(word: str) -> float:
        return vocabulary.idf(word) * min(COUNTED, counts[word]) * (2 if word in title else 1)

    shared = [word for word in counts if vocabulary.count(word) > 1 and not word.isdigit()]
    return sorted(shared, key=lambda word: (-worth(word), word))[:MOST_WORDS]
