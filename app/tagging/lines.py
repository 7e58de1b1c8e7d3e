"""JSON lines of papers in, the same lines with their labels and evidence out. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import orjson

from app.tagging.tagger import Tagger


@dataclass(frozen=True, slots=True)
class LineError:
    """A line that can't be tagged, and why."""

    number: int
    reason: str

    def __str__(self) -> str:
        """Say where and why."""
        return f"line {self.number}: {self.reason}"


def tag_lines(lines: Iterable[bytes], tagger: Tagger) -> Iterator[bytes | LineError]:
    """Yield each paper with its labels under its facets' keys, and ``evidence``; empty lines are skipped."""
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            paper = orjson.loads(line.removeprefix(b"\xef\xbb\xbf") if number == 1 else line)
        except orjson.JSONDecodeError as error:
            yield LineError(number, f"it is not JSON: {error}")
            continue
        if not isinstance(paper, dict):
            yield LineError(number, "it is not an object with a title and an abstract")
            continue
        title, abstract = paper.get("title"), paper.get("abstract")
        if not isinstance(title or "", str) or not isinstance(abstract or "", str):
            yield LineError(number, "'title' and 'abstract' must be texts")
            continue
        if not paper.keys() & {"title", "abstract"}:
            yield LineError(number, "it has neither a title nor an abstract")
            continue
        yield orjson.dumps(paper | labels(tagger, title or "", abstract or ""))


def labels(tagger: Tagger, title: str, abstract: str) -> dict[str, list[object]]:
    """Return the labels of a paper under its facets' keys, and the evidence."""
    tags = tagger.tag(title, abstract)
    found: dict[str, list[object]] = {
        facet.key: [tag.label for tag in tags if tag.facet == facet.id] for facet in tagger.taxonomy
    }
    evidence: list[object] = [
        {"facet": tag.facet, "label": tag.label, "rule": e.rule, "field": e.field, "start": e.start, "end": e.end,
         "text": e.text}
        for tag in tags
        for e in tag.evidence
    ]  # fmt: skip
    return found | {"evidence": evidence}
