"""One state of a tantivy index, read as plans say."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import orjson
import tantivy
from tantivy import DocAddress, Order

from app.paper import Paper
from app.search import Sort
from app.search.condition import Condition
from app.search.document import facet_field, from_json
from app.search.plan import Plan
from app.search.rank import Weights
from app.search.tantivy_query import Writer
from app.tagging.taxonomy import Taxonomy


class Reading:
    """Reads what a searcher sees."""

    def __init__(self, searcher: tantivy.Searcher, write: Writer, taxonomy: Taxonomy) -> None:
        """Read with the queries that ``write`` makes."""
        self._searcher, self._write, self._taxonomy = searcher, write, taxonomy

    def page(
        self, made: Plan, condition: Condition, offset: int, limit: int, weights: Weights
    ) -> tuple[list[DocAddress], int]:
        """Return the papers of a page in the plan's order, and how many there are."""
        query = self._write.condition(condition)
        inside = limit > 0 and offset < self._searcher.num_docs
        limit, offset = (limit, offset) if inside else (1, 0)  # tantivy makes room for all that it passes over
        if made.order == Sort.RELEVANCE:
            result = self._searcher.search(self._write.ranked(query, made, weights), limit, offset=offset)
        else:
            field = "by_title" if made.order == Sort.TITLE else "newest"
            order = Order.Desc if made.order == Sort.OLDEST else Order.Asc
            result = self._searcher.search(query, limit, order_by_field=field, offset=offset, order=order)
        count: int = result.count  # type: ignore[attr-defined]
        return [address for _, address in result.hits] if inside else [], count

    def newest(self, condition: Condition, limit: int) -> list[DocAddress]:
        """Return the newest papers that a condition holds for."""
        query = self._write.condition(condition)
        return [a for _, a in self._searcher.search(query, limit, order_by_field="newest", order=Order.Asc).hits]

    def count(self, condition: Condition) -> int:
        """Return how many papers a condition holds for."""
        count: int = self._searcher.search(self._write.condition(condition), 1).count  # type: ignore[attr-defined]
        return count

    def paper(self, address: DocAddress) -> Paper:
        """Return a paper as it was stored."""
        stored: bytes = self._searcher.doc(address)["paper"][0]
        return from_json(orjson.loads(stored))

    def papers(self, addresses: Iterable[DocAddress]) -> tuple[Paper, ...]:
        """Return papers as they were stored."""
        return tuple(map(self.paper, addresses))

    def facets(self, made: Plan, condition: Condition) -> Mapping[str, Mapping[str, int]]:
        """Return the counts of all facets: one pass for those without a filter, one more for each with one."""
        facets = [*self._taxonomy.by_id, "venue", "year"]
        passes: dict[str | None, list[str]] = {}
        for name in facets:
            passes.setdefault(name if name in made.filters else None, []).append(name)
        counts: dict[str, dict[str, int]] = {}
        for without, counted in passes.items():
            query = self._write.condition(made.within(condition, without))
            wanted = {name: {"terms": {"field": self._field(name), "size": 60_000}} for name in counted}
            result = self._searcher.aggregate(query, wanted)
            for name in counted:
                counts[name] = {
                    str(int(b["key"]) if name == "year" else b["key"]): b["doc_count"] for b in result[name]["buckets"]
                }
        return {name: counts[name] for name in facets}

    def _field(self, facet: str) -> str:
        return facet_field(facet) if facet in self._taxonomy.by_id else facet
