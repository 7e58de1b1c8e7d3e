"""Phrases of rules, and where they stand in a text. Pure; the time grows with the length of the text alone.

A phrase is words: ``membership inference``. A word may have choices ``(gradient|update)``, an open end ``inver*``, and
between words ``~3`` lets up to three others stand. Small letters match any case; a word with a capital matches only
so (``MIA``, ``SGX``). Hyphens, slashes and apostrophes part words, in phrases as in texts. A phrase never runs over the
end of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

WIDEST_GAP = 12
_TOKEN = re.compile(r"[^\W_]+(?:[²³⁺])?|[.!?;](?=\s|$)")
_PART = re.compile(r"\(([^()]+)\)(\*?)|~(\d+)|([^\W_]+\*?)|(\S)")


class PhraseError(ValueError):
    """A phrase can't be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One word of a phrase: its choices, and how many other words may stand before it."""

    words: tuple[str, ...]
    gap: int = 0


@dataclass(frozen=True, slots=True)
class Text:
    """A text as words: how each is written, where it stands, in which sentence; and where each word occurs."""

    text: str
    words: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    sentences: tuple[int, ...]
    places: dict[str, list[int]]


def read_text(text: str, prefixes: frozenset[str], longest: int) -> Text:
    """Split a text into words. ``places`` knows a word as written, in small letters, and by each of ``prefixes``."""
    words: list[str] = []
    spans: list[tuple[int, int]] = []
    sentences: list[int] = []
    places: dict[str, list[int]] = {}
    keys: dict[str, tuple[str, ...]] = {}
    sentence = 0
    for found in _TOKEN.finditer(text):
        word = found[0]
        if word in ".!?;":
            sentence += 1
            continue
        known = keys.get(word)
        if known is None:
            small = word.lower()
            starts = (f"{small[:n]}*" for n in range(1, min(len(small), longest) + 1) if small[:n] in prefixes)
            known = keys[word] = tuple(dict.fromkeys((small, word, *starts)))
        for key in known:
            places.setdefault(key, []).append(len(words))
        words.append(word)
        spans.append(found.span())
        sentences.append(sentence)
    return Text(text, tuple(words), tuple(spans), tuple(sentences), places)


def expand(phrase: str) -> list[str]:
    """Return the phrases that one with choices of several words stands for.

    >>> expand("gradient (inversion|matching attack) risk")
    ['gradient inversion risk', 'gradient matching attack risk']
    """
    for found in re.finditer(r"\(([^()]+)\)", phrase):
        if any(re.search(r"[\s/'’-]", choice.strip()) for choice in found[1].split("|")):
            before, after = phrase[: found.start()], phrase[found.end() :]
            return [p for choice in found[1].split("|") for p in expand(f"{before}{choice.strip()}{after}")]
    return [phrase]


def parse(phrase: str) -> tuple[Step, ...]:
    """Return a phrase's steps.

    Raises:
        PhraseError: it is empty, or has a mark that means nothing.

    >>> parse("invert* ~2 (gradients|updates)")
    (Step(words=('invert*',), gap=0), Step(words=('gradients', 'updates'), gap=2))
    """
    steps: list[Step] = []
    gap = 0
    for choices, star, width, word, other in _PART.findall(re.sub(r"[-/'’]", " ", phrase)):
        if other:
            raise PhraseError(f"'{other}' in '{phrase}' means nothing; a phrase is words, (a|b), word* and ~3")
        if width:
            gap = int(width)
            if not steps or gap > WIDEST_GAP:
                raise PhraseError(f"'~{width}' in '{phrase}' must stand between words and be {WIDEST_GAP} at most")
            continue
        words = tuple(choice.strip() for choice in choices.split("|")) if choices else (word,)
        for choice in words:
            if not re.fullmatch(r"[^\W_]+\*?", choice):
                raise PhraseError(f"'{choice}' in '{phrase}' is not one word")
        steps.append(Step(tuple(f"{w}{star}" for w in words), gap))
        gap = 0
    if not steps or gap:
        raise PhraseError(f"'{phrase}' is no phrase")
    return tuple(steps)


def prefixes(phrases: Iterable[tuple[Step, ...]]) -> frozenset[str]:
    """Return the beginnings of words that have an open end in any of the phrases."""
    return frozenset(w[:-1] for steps in phrases for step in steps for w in step.words if w.endswith("*"))


def occurrences(steps: tuple[Step, ...], text: Text) -> Iterator[tuple[int, int]]:
    """Yield first and last word of each place where a phrase stands, by its first word."""
    starts = sorted({i for word in steps[0].words for i in text.places.get(word, ())})
    if not starts:
        return
    rest = [(frozenset(i for w in step.words for i in text.places.get(w, ())), step.gap) for step in steps[1:]]
    if not all(places for places, _ in rest):
        return
    for start in starts:
        at = start
        for places, gap in rest:
            at = next((i for i in range(at + 1, at + 2 + gap) if i in places), -1)
            if at < 0 or text.sentences[at] != text.sentences[start]:
                break
        else:
            yield start, at
