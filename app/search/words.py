"""The words of a query, read: which further words each one stands for, and what each of those weighs. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from app.search import Correction, Synonym, text
from app.search.condition import Condition, Starts, Terms, either, every
from app.search.document import facet_field
from app.search.synonyms import Synonyms, as_word
from app.search.text import STOP_WORDS, stem, stems
from app.search.tree import Word
from app.search.vocabulary import Vocabulary
from app.tagging.taxonomy import Taxonomy

TYPO, PREFIX, SYNONYM, EVERYDAY, TAG = 0.8, 0.8, 0.8, 0.72, 0.3
"""What a word weighs beside the one that was typed, by how it was come to."""
_BETWEEN = re.compile(r" & |, |[()]")
MOST_PAIRS = 12
LONGEST_SPAN = 6
SHORTEST_PART = 2


@dataclass(frozen=True, slots=True)
class Alternative:
    """A value of a field and what it weighs: a stem in the texts (``field`` is empty), or a value of a set.

    An ``everyday`` one only helps to rank papers that don't have all the words.
    """

    value: str
    weight: float
    field: str = ""
    everyday: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """A word of the query with all that it may stand for; ``form`` is the word as typed, a typo as what it means."""

    alternatives: tuple[Alternative, ...]
    form: str = ""

    @classmethod
    def of(cls, word: str) -> Group:
        """Return the group of a stem alone."""
        return cls((Alternative(word, 1.0),))


@dataclass(frozen=True, slots=True)
class Marks:
    """What is marked in a text: words with a stem, words that begin so, stems next to each other."""

    stems: frozenset[str] = frozenset()
    prefixes: tuple[str, ...] = ()
    sequences: tuple[tuple[str, ...], ...] = ()

    @classmethod
    def of(cls, *marks: Marks) -> Marks:
        """Return them together."""
        return cls(
            frozenset(s for m in marks for s in m.stems),
            tuple(dict.fromkeys(p for m in marks for p in m.prefixes)),
            tuple(dict.fromkeys(s for m in marks for s in m.sequences)),
        )


@dataclass(frozen=True, slots=True)
class Reading:
    """Words read: a condition for each that must be met, and how papers that meet them are ranked and marked."""

    units: tuple[Condition, ...] = ()
    groups: tuple[Group, ...] = ()
    pairs: tuple[tuple[str, str], ...] = ()
    stems: tuple[str, ...] = ()
    marks: Marks = field(default_factory=Marks)
    synonyms: tuple[Synonym, ...] = ()
    corrected: tuple[Correction, ...] = ()

    def joined(self, other: Reading) -> Reading:
        """Return both together."""
        return Reading(
            tuple(dict.fromkeys(self.units + other.units)),
            self.groups + other.groups,
            self.pairs + other.pairs,
            self.stems + other.stems,
            Marks.of(self.marks, other.marks),
            self.synonyms + other.synonyms,
            self.corrected + other.corrected,
        )


@dataclass
class _Typed:
    """A word as typed, on its way: what finds it, ranks it and marks it."""

    word: str
    form: str
    prefix: bool
    conditions: list[Condition] = field(default_factory=list)
    alternatives: dict[tuple[str, str], float] = field(default_factory=dict)
    everyday: dict[tuple[str, str], float] = field(default_factory=dict)
    meant: str = ""
    """The form that ranks: another one where no paper has the word as it was typed."""

    def also(self, value: str, weight: float, of: str = "") -> None:
        """Note what the word may stand for, at its highest weight."""
        self.alternatives[of, value] = max(weight, self.alternatives.get((of, value), 0.0))


def read(words: list[Word], taxonomy: Taxonomy, synonyms: Synonyms, vocabulary: Vocabulary, *, loose: bool) -> Reading:
    """Read words that stand next to each other; without ``loose`` only as typed, no typos and no synonyms."""
    reader = _Reader(taxonomy, synonyms, vocabulary)
    typed = [
        _Typed(word.text, form, word.prefix and last == len(forms))
        for word, forms in ((word, text.forms(word.text)) for word in words)
        for last, form in enumerate(forms, 1)
    ]
    kept = {i for i, t in enumerate(typed) if t.form not in STOP_WORDS} or set(range(len(typed)))
    for i in sorted(kept):
        reader.word(typed[i], loose=loose)
    if loose:
        reader.everyday(typed, kept)
    spans = reader.spans(typed, loose=loose)
    return reader.reading(typed, kept, spans)


class _Reader:
    def __init__(self, taxonomy: Taxonomy, synonyms: Synonyms, vocabulary: Vocabulary) -> None:
        self.taxonomy, self.known_synonyms, self.vocabulary = taxonomy, synonyms, vocabulary
        self.marked: set[str] = set()
        self.prefixes: list[str] = []
        self.sequences: list[tuple[str, ...]] = []
        self.synonyms: list[Synonym] = []
        self.corrected: list[Correction] = []

    def word(self, typed: _Typed, *, loose: bool) -> None:
        """Note what one word stands for by itself."""
        own = stem(typed.form)
        if loose and typed.form in STOP_WORDS and typed.word.isupper() and (own,) in self.known_synonyms.also:
            return  # HE isn't "he"
        typed.also(own, 1.0)
        self.marked.add(own)
        typed.conditions.append(Terms("words", (own,)))
        if typed.prefix:
            typed.conditions.append(Starts("forms", typed.form))
            self.prefixes.append(typed.form)
            self._as_one(typed, self.vocabulary.starting_with(typed.form), PREFIX)
        if loose and (own,) not in self.known_synonyms.also and (own,) not in self.known_synonyms.everyday:
            self._typos(typed)

    def everyday(self, typed: list[_Typed], kept: set[int]) -> None:
        """Note what plain words and expressions stand for, at the rarest word of each.

        A plain word that no paper has is searched as what it stands for.
        """
        own = [stem(t.form) for t in typed]
        for start in range(len(typed)):
            for end in range(start + 1, min(len(typed), start + LONGEST_SPAN) + 1):
                terms = self.known_synonyms.everyday.get(tuple(own[start:end]), ())
                told = terms and [i for i in range(start, end) if i in kept]
                if not told:
                    continue
                rarest = min(told, key=lambda i: self.vocabulary.count(own[i]))
                if end - start == 1 and not self.vocabulary.count(own[start]):
                    typed[start].conditions += [self._synonym(term, [typed[start]]) for term in terms]
                    self.synonyms.append(Synonym(typed[start].word, terms))
                    continue
                for key in map(_key, terms):
                    place = ("", key[0]) if len(key) == 1 else ("terms", as_word(key))
                    typed[rarest].everyday[place] = EVERYDAY

    def _typos(self, typed: _Typed) -> None:
        read_as = self.vocabulary.corrections(typed.form)
        if typed.prefix and self.vocabulary.starting_with(typed.form):
            read_as = ()
        elif typed.prefix and not read_as:
            read_as = self.vocabulary.prefix_corrections(typed.form)
        known = self.vocabulary.count(stem(typed.form)) or (read_as and self.vocabulary.count_form(read_as[0]) > 2)
        parts = () if known else self._apart(typed.form)
        if parts:
            typed.conditions.append(every(Terms("words", (stem(part),)) for part in parts))
            for part in parts:
                typed.also(stem(part), TYPO)
                self.marked.add(stem(part))
        elif read_as:
            typed.conditions.append(Terms("words", tuple(text.distinct(map(stem, read_as)))))
            self._as_one(typed, read_as[:1], TYPO)
            self._as_one(typed, read_as, TYPO * 0.8)
            self.marked.update(map(stem, read_as))
            if not self.vocabulary.count(stem(typed.form)):
                typed.meant = read_as[0]
            self.corrected.append(Correction(typed.word, read_as[0]))

    def _as_one(self, typed: _Typed, forms: Iterable[str], weight: float) -> None:
        """Note that a word may stand for any of these: a rare one of them tells no more than all together."""
        known = text.distinct(map(stem, forms))
        together = self.vocabulary.idf_of(min(self.vocabulary.papers, sum(map(self.vocabulary.count, known))))
        for word in known:
            typed.also(word, weight * together / max(together, self.vocabulary.idf(word), 1e-9))

    def _apart(self, form: str) -> tuple[str, ...]:
        """Return the two words that a word nobody writes together is made of."""
        found = []
        for i in range(SHORTEST_PART, len(form) - SHORTEST_PART + 1):
            left, right = self.vocabulary.count(stem(form[:i])), self.vocabulary.count(stem(form[i:]))
            whole = self.vocabulary.has_form(form[:i]) and self.vocabulary.has_form(form[i:])
            if whole and max(i, len(form) - i) > 3:
                found.append((min(left, right), form[:i], form[i:]))
        return max(found)[1:] if found else ()

    def spans(self, typed: list[_Typed], *, loose: bool) -> dict[tuple[int, int], list[Condition]]:
        """Return what words next to each other are together: names written as one, synonyms, labels."""
        found: dict[tuple[int, int], list[Condition]] = {}
        labels = _labels(self.taxonomy)
        start = 0
        while start < len(typed):
            step = 1
            for end in range(min(len(typed), start + LONGEST_SPAN), start, -1):
                together = typed[start:end]
                key = tuple(stem(t.form) for t in together)
                also = self.known_synonyms.also.get(key, ()) if loose else ()
                tags = [tag for name in (key, *map(_key, also)) for tag in labels.get(name, ())] if loose else []
                conditions = [self._synonym(term, together) for term in also]
                conditions += [self._tag(facet, label, together) for facet, label, _ in tags]
                if also or tags:
                    names = (*also, *(name for _, _, name in labels.get(key, ())))
                    self.synonyms.append(Synonym(" ".join(t.word for t in together), tuple(dict.fromkeys(names))))
                if 1 < len(together) < 4 and self.vocabulary.has_form("".join(t.form for t in together)):
                    conditions.append(self._together(together))
                if conditions:
                    found[start, end] = conditions
                if also or tags:
                    step = end - start
                    break
            start += step
        return found

    def _synonym(self, term: str, typed: list[_Typed]) -> Condition:
        key = _key(term)
        one = len(key) == 1
        told = self.vocabulary.idf(key[0]) if one else self.vocabulary.idf_of(self.vocabulary.with_term)
        for t in typed:  # "LM" tells no more than each word of "language model" does
            share = min(1.0, self.vocabulary.idf(stem(t.form)) / max(told, 1e-9)) if len(typed) > 1 else 1.0
            t.also(key[0] if one else as_word(key), SYNONYM * share, "" if one else "terms")
        if one:
            self.marked.add(key[0])
            return Terms("words", key)
        self.sequences.append(key)
        return Terms("terms", (as_word(key),))

    def _tag(self, facet: str, label: str, typed: list[_Typed]) -> Condition:
        for t in typed:
            t.also(label, TAG, facet_field(facet))
        return Terms(facet_field(facet), (label,))

    def _together(self, typed: list[_Typed]) -> Condition:
        whole = stem("".join(t.form for t in typed))
        for t in typed:
            t.also(whole, 1.0)
        self.marked.add(whole)
        return Terms("words", (whole,))

    def reading(self, typed: list[_Typed], kept: set[int], spans: dict[tuple[int, int], list[Condition]]) -> Reading:
        """Return all that was noted; words of a span are one unit."""
        units: list[Condition] = []
        done = 0
        for start, end in _apart_from_each_other(spans):
            units += [either(typed[i].conditions) for i in range(done, start) if i in kept]
            inside = [(s, e) for s, e in spans if start <= s and e <= end]
            own = every(either(typed[i].conditions) for i in range(start, end) if i in kept)
            ways = [own] if any(i in kept for i in range(start, end)) else []
            for s, e in inside:
                rest = [either(typed[i].conditions) for i in range(start, end) if i in kept and not s <= i < e]
                ways += [every([condition, *rest]) for condition in spans[s, e]]
            units.append(either(ways))
            done = end
        units += [either(typed[i].conditions) for i in range(done, len(typed)) if i in kept]
        ranked = [typed[i] for i in sorted(kept)]
        own_stems = [stem(t.meant or t.form) for t in ranked]
        return Reading(
            units=tuple(dict.fromkeys(units)),
            groups=tuple(_group(t) for t in {t.form: t for t in ranked}.values()),
            pairs=tuple(pairwise(own_stems))[:MOST_PAIRS],
            stems=tuple(stem(t.meant or t.form) for t in typed),
            marks=Marks(frozenset(self.marked), tuple(self.prefixes), tuple(self.sequences)),
            synonyms=tuple(self.synonyms),
            corrected=tuple(self.corrected),
        )


def _group(typed: _Typed) -> Group:
    ways = [Alternative(value, weight, of) for (of, value), weight in typed.alternatives.items()]
    others = {place: weight for place, weight in typed.everyday.items() if place not in typed.alternatives}
    ways += [Alternative(value, weight, of, everyday=True) for (of, value), weight in others.items()]
    return Group(tuple(ways), typed.meant or typed.form)


def _apart_from_each_other(spans: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return the stretches that spans cover, those that overlap as one."""
    stretches: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        if stretches and start < stretches[-1][1]:
            stretches[-1] = stretches[-1][0], max(end, stretches[-1][1])
        else:
            stretches.append((start, end))
    return stretches


Labels = dict[tuple[str, ...], list[tuple[str, str, str]]]
_known_labels: dict[int, tuple[Taxonomy, Labels]] = {}


def _labels(taxonomy: Taxonomy) -> Labels:
    """Return facet, id and name of labels by the stems of their name and of their id."""
    known = _known_labels.get(id(taxonomy))
    if known is None or known[0] is not taxonomy:
        found: Labels = {}
        for facet in taxonomy:
            for label in facet.labels:
                for key in {*map(_key, _names(label.label)), _key(label.id)}:
                    found.setdefault(key, []).append((facet.id, label.id, label.label))
        known = _known_labels[id(taxonomy)] = (taxonomy, found)
    return known[1]


def _names(label: str) -> Iterator[str]:
    """Yield a label, and where it names several things or has brackets, each of them.

    >>> sorted(_names("Federated & collaborative learning"))[:2]
    ['Federated', 'Federated & collaborative learning']
    >>> sorted(_names("DP training (DP-SGD)"))
    ['DP training', 'DP training (DP-SGD)', 'DP-SGD']
    """
    yield label
    parts = [part.strip() for part in _BETWEEN.split(label) if part.strip()]
    if len(parts) > 1:
        yield from parts
        if not label.endswith(")"):
            yield from (f"{part} {label.split()[-1]}" for part in parts[:-1])  # "federated learning"


@lru_cache(maxsize=10_000)
def _key(name: str) -> tuple[str, ...]:
    return tuple(stems(name))
