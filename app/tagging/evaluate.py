"""How right the tagger is on labelled papers: precision, recall and F1, label by label, and the worst errors. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.tagging.tagger import Tagger
from app.tagging.taxonomy import Facet

MOST_ERRORS = 12


@dataclass(slots=True)
class Counts:
    """Tags that are right, too many, and missing."""

    right: int = 0
    extra: int = 0
    missing: int = 0

    @property
    def papers(self) -> int:
        """Papers that have the label."""
        return self.right + self.missing

    @property
    def precision(self) -> float:
        """Share of the given tags that are right; 1 where none is given."""
        return self.right / (self.right + self.extra) if self.right + self.extra else 1.0

    @property
    def recall(self) -> float:
        """Share of the labels that were found; 1 where there is none."""
        return self.right / self.papers if self.papers else 1.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall."""
        total = 2 * self.right + self.extra + self.missing
        return 2 * self.right / total if total else 1.0


@dataclass(slots=True)
class FacetQuality:
    """A facet's figures: over all tags, by label, and papers with differences.

    ``bare`` papers have none of its labels, and ``overtagged`` of these get one all the same.
    """

    facet: Facet
    all: Counts = field(default_factory=Counts)
    bare: int = 0
    overtagged: int = 0
    labels: dict[str, Counts] = field(default_factory=dict)
    errors: list[tuple[str, tuple[str, ...], tuple[str, ...]]] = field(default_factory=list)

    @property
    def macro_f1(self) -> float:
        """Mean F1 of the labels that any paper has."""
        known = [counts.f1 for counts in self.labels.values() if counts.papers]
        return sum(known) / len(known) if known else 1.0


@dataclass(slots=True)
class Quality:
    """The figures of a set of papers, facet by facet."""

    papers: int
    facets: list[FacetQuality]


def evaluate(tagger: Tagger, papers: Iterable[Mapping[str, Any]]) -> Quality:
    """Compare the tagger with labelled papers: ``title``, ``abstract`` and a list of ids under each facet's key."""
    rows = list(papers)
    facets = {facet.id: FacetQuality(facet) for facet in tagger.taxonomy}
    for row in rows:
        tags = tagger.tag(row["title"], row.get("abstract") or "")
        for quality in facets.values():
            given = {tag.label for tag in tags if tag.facet == quality.facet.id}
            wanted = set(row.get(quality.facet.key) or ())
            for label in given | wanted:
                counts = quality.labels.setdefault(label, Counts())
                for total in (counts, quality.all):
                    total.right += label in given and label in wanted
                    total.extra += label not in wanted
                    total.missing += label not in given
            quality.bare += not wanted
            quality.overtagged += bool(given) and not wanted
            if given != wanted:
                extra, missing = tuple(sorted(given - wanted)), tuple(sorted(wanted - given))
                quality.errors.append((row["title"], extra, missing))
    for quality in facets.values():
        quality.errors.sort(key=lambda error: -len(error[1]) - len(error[2]))
    return Quality(len(rows), list(facets.values()))


def report(quality: Quality) -> str:
    """Return the figures for a terminal, with the worst errors."""
    lines = []
    for f in quality.facets:
        lines.append(
            f"{f.facet.id}: micro-F1 {f.all.f1:.3f}, precision {f.all.precision:.3f}, recall {f.all.recall:.3f}, "
            f"macro-F1 {f.macro_f1:.3f}; {_overtagged(f)}"
        )
        for label, counts in sorted(f.labels.items(), key=lambda item: (-item[1].papers, item[0])):
            lines.append(
                f"  {label:26} {counts.papers:4} papers  F1 {counts.f1:.2f}  P {counts.precision:.2f}"
                f"  R {counts.recall:.2f}"
            )
        for title, extra, missing in f.errors[:MOST_ERRORS]:
            words = [f"+{label}" for label in extra] + [f"-{label}" for label in missing]
            lines.append(f"  {' '.join(words)}: {title}")
    return "\n".join(lines)


def as_markdown(qualities: Mapping[str, Quality]) -> str:
    """Return the figures as the document that visitors are shown."""
    lines = [
        "# How right the tags are",
        "",
        "Tags are worked out from title and abstract by rules that anyone can read. Here they are compared with",
        "papers that were labelled by reading them. *F1* is the harmonic mean of *precision* (share of the given",
        "tags that are right) and *recall* (share of the right tags that are given); *papers* is the number of",
        "papers behind a line. `make evaluate` prints these figures anew.",
        "",
        "The rules were written with an eye on their errors in every set but the one called unseen: its figures",
        "are what to expect of a paper that nobody has looked at. Labels of further papers are in",
        "`benchmarks/labels.jsonl`; their texts are looked up in the file `TEXTS=` by their titles, those with an",
        "arXiv or OpenReview id can be fetched there, and a paper without a text is left out.",
    ]
    for name, quality in qualities.items():
        lines += ["", f"## {name}: {quality.papers} papers"]
        for f in quality.facets:
            lines += [
                "",
                f"### {f.facet.label}",
                "",
                f"Macro-F1 {f.macro_f1:.2f}; {_overtagged(f)}.",
                "",
                "| label | papers | F1 | precision | recall |",
                "|---|---|---|---|---|",
            ]
            lines.append(_row("all", quality.papers - f.bare, f.all))
            lines += [_row(_name(f.facet, label), f.labels[label].papers, f.labels[label]) for label in _order(f)]
    return "\n".join(lines) + "\n"


def _overtagged(quality: FacetQuality) -> str:
    return f"of {quality.bare} papers without any of these labels {quality.overtagged} get one"


def _order(quality: FacetQuality) -> Sequence[str]:
    return sorted(quality.labels, key=lambda label: (-quality.labels[label].papers, label))


def _name(facet: Facet, label: str) -> str:
    return facet.by_id[label].label if label in facet.by_id else label


def _row(name: str, papers: int, counts: Counts) -> str:
    return f"| {name} | {papers} | {counts.f1:.2f} | {counts.precision:.2f} | {counts.recall:.2f} |"
