"""What an ingest run did, for people and programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not kept: its source and place, the reason, how it begins; the whole of it, to be retried."""

    source: str
    position: str
    reason: str
    excerpt: str
    format: str = ""
    record: str = ""


@dataclass(frozen=True, slots=True)
class Match:
    """A record that joined a paper of another record, or that may be one: the papers and the reason."""

    source: str
    position: str
    title: str
    papers: tuple[str, ...]
    reason: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What would become of a record, for a preview: created, updated, unchanged or merged, with the paper and why."""

    source: str
    position: str
    title: str
    outcome: str
    paper: str
    reason: str


@dataclass(slots=True)
class Report:
    """Figures of a run. ``merged`` records joined a paper that another record had made; ``candidates`` may have to.

    ``notes`` are records that were kept, but not everything of them. ``preview`` says what would become of each record;
    None where the run is none.
    """

    run: int | None = None
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    candidates: list[Match] = field(default_factory=list)
    notes: list[Match] = field(default_factory=list)
    preview: list[Outcome] | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the report as ``epsilon ingest --json`` prints it."""
        said = asdict(self)
        for rejection in said["rejected"]:
            del rejection["format"], rejection["record"]
        if self.preview is None:
            del said["preview"]
        return said

    def as_text(self) -> str:
        """Return the report for a person, one fact a line."""
        would = "would be " if self.preview is not None else ""
        lines = [
            f"{self.read} records read: {self.created} {would}new papers, {self.updated} {would}updated, "
            f"{self.unchanged} unchanged, {self.merged} {would}merged into papers of other sources, "
            f"{len(self.rejected)} rejected"
        ]
        lines += [
            f"{o.outcome}: {o.source}, {o.position}: {o.title} -> {o.paper} ({o.reason})"
            for o in self.preview or ()
            if o.outcome != "merged"
        ]
        lines += [f"merged: {m.source}, {m.position}: {m.title} -> {m.papers[0]} ({m.reason})" for m in self.matches]
        lines += [
            f"perhaps the same, left apart: {m.source}, {m.position}: {m.title} ~ {', '.join(m.papers)} ({m.reason})"
            for m in self.candidates
        ]
        lines += [f"left out: {m.source}, {m.position}: {m.title}: {m.reason}" for m in self.notes]
        lines += [f"rejected: {r.source}, {r.position}: {r.reason}: {r.excerpt}" for r in self.rejected]
        return "\n".join(lines)
