"""The parsed query: a small typed tree that engines read. They never see what the user typed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Everything:
    """No condition: every paper."""


@dataclass(frozen=True, slots=True)
class Word:
    """One word as typed; with ``prefix`` it may go on (the last word while it is typed)."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Words that stand next to each other, as typed."""

    text: str


@dataclass(frozen=True, slots=True)
class Field:
    """A condition on one field: ``title`` (a Word or Phrase), ``author``, ``venue``, a facet, ``arxiv``, ``doi``."""

    name: str
    value: Word | Phrase


@dataclass(frozen=True, slots=True)
class Years:
    """Published in these years, inclusive; ``None`` is open."""

    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Not:
    """None of the child's papers."""

    child: Node


@dataclass(frozen=True, slots=True)
class And:
    """The papers that all children have."""

    children: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """The papers that any child has."""

    children: tuple[Node, ...]


Node = Everything | Word | Phrase | Field | Years | Not | And | Or
