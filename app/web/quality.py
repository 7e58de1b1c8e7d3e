"""How right the tags are, for the page about the catalogue: the tables of ``docs/tagging-quality.md``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from app.web.render import ROOT

DOCUMENT = ROOT / "docs" / "tagging-quality.md"


@dataclass(frozen=True, slots=True)
class Row:
    """The figures of a label, or of all labels of a facet; F1, precision and recall are from 0 to 1, as text."""

    facet: str
    label: str
    papers: str
    f1: str
    precision: str
    recall: str


@dataclass(frozen=True, slots=True)
class Quality:
    """The figures on one set of labelled papers: each facet's totals, and each label's."""

    measured_on: str
    totals: list[Row]
    labels: list[Row]


@cache
def measured() -> Sequence[Quality]:
    """Return the figures of every set; nothing where the document isn't there."""
    return parse(DOCUMENT.read_text(encoding="utf-8")) if DOCUMENT.exists() else ()


def parse(text: str) -> list[Quality]:
    """Return the tables of each set.

    >>> [found] = parse("## digest: 119 papers\\n### Attack\\n| all | 16 | 0.61 | 0.59 | 0.62 |")
    >>> found.measured_on, found.totals
    ('digest: 119 papers', [Row(facet='Attack', label='all', papers='16', f1='0.61', precision='0.59', recall='0.62')])
    """
    found: list[Quality] = []
    facet = ""
    for line in text.splitlines():
        if line.startswith("## "):
            found.append(Quality(line[3:].strip(), [], []))
        elif line.startswith("### "):
            facet = line[4:].strip()
        elif found and line.startswith("| ") and line[-3:-2].isdigit():
            row = Row(facet, *(cell.strip() for cell in line.strip("| ").split("|")))
            rows = found[-1].totals if row.label == "all" else found[-1].labels
            rows.append(row)
    return found
