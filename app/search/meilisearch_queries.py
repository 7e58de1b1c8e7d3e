"""The queries of one request to Meilisearch, and what their answers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from app.search import Sort
from app.search.condition import Adjacent, Condition, every
from app.search.document import facet_field
from app.search.meilisearch_filter import combined, written
from app.search.plan import Plan
from app.search.rank import PART, TEXTS, Weights, ranked
from app.search.vocabulary import Vocabulary
from app.search.words import Group
from app.tagging.taxonomy import Taxonomy

WINDOW, WINDOW_OF_SOME = 40, 60
"""So many of the first papers are put in order by our own weights; more where papers have only some of the words."""
EVERY = "everypaper"
"""A word of every paper: a query for it finds all that the filter finds, and has a score to weigh."""
MOST_RANKING = 9
"""Words beside it that Meilisearch reads."""


@dataclass
class Known:
    """What is known of the index in one generation."""

    generation: str
    vocabulary: Vocabulary
    phrases: dict[Adjacent, tuple[str, ...]] = field(default_factory=dict)


class Index(Protocol):
    """What the queries need of the engine."""

    @property
    def taxonomy(self) -> Taxonomy:
        """Return the facets."""

    def query(self, **options: Any) -> dict[str, Any]:
        """Return a query of the index."""

    def papers_with(self, phrase: Adjacent, known: Known) -> tuple[str, ...]:
        """Return the ids of the papers that have a phrase."""


class Asked:
    """The queries of one request, and what their answers mean."""

    def __init__(self, engine: Index, made: Plan, known: Known) -> None:
        self.plan = made
        self._engine, self._known = engine, known
        names = [*engine.taxonomy.by_id, "venue", "year"]
        self._passes: dict[str | None, list[str]] = {None: [name for name in names if name not in made.filters]}
        self._passes.update({name: [name] for name in names if name in made.filters})
        self._names = names
        tags = {way.field for group in made.groups for way in group.alternatives if way.field}
        scoring = [*TEXTS, "newest", *sorted(tags)] if made.order == Sort.RELEVANCE else []
        self._retrieved = ["paper", *scoring]

    def _filter(self, condition: Condition) -> str:
        return written(condition, lambda phrase: self._engine.papers_with(phrase, self._known))

    def _field(self, facet: str) -> str:
        return facet_field(facet) if facet in self._engine.taxonomy.by_id else facet

    def window(self, condition: Condition, offset: int, limit: int) -> dict[str, Any]:
        """Return the query of a page, or of the window that it lies in."""
        options: dict[str, Any] = {"filter": self._filter(condition), "attributesToRetrieve": self._retrieved}
        if self.plan.order == Sort.RELEVANCE:
            rarest = sorted(
                {word for group in self.plan.groups if (word := self._leading(group))},
                key=lambda word: (-self._known.vocabulary.idf(word), word),
            )
            options |= {"q": " ".join([EVERY, *rarest[:MOST_RANKING]]), "matchingStrategy": "last"}
        by = {Sort.TITLE: "by_title:asc", Sort.OLDEST: "newest:desc"}.get(self.plan.order, "newest:asc")
        return self._engine.query(sort=[by], **self._part(offset, limit, WINDOW), **options)

    def _leading(self, group: Group) -> str:
        """Return the first word of a group that some paper has: the one that was typed, but for typos."""
        words = [way.value for way in group.alternatives if not (way.field or way.everyday)]
        return next((word for word in words if self._known.vocabulary.count(word)), "")

    def newest(self, condition: Condition, limit: int) -> dict[str, Any]:
        """Return the query of the newest papers that a condition holds for."""
        options = {"filter": self._filter(condition), "attributesToRetrieve": ["paper"], "limit": limit}
        return self._engine.query(q="", sort=["newest:asc"], **options)

    def _part(self, offset: int, limit: int, window: int) -> dict[str, int]:
        if self.plan.order == Sort.RELEVANCE and offset < window:
            return {"offset": 0, "limit": max(window, offset + limit)}
        return {"offset": offset, "limit": limit}

    def page(self, documents: list[dict[str, Any]], offset: int, limit: int, weights: Weights) -> list[Any]:
        """Return the documents of a page out of its window."""
        size = WINDOW_OF_SOME if weights is PART else WINDOW
        if self.plan.order != Sort.RELEVANCE or offset >= size:
            return documents[:limit]
        window = ranked(documents[:size], self.plan, self._known.vocabulary, weights)
        return [*window, *documents[size:]][offset : offset + limit]

    def federated(self, some: Condition, offset: int, limit: int, *, everyone: bool) -> dict[str, Any]:
        """Return the request whose weights bring those of ``some`` papers to the front that have most of the words.

        With ``everyone`` all of them are in the answer; without, only those that come first.
        """
        asked = [(every([some, had]), worth) for had, worth in combined(self.plan, self._known.vocabulary)]
        if everyone or not asked:
            asked.append((some, 1e-6))
        queries = [
            self._engine.query(
                q=EVERY,
                filter=self._filter(condition),
                attributesToRetrieve=self._retrieved,
                sort=["newest:asc"],
                federationOptions={"weight": round(worth, 6)},
            )
            for condition, worth in asked
        ]
        return {"federation": self._part(offset, limit, WINDOW_OF_SOME), "queries": queries}

    def counting(self, condition: Condition) -> list[dict[str, Any]]:
        """Return the queries that count: all, and each filtered facet without its own filter."""
        return [
            self._engine.query(
                q="",
                filter=self._filter(self.plan.within(condition, without)),
                facets=[self._field(name) for name in names],
                hitsPerPage=0,
            )
            for without, names in self._passes.items()
        ]

    def count(self, condition: Condition) -> dict[str, Any]:
        """Return the query that counts, without facets."""
        return self._engine.query(q="", filter=self._filter(condition), hitsPerPage=0)

    def facets(self, answers: list[dict[str, Any]]) -> Mapping[str, Mapping[str, int]]:
        """Return the counts that the answers to ``counting`` hold."""
        counts: dict[str, dict[str, int]] = {}
        for names, answer in zip(self._passes.values(), answers, strict=True):
            for name in names:
                counts[name] = answer.get("facetDistribution", {}).get(self._field(name), {})
        return {name: counts[name] for name in self._names}


def total_of(answer: Mapping[str, Any]) -> int:
    return int(answer["totalHits"])
