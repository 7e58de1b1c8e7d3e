"""The tagger: title and abstract to tags, each with the words that earned it. Pure and the same on every machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from operator import itemgetter
from pathlib import Path
from typing import Literal, NamedTuple

from app.paper import Evidence, Tag
from app.tagging.phrases import Lexicon, Place, Text, foreign
from app.tagging.rulebook import LabelKey, Phrases, Rule, Rules, load
from app.tagging.taxonomy import OWN, Taxonomy

LONGEST = 8_000
"""Characters of a field that are read; the longest of 100,000 abstracts has 4,433, the beginning of a longer text says
what it is about."""
MOST_EVIDENCE = 3
"""Places that are shown for a tag."""
LEAST_SHARE = 0.5
"""Of the weightiest rule's weight (1 at most), what a rule must weigh for its places to be shown."""
SUBJECT_WORDS = 8
"""Words shown of the sentence in which a paper says what it does, where a rule has none of its own."""
ASIDE_REACH = 6
"""Words after a phrase such as "unlike" that are still spoken of in passing."""
ENOUGH = 1.0 - 1e-6
"""The sum of weights that gives a label: 1, but for what adding decimal fractions loses."""
_CODE_VERSION = "7"

Field = Literal["title", "abstract"]
Numbers = frozenset[int]
"""Phrases of the lexicon by their numbers."""
Span = tuple[bool, int, int]
"""Whether it is in the abstract, and its first character and the one after its last, in that field."""


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule whose phrases are numbers of the lexicon."""

    rule: Rule
    key: LabelKey
    having: frozenset[LabelKey]
    lacking: frozenset[LabelKey]
    any: Numbers
    near: Numbers
    with_: Numbers
    unless: Numbers
    never: Numbers
    aside: Numbers


class _Reason(NamedTuple):
    """A rule that speaks for a label: where it fires, or the labels that it is told by."""

    rule: Rule
    places: list[Place]
    because: tuple[LabelKey, ...]


class Tagger:
    """Gives papers the labels of a taxonomy by its rules."""

    def __init__(self, taxonomy: Taxonomy, rules: Rules) -> None:
        """Prepare the rules, so that a text is only compared with those of which it has a phrase."""
        self.taxonomy = taxonomy
        self._rules = rules
        lists = [rules.claims, rules.others, *(a.meanings for a in rules.abbreviations.values())]
        lists += [p for r in rules.rules for p in _lists(r)]
        self._lexicon = Lexicon(phrase for phrases in lists for phrase in phrases)
        self._claims, self._others = self._numbers(rules.claims), self._numbers(rules.others)
        self._compiled = [
            _Compiled(r, (r.facet, r.label), frozenset(r.having), frozenset(r.lacking), *map(self._numbers, _lists(r)))
            for r in rules.rules
        ]
        self._by_phrase: dict[int, list[int]] = {}
        for place, compiled in enumerate(self._compiled):
            for number in compiled.any:
                self._by_phrase.setdefault(number, []).append(place)
        self._without_phrases = [place for place, compiled in enumerate(self._compiled) if not compiled.any]

    def _numbers(self, phrases: Phrases) -> Numbers:
        return frozenset(self._lexicon.numbers[phrase] for phrase in phrases)

    @cached_property
    def version(self) -> str:
        """What made a tag: changes with taxonomy, rules and the way in which they are read."""
        labels = [(f.id, [(label.id, label.parent) for label in f.labels]) for f in self.taxonomy]
        text = f"{_CODE_VERSION}|{self._rules.version}|{labels}"
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def tag(self, title: str, abstract: str) -> tuple[Tag, ...]:
        """Return a paper's tags, most specific labels only, in the taxonomy's order."""
        fields = (title[:LONGEST], abstract[:LONGEST])
        paper = self._read(fields)
        weights: dict[LabelKey, float] = {}
        reasons: dict[LabelKey, list[_Reason]] = {}
        held: set[LabelKey] = set()
        candidates = {place for phrase in paper.found for place in self._by_phrase.get(phrase, ())}
        for number in sorted(candidates.union(self._without_phrases)):
            compiled = self._compiled[number]
            if (compiled.having and held.isdisjoint(compiled.having)) or not held.isdisjoint(compiled.lacking):
                continue
            fired = paper.fire(compiled)
            if fired:
                rule, key = compiled.rule, compiled.key
                weights[key] = weights.get(key, 0.0) + rule.weight
                (held.add if weights[key] >= ENOUGH else held.discard)(key)
                if rule.weight > 0:
                    because = () if rule.any else tuple(k for k in rule.having if k in held)
                    reasons.setdefault(key, []).append(_Reason(rule, fired, because))
        tags = []
        for facet in self.taxonomy:
            for label in facet.most_specific(label for label in facet.by_id if (facet.id, label) in held):
                telling = _telling((facet.id, label), reasons, paper)
                tags.append(Tag(facet.id, label, tuple(_evidence(span, rule, fields) for span, rule in telling)))
        return tuple(tags)

    def _read(self, fields: tuple[str, str]) -> _Paper:
        text = self._lexicon.read(*fields)
        found = self._lexicon.find(text)
        strangers = foreign(text, self._rules.abbreviations, found, self._lexicon, fields)
        if strangers:
            before = list(accumulate((i in strangers for i in range(len(text.spans))), initial=0))
            kept = {n: [p for p in at if before[p[0]] == before[p[1] + 1]] for n, at in found.items()}
            found = {number: at for number, at in kept.items() if at}
        return _Paper(text, found, self._claims, self._others)


def _lists(rule: Rule) -> tuple[Phrases, ...]:
    return rule.any, rule.near, rule.with_, rule.unless, rule.never, rule.aside


class _Paper:
    """A paper's text while rules look at it.

    Sets of sentences are the bits of a number: ``-bit`` has that bit and all above it, ``bits & -bits`` is the lowest.
    """

    def __init__(self, text: Text, found: dict[int, list[Place]], claims: Numbers, others: Numbers) -> None:
        self.found = found
        self._numbers = frozenset(found)
        self._text = text
        self._claims = claims
        self._within: dict[Numbers, int] = {}
        self._passing: dict[Numbers, set[int]] = {}
        sentences, title_words = text.sentences, text.title_words
        # The first sentence of the abstract, and those of the title before it.
        first = 1 << sentences[title_words] if title_words < len(sentences) else 0
        all_of_it = (1 << sentences[-1] + 1) - 1 if sentences else 0
        title = (1 << sentences[title_words - 1] + 1) - 1 if title_words else 0
        abstract = all_of_it & -first
        claiming = self._sentences(claims)
        first_claim = claiming & abstract
        # The sentences from the first claim on: before it an abstract says what others did. One that never says
        # "we" speaks of its own paper throughout.
        own = abstract & -(first_claim & -first_claim) if first_claim else abstract
        if not first_claim:
            claiming = own
        own &= ~self._sentences(others) | claiming
        self._zones = {
            "anywhere": all_of_it,
            "title": title,
            "abstract": abstract,
            "opening": title | first,
            "claim": title | claiming,
            "own": title | own,
        }

    def _sentences(self, numbers: Numbers) -> int:
        """Return the sentences in which one of the phrases begins."""
        within = self._within.get(numbers)
        if within is None:
            sentences = self._text.sentences
            within = 0
            for sentence in {sentences[start] for n in numbers & self._numbers for start, _ in self.found[n]}:
                within |= 1 << sentence
            self._within[numbers] = within
        return within

    def _aside(self, numbers: Numbers) -> set[int]:
        """Return the words that follow one of the phrases so closely that they are said in passing."""
        passing = self._passing.get(numbers)
        if passing is None:
            sentences = self._text.sentences
            ends = {end for n in numbers & self._numbers for _, end in self.found[n]}
            passing = self._passing[numbers] = {
                word
                for end in ends
                for word in range(end + 1, min(end + 1 + ASIDE_REACH, len(sentences)))
                if sentences[word] == sentences[end]
            }
        return passing

    def fire(self, compiled: _Compiled) -> list[Place]:
        """Return the places where a rule fires."""
        numbers = self._numbers
        if not compiled.never.isdisjoint(numbers):
            return []
        if compiled.with_ and compiled.with_.isdisjoint(numbers):
            return []
        if not compiled.any:
            return self._subject()
        sentences, rule, found = self._text.sentences, compiled.rule, self.found
        zone = self._zones[rule.place]
        if compiled.near:
            zone &= self._sentences(compiled.near)
        if compiled.unless:
            zone &= ~self._sentences(compiled.unless)
        if not zone:
            return []
        places = [p for n in sorted(compiled.any & numbers) for p in found[n] if zone >> sentences[p[0]] & 1]
        if places and compiled.aside:
            passing = self._aside(compiled.aside)
            places = [p for p in places if p[0] not in passing]
        return [] if rule.times > 1 and len({start for start, _ in places}) < rule.times else places

    def _subject(self) -> list[Place]:
        """Return where the abstract first says what the authors did; else the title, else the first words."""
        sentences, title_words = self._text.sentences, self._text.title_words
        claims = [place[0] for n in self._claims for place in self.found.get(n, ()) if place[0] >= title_words]
        start = min(claims, default=0)
        words = title_words if title_words and not claims else SUBJECT_WORDS
        within = [i for i in range(start, min(start + words, len(sentences))) if sentences[i] == sentences[start]]
        return [(start, within[-1])] if within else []

    def spans(self, places: list[Place]) -> list[Span]:
        """Return where in the fields the words at the places stand."""
        spans, title_words = self._text.spans, self._text.title_words
        return [(first >= title_words, spans[first][0], spans[last][1]) for first, last in places]


def _telling(key: LabelKey, reasons: dict[LabelKey, list[_Reason]], paper: _Paper) -> list[tuple[Span, str]]:
    """Return the places that say most, none over another, in order, each with its rule.

    A rule's weight is shared by its places.
    """
    entries: list[tuple[float, Span, str]] = []
    spoken = reasons.get(key, [])
    least = LEAST_SHARE * min(1.0, max((reason.rule.weight for reason in spoken), default=0.0))
    for reason in spoken:
        rule = reason.rule
        if rule.weight < least:
            continue
        told = [span for k in reason.because for span, _ in _telling(k, reasons, paper)]
        shown = told or paper.spans(reason.places)
        entries += [(-rule.weight / len(shown), span, rule.name) for span in shown]
    entries.sort(key=itemgetter(0, 1))
    taken: list[tuple[Span, str]] = []
    for _, span, name in entries:
        if len(taken) == MOST_EVIDENCE:
            break
        field, start, end = span
        if not any(field == other[0] and start < other[2] and other[1] < end for other, _ in taken):
            taken.append((span, name))
    return sorted(taken, key=itemgetter(0))


def _evidence(span: Span, rule: str, fields: tuple[str, str]) -> Evidence:
    in_abstract, start, end = span
    field: Field = "abstract" if in_abstract else "title"
    return Evidence(rule, field, start, end, fields[in_abstract][start:end])


def load_tagger(folder: Path = OWN) -> Tagger:
    """Return the tagger of a folder's taxonomy and rules.

    Raises:
        TaxonomyError: a file is wrong; the message names file, line, label and reason.
    """
    return Tagger(*load(folder))
