"""The Meilisearch engine: an index on a server that several processes share.

Filters say what is found, so that it is exact; Meilisearch's own ranking brings the best to the front, and the first
``WINDOW`` of them are put in order by the same weights as the embedded engine's. A rebuild fills an index beside and
swaps the two.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

from app.paper import Paper
from app.search import EngineUnavailable, SearchPage, SearchRequest, Sort
from app.search.condition import Adjacent, Condition, Except, every
from app.search.document import Kind, facet_field, fields, from_json, stamp, to_document
from app.search.meilisearch_filter import combined, written
from app.search.meilisearch_server import NoIndex, Server
from app.search.plan import FEW, Plan, plan
from app.search.rank import WEIGHTS, ranked
from app.search.snippet import hit
from app.search.synonyms import load_synonyms
from app.search.vocabulary import Vocabulary
from app.tagging.taxonomy import Taxonomy

WINDOW = 100
BATCH = 1_000
UNLIMITED = 10_000_000
EVERY = "everypaper"
"""A word of every paper: a query for it finds all that the filter finds, and has a score to weigh."""
MOST_RANKING = 9
"""Words beside it that Meilisearch reads."""
LONGEST_PHRASE = 8
STAMP = "epsilonstamp"


@dataclass
class _Known:
    """What is known of the index in one generation."""

    generation: str
    vocabulary: Vocabulary
    phrases: dict[Adjacent, tuple[str, ...]] = field(default_factory=dict)


class MeilisearchEngine:
    """Search on a Meilisearch server; see ``SearchEngine`` for what it promises."""

    def __init__(self, url: str, key: str, index: str, taxonomy: Taxonomy) -> None:
        """Use an index of a server; neither has to be there yet."""
        self._server = Server(url, key)
        self._index = index
        self._taxonomy = taxonomy
        self._synonyms = load_synonyms()
        self._stamp = stamp(taxonomy, self._synonyms)
        self._fields = fields(taxonomy)
        self._known: _Known | None = None

    # reading

    def search(self, request: SearchRequest) -> SearchPage:
        """Answer a request; a page beyond the last has no hits, and the true total."""
        known = self._what_is_known()
        made = plan(request, self._taxonomy, self._synonyms, known.vocabulary)
        asked = _Asked(self, made, known)
        offset = (request.page - 1) * request.per_page
        found = made.within(made.found)
        queries = [asked.window(found, offset, request.per_page)]
        queries += asked.counting(made.found)
        full = len(queries)
        if made.some is not None:
            queries += [*asked.counting(made.some), asked.count(made.found)]
        answers = self._search(queries)
        total = total_all = _total(answers[1])
        documents = asked.page(answers[0]["hits"], offset, request.per_page)
        counted = answers[1:full]
        if made.some is not None and _total(answers[-1]) < FEW:
            counted = answers[full:-1]
            total = _total(counted[0])
            start = max(0, offset - total_all)
            documents += self._rest(asked, every([made.within(made.some), Except(found)]), start, request, documents)
        hits = tuple(hit(from_json(document["paper"]), made.marks) for document in documents)
        facets = asked.facets(counted)
        return SearchPage(hits, total, total_all, facets, known.generation, made.synonyms, made.corrected)

    def _rest(
        self, asked: _Asked, rest: Condition, start: int, request: SearchRequest, before: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        """Return the papers with some of the words that come after those with all of them."""
        limit = request.per_page - len(before)
        if limit <= 0:
            return []
        if asked.plan.order != Sort.RELEVANCE:
            return asked.page(self._search([asked.window(rest, start, limit)])[0]["hits"], start, limit)
        queries, federation = asked.federated(rest, start, limit)
        answer = self._server.post("/multi-search", {"federation": federation, "queries": queries})
        return asked.page(answer["hits"], start, limit)

    def _search(self, queries: list[dict[str, Any]]) -> list[dict[str, Any]]:
        results = self._server.post("/multi-search", {"queries": queries})["results"]
        return list(results)

    def query(self, **options: Any) -> dict[str, Any]:
        """Return a query of this index."""
        return {"indexUid": self._index, **options}

    @property
    def taxonomy(self) -> Taxonomy:
        """Return the facets."""
        return self._taxonomy

    def _what_is_known(self) -> _Known:
        generation = self.generation()
        if generation == "none":
            raise EngineUnavailable(self._server.says("has no index yet: run 'epsilon index rebuild'", self._index))
        known = self._known
        if known is None or known.generation != generation:
            if self.needs_rebuild():
                raise EngineUnavailable(
                    self._server.says("has an index of another version: run 'epsilon index rebuild'", self._index)
                )
            (answer,) = self._search([self.query(q="", hitsPerPage=0, facets=["forms"])])
            counts = answer.get("facetDistribution", {}).get("forms", {})
            known = self._known = _Known(generation, Vocabulary(counts.items(), _total(answer)))
        return known

    def papers_with(self, phrase: Adjacent, known: _Known) -> tuple[str, ...]:
        """Return the ids of the papers that have a phrase.

        Meilisearch knows which words stand next to each other somewhere; that all do in one place is checked here.
        """
        found = known.phrases.get(phrase)
        if found is None:
            ids: list[str] = []
            wanted = f" {' '.join(phrase.stems)} "
            query = self.query(
                q=f'"{" ".join(phrase.stems[:LONGEST_PHRASE])}"',
                attributesToRetrieve=["id", *phrase.fields],
                limit=BATCH,
                offset=0,
            )
            while True:
                (answer,) = self._search([query])
                for document in answer["hits"]:
                    if any(wanted in f" {document[name]} " for name in phrase.fields):
                        ids += document["id"]
                if len(answer["hits"]) < BATCH:
                    break
                query["offset"] += BATCH
            found = known.phrases[phrase] = tuple(ids)
        return found

    def revisions(self) -> Iterator[tuple[str, int]]:
        """Yield id and revision of every paper in the index."""
        offset = 0
        while True:
            body = {"fields": ["id", "revision"], "limit": 5 * BATCH, "offset": offset}
            try:
                found = self._server.post(f"/indexes/{self._index}/documents/fetch", body)["results"]
            except NoIndex:
                return
            yield from ((document["id"][0], document["revision"]) for document in found)
            if not found:
                return
            offset += len(found)

    def generation(self) -> str:
        """Return a token that changes whenever the index does; cheap."""
        try:
            index = self._server.get(f"/indexes/{self._index}")
        except NoIndex:
            return "none"
        return re.sub(r"[^0-9]", "", f"{index['createdAt']}{index['updatedAt']}")

    def needs_rebuild(self) -> bool:
        """Tell whether the index is missing, or another version of document, taxonomy or text analysis built it."""
        try:
            stamped = self._server.get(f"/indexes/{self._index}/settings/synonyms")
        except NoIndex:
            return True
        return bool(stamped.get(STAMP) != [self._stamp])

    # writing

    def put(self, papers: Sequence[Paper]) -> None:
        """Add or replace papers by id; return when they are searchable."""
        if not papers:
            return
        if self.generation() == "none":
            self._make(self._index)
        self._server.wait([self._add(self._index, batch) for batch in _batches(papers)])

    def delete(self, ids: Sequence[str]) -> None:
        """Take papers out; return when they are gone."""
        if not ids:
            return
        try:
            task = self._server.post(f"/indexes/{self._index}/documents/delete-batch", [_key(i) for i in ids])
        except NoIndex:
            return
        self._server.wait([task["taskUid"]], fine="index_not_found")

    def rebuild(self, papers: Iterable[Paper]) -> None:
        """Replace the whole index: readers see all of the old or all of the new."""
        beside = f"{self._index}-next-{secrets.token_hex(4)}"
        try:
            self._make(beside)
            self._server.wait([self._add(beside, batch) for batch in _batches(papers)])
            if self.generation() == "none":
                self._make(self._index)
            swap = self._server.post("/swap-indexes", [{"indexes": [self._index, beside]}])
            self._server.wait([swap["taskUid"]])
        finally:
            self._server.drop(beside)

    def _add(self, index: str, papers: Iterable[Paper]) -> int:
        documents = [self._document(paper) for paper in papers]
        return int(self._server.post(f"/indexes/{index}/documents?primaryKey=key", documents)["taskUid"])

    def _document(self, paper: Paper) -> dict[str, Any]:
        document = to_document(paper, self._taxonomy, self._synonyms)
        return {"key": _key(paper.id), "revision": paper.revision, "every": EVERY, "paper": document.paper} | dict(
            document.values
        )

    def _make(self, index: str) -> None:
        """Make an index with our settings."""
        self._server.wait(
            [self._server.post("/indexes", {"uid": index, "primaryKey": "key"})["taskUid"]], fine="index_already_exists"
        )
        filters = [
            {
                "attributePatterns": [name],
                "features": {
                    "facetSearch": name == "people",
                    "filter": {"equality": True, "comparison": kind is Kind.NUMBER},
                },
            }
            for name, kind in self._fields.items()
            if kind in {Kind.WORDS, Kind.FACET, Kind.NUMBER}
        ]
        settings = {
            "searchableAttributes": [*(name for name, _ in WEIGHTS), "every"],
            "filterableAttributes": filters,
            "sortableAttributes": [name for name, kind in self._fields.items() if kind is Kind.ORDER],
            "rankingRules": ["words", "attribute", "proximity", "exactness", "sort"],
            "typoTolerance": {"enabled": False},
            "prefixSearch": "disabled",
            "pagination": {"maxTotalHits": UNLIMITED},
            "faceting": {"maxValuesPerFacet": UNLIMITED},
            "localizedAttributes": [{"locales": ["eng"], "attributePatterns": ["*"]}],
            "searchCutoffMs": 60_000,
            "synonyms": {STAMP: [self._stamp]},
        }
        self._server.wait([self._server.patch(f"/indexes/{index}/settings", settings)["taskUid"]])

    def close(self) -> None:
        """Let go of the connections."""
        self._server.close()


class _Asked:
    """The queries of one request, and what their answers mean."""

    def __init__(self, engine: MeilisearchEngine, made: Plan, known: _Known) -> None:
        self.plan = made
        self._engine, self._known = engine, known
        names = [*engine.taxonomy.by_id, "venue", "year"]
        self._passes: dict[str | None, list[str]] = {None: [name for name in names if name not in made.filters]}
        self._passes.update({name: [name] for name in names if name in made.filters})
        self._names = names
        tags = {way.field for group in made.groups for way in group.alternatives if way.field}
        scoring = [*(name for name, _ in WEIGHTS), "newest", *sorted(tags)] if made.order == Sort.RELEVANCE else []
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
                {way.value for group in self.plan.groups for way in group.alternatives[:1] if not way.field},
                key=lambda word: (-self._known.vocabulary.idf(word), word),
            )
            options |= {"q": " ".join([EVERY, *rarest[:MOST_RANKING]]), "matchingStrategy": "last"}
        by = {Sort.TITLE: "by_title:asc", Sort.OLDEST: "newest:desc"}.get(self.plan.order, "newest:asc")
        return self._engine.query(sort=[by], **self._part(offset, limit), **options)

    def _part(self, offset: int, limit: int) -> dict[str, int]:
        if self.plan.order == Sort.RELEVANCE and offset < WINDOW:
            return {"offset": 0, "limit": max(WINDOW, offset + limit)}
        return {"offset": offset, "limit": limit}

    def page(self, documents: list[dict[str, Any]], offset: int, limit: int) -> list[Any]:
        """Return the documents of a page out of its window."""
        if self.plan.order != Sort.RELEVANCE or offset >= WINDOW:
            return documents[:limit]
        window = ranked(documents[:WINDOW], self.plan, self._known.vocabulary)
        return [*window, *documents[WINDOW:]][offset : offset + limit]

    def federated(self, rest: Condition, offset: int, limit: int) -> tuple[list[dict[str, Any]], dict[str, int]]:
        """Return the queries whose weights bring those with the most and rarest words to the front."""
        queries = []
        for words, worth in combined(self.plan, self._known.vocabulary):
            options = {"q": EVERY, "filter": self._filter(every([rest, *words])), "sort": ["newest:asc"]}
            weight = {"federationOptions": {"weight": round(worth, 6)}}
            queries.append(self._engine.query(attributesToRetrieve=self._retrieved, **options, **weight))
        return queries, self._part(offset, limit)

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
        """Return the query that counts without the filters."""
        return self._engine.query(q="", filter=self._filter(condition), hitsPerPage=0)

    def facets(self, answers: list[dict[str, Any]]) -> Mapping[str, Mapping[str, int]]:
        """Return the counts that the answers to ``counting`` hold."""
        counts: dict[str, dict[str, int]] = {}
        for names, answer in zip(self._passes.values(), answers, strict=True):
            for name in names:
                counts[name] = answer.get("facetDistribution", {}).get(self._field(name), {})
        return {name: counts[name] for name in self._names}


def _batches(papers: Iterable[Paper]) -> Iterator[list[Paper]]:
    left = iter(papers)
    while batch := list(islice(left, BATCH)):
        yield batch


def _total(answer: Mapping[str, Any]) -> int:
    return int(answer["totalHits"])


def _key(paper_id: str) -> str:
    """Return an id as Meilisearch takes it for a key."""
    if re.fullmatch(r"[a-zA-Z0-9_-]{1,200}", paper_id):
        return paper_id
    return "x_" + paper_id.encode("utf-8", "ignore").hex()
