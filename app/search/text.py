"""The one analysis of text: documents and queries alike become the same words, whichever engine holds them. Pure.

A *form* is a word as it is read: folded to lower-case ASCII letters and digits. Its *stem* is what its inflections
and its British and American spellings share.
"""

from __future__ import annotations

import re
from array import array
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import accumulate, compress
from threading import Lock
from typing import NamedTuple

import Stemmer

from app.identifiers import fold

VERSION = 1
"""Rises when the same text gives other words than before: an index that another version built is built anew."""

_LONGEST = 60
_WORD = re.compile(r"([^\W_]+(?:[\u0300-\u036f]+[^\W_]*)*)((?:['’]s(?![^\W_]))?)")
_ASCII_WORD = re.compile(r"([A-Za-z0-9]+)((?:'s(?![A-Za-z0-9]))?)")
_HYPHEN = re.compile(r"[-‐‑–]|\u00ad")

_SPELLINGS = [
    (re.compile(r"is(e|ed|es|er|ers|ing|ation|ations|able)$"), r"iz\1"),
    (re.compile(r"ys(e|ed|es|er|ers|ing)$"), r"yz\1"),
    (re.compile(r"(?<=...)our(s|ed|ing|al|able|hood|hoods)?$"), r"or\1"),
    (re.compile(r"(?<=..)(f|c)ence(s|d|less)?$"), r"\1ense\2"),
    (re.compile(r"(?<=[a-z][bt])re(s|d)?$"), r"er\1"),
    (re.compile(r"ogue(s|d)?$"), r"og\1"),
    (re.compile(r"amme(s)?$"), r"am\1"),
]
"""British endings as American ones; other words that change do so on both sides, which does no harm."""

_ABBREVIATIONS = re.compile(r"^[^aeiouy]{2,}(?<!s)s$")
"""The plural of an abbreviation that no stemmer takes for a word: LLMs, GNNs."""

STOP_WORDS = frozenset(
    """
    a about above after again against all also although am an and another any anybody anyone anything are aren as at be
    because been before being below between both but by can cannot could couldn did didn do does doesn doing don done
    down during each either else etc ever every everybody everyone everything few for from further get gets had hadn has
    hasn have haven having he her here hers him his how however i if in instead into is isn it its itself just let like
    ll many may me might more most much must my need neither no nobody nor not nothing now of off often on once one only
    onto or other our ours out over own per rather re same several shall she should shouldn since so some somebody
    someone something still such than that the their theirs them then there these they this those through thus to too
    toward towards under until up upon us use used using ve very via was wasn we well were weren what when where whether
    which while who whom whose why will with within without won would wouldn yet you your yours s t d m
    """.split()
)
"""Words that say nothing about a paper: not asked for where the query has others."""


@lru_cache(maxsize=200_000)
def _form(word: str) -> str:
    plain = word.lower() if word.isascii() else fold(word)
    if not plain.isascii():
        plain = "".join(c if c.isascii() else f"u{ord(c):x}" for c in plain if c.isalnum())
    elif not plain.isalnum():
        plain = "".join(c for c in plain if c.isalnum())
    return plain[:_LONGEST]


class Analysed(NamedTuple):
    """A text's words side by side, in characters: where each begins and ends, its form, its stem; ``runs`` of words
    that hyphens alone join, as first word, word after the last, and form of the whole.
    """

    starts: Sequence[int]
    ends: Sequence[int]
    forms: Sequence[str]
    stems: Sequence[str]
    runs: Sequence[tuple[int, int, str]]


@lru_cache(maxsize=3_000)
def analysed(text: str) -> Analysed:
    """Return the words of a text, in the shape in which looking for some of them is quick.

    >>> analysed("Žiga's on-device ε").forms
    ['ziga', 'on', 'device', 'u3b5']
    >>> analysed("an on-device state-of-the-art model").runs
    [(1, 3, 'ondevice'), (3, 7, 'stateoftheart')]
    """
    parts = _parts(text)
    places = list(accumulate(map(len, parts)))
    starts, ends, overs = (array("I", places[n:-1:3]) for n in range(3))  # over: with the possessive ending
    found = list(map(_form, parts[1::3]))
    if not all(found):
        starts, ends, overs = (array("I", compress(places, found)) for places in (starts, ends, overs))
        found = list(filter(None, found))
    runs: list[tuple[int, int, str]] = []
    for hyphen in _HYPHEN.finditer(text):
        i = bisect_left(overs, hyphen.start())
        if i + 1 < len(overs) and overs[i] == hyphen.start() and starts[i + 1] == hyphen.end():
            first = runs.pop()[0] if runs and runs[-1][1] == i + 1 else i
            runs.append((first, i + 2, "".join(found[first : i + 2])[:_LONGEST]))
    return Analysed(starts, ends, found, list(map(stem, found)), runs)


def forms(text: str) -> list[str]:
    """Return the forms of a text's words in order."""
    return list(filter(None, map(_form, _parts(text)[1::3])))


def _parts(text: str) -> list[str]:
    """Return what is before a word, the word and its possessive ending, for each word, and what is left at the end."""
    return (_ASCII_WORD if text.isascii() else _WORD).split(text)


_stemmer = Stemmer.Stemmer("english")
_stemmer_lock = Lock()  # a stemmer keeps state while it works


@lru_cache(maxsize=500_000)
def stem(form: str) -> str:
    """Return what the inflections and spellings of a word share; a word with digits is its own stem.

    >>> stem("anonymisation") == stem("anonymized"), stem("defences") == stem("defense"), stem("2024")
    (True, True, '2024')
    """
    if not form.isalpha():
        return form
    if _ABBREVIATIONS.match(form):
        return form[:-1]
    for british, american in _SPELLINGS:
        form = british.sub(american, form)
    with _stemmer_lock:
        return str(_stemmer.stemWord(form))


def stems(text: str) -> list[str]:
    """Return the stems of a text's words in order."""
    return [stem(form) for form in forms(text)]


def places(words: Sequence[str], word: str) -> Iterator[int]:
    """Yield where a word stands in a list of words.

    >>> list(places(["a", "b", "a"], "a"))
    [0, 2]
    """
    at = -1
    for _ in range(words.count(word)):
        at = words.index(word, at + 1)
        yield at


def distinct(words: Iterable[str]) -> list[str]:
    """Return the words without repetitions, in order."""
    return list(dict.fromkeys(words))
