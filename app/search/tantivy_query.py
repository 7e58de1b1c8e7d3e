"""How conditions and ranking are said to tantivy."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Anything

import tantivy
from tantivy import FieldType, Occur, Query

from app.search.condition import Adjacent, All, Any, Condition, Except, Starts, Terms
from app.search.document import Kind
from app.search.plan import Plan
from app.search.rank import TAG_SCORE, TEXTS, TITLE_BEGINS, TITLE_IS, Weights, ways
from app.search.tree import Years
from app.search.words import Alternative, Group

SPACES = "spaces"


def schema_of(fields: Mapping[str, Kind]) -> tantivy.Schema:
    """Return the schema for a document's fields, the stored paper and its revision."""
    builder = tantivy.SchemaBuilder()
    for name, kind in fields.items():
        if kind is Kind.TEXT:
            builder.add_text_field(name, tokenizer_name=SPACES, index_option="position")
        elif kind is Kind.NUMBER:
            builder.add_integer_field(name, indexed=True, fast=True)
        else:
            fast = kind in {Kind.FACET, Kind.ORDER} or name == "id"
            builder.add_text_field(name, fast=fast, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("revision", fast=True)
    builder.add_bytes_field("paper", stored=True)
    return builder.build()


class Writer:
    """Writes conditions and plans as tantivy's queries."""

    def __init__(self, schema: tantivy.Schema) -> None:
        """Write for a schema."""
        self._schema = schema

    def prepare(self, index: tantivy.Index) -> None:
        """Make an index ready for use: analysers aren't stored with it."""
        spaces = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        index.register_tokenizer(SPACES, spaces)
        index.config_reader("manual")

    def condition(self, condition: Condition) -> Query:
        """Return the query that finds what a condition holds for."""
        match condition:
            case Terms(field, values):
                return self._term(field, values[0]) if len(values) == 1 else self._terms(field, values)
            case Starts(field, prefix):
                return Query.fuzzy_term_query(self._schema, field, prefix, 0, True, True)
            case Adjacent(fields, stems):
                found: list[str | tuple[int, str]] = [*stems]
                return _any([Query.phrase_query(self._schema, field, found) for field in fields])
            case Years(first, last):
                return Query.range_query(self._schema, "year", FieldType.Integer, first, last)
            case All(children):
                positive = [self.condition(child) for child in children if not isinstance(child, Except)]
                negative = [self.condition(child.child) for child in children if isinstance(child, Except)]
                clauses = [(Occur.Must, query) for query in positive or [Query.all_query()]]
                return Query.boolean_query([*clauses, *((Occur.MustNot, query) for query in negative)])
            case Any(children):
                return _any([self.condition(child) for child in children]) if children else Query.empty_query()
            case Except(child):
                return self.condition(All((Except(child),)))

    def _term(self, field: str, value: str) -> Query:
        return Query.term_query(self._schema, field, value, "basic")

    def _terms(self, field: str, values: tuple[str, ...]) -> Query:
        return Query.term_set_query(self._schema, field, list(values))

    def ranked(self, found: Query, plan: Plan, weights: Weights) -> Query:
        """Return the query that finds the same, in the order of what papers are worth to the plan."""
        worth = [self._group(group, weights) for group in plan.groups]
        for pair in plan.pairs:
            for field, weight in (("title", 2 * weights.pair), ("abstract", weights.pair)):
                together: list[Anything] = [*pair]
                worth.append(Query.boost_query(Query.phrase_query(self._schema, field, together, 1), weight))
        if plan.title:
            key = "_".join(plan.title)
            worth.append(Query.const_score_query(self._term("title_key", key), TITLE_IS))
            if len(plan.title) > 2:
                worth.append(Query.const_score_query(self.condition(Starts("title_key", key)), TITLE_BEGINS))
        only = Query.const_score_query(found, 0.0)
        return Query.boolean_query([(Occur.Must, only), *((Occur.Should, query) for query in worth)])

    def _group(self, group: Group, weights: Weights) -> Query:
        queries = [self._alternative(way, weights) for way in ways(group, weights)]
        best = queries[0] if len(queries) == 1 else Query.disjunction_max_query(queries, weights.others)
        if not group.form:
            return best
        exact = Query.boost_query(self._term("forms", group.form), weights.exact)
        return Query.boolean_query([(Occur.Should, best), (Occur.Should, exact)])

    def _alternative(self, way: Alternative, weights: Weights) -> Query:
        if way.field == "terms":
            return Query.boost_query(self._term(way.field, way.value), way.weight)
        if way.field:
            return Query.const_score_query(self._term(way.field, way.value), way.weight * TAG_SCORE)
        clauses = []
        for field, weight in zip(TEXTS, weights.texts, strict=True):
            has = Query.term_query(self._schema, field, way.value, "freq")
            clauses.append((Occur.Should, Query.boost_query(has, weight * way.weight)))
        return Query.boolean_query(clauses)


def _any(queries: list[Query]) -> Query:
    return queries[0] if len(queries) == 1 else Query.boolean_query([(Occur.Should, query) for query in queries])
