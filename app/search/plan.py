"""From a request to what an engine does: exactly what is found, how it is ranked, what is marked. Pure.

Both engines get the same plan, so that both find the same papers. Words of the query become stems here; typos, names
written together or apart and synonyms become further words, each with what it weighs.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from app.identifiers import slug
from app.search import Correction, SearchRequest, Sort, Synonym, text
from app.search.condition import EVERY, Adjacent, All, Any, Condition, Except, Terms, either, every
from app.search.document import facet_field
from app.search.synonyms import Synonyms
from app.search.tree import And, Everything, Field, Node, Not, Or, Phrase, Word, Years
from app.search.vocabulary import Vocabulary
from app.search.words import Group, Marks, Reading, read
from app.tagging.taxonomy import Taxonomy

FEW = 10
"""Fewer papers than this with all the words, in the whole catalogue: those with some of them follow.

Filters and other conditions don't decide it, so that one more never changes what the words mean, and a facet's counts
stay true.
"""


@dataclass(frozen=True, slots=True)
class Plan:
    """What an engine needs to answer a request.

    ``found`` holds for papers with all the words, ``some`` for those with any of them where that is a way out;
    ``words`` are the words alone, which decide whether it is one. The conditions of ``filters`` hold too, each but for
    the counts of its own facet. ``groups`` and ``pairs`` rank: a group counts its best alternative, a pair of stems
    counts where they stand together.
    """

    found: Condition
    words: Condition
    some: Condition | None
    filters: Mapping[str, Condition]
    units: tuple[Condition, ...] = ()
    groups: tuple[Group, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    title: tuple[str, ...] = ()
    marks: Mapping[str, Marks] = field(default_factory=dict)
    synonyms: tuple[Synonym, ...] = ()
    corrected: tuple[Correction, ...] = ()
    order: Sort = Sort.NEWEST

    def within(self, condition: Condition, without: str | None = None) -> Condition:
        """Return a condition together with the filters, but for those of one facet."""
        return every([condition, *(c for name, c in self.filters.items() if name != without)])


def plan(request: SearchRequest, taxonomy: Taxonomy, synonyms: Synonyms, vocabulary: Vocabulary) -> Plan:
    """Return the plan of a request."""
    maker = _Maker(taxonomy, synonyms, vocabulary, loose=request.synonyms)
    maker.take(request.tree)
    reading = maker.reading
    found = every([*maker.needed, *reading.units])
    ranked = request.sort != Sort.RELEVANCE or bool(reading.groups)
    everywhere = Marks.of(reading.marks, maker.marks)
    # a name of several words is one unit; a paper with one of its words has some of what was typed too
    words = [Terms("words", (stem,)) for stem in reading.stems if stem not in text.STOP_WORDS]
    parts = [*reading.units, *words] if len(words) > 1 else list(reading.units)
    return Plan(
        found=found,
        words=every(reading.units),
        some=every([*maker.needed, either(parts)]) if len(parts) > 1 else None,
        filters=_filters(request, taxonomy),
        units=reading.units,
        groups=reading.groups,
        pairs=reading.pairs,
        title=reading.stems if not maker.needed else (),
        marks={"title": Marks.of(everywhere, maker.title_marks), "abstract": everywhere},
        synonyms=reading.synonyms,
        corrected=reading.corrected,
        order=request.sort if ranked else Sort.NEWEST,
    )


def _filters(request: SearchRequest, taxonomy: Taxonomy) -> dict[str, Condition]:
    found: dict[str, Condition] = {}
    for name, values in request.filters.items():
        if name == "has":
            found[name] = every(Terms(name, (value,)) for value in values)
        else:
            found[name] = Terms(facet_field(name) if name in taxonomy.by_id else name, tuple(values))
    if request.year_from is not None or request.year_to is not None:
        found["year"] = Years(request.year_from, request.year_to)
    return found


class _Maker:
    """Goes through a tree once: words come together for ``read``, all else becomes conditions."""

    def __init__(self, taxonomy: Taxonomy, synonyms: Synonyms, vocabulary: Vocabulary, *, loose: bool) -> None:
        self.taxonomy, self.synonyms, self.vocabulary, self.loose = taxonomy, synonyms, vocabulary, loose
        self.needed: list[Condition] = []
        self.marks = Marks()
        self.title_marks = Marks()
        self.reading = Reading()

    def take(self, tree: Node) -> None:
        words: list[Word] = []
        for part in tree.children if isinstance(tree, And) else (tree,):
            if isinstance(part, Word):
                words.append(part)
            else:
                self.needed.append(self._condition(part))
        self.reading = self._read(words).joined(self.reading)
        self.needed = [condition for condition in self.needed if condition != EVERY]

    def _read(self, words: Iterable[Word]) -> Reading:
        return read(list(words), self.taxonomy, self.synonyms, self.vocabulary, loose=self.loose)

    def _condition(self, node: Node) -> Condition:
        match node:
            case Everything():
                return EVERY
            case Word():
                reading = self._read([node])
                self.marks = Marks.of(self.marks, reading.marks)
                self._rank(reading)
                return every(reading.units)
            case Phrase(phrase):
                return self._phrase(phrase, ("title", "abstract", "names"))
            case Years():
                return node
            case Not(child):
                return Except(_strictly(child, self.taxonomy))
            case And(children):
                return every(self._condition(child) for child in children)
            case Or(children):
                return either(self._condition(child) for child in children)
            case Field("title", Word(word)):
                stems = text.stems(word)
                self.title_marks = Marks.of(self.title_marks, Marks(stems=frozenset(stems)))
                self._rank_stems(stems)
                return _strictly(node, self.taxonomy)
            case Field("title", Phrase(phrase)):
                return self._phrase(phrase, ("title",))
            case _:
                return _strictly(node, self.taxonomy)

    def _phrase(self, phrase: str, fields: tuple[str, ...]) -> Condition:
        stems = tuple(text.stems(phrase))
        marks = Marks(sequences=(stems,))
        if fields == ("title",):
            self.title_marks = Marks.of(self.title_marks, marks)
        else:
            self.marks = Marks.of(self.marks, marks)
        self._rank_stems(stems)
        return _adjacent(stems, fields)

    def _rank_stems(self, stems: Iterable[str]) -> None:
        groups = tuple(Group.of(stem) for stem in stems if stem not in text.STOP_WORDS)
        self.reading = self.reading.joined(Reading(groups=groups))

    def _rank(self, reading: Reading) -> None:
        only_rank = Reading(groups=reading.groups, synonyms=reading.synonyms, corrected=reading.corrected)
        self.reading = self.reading.joined(only_rank)


def _adjacent(stems: tuple[str, ...], fields: tuple[str, ...]) -> Condition:
    if not stems:
        return EVERY
    if len(stems) > 1:
        return Adjacent(fields, stems)
    return Terms("title_words" if fields == ("title",) else "words", stems)


def _strictly(node: Node, taxonomy: Taxonomy) -> Condition:
    """Return the condition of a node taken as typed: no typos, prefixes or synonyms."""
    match node:
        case Word(word):
            return every(Terms("words", (stem,)) for stem in text.stems(word))
        case Phrase(phrase):
            return _adjacent(tuple(text.stems(phrase)), ("title", "abstract", "names"))
        case Field("title", Word(word)):
            return every(Terms("title_words", (stem,)) for stem in text.stems(word))
        case Field("title", Phrase(phrase)):
            return _adjacent(tuple(text.stems(phrase)), ("title",))
        case Field("author", value):
            names = every(Terms("name_words", (form,)) for form in text.forms(value.text))
            return Any((Terms("author", (slug(value.text),)), names)) if names != EVERY else EVERY
        case Field("venue", value):
            return Terms("venue", (slug(value.text),))
        case Field(name, value) if name in taxonomy.by_id:
            return Terms(facet_field(name), (value.text,))
        case Field(name, value):
            return Terms(name, (value.text,))
        case Years():
            return node
        case Not(child):
            return Except(_strictly(child, taxonomy))
        case Or(children):
            return either(_strictly(child, taxonomy) for child in children)
        case And(children):
            return every(_strictly(child, taxonomy) for child in children)
    return All()
