"""The API's description: models made from the taxonomy, so that a further facet is described too, and its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, Field, create_model

from app.search import Sort
from app.search.query import HAS, MOST_PER_PAGE
from app.tagging.taxonomy import Taxonomy
from app.web.views import Frame


class ProblemDetail(BaseModel):
    """One parameter that can't be used."""

    parameter: str
    value: str
    detail: str


class ProblemAnswer(BaseModel):
    """An error, after RFC 9457."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[ProblemDetail] = []


class SynonymAnswer(BaseModel):
    """A word that was also searched as others."""

    typed: str
    also: list[str]


class CorrectionAnswer(BaseModel):
    """A word that was read as another."""

    typed: str
    read_as: str


class QueryAnswer(BaseModel):
    """How the query was understood."""

    q: str
    matched: str = Field(description="all: every paper has all the words; some: others follow that have some")
    total_all: int = Field(description="papers that have all the words")
    synonyms: list[SynonymAnswer]
    corrected: list[CorrectionAnswer]


class ValueAnswer(BaseModel):
    """A value of a facet, with the papers that it has or would have."""

    value: str
    label: str
    count: int
    selected: bool
    parent: str | None


class SuggestionAnswer(BaseModel):
    """Something that what is typed may mean."""

    kind: str
    label: str
    url: str


class SuggestAnswer(BaseModel):
    """Suggestions, best first."""

    suggestions: list[SuggestionAnswer]


class LabelAnswer(BaseModel):
    """A value of a facet with its meaning."""

    value: str
    label: str
    means: str
    parent: str | None
    count: int
    url: str


class FacetAnswer(BaseModel):
    """A facet with all its values; ``key`` is its name in a paper."""

    facet: str
    key: str
    label: str
    means: str
    values: list[LabelAnswer]


class FacetsAnswer(BaseModel):
    """All facets."""

    facets: list[FacetAnswer]


class EvidenceAnswer(BaseModel):
    """The words that earned a label: ``field[start:end] == text``."""

    facet: str
    label: str
    rule: str
    field: str
    start: int
    end: int
    text: str


class SourceAnswer(BaseModel):
    """A source that knows the paper."""

    source: str
    format: str
    position: str
    loaded_at: str


class RelatedAnswer(BaseModel):
    """A paper that has much in common."""

    id: str
    title: str
    url: str


def models(taxonomy: Taxonomy) -> tuple[type[BaseModel], type[BaseModel]]:
    """Return the models of a page of results and of a single paper."""
    optional = (str | None, ...)
    labels: dict[str, Any] = {
        facet.key: (list[str], Field(description=f"{facet.means} Ids, most specific only.")) for facet in taxonomy
    }
    fields: dict[str, Any] = {
        "id": (str, ...), "title": (str, ...), "abstract": (str, ...), "authors": (list[str], ...),
        "venue": (str, ...), "venue_label": (str, ...), "year": (int | None, ...), "published": optional, **labels,
        "arxiv_id": optional, "doi": optional, "code_url": optional, "url": optional,
    }  # fmt: skip
    paper = create_model("Paper", __doc__="A paper.", **fields)
    names = [*taxonomy.by_id, "venue", "year"]
    counted: Any = (list[ValueAnswer], ...)
    facets = create_model("Facets", __doc__="Counts.", **dict.fromkeys(names, counted))
    answer: dict[str, Any] = {
        "total": (int, ...), "page": (int, ...), "per_page": (int, ...),
        "next": (str | None, Field(description="address of the next page")),
        "query": (QueryAnswer, ...), "papers": (list[paper], ...), "facets": (facets, ...),
    }  # fmt: skip
    papers = create_model("Papers", __doc__="A page of results.", **answer)
    more: dict[str, Any] = {
        "pdf_url": optional, "venue_name": (str, ...), "venue_track": optional,
        "evidence": (list[EvidenceAnswer], ...), "curated": (list[dict[str, str]], ...),
        "sources": (list[SourceAnswer], ...), "related": (list[RelatedAnswer], ...),
        "links": (dict[str, Any], ...), "updated_at": (str, ...),
    }  # fmt: skip
    record = create_model("Record", __doc__="All that is known of a paper.", **fields, **more)
    return papers, record


def search_parameters(taxonomy: Taxonomy) -> list[dict[str, Any]]:
    """Return the parameters of a search as OpenAPI describes them."""

    def one(name: str, about: str, **schema: Any) -> dict[str, Any]:
        return {"name": name, "in": "query", "description": about, "schema": {"type": "string", **schema}}

    def many(name: str, about: str, **items: Any) -> dict[str, Any]:
        about += " Repeat it for OR."
        return one(name, about, type="array", items={"type": "string", **items})

    whole = {"type": "integer"}
    return [
        one("q", "The query: words, \"a phrase\", -word, a OR b, title:…, author:…, year:2021..2023, an arXiv id …"),
        *(many(f.id, f.means, enum=[label.id for label in f.labels]) for f in taxonomy),
        many("venue", "A venue's id."),
        many("author", "An author's id."),
        {**many("has", "", enum=list(HAS)), "description": "code: its code is known; venue: published. Both: AND."},
        one("year_from", "First year, inclusive.", **whole),
        one("year_to", "Last year, inclusive.", **whole),
        one("sort", "Order; relevance with q, newest without.", enum=[sort.value for sort in Sort]),
        one("page", "From 1.", **whole, minimum=1, default=1),
        one("per_page", "Papers on a page.", **whole, minimum=1, maximum=MOST_PER_PAGE, default=20),
        one("synonyms", "off: only what was typed.", enum=["on", "off"]),
    ]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operation:
    """An operation of the API, for its page."""

    method: str
    path: str
    summary: str
    about: str
    parameters: Sequence[Mapping[str, Any]]
    answers: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class Model:
    """A shape of data, for the page."""

    name: str
    about: str
    fields: Sequence[tuple[str, str, str]]


@dataclass(frozen=True, slots=True)
class DocsView:
    """Everything on the API's page."""

    frame: Frame
    operations: Sequence[Operation]
    models: Sequence[Model]
    example: str
    schema_url: str


def docs_view(schema: Mapping[str, Any], frame: Frame, example: str, schema_url: str) -> DocsView:
    """Return the page of the API, from its OpenAPI description."""
    return DocsView(frame, list(_operations(schema)), list(_models(schema)), example, schema_url)


def _operations(schema: Mapping[str, Any]) -> Iterator[Operation]:
    for path, methods in schema["paths"].items():
        for method, found in methods.items():
            parameters = [
                {"name": p["name"], "about": p.get("description", ""), "type": _type(p["schema"]), "in": p["in"]}
                for p in found.get("parameters", [])
            ]
            answers = [
                (status, answer["description"], _answer_type(answer)) for status, answer in found["responses"].items()
            ]
            yield Operation(
                method.upper(), path, found.get("summary", ""), found.get("description", ""), parameters, answers
            )


def _models(schema: Mapping[str, Any]) -> Iterator[Model]:
    for name, found in sorted(schema.get("components", {}).get("schemas", {}).items()):
        fields = [(field, _type(p), p.get("description", "")) for field, p in found.get("properties", {}).items()]
        yield Model(name, found.get("description", ""), fields)


def _answer_type(answer: Mapping[str, Any]) -> str:
    content: Mapping[str, Any] = next(iter(answer.get("content", {}).values()), {})
    return _type(content.get("schema", {}))


def _type(schema: Mapping[str, Any]) -> str:
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(_type(part) for part in schema["anyOf"])
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if "enum" in schema and len(schema["enum"]) <= 6:
        return " · ".join(str(value) for value in schema["enum"])
    return str(schema.get("type", ""))
