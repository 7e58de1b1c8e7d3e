"""The tagger: title and abstract to tags, each with the words that earned it. Pure and the same on every machine."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Literal

from app.paper import Evidence, Tag
from app.tagging.phrases import Text, occurrences, prefixes, read_text
from app.tagging.rulebook import Phrases, Rule, Rules, load
from app.tagging.taxonomy import OWN, Taxonomy

LONGEST = 20_000
"""Characters of an abstract that are read; a longer one is no abstract, and its beginning says what it is about."""
MOST_EVIDENCE = 3
"""Places that are shown for a tag."""
_CODE_VERSION = "1"

Field = Literal["title", "abstract"]


class Tagger:
    """Gives papers the labels of a taxonomy by its rules."""

    def __init__(self, taxonomy: Taxonomy, rules: Rules) -> None:
        """Prepare the rules, so that a text is only compared with those whose first word it has."""
        self.taxonomy = taxonomy
        self._rules = rules
        self._by_word: dict[str, list[int]] = {}
        for number, rule in enumerate(rules.rules):
            for word in {word for phrase in rule.any for word in phrase[0].words}:
                self._by_word.setdefault(word, []).append(number)
        lists = [rules.claims, *(p for r in rules.rules for p in (r.any, r.near, r.with_, r.unless, r.never))]
        self._prefixes = prefixes(phrase for phrases in lists for phrase in phrases)
        self._longest = max(map(len, self._prefixes), default=0)

    @cached_property
    def version(self) -> str:
        """What made a tag: changes with taxonomy, rules and the way in which they are read."""
        labels = [(f.id, [(label.id, label.parent) for label in f.labels]) for f in self.taxonomy]
        text = f"{_CODE_VERSION}|{self._rules.version}|{labels}"
        return hashlib.blake2b(text.encode(), digest_size=8).hexdigest()

    def tag(self, title: str, abstract: str) -> tuple[Tag, ...]:
        """Return a paper's tags, most specific labels only, in the taxonomy's order."""
        texts: dict[Field, Text] = {
            "title": read_text(title[:LONGEST], self._prefixes, self._longest),
            "abstract": read_text(abstract[:LONGEST], self._prefixes, self._longest),
        }
        paper = _Paper(texts, self._rules.claims)
        words = {word for text in texts.values() for word in text.places}
        numbers = sorted({number for word in words for number in self._by_word.get(word, ())})
        weights: dict[tuple[str, str], float] = {}
        evidence: dict[tuple[str, str], list[Evidence]] = {}
        for number in numbers:
            rule = self._rules.rules[number]
            found = paper.fire(rule)
            if found:
                key = (rule.facet, rule.label)
                weights[key] = weights.get(key, 0.0) + rule.weight
                evidence.setdefault(key, []).extend(found)
        tags = []
        for facet in self.taxonomy:
            held = [label for label in facet.by_id if weights.get((facet.id, label), 0.0) >= 1.0]
            for label in facet.most_specific(held):
                shown = sorted(evidence[facet.id, label], key=lambda e: (e.field != "title", e.start, e.end))
                tags.append(Tag(facet.id, label, tuple(_apart(shown))[:MOST_EVIDENCE]))
        return tuple(tags)


class _Paper:
    """A paper's texts while rules look at them."""

    def __init__(self, texts: dict[Field, Text], claims: Phrases) -> None:
        self._texts, self._claims = texts, claims
        self._found: dict[int, dict[Field, list[tuple[int, int]]]] = {}

    @cached_property
    def _claiming(self) -> frozenset[int]:
        """The abstract's sentences in which the authors say what they do."""
        text = self._texts["abstract"]
        return frozenset(text.sentences[start] for p in self._claims for start, _ in occurrences(p, text))

    def fire(self, rule: Rule) -> list[Evidence]:
        """Return the places where a rule fires."""
        if rule.never and self._has(rule.never):
            return []
        if rule.with_ and not self._has(rule.with_):
            return []
        fired = []
        for field, text in self._texts.items():
            for start, end in self._places(rule.any, field):
                sentence = text.sentences[start]
                if not self._counts(rule.place, field, sentence):
                    continue
                if rule.near and not self._in_sentence(rule.near, field, sentence):
                    continue
                if rule.unless and self._in_sentence(rule.unless, field, sentence):
                    continue
                first, last = text.spans[start][0], text.spans[end][1]
                fired.append(Evidence(rule.name, field, first, last, text.text[first:last]))
        return fired

    def _counts(self, place: str, field: Field, sentence: int) -> bool:
        if place == "anywhere" or field == place:
            return True
        if place == "opening":
            return field == "title" or sentence == 0
        return place == "claim" and (field == "title" or sentence in self._claiming)

    def _places(self, phrases: Phrases, field: Field) -> list[tuple[int, int]]:
        known = self._found.setdefault(id(phrases), {})
        if field not in known:
            known[field] = [place for p in phrases for place in occurrences(p, self._texts[field])]
        return known[field]

    def _has(self, phrases: Phrases) -> bool:
        return any(self._places(phrases, field) for field in self._texts)

    def _in_sentence(self, phrases: Phrases, field: Field, sentence: int) -> bool:
        sentences = self._texts[field].sentences
        return any(sentences[start] == sentence for start, _ in self._places(phrases, field))


def _apart(evidence: Iterable[Evidence]) -> Iterable[Evidence]:
    """Leave out places that lie over one already taken."""
    taken: list[Evidence] = []
    for e in evidence:
        if not any(e.field == t.field and e.start < t.end and t.start < e.end for t in taken):
            taken.append(e)
            yield e


def load_tagger(folder: Path = OWN) -> Tagger:
    """Return the tagger of a folder's taxonomy and rules.

    Raises:
        TaxonomyError: a file is wrong; the message names file, line, label and reason.
    """
    return Tagger(*load(folder))
