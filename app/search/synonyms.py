"""Synonyms of the field, as data that a domain expert can read: which words also mean which. Pure after loading."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import yaml

from app.search.text import stems

OWN = Path(__file__).parent / "synonyms.yaml"


@dataclass(frozen=True)
class Synonyms:
    """What a word or term is also searched as, by the stems of the word or term.

    ``also`` gives the terms as written, the best first. ``everyday`` gives what plain words and expressions stand for
    in the field; they only help to rank answers to questions. ``terms`` are all the terms of several words, as stems.
    """

    also: Mapping[tuple[str, ...], tuple[str, ...]]
    everyday: Mapping[tuple[str, ...], tuple[str, ...]]
    terms: frozenset[tuple[str, ...]]

    def terms_in(self, *texts: Sequence[str]) -> list[str]:
        """Return the terms that stand in texts of stems, each as one word (see ``as_word``)."""
        starts = _starts(self.terms)
        found: dict[str, None] = {}
        for text in texts:
            for i, word in enumerate(text):
                for term in starts.get(word, ()):
                    if tuple(text[i : i + len(term)]) == term:
                        found[as_word(term)] = None
        return list(found)


def as_word(term: Iterable[str]) -> str:
    """Return a term of several stems as the one word that documents have for it."""
    return "_".join(term)


@lru_cache(maxsize=8)
def _starts(terms: frozenset[tuple[str, ...]]) -> dict[str, list[tuple[str, ...]]]:
    starts: dict[str, list[tuple[str, ...]]] = {}
    for term in sorted(terms):
        starts.setdefault(term[0], []).append(term)
    return starts


@lru_cache(maxsize=8)
def load_synonyms(path: Path = OWN) -> Synonyms:
    """Read a file of synonyms.

    Raises:
        ValueError: an entry can't be used; the message names the file and the entry.
    """
    content = yaml.safe_load(path.read_text(encoding="utf-8"))
    also: dict[tuple[str, ...], dict[str, None]] = {}
    for group in content["same"]:
        for typed in group:
            _add(also, typed, [other for other in group if other != typed], path)
    for typed, others in content["also"].items():
        _add(also, str(typed), others, path)
    everyday: dict[tuple[str, ...], dict[str, None]] = {}
    for typed, others in content["everyday"].items():
        for expression in str(typed).split(","):
            _add(everyday, expression.strip(), others, path)
    written = [term for terms in (*also.values(), *everyday.values()) for term in terms]
    terms = {key for key in map(_key, written) if len(key) > 1} | {key for key in also if len(key) > 1}
    return Synonyms(
        {typed: tuple(others) for typed, others in also.items()},
        {typed: tuple(others) for typed, others in everyday.items()},
        frozenset(terms),
    )


def _key(term: str) -> tuple[str, ...]:
    return tuple(stems(term))


def _add(also: dict[tuple[str, ...], dict[str, None]], typed: str, others: list[str], path: Path) -> None:
    if not _key(typed) or not isinstance(others, list) or not all(_key(str(other)) for other in others):
        raise ValueError(f"{path}: '{typed}' needs a list of words")
    for other in others:
        if _key(str(other)) != _key(typed):
            also.setdefault(_key(typed), {})[str(other)] = None
