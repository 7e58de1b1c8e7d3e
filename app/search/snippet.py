"""Highlights and snippets, the same for both engines: spans of the stored text, whatever kind of match it was. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from app.paper import Paper
from app.search import Highlighted, Hit
from app.search.text import analysed, places, stem
from app.search.words import Marks

LONGEST = 360
"""Characters of a snippet, about: it begins and ends between words."""


def hit(paper: Paper, marks: Mapping[str, Marks]) -> Hit:
    """Return the paper with its title and the best window of its abstract marked."""
    title = Highlighted(paper.title, marked(paper.title, marks["title"]))
    return Hit(paper, title, snippet(paper.abstract, marks["abstract"]))


def marked(text: str, marks: Marks) -> tuple[tuple[int, int], ...]:
    """Return the spans of the words that the marks name, in order, apart from each other."""
    if not text or not (marks.stems or marks.prefixes or marks.sequences):
        return ()
    found = analysed(text)
    words = found.stems
    spans = {i: i + 1 for word in marks.stems.intersection(words) for i in places(words, word)}
    if marks.prefixes and not (text.isascii() and _has_none(text.lower(), marks.prefixes)):
        spans |= {i: i + 1 for i, form in enumerate(found.forms) if form.startswith(marks.prefixes)}
    for sequence in marks.sequences:
        first, length = sequence[0], len(sequence)
        if first in words:
            for i, word in enumerate(words):
                if word == first and tuple(words[i : i + length]) == sequence:
                    spans[i] = max(spans.get(i, 0), i + length)
    for i, end, whole in found.runs:
        if stem(whole) in marks.stems or (marks.prefixes and whole.startswith(marks.prefixes)):
            spans[i] = max(spans.get(i, 0), end)
    return _joined((found.starts[first], found.ends[last - 1]) for first, last in sorted(spans.items()))


def _has_none(text: str, parts: Iterable[str]) -> bool:
    return not any(part in text for part in parts)


def _joined(spans: Iterable[tuple[int, int]]) -> tuple[tuple[int, int], ...]:
    """Return the spans with those that overlap as one."""
    result: list[tuple[int, int]] = []
    for start, end in spans:
        if result and start < result[-1][1]:
            result[-1] = result[-1][0], max(end, result[-1][1])
        else:
            result.append((start, end))
    return tuple(result)


def snippet(text: str, marks: Marks) -> Highlighted:
    """Return the window of a text with the most different marked words; the whole text where it is short."""
    spans = marked(text, marks)
    if len(text) <= LONGEST:
        return Highlighted(text, spans)
    start, end = _window(text, spans)
    inside = tuple((s - start, e - start) for s, e in spans if start <= s and e <= end)
    return Highlighted(text[start:end], inside)


def _window(text: str, spans: tuple[tuple[int, int], ...]) -> tuple[int, int]:
    best, best_worth, last = 0, (0, 0), 0
    words = [text[start:end].lower() for start, end in spans]
    for i, (start, _) in enumerate(spans):
        while last < len(spans) and spans[last][1] - start <= LONGEST:
            last += 1
        inside = words[i:last]
        worth = (len(set(inside)), len(inside))
        if worth > best_worth:
            best, best_worth = start, worth
        if last == len(spans):
            break
    start = max(0, min(best - 40, len(text) - LONGEST))
    if start > 0:
        start = _between(text, start)
    end = min(len(text), start + LONGEST)
    while end < len(text) and not text[end].isspace():
        end += 1
    return start, end


def _between(text: str, place: int) -> int:
    """Return the beginning of the word at a place, or of the next where that is a gap."""
    while place > 0 and not text[place - 1].isspace():
        place -= 1
    return place
