"""Phrases of rules, and where they stand in a text. Pure; the time grows with the length of the text alone.

A phrase is words: ``membership inference``. A word may have choices ``(gradient|update)``, an open end ``inver*``, and
between words ``~3`` lets up to three others stand. ``*bench`` is any word that ends so, ``#`` a number in digits.
Small letters match any case; a word with a capital matches only so (``MIA``, ``SGX``, ``Fed*``). ``^existing`` is a
word that begins a sentence. Hyphens, slashes and apostrophes part words, in phrases as in texts. A phrase never runs
over the end of a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

WIDEST_GAP = 12
_TOKEN = re.compile(
    r"[^\W_]+[²³⁺]?"
    r"|\\[A-Za-z]+"
    r"|[.!?;](?:(?=\s|$)(?<!\be\.g\.)(?<!\bi\.e\.)(?<!\bal\.)(?<!\bvs\.)(?<!\bcf\.)(?<!\bw\.r\.t\.)"
    r"|(?=[A-Z])(?<=[a-z)]{2}[.!?]))"
)
"""A word, a command of LaTeX, or the end of a sentence, which a text may have without a space behind it."""
_WORD = r"[^\W_]+\*?|\*[^\W_]+|#"
_PART = re.compile(rf"\(([^()]+)\)(\*?)|~(\d+)|({_WORD})|(\S)")
_KNOWN_WORDS = 200_000
MOST_PLACES = 64
"""Places of a word from which phrases are followed; no abstract has more, a text made to be slow may have thousands."""


class PhraseError(ValueError):
    """A phrase can't be read; the message says why."""


@dataclass(frozen=True, slots=True)
class Step:
    """One word of a phrase: its choices, and how many other words may stand before it."""

    words: tuple[str, ...]
    gap: int = 0


Phrase = tuple[Step, ...]
Place = tuple[int, int]
"""First and last word of a phrase where it stands."""


@dataclass(frozen=True, slots=True)
class Text:
    """A title and an abstract as words: where each stands in its field, in which sentence, and where known words are.

    The words of the title come first, ``title_words`` of them; sentences are counted through both.
    """

    title_words: int
    spans: list[tuple[int, int]]
    sentences: list[int]
    places: dict[str, list[int]]
    known: list[tuple[str, ...]]
    """As what each word occurs in the phrases."""


def expand(phrase: str) -> list[str]:
    """Return the phrases that one with choices of several words stands for; choices of one word stay together.

    >>> expand("gradient (inversion|leakage|matching attack) risk")
    ['gradient (inversion|leakage) risk', 'gradient matching attack risk']
    """
    for found in re.finditer(r"\(([^()]+)\)", phrase):
        choices = [choice.strip() for choice in found[1].split("|")]
        several = [choice for choice in choices if re.search(r"[\s/'’-]", choice)]
        if several:
            before, after = phrase[: found.start()], phrase[found.end() :]
            single = "|".join(choice for choice in choices if choice not in several)
            kept = [f"({single})" if "|" in single else single] if single else []
            return [p for choice in (*kept, *several) for p in expand(f"{before}{choice}{after}")]
    return [phrase]


def parse(phrase: str) -> Phrase:
    """Return a phrase's steps.

    Raises:
        PhraseError: it is empty, or has a mark that means nothing.

    >>> parse("invert* ~2 (gradients|updates)")
    (Step(words=('invert*',), gap=0), Step(words=('gradients', 'updates'), gap=2))
    """
    steps: list[Step] = []
    gap = 0
    first = "^" if phrase.startswith("^") else ""
    for choices, star, width, word, other in _PART.findall(re.sub(r"[-/'’]", " ", phrase.removeprefix("^"))):
        if other:
            raise PhraseError(f"'{other}' in '{phrase}' is no word, (a|b), word*, *word, #, ~3 or ^")
        if width:
            gap = int(width)
            if not steps or gap > WIDEST_GAP:
                raise PhraseError(f"'~{width}' in '{phrase}' must stand between words and be {WIDEST_GAP} at most")
            continue
        words = tuple(choice.strip() for choice in choices.split("|")) if choices else (word,)
        for choice in words:
            if not re.fullmatch(_WORD, choice):
                raise PhraseError(f"'{choice}' in '{phrase}' is not one word")
        steps.append(Step(tuple(f"{first}{w}{star}" for w in words), gap))
        gap, first = 0, ""
    if not steps or gap:
        raise PhraseError(f"'{phrase}' is no phrase")
    return tuple(steps)


class _Node:
    """What may follow the beginning of a phrase; phrases that begin alike share it."""

    __slots__ = ("ahead", "edges", "ends", "reach")

    def __init__(self) -> None:
        self.ends: list[int] = []
        """Numbers of the phrases that are complete here."""
        self.edges: dict[Step, _Node] = {}
        self.ahead: dict[str, list[tuple[int, _Node]]] = {}
        """The steps that a word takes: over how many words, and to where."""
        self.reach = 0

    def after(self, step: Step) -> _Node:
        """Return where a step leads, made if it isn't there."""
        node = self.edges.get(step)
        if node is None:
            node = self.edges[step] = _Node()
            self.reach = max(self.reach, step.gap + 1)
            for word in dict.fromkeys(step.words):
                self.ahead.setdefault(word, []).append((step.gap + 1, node))
        return node


class Lexicon:
    """All the phrases of the rules, found in a text in one go."""

    def __init__(self, phrases: Iterable[Phrase]) -> None:
        """Order the phrases by their beginnings, so that what many of them share is looked for once."""
        self.phrases = tuple(dict.fromkeys(phrases))
        self.numbers = {phrase: number for number, phrase in enumerate(self.phrases)}
        self._beginnings: dict[str, _Node] = {}
        for number, steps in enumerate(self.phrases):
            for word in dict.fromkeys(steps[0].words):
                node = self._beginnings.setdefault(word, _Node())
                for step in steps[1:]:
                    node = node.after(step)
                node.ends.append(number)
        self._words = {word for steps in self.phrases for step in steps for word in step.words}
        bare = {word.removeprefix("^") for word in self._words}
        self._heads = sorted({len(word) - 1 for word in bare if word.endswith("*")})
        self._tails = sorted({len(word) - 1 for word in bare if word.startswith("*")})
        self._known: dict[str, tuple[str, ...]] = {}

    def read(self, title: str, abstract: str) -> Text:
        """Split a paper's text into words, and note of each as what it occurs in the phrases."""
        spans: list[Place] = []
        sentences: list[int] = []
        places: dict[str, list[int]] = {}
        known: list[tuple[str, ...]] = []
        title_words, sentence, first = 0, 0, True
        for field in (title, abstract):
            for found in _TOKEN.finditer(field):
                word = found[0]
                if word[0] == "\\":  # a command of LaTeX is no word: \\text is no text
                    continue
                if word in ".!?;":
                    sentence += 1
                    first = True
                    continue
                if first:
                    word, first = f"^{word}", False
                keys = self._known.get(word)
                if keys is None:
                    keys = self._keys(word)
                for key in keys:
                    standing = places.get(key)
                    if standing is None:
                        places[key] = [len(spans)]
                    else:
                        standing.append(len(spans))
                known.append(keys)
                spans.append(found.span())
                sentences.append(sentence)
            sentence += 1
            first = True
            title_words = title_words or (len(spans) if field is title else 0)
        return Text(title_words, spans, sentences, places, known)

    def _keys(self, token: str) -> tuple[str, ...]:
        """Return as what a word occurs in the phrases; one that begins a sentence has ``^`` before it."""
        word = token.removeprefix("^")
        small = word.lower()
        forms = {small, word}
        forms |= {f"{form[:length]}*" for form in (small, word) for length in self._heads if length <= len(form)}
        forms |= {f"*{form[-length:]}" for form in (small, word) for length in self._tails if length <= len(form)}
        if word[0].isdigit():
            forms.add("#")
        if word != token:
            forms |= {f"^{form}" for form in forms}
        if len(self._known) >= _KNOWN_WORDS:
            self._known.clear()
        return self._known.setdefault(token, tuple(forms & self._words))

    def find(self, text: Text) -> dict[int, list[Place]]:
        """Return the places of each phrase that the text has, by the phrase's number, in the text's order."""
        found: dict[int, list[Place]] = {}
        ends = [0] * (text.sentences[-1] + 1 if text.sentences else 0)
        for i, sentence in enumerate(text.sentences, start=1):
            ends[sentence] = i
        for word, places in text.places.items():
            node = self._beginnings.get(word)
            if node is None:
                continue
            starts = places[:MOST_PLACES]
            alone = [(start, start) for start in starts] if node.ends else []
            for number in node.ends:
                found.setdefault(number, []).extend(alone)
            if node.ahead:
                _follow(node, starts, text, ends, found)
        for standing in found.values():
            if len(standing) > 1:
                standing.sort()
        return found


def _follow(beginning: _Node, starts: list[int], text: Text, ends: list[int], found: dict[int, list[Place]]) -> None:
    """Note the phrases that go on from the places of a word, each step to the nearest word that it may take."""
    sentences, known = text.sentences, text.known
    waiting = [(beginning, start, start) for start in starts]
    while waiting:
        node, start, at = waiting.pop()
        steps = node.ahead.get
        nearest: dict[_Node, int] = {}
        for i in range(at + 1, min(at + 1 + node.reach, ends[sentences[at]])):
            for word in known[i]:
                ways = steps(word)
                if ways:
                    for reach, following in ways:
                        if i - at <= reach and following not in nearest:
                            nearest[following] = i
        for following, i in nearest.items():
            for number in following.ends:
                found.setdefault(number, []).append((start, i))
            if following.ahead:
                waiting.append((following, start, i))


@dataclass(frozen=True, slots=True)
class Abbreviation:
    """What an abbreviation must stand for; ``alone``: it counts too where the text never says what it means."""

    meanings: tuple[Phrase, ...]
    alone: bool


def foreign(
    text: Text,
    abbreviations: Mapping[str, Abbreviation],
    found: Mapping[int, list[Place]],
    lexicon: Lexicon,
    fields: tuple[str, str],
) -> frozenset[int]:
    """Return the words of a text that are abbreviations of something else than the rules mean by them.

    A text says what an abbreviation means where it stands in brackets after the words: "a tree ensemble (TEE)".
    """
    strangers: set[int] = set()
    for short, abbreviation in abbreviations.items():
        at = text.places.get(short)
        if not at:
            continue
        ends = {end for phrase in abbreviation.meanings for _, end in found.get(lexicon.numbers[phrase], ())}
        introduced = [i for i in at if _in_brackets(text, i, fields)]
        if introduced:
            meant = any(i - before in ends for i in introduced for before in (1, 2, 3))
        else:
            meant = abbreviation.alone or bool(ends)
        if not meant:
            strangers.update(at)
    return frozenset(strangers)


def _in_brackets(text: Text, i: int, fields: tuple[str, str]) -> bool:
    field = fields[0] if i < text.title_words else fields[1]
    start, end = text.spans[i]
    return field[start - 1 : start] == "(" and field[end : end + 2].lstrip("s")[:1] in (")", ",", ";")
