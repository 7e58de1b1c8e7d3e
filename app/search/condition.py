"""What is found, said exactly: a boolean expression over the fields of a document, which each engine writes its way."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from app.search.tree import Years


@dataclass(frozen=True, slots=True)
class Terms:
    """A field has one of the values."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Starts:
    """A value of a field begins so."""

    field: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Adjacent:
    """One of the fields has the stems next to each other."""

    fields: tuple[str, ...]
    stems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class All:
    """Every child holds; without children every paper."""

    children: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Any:
    """One of the children holds; without children no paper."""

    children: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Except:
    """The child doesn't hold."""

    child: Condition


Condition = Terms | Starts | Adjacent | Years | All | Any | Except

EVERY = All()


def every(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that all hold."""
    flat: dict[Condition, None] = {}
    for condition in conditions:
        flat.update(dict.fromkeys(condition.children if isinstance(condition, All) else (condition,)))
    return next(iter(flat)) if len(flat) == 1 else All(tuple(flat))


def either(conditions: Iterable[Condition]) -> Condition:
    """Return the condition that one holds; values of the same field come together."""
    terms: dict[str, dict[str, None]] = {}
    others: dict[Condition, None] = {}
    for condition in conditions:
        for child in condition.children if isinstance(condition, Any) else (condition,):
            if isinstance(child, Terms):
                terms.setdefault(child.field, {}).update(dict.fromkeys(child.values))
            else:
                others[child] = None
    together = (*(Terms(field, tuple(values)) for field, values in terms.items()), *others)
    return together[0] if len(together) == 1 else Any(together)
