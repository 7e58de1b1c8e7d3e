"""A paper as the engines index it: each field declared once, the whole paper stored beside.

Both engines configure themselves from ``FIELDS`` and the taxonomy; the stamp says which declaration built an index.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

import orjson

from app.identifiers import fold
from app.paper import Author, Paper
from app.search import names, text
from app.search.synonyms import Synonyms
from app.tagging.taxonomy import Taxonomy

VERSION = 2
"""Rises when the same paper gives another document than before."""


class Kind(StrEnum):
    """What a field is for."""

    TEXT = "text"
    """Stems in order: ranked, and searched for phrases."""
    WORDS = "words"
    """A set of words, each a condition."""
    BEGINNINGS = "beginnings"
    """A set of words, each a condition, and quick to find by how it begins."""
    FACET = "facet"
    """A set of values: a condition, and counted."""
    NUMBER = "number"
    """A year: a condition with bounds, and counted."""
    ORDER = "order"
    """One text by which results are sorted, from the first letter on."""


FIELDS: Mapping[str, Kind] = {
    "title": Kind.TEXT,
    "abstract": Kind.TEXT,
    "names": Kind.TEXT,
    "words": Kind.WORDS,  # stems of title, abstract and names, and those that hyphens join
    "title_words": Kind.WORDS,
    "forms": Kind.BEGINNINGS,  # the same words unstemmed: prefixes, and the vocabulary for typos
    "name_words": Kind.WORDS,  # forms of the authors' names
    "terms": Kind.WORDS,  # the synonyms' terms of several words that the text has
    "title_key": Kind.WORDS,  # the title's stems as one word
    "people": Kind.BEGINNINGS,  # the authors as suggestions find them
    "arxiv": Kind.WORDS,
    "doi": Kind.WORDS,
    "id": Kind.WORDS,
    "author": Kind.WORDS,
    "has": Kind.WORDS,
    "venue": Kind.FACET,
    "year": Kind.NUMBER,
    "newest": Kind.ORDER,
    "by_title": Kind.ORDER,
}


def fields(taxonomy: Taxonomy) -> dict[str, Kind]:
    """Return every field of a document with its kind, the taxonomy's facets included (see ``facet_field``)."""
    return {**FIELDS, **{facet_field(facet.id): Kind.FACET for facet in taxonomy}}


def facet_field(facet: str) -> str:
    """Return the field of a taxonomy's facet; apart from our own, whatever its id."""
    return f"tag_{facet}"


def stamp(taxonomy: Taxonomy, synonyms: Synonyms) -> str:
    """Return what changes whenever the same papers would give another index."""
    parents = [(f.id, [(label.id, label.parent) for label in f.labels]) for f in taxonomy]
    parts = (VERSION, text.VERSION, sorted(fields(taxonomy).items()), parents, sorted(synonyms.terms))
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True)
class Document:
    """A paper with the values of its fields; sets of words are in the order of the text."""

    paper: Paper
    values: Mapping[str, Any]


def to_document(paper: Paper, taxonomy: Taxonomy, synonyms: Synonyms) -> Document:
    """Return the document of a paper; text that can't be written as UTF-8 loses those characters."""
    paper = from_json(orjson.loads(to_json(paper)))
    people = " ".join(author.name for author in paper.authors)
    title, abstract, authors = map(text.analysed, (paper.title, paper.abstract, people))
    together = [whole for part in (title, abstract, authors) for _, _, whole in part.runs]
    values: dict[str, Any] = {
        "title": " ".join(title.stems),
        "abstract": " ".join(abstract.stems),
        "names": " ".join(authors.stems),
        "words": text.distinct([*title.stems, *abstract.stems, *authors.stems, *map(text.stem, together)]),
        "title_words": text.distinct([*title.stems, *(text.stem(whole) for _, _, whole in title.runs)]),
        "forms": text.distinct([*title.forms, *abstract.forms, *authors.forms, *together]),
        "name_words": text.distinct(authors.forms),
        "terms": synonyms.terms_in(title.stems, abstract.stems),
        "title_key": ["_".join(title.stems)[:300]],
        "people": [entry for author in paper.authors for entry in names.entries(author)],
        "arxiv": [paper.arxiv_id] if paper.arxiv_id else [],
        "doi": [paper.doi.lower()] if paper.doi else [],
        "id": [paper.id],
        "author": text.distinct(author.id for author in paper.authors),
        "has": list(paper.has),
        "venue": [paper.venue],
        "year": paper.year,
        "newest": _newest(paper),
        "by_title": f"{' '.join(fold(paper.title).split())[:150]}  {paper.id}",
    }
    for facet in taxonomy:
        values[facet_field(facet.id)] = list(facet.with_parents(paper.labels.get(facet.id, ())))
    return Document(paper, values)


_BACKWARDS = str.maketrans("0123456789", "9876543210")


def _newest(paper: Paper) -> str:
    """Return a text that sorts as year, then date (the latest first), then id."""
    year = str(paper.year or 0).zfill(4).translate(_BACKWARDS)
    published = (paper.published or "").translate(_BACKWARDS).ljust(10, "z")
    return f"{year} {published} {paper.id}"


def to_json(paper: Paper) -> bytes:
    """Return the paper as it is stored."""

    try:
        return orjson.dumps(paper, default=dict)
    except orjson.JSONEncodeError:  # half a character
        return orjson.dumps(_writable(asdict(paper)))


def _writable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "ignore").decode()
    if isinstance(value, Mapping):
        return {name: _writable(v) for name, v in value.items()}
    if isinstance(value, list | tuple):
        return [_writable(v) for v in value]
    return value


def from_json(values: dict[str, Any]) -> Paper:
    """Return the paper that was stored."""
    values["authors"] = tuple(Author(author["id"], author["name"]) for author in values["authors"])
    values["labels"] = {facet: tuple(ids) for facet, ids in values["labels"].items()}
    return Paper(**values)
