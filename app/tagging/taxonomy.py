"""The facets that are worked out from a paper's text, and their labels: data, read from ``taxonomy.yaml``.

Every layer goes through ``Taxonomy.facets``; none names a facet. Any module may import this one.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import yaml

OWN = Path(__file__).parent
"""The folder of the catalogue's own taxonomy and rules."""


class TaxonomyError(Exception):
    """A taxonomy or rule file can't be used; the message names the file, the place and the reason."""


@dataclass(frozen=True, slots=True)
class Label:
    """A value of a facet: stable id, name for people, meaning, and the id of its parent."""

    id: str
    label: str
    means: str
    parent: str | None = None


@dataclass(frozen=True)
class Facet:
    """A facet: ``id`` is the URL's parameter, ``key`` the name in JSON and the path of its pages."""

    id: str
    key: str
    label: str
    means: str
    labels: tuple[Label, ...]

    @cached_property
    def by_id(self) -> dict[str, Label]:
        """The labels by their ids, in the file's order: a parent before its children."""
        return {label.id: label for label in self.labels}

    def with_parents(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return the labels with all their ancestors, in the facet's order; an unknown id is left out."""
        found = set()
        for label_id in ids:
            current: str | None = label_id
            while current in self.by_id and current not in found:
                found.add(current)
                current = self.by_id[current].parent
        return tuple(label_id for label_id in self.by_id if label_id in found)

    def most_specific(self, ids: Iterable[str]) -> tuple[str, ...]:
        """Return the labels without those that another one of them implies, in the facet's order."""
        given = set(ids)
        implied = {ancestor for label_id in given for ancestor in self.with_parents([label_id]) if ancestor != label_id}
        return tuple(label_id for label_id in self.by_id if label_id in given - implied)


@dataclass(frozen=True)
class Taxonomy:
    """All the facets, in the order in which pages show them."""

    facets: tuple[Facet, ...]
    by_id: dict[str, Facet] = field(init=False)

    def __post_init__(self) -> None:
        """Index the facets by their ids."""
        object.__setattr__(self, "by_id", {facet.id: facet for facet in self.facets})

    def __iter__(self) -> Iterator[Facet]:
        """Go through the facets."""
        return iter(self.facets)


def load_taxonomy(folder: Path = OWN) -> Taxonomy:
    """Read ``taxonomy.yaml`` of a folder.

    Raises:
        TaxonomyError: the file is missing or isn't a taxonomy; an id is there twice.
    """
    path = folder / "taxonomy.yaml"
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise TaxonomyError(f"{path}: {error}") from error
    try:
        facets = tuple(
            Facet(f["id"], f["key"], f["label"], f["means"], tuple(_labels(f["labels"]))) for f in content["facets"]
        )
    except (KeyError, TypeError) as error:
        raise TaxonomyError(f"{path}: a facet needs id, key, label, means and labels: {error!r}") from error
    for ids in ([f.id for f in facets], [f.key for f in facets], *([label.id for label in f.labels] for f in facets)):
        for twice in {i for i in ids if ids.count(i) > 1}:
            raise TaxonomyError(f"{path}: '{twice}' is there twice")
    return Taxonomy(facets)


def _labels(entries: list[dict[str, Any]], parent: str | None = None) -> Iterator[Label]:
    for entry in entries:
        yield Label(entry["id"], entry["label"], entry["means"], parent)
        yield from _labels(entry.get("children", []), entry["id"])
