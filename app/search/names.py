"""Names of authors while they are typed: any word of a name may be the first that somebody types. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from app.paper import Author, Paper
from app.search import text

SHORTEST = 3
"""Letters from which on names and titles are suggested: too many begin with fewer."""
MOST_PAPERS = 20
"""So many of the newest papers are looked through for names."""


def entries(author: Author) -> list[str]:
    """Return an entry for each word of a name, beginning with it.

    >>> entries(Author("ada-lovelace", "Ada Lovelace"))
    ['ada lovelace', 'lovelace ada']
    """
    words = text.forms(author.name)
    return [" ".join([*words[i:], *words[:i]]) for i in range(len(words))]


def typed(text_typed: str) -> str:
    """Return how the entries begin for what is typed; nothing where it is too short."""
    name = " ".join(text.forms(text_typed))
    return name if len(name) >= SHORTEST else ""


def may_be_title(text_typed: str) -> bool:
    """Tell whether what is typed is enough to suggest titles."""
    return len("".join(text.forms(text_typed))) >= SHORTEST


def going_on(name: str, papers: Iterable[Paper], most: int) -> tuple[Author, ...]:
    """Return the authors of papers whose names go on so, those with most of the papers first."""
    fit = (a for paper in papers for a in paper.authors if any(entry.startswith(name) for entry in entries(a)))
    counts = Counter(fit)
    return tuple(sorted(counts, key=lambda author: (-counts[author], author.name)))[:most]
