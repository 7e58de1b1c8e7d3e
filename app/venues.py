"""Venues: from the many ways in which sources write one to its id, label, name and kind. Pure; the table is data."""

from __future__ import annotations

import re
from functools import cache, lru_cache
from pathlib import Path

import yaml

from app.identifiers import fold, slug
from app.paper import ARXIV, Venue

TABLE = Path(__file__).parent / "venues.yaml"
_ORDINAL = (
    r"(?:\d+(?:st|nd|rd|th)|(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)?[ -]?"
    r"(?:first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|eleventh|twelfth|thirteenth|fourteenth|"
    r"fifteenth|sixteenth|seventeenth|eighteenth|nineteenth|twentieth|thirtieth|fortieth|fiftieth))"
)
_NOISE = re.compile(
    rf"\b(?:{_ORDINAL}|(?:19|20)\d\d|proceedings|proc|volume|vol|part|series|lncs|pmlr|main track|main|long papers|"
    r"short papers|poster|oral|spotlight|the|of|on|in|and|for|ieee|acm|cvf|rsj|annual|international|int l|intl"
    r"|to appear|accepted (?:at|by|to)?|\d+)\b"
)
_ACRONYM = re.compile(r"[A-Z]\w*[A-Z]|[a-z][A-Z]|[A-Z]&[A-Z]")
_NAMES = re.compile(r"[^\w&*+@]+|_")


@lru_cache(maxsize=4096)
def venue(given: str | None) -> Venue:
    """Return the venue that a source names; one that the table doesn't know stays as given.

    >>> venue("Advances in Neural Information Processing Systems 36").id, venue("Oakland '23").label
    ('neurips', 'IEEE S&P')
    >>> venue("Journal of Irreproducible Results, 2021")
    Venue(id='journal-of-irreproducible-results', label='Journal of Irreproducible Results', \
name='Journal of Irreproducible Results', kind='unknown')
    """
    given = " ".join((given or "").split())
    if not given or re.match(r"(?:arxiv|submitted to|under review|preprint)\b", given, re.IGNORECASE):
        return _table()[_core(ARXIV)]
    found = known_venue(given)
    if found:
        return found
    label = re.sub(r"[\s,'’(]*\b(?:19|20)\d\d\b\)?$", "", given).strip(" ,") or given
    return Venue(slug(label) or "unknown", label, label, "unknown")


def known_venue(given: str) -> Venue | None:
    """Return the venue that the table knows by this spelling, or None.

    >>> known_venue("NeurIPS'21").label, known_venue("NeurIPS 2021 Workshop on Privacy")
    ('NeurIPS', None)
    """
    if re.search(r"\bworkshops?\b", given, re.IGNORECASE):  # a conference's workshop isn't the conference
        spellings = [given]
    else:
        inside = re.findall(r"\(([^()]+)\)|\[([^\][]+)\]", given)
        outside = re.sub(r"\([^()]*\)|\[[^\][]*\]", " ", given)
        parts = re.split(r"\s[-–—|]\s|[,:;]", outside)
        # a part alone must be an acronym or a longer name: "Machine Learning, Optimization and Data Science"
        telling = [part for part in parts if _ACRONYM.search(part) or len(part.split()) > 2]
        spellings = [given, outside, *(a or b for a, b in inside), *telling]
    for spelling in spellings:
        known = _table().get(_core(spelling))
        if known:
            return known
    return None


def _core(spelling: str) -> str:
    text = _NAMES.sub(" ", re.sub(r"['’]\d\d\b", " ", fold(spelling)))
    text = re.sub(r"(?<=[a-z])(?:19|20)?\d\d\b", "", text) if re.fullmatch(r"\s*[a-z]+\d+\s*", text) else text
    core = " ".join(_NOISE.sub(" ", text).split())
    return core or " ".join(text.split())


@cache
def _table() -> dict[str, Venue]:
    """Return the venues by every spelling's core."""
    entries: dict[str, list[str]] = yaml.safe_load(TABLE.read_text(encoding="utf-8"))
    table: dict[str, Venue] = {}
    for venue_id, (label, kind, name, *others) in entries.items():
        known = Venue(venue_id, label, name, kind)
        for spelling in (label, name, *others):
            meant = table.setdefault(_core(spelling), known)
            if meant is not known:
                raise ValueError(f"{TABLE}: '{spelling}' means both {meant.id} and {venue_id}")
    return table
