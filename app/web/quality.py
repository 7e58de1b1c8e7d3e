"""How right the tags are, for the page about the catalogue: the totals of ``docs/tagging-quality.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from app.web.render import ROOT

DOCUMENT = ROOT / "docs" / "tagging-quality.md"


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures of one facet on one set of labelled papers; F1, precision and recall are from 0 to 1, as text."""

    measured_on: str
    facet: str
    f1: str
    precision: str
    recall: str


@cache
def measured() -> Sequence[Quality]:
    """Return the figures of every facet and set; nothing where the document isn't there."""
    return parse(DOCUMENT.read_text(encoding="utf-8")) if DOCUMENT.exists() else ()


def parse(text: str) -> list[Quality]:
    """Return the lines for all labels of each table.

    >>> parse("## digest: 119 papers\\n### Attack\\n| all | 16 | 0.61 | 0.59 | 0.62 |")
    [Quality(measured_on='digest: 119 papers', facet='Attack', f1='0.61', precision='0.59', recall='0.62')]
    """
    found, measured_on, facet = [], "", ""
    for line in text.splitlines():
        if line.startswith("## "):
            measured_on, facet = line[3:].strip(), ""
        elif line.startswith("### "):
            facet = line[4:].strip()
        elif line.startswith("| all |") and measured_on and facet:
            figures = [cell.strip() for cell in line.strip("| ").split("|")][-3:]
            found.append(Quality(measured_on, facet, *figures))
    return found
