"""The Meilisearch engine: an index on a server that several processes share.

Filters say what is found, so that it is exact; Meilisearch's own ranking brings the best to the front, and the first
of them are put in order by the same weights as the embedded engine's. A rebuild fills an index beside and swaps both.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any

from app.paper import Paper
from app.search import EngineUnavailable, SearchPage, SearchRequest, Sort, Suggested, names
from app.search.condition import Adjacent, Condition, Except, Starts, Terms, every
from app.search.document import Kind, fields, from_json, stamp, to_document
from app.search.meilisearch_filter import seems_few
from app.search.meilisearch_queries import EVERY, Asked, Known, total_of
from app.search.meilisearch_server import NoIndex, Server
from app.search.plan import FEW, plan
from app.search.rank import FULL, PART, TEXTS
from app.search.related import related_plan
from app.search.snippet import hit
from app.search.synonyms import load_synonyms
from app.search.vocabulary import Vocabulary
from app.tagging.taxonomy import Taxonomy

BATCH = 1_000
UNLIMITED = 10_000_000
LONGEST_PHRASE = 8
LONG = 0.5
"""Seconds: what takes longer isn't done again at once."""
STAMP = "epsilonstamp"


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
        self._known: Known | None = None
        self._words_until = 0.0

    # reading

    def search(self, request: SearchRequest) -> SearchPage:
        """Answer a request; a page beyond the last has no hits, and the true total."""
        known = self._what_is_known()
        made = plan(request, self._taxonomy, self._synonyms, known.vocabulary)
        asked = Asked(self, made, known)
        offset = (request.page - 1) * request.per_page
        found = made.within(made.found)
        window, count = asked.window(found, offset, request.per_page), asked.count(found)
        all_words, some_words = asked.counting(made.found), asked.counting(made.some) if made.some is not None else []
        guess = bool(some_words) and seems_few(made, known.vocabulary)
        hits, total, *counted = self._search([window, count, *(some_words if guess else all_words)])
        total_all = total_of(total)
        few = bool(some_words) and total_all < FEW
        if few and (made.found != made.words or made.filters):
            few = total_of(self._search([asked.count(made.words)])[0]) < FEW
        if few != guess:
            counted = self._search(some_words if few else all_words)
        documents = asked.page(hits["hits"], offset, request.per_page, FULL)
        if few and made.some is not None:
            before = [document["paper"]["id"] for document in hits["hits"]]
            apart = Except(Terms("id", tuple(before)) if len(before) == total_all else found)
            rest = every([made.within(made.some), *([apart] if total_all else [])])
            documents += self._rest(asked, rest, max(0, offset - total_all), request.per_page - len(documents))
        facets = asked.facets(counted)
        return SearchPage(
            tuple(hit(from_json(document["paper"]), made.marks) for document in documents),
            total_of(counted[0]) if few else total_all,
            total_all,
            facets,
            known.generation,
            made.synonyms,
            made.corrected,
        )

    def _rest(self, asked: Asked, rest: Condition, start: int, limit: int) -> list[dict[str, Any]]:
        """Return the papers with some of the words that come after those with all of them."""
        if limit <= 0:
            return []
        if asked.plan.order != Sort.RELEVANCE:
            return asked.page(self._search([asked.window(rest, start, limit)])[0]["hits"], start, limit, PART)
        hits: list[dict[str, Any]] = []
        for everyone in (False, True)[start > 0 :]:
            asking = asked.federated(rest, start, limit, everyone=everyone)
            hits = self._server.post("/multi-search", asking)["hits"]
            if len(hits) == asking["federation"]["limit"]:
                break
        return asked.page(hits, start, limit, PART)

    def suggest(self, request: SearchRequest) -> Suggested:
        """Return what the text of a request, as it is typed, may become."""
        known = self._what_is_known()
        made = plan(request, self._taxonomy, self._synonyms, known.vocabulary)
        asked, most, name = Asked(self, made, known), request.per_page, names.typed(request.text)
        queries = {}
        if names.may_be_title(request.text):
            queries["titles"] = asked.window(made.within(made.found), 0, most) | {
                "limit": most, "attributesToRetrieve": ["paper"],
            }  # fmt: skip
        if name:
            queries["names"] = asked.newest(Starts("people", name), names.MOST_PAPERS)
        answers = dict(zip(queries, self._search(list(queries.values())), strict=True)) if queries else {}
        found = {kind: [from_json(hit["paper"]) for hit in answer["hits"]] for kind, answer in answers.items()}
        return Suggested(names.going_on(name, found.get("names", ()), most), tuple(found.get("titles", ())))

    def related(self, paper: Paper, most: int) -> tuple[Paper, ...]:
        """Return the papers that share most rare words, labels and authors with one."""
        known = self._known or self._what_is_known()
        asked = Asked(self, related_plan(paper, self._taxonomy, known.vocabulary), known)
        asking = asked.federated(asked.plan.found, 0, most, everyone=False)
        hits = self._server.post("/multi-search", asking)["hits"]
        return tuple(from_json(document["paper"]) for document in asked.page(hits, 0, most, PART))

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

    def _what_is_known(self) -> Known:
        generation = self.generation()
        if generation == "none":
            raise EngineUnavailable(self._server.says("has no index yet: run 'epsilon index rebuild'", self._index))
        known = self._known
        if known is None or known.generation != generation:
            if self.needs_rebuild():
                raise EngineUnavailable(
                    self._server.says("has an index of another version: run 'epsilon index rebuild'", self._index)
                )
            kept = known is not None and time.monotonic() < self._words_until
            known = self._known = Known(generation, known.vocabulary if kept and known else self._words())
        return known

    def _words(self) -> Vocabulary:
        """Return the words of the index; where that takes long, they are kept for a while though the index changes."""
        start = time.monotonic()
        (answer,) = self._search([self.query(q="", hitsPerPage=0, facets=["forms"])])
        counts = answer.get("facetDistribution", {}).get("forms", {})
        took = time.monotonic() - start
        self._words_until = time.monotonic() + (10 * took if took > LONG else 0)
        return Vocabulary(counts.items(), total_of(answer))

    def papers_with(self, phrase: Adjacent, known: Known) -> tuple[str, ...]:
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
        # without comparison, what words begin with would be looked for from the first word on
        filters = [
            {
                "attributePatterns": [name],
                "features": {
                    "facetSearch": False,
                    "filter": {"equality": True, "comparison": kind in {Kind.NUMBER, Kind.BEGINNINGS}},
                },
            }
            for name, kind in self._fields.items()
            if kind not in {Kind.TEXT, Kind.ORDER}
        ]
        settings = {
            "searchableAttributes": [*TEXTS, "every"],
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


def _batches(papers: Iterable[Paper]) -> Iterator[list[Paper]]:
    left = iter(papers)
    while batch := list(islice(left, BATCH)):
        yield batch


def _key(paper_id: str) -> str:
    """Return an id as Meilisearch takes it for a key."""
    if re.fullmatch(r"[a-zA-Z0-9_-]{1,200}", paper_id):
        return paper_id
    return "x_" + paper_id.encode("utf-8", "ignore").hex()
