"""What an ingest run did, for people and programs."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that was not kept: its source and place, the reason, how it begins."""

    source: str
    position: str
    reason: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Match:
    """A record that joined a paper of another record, or that may be one: the papers and the reason."""

    source: str
    position: str
    title: str
    papers: tuple[str, ...]
    reason: str


@dataclass(slots=True)
class Report:
    """Figures of a run. ``merged`` records joined a paper that another record had made; ``candidates`` may have to."""

    run: int | None = None
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    rejected: list[Rejection] = field(default_factory=list)
    matches: list[Match] = field(default_factory=list)
    candidates: list[Match] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Return the report as ``epsilon ingest --json`` prints it."""
        return asdict(self)

    def as_text(self, dry_run: bool = False) -> str:
        """Return the report for a person, one fact a line."""
        would = "would be " if dry_run else ""
        lines = [
            f"{self.read} records read: {self.created} {would}new papers, {self.updated} {would}updated, "
            f"{self.unchanged} unchanged, {self.merged} {would}merged into papers of other sources, "
            f"{len(self.rejected)} rejected"
        ]
        lines += [f"merged: {m.source}, {m.position}: {m.title} -> {m.papers[0]} ({m.reason})" for m in self.matches]
        lines += [
            f"perhaps the same, left apart: {m.source}, {m.position}: {m.title} ~ {', '.join(m.papers)} ({m.reason})"
            for m in self.candidates
        ]
        lines += [f"rejected: {r.source}, {r.position}: {r.reason}: {r.excerpt}" for r in self.rejected]
        return "\n".join(lines)
