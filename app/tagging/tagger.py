"""The tagger: title and abstract to tags, each with the words that earned it. Pure and the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Literal

from app.paper import Evidence, Tag
from app.tagging.phrases import Lexicon, Place, Text, foreign
from app.tagging.rulebook import LabelKey, Phrases, Rule, Rules, load
from app.tagging.taxonomy import OWN, Taxonomy

LONGEST = 20_000
"""Characters of a field that are read; a longer one is no abstract, and its beginning says what it is about."""
MOST_EVIDENCE = 3
"""Places that are shown for a tag."""
SUBJECT_WORDS = 8
"""Words shown of the sentence in which a paper says what it does, where a rule has none of its own."""
ASIDE_REACH = 6
"""Words after a phrase such as "unlike" that are still spoken of in passing."""
ENOUGH = 1.0 - 1e-6
"""The sum of weights that gives a label: 1, but for what adding decimal fractions loses."""
_CODE_VERSION = "4"

Field = Literal["title", "abstract"]


@dataclass(frozen=True, slots=True)
class _Compiled:
    """A rule whose phrases are numbers of the lexicon."""

    rule: Rule
    any: tuple[int, ...]
    near: tuple[int, ...]
    with_: tuple[int, ...]
    unless: tuple[int, ...]
    never: tuple[int, ...]
    aside: tuple[int, ...]


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
        self._compiled = [_Compiled(r, *(self._numbers(p) for p in _lists(r))) for r in rules.rules]
        self._by_phrase: dict[int, list[int]] = {}
        for place, compiled in enumerate(self._compiled):
            for number in compiled.any:
                self._by_phrase.setdefault(number, []).append(place)
        self._without_phrases = [place for place, compiled in enumerate(self._compiled) if not compiled.any]

    def _numbers(self, phrases: Phrases) -> tuple[int, ...]:
        return tuple(self._lexicon.numbers[phrase] for phrase in phrases)

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
        evidence: dict[LabelKey, list[tuple[float, Evidence]]] = {}
        held: set[LabelKey] = set()
        candidates = {place for phrase in paper.found for place in self._by_phrase.get(phrase, ())}
        for number in sorted(candidates.union(self._without_phrases)):
            compiled = self._compiled[number]
            rule = compiled.rule
            if (rule.having and held.isdisjoint(rule.having)) or not held.isdisjoint(rule.lacking):
                continue
            fired = paper.fire(compiled)
            if fired:
                key = (rule.facet, rule.label)
                weights[key] = weights.get(key, 0.0) + rule.weight
                (held.add if weights[key] >= ENOUGH else held.discard)(key)
                if rule.weight > 0:
                    had = [replace(e, rule=rule.name) for k in rule.having if k in held for _, e in evidence.get(k, ())]
                    shown = had if had and not rule.any else paper.evidence(rule, fired, fields)
                    entries = list(shown)
                    share = rule.weight / max(1, len(entries))
                    evidence.setdefault(key, []).extend((share, e) for e in entries)
        tags = []
        for facet in self.taxonomy:
            for label in facet.most_specific(label for label in facet.by_id if (facet.id, label) in held):
                tags.append(Tag(facet.id, label, _telling(evidence[facet.id, label])))
        return tuple(tags)

    def _read(self, fields: tuple[str, str]) -> _Paper:
        text = self._lexicon.read(*fields)
        found = self._lexicon.find(text)
        strangers = foreign(text, self._rules.abbreviations, found, self._lexicon, fields)
        if strangers:
            kept = {n: [p for p in at if strangers.isdisjoint(range(p[0], p[1] + 1))] for n, at in found.items()}
            found = {number: at for number, at in kept.items() if at}
        return _Paper(text, found, self._claims, self._others)


def _lists(rule: Rule) -> tuple[Phrases, ...]:
    return rule.any, rule.near, rule.with_, rule.unless, rule.never, rule.aside


class _Paper:
    """A paper's text while rules look at it."""

    def __init__(
        self, text: Text, found: dict[int, list[Place]], claims: tuple[int, ...], others: tuple[int, ...]
    ) -> None:
        self.found = found
        self._text = text
        self._claims = claims
        sentences = text.sentences
        self._first = sentences[text.title_words] if text.title_words < len(sentences) else -1
        self._claiming = self._sentences(claims)
        first_claim = min((s for s in self._claiming if s >= self._first), default=-1)
        self._own = {s for s in sentences[text.title_words :] if s >= first_claim}
        """The sentences from the first claim on: before it an abstract says what others did. One that never says
        "we" speaks of its own paper throughout."""
        if first_claim < 0:
            self._claiming = set(self._own)
        self._own -= self._sentences(others) - self._claiming

    def _sentences(self, numbers: tuple[int, ...]) -> set[int]:
        found, sentences = self.found, self._text.sentences
        return {sentences[start] for n in numbers if n in found for start, _ in found[n]}

    def fire(self, compiled: _Compiled) -> list[Place]:
        """Return the places where a rule fires."""
        found = self.found
        if compiled.never and any(n in found for n in compiled.never):
            return []
        if compiled.with_ and not any(n in found for n in compiled.with_):
            return []
        if not compiled.any:
            return self._subject()
        sentences, rule = self._text.sentences, compiled.rule
        places = [place for n in compiled.any for place in found.get(n, ()) if self._counts(rule.place, place[0])]
        if places and compiled.near:
            near = self._sentences(compiled.near)
            places = [place for place in places if sentences[place[0]] in near]
        if places and compiled.unless:
            vetoed = self._sentences(compiled.unless)
            places = [place for place in places if sentences[place[0]] not in vetoed]
        if places and compiled.aside:
            passing = {
                (sentences[end], end + ahead)
                for number in compiled.aside
                for _, end in found.get(number, ())
                for ahead in range(1, ASIDE_REACH + 1)
            }
            places = [place for place in places if (sentences[place[0]], place[0]) not in passing]
        return places if len({start for start, _ in places}) >= rule.times else []

    def _subject(self) -> list[Place]:
        """Return where the abstract first says what the authors did; else the title, else the first words."""
        sentences, title_words = self._text.sentences, self._text.title_words
        claims = [place[0] for n in self._claims for place in self.found.get(n, ()) if place[0] >= title_words]
        start = min(claims, default=0)
        words = title_words if title_words and not claims else SUBJECT_WORDS
        within = [i for i in range(start, min(start + words, len(sentences))) if sentences[i] == sentences[start]]
        return [(start, within[-1])] if within else []

    def _counts(self, place: str, word: int) -> bool:
        if place == "anywhere":
            return True
        in_title = word < self._text.title_words
        if place == "title" or in_title:
            return in_title and place != "abstract"
        sentence = self._text.sentences[word]
        match place:
            case "opening":
                return sentence == self._first
            case "claim":
                return sentence in self._claiming
            case "own":
                return sentence in self._own
        return True

    def evidence(self, rule: Rule, places: list[Place], fields: tuple[str, str]) -> Iterable[Evidence]:
        """Yield the words at the places."""
        for first, last in places:
            field: Field = "title" if first < self._text.title_words else "abstract"
            start, end = self._text.spans[first][0], self._text.spans[last][1]
            yield Evidence(rule.name, field, start, end, fields[field != "title"][start:end])


def _telling(evidence: list[tuple[float, Evidence]]) -> tuple[Evidence, ...]:
    """Return the places that say most, none over another, in order: a rule's weight is shared by its places."""
    taken: list[Evidence] = []
    for _, e in sorted(
        evidence, key=lambda entry: (-entry[0], entry[1].field != "title", entry[1].start, entry[1].end)
    ):
        if len(taken) == MOST_EVIDENCE:
            break
        if not any(e.field == t.field and e.start < t.end and t.start < e.end for t in taken):
            taken.append(e)
    return tuple(sorted(taken, key=lambda e: (e.field != "title", e.start)))


def load_tagger(folder: Path = OWN) -> Tagger:
    """Return the tagger of a folder's taxonomy and rules.

    Raises:
        TaxonomyError: a file is wrong; the message names file, line, label and reason.
    """
    return Tagger(*load(folder))
