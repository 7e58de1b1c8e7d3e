"""The words that an index holds, with the number of papers of each: what typos, prefixes and rarity are judged by."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from functools import cached_property
from heapq import nsmallest
from math import log1p

from rapidfuzz import process
from rapidfuzz.distance import OSA

from app.search.text import stem

WELL_KNOWN = 3
"""Papers from which on a word is no typo."""
TYPO_LENGTH, TWO_TYPOS_LENGTH = 5, 9
MOST_CORRECTIONS = 6
MOST_EXPANSIONS = 40
MOST_REMEMBERED = 10_000
COMMON = 50
"""One paper in so many has a term of several words, about."""


class Vocabulary:
    """The forms of an index and how many of its ``papers`` have each; never changes."""

    def __init__(self, forms: Iterable[tuple[str, int]], papers: int) -> None:
        """Take the forms with their numbers of papers; ``with_term`` papers have a term of several words, about."""
        self.papers = papers
        self.with_term = papers // COMMON
        self._forms = dict(forms)
        self._found_longer: dict[str, list[str]] = {}
        self._found_near: dict[str, list[tuple[int, str]]] = {}

    @cached_property
    def _sorted(self) -> list[str]:
        return sorted(self._forms)

    @cached_property
    def _stems(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for form, count in self._forms.items():
            key = stem(form)
            found[key] = min(self.papers, found.get(key, 0) + count)
        return found

    @cached_property
    def _by_length(self) -> dict[int, list[str]]:
        found: dict[int, list[str]] = {}
        for form in self._sorted:
            found.setdefault(len(form), []).append(form)
        return found

    def count(self, word: str) -> int:
        """Return how many papers have a stem, about."""
        return self._stems.get(word, 0)

    def count_form(self, form: str) -> int:
        """Return how many papers have a word as it stands."""
        return self._forms.get(form, 0)

    def has_form(self, form: str) -> bool:
        """Tell whether a paper has the word as it stands."""
        return form in self._forms

    def idf(self, word: str) -> float:
        """Return how much a stem tells, as BM25 weighs it: 0 for one that every paper has."""
        return self.idf_of(self.count(word))

    def idf_of(self, count: int) -> float:
        """Return how much a condition tells that so many papers meet."""
        return log1p((self.papers - count + 0.5) / (count + 0.5))

    def starting_with(self, prefix: str) -> list[str]:
        """Return the most frequent forms that begin with a prefix, at most ``MOST_EXPANSIONS``."""
        found = self._found_longer.get(prefix)
        if found is None:
            words = self._sorted
            start = bisect_left(words, prefix)
            end = bisect_left(words, prefix + "\x7f", lo=start)
            found = nsmallest(MOST_EXPANSIONS, words[start:end], key=lambda form: (-self._forms[form], form))
            if len(self._found_longer) > MOST_REMEMBERED:
                self._found_longer.clear()
            self._found_longer[prefix] = found
        return found

    def corrections(self, form: str) -> tuple[str, ...]:
        """Return what a word was probably meant to be, the likeliest first; nothing for one that papers have.

        A word that only one or two papers have may be their own typo: it gives way to one that many have.
        """
        if sum(map(str.isalpha, form)) < TYPO_LENGTH:
            return ()
        known = self.count(stem(form))
        if known >= WELL_KNOWN:
            return ()
        furthest = 2 if len(form) >= TWO_TYPOS_LENGTH and not known else 1
        near = self._near(form, furthest)
        near = [(distance, other) for distance, other in near if self._forms[other] >= max(1, 10 * known)]
        if not near:
            return ()
        least = min(distance for distance, _ in near)
        candidates = [other for distance, other in near if distance == least]
        candidates.sort(key=lambda other: (other[0] != form[0], -self.count(stem(other)), other))
        return tuple(candidates[:MOST_CORRECTIONS])

    def prefix_corrections(self, prefix: str) -> tuple[str, ...]:
        """Return forms whose beginning a prefix was probably meant to be; nothing where one begins with it."""
        if sum(map(str.isalpha, prefix)) < TYPO_LENGTH or self.starting_with(prefix):
            return ()
        length = len(prefix)
        longer = [form for size, forms in self._by_length.items() if size > length for form in forms]
        furthest = 2 if length >= TWO_TYPOS_LENGTH else 1
        found = process.extract(
            prefix, [form[:length] for form in longer], scorer=OSA.distance, score_cutoff=furthest, limit=None
        )
        best = sorted((int(distance), -self._forms[longer[i]], longer[i]) for _, distance, i in found)
        best = [entry for entry in best if _digits(entry[2][:length]) == _digits(prefix)]
        return tuple(form for distance, _, form in best[:MOST_CORRECTIONS] if distance == best[0][0])

    def _near(self, form: str, furthest: int) -> list[tuple[int, str]]:
        found = self._found_near.get(form)
        if found is None:
            digits = _digits(form)
            found = [
                (int(distance), other)
                for length in range(len(form) - furthest, len(form) + furthest + 1)
                for other, distance, _ in process.extract(
                    form, self._by_length.get(length, ()), scorer=OSA.distance, score_cutoff=furthest, limit=None
                )
                if other != form and _digits(other) == digits
            ]
            if len(self._found_near) > MOST_REMEMBERED:
                self._found_near.clear()
            self._found_near[form] = found
        return found


def _digits(form: str) -> str:
    """Return the digits of a word, in which nobody's typo is mended: 2024 isn't 2025."""
    return "".join(c for c in form if c.isdigit())
