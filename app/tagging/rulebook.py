"""The rules that give labels: data, read from ``rules/<facet>.yaml`` of a taxonomy's folder.

Under each label stands a list of rules. A rule fires where one of its phrases stands and its conditions hold::

    membership-inference:
      - any: [membership inference, MIA]      # phrases; one is enough
        in: title                             # or: abstract, opening (title and first sentence), claim (title and
                                              # sentences in which the authors say what they do); else anywhere
        near: [attack, leak*]                 # one of these in the same sentence
        with: [training data]                 # one of these anywhere in the paper
        unless: [existing ~3 attacks]         # none of these in the same sentence
        never: [survey]                       # none of these anywhere in the paper
        weight: 0.5                           # a label needs a sum of 1; else 1
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from app.tagging.phrases import PhraseError, Step, expand, parse
from app.tagging.taxonomy import OWN, Facet, Taxonomy, TaxonomyError, load_taxonomy

PLACES = ("anywhere", "title", "abstract", "opening", "claim")
_LISTS = ("any", "near", "with", "unless", "never")

Phrases = tuple[tuple[Step, ...], ...]


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a label; ``name`` is the label and the rule's number under it."""

    facet: str
    label: str
    name: str
    any: Phrases
    place: str = "anywhere"
    near: Phrases = ()
    with_: Phrases = ()
    unless: Phrases = ()
    never: Phrases = ()
    weight: float = 1.0


@dataclass(frozen=True)
class Rules:
    """All rules; ``claims`` are phrases by which a sentence is known to say what the authors do."""

    rules: tuple[Rule, ...]
    claims: Phrases = ()
    version: str = field(default="", compare=False)


class _Lines(yaml.SafeLoader):
    """YAML whose mappings remember their line."""


def _with_line(loader: _Lines, node: yaml.MappingNode) -> dict[str, Any]:
    mapping = {str(key): value for key, value in loader.construct_mapping(node, deep=True).items()}
    return mapping | {"__line__": node.start_mark.line + 1}


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _with_line)


def load_rules(taxonomy: Taxonomy, folder: Path = OWN) -> Rules:
    """Read the rules of a taxonomy's facets. A facet without a file has none.

    Raises:
        TaxonomyError: a file, label, phrase or key is wrong; the message names file, line, label and reason.
    """
    digest = hashlib.blake2b(digest_size=8)
    rules: list[Rule] = []
    claims: Phrases = ()
    for path in sorted((folder / "rules").glob("*.yaml")):
        data = path.read_bytes()
        digest.update(path.name.encode() + data)
        try:
            content = yaml.load(data, Loader=_Lines)  # noqa: S506  a SafeLoader that knows lines
        except yaml.YAMLError as error:
            raise TaxonomyError(f"{path}: {' '.join(str(error).split())}") from error
        if not isinstance(content, dict):
            raise TaxonomyError(f"{path}: it is not labels with their rules")
        content.pop("__line__", None)
        if path.stem == "claims":
            claims = _phrases(content.get("claims", []), f"{path}")
            continue
        facet = taxonomy.by_id.get(path.stem)
        if facet is None:
            raise TaxonomyError(f"{path}: the taxonomy has no facet '{path.stem}'")
        rules += _facet_rules(content, facet, path)
    return Rules(tuple(rules), claims, digest.hexdigest())


def _facet_rules(content: dict[str, Any], facet: Facet, path: Path) -> Iterator[Rule]:
    for label, entries in content.items():
        if label not in facet.by_id:
            raise TaxonomyError(f"{path}: {label}: the taxonomy has no such label of '{facet.id}'")
        if not isinstance(entries, list):
            raise TaxonomyError(f"{path}: {label}: it has no list of rules")
        for number, entry in enumerate(entries, start=1):
            if not isinstance(entry, dict):
                raise TaxonomyError(f"{path}: {label}: rule {number} is not keys with values")
            yield _rule(entry, facet, label, number, path)


def _rule(entry: dict[str, Any], facet: Facet, label: str, number: int, path: Path) -> Rule:
    where = f"{path}, line {entry.pop('__line__', '?')}: {label}"
    unknown = sorted(set(entry) - {*_LISTS, "in", "weight", "name"})
    if unknown:
        raise TaxonomyError(f"{where}: unknown key '{unknown[0]}'; a rule has {', '.join(_LISTS)}, in, weight, name")
    lists = {name: _phrases(entry.get(name, []), where) for name in _LISTS}
    if not lists["any"]:
        raise TaxonomyError(f"{where}: the rule has no phrases under 'any'")
    place = entry.get("in", "anywhere")
    if place not in PLACES:
        raise TaxonomyError(f"{where}: 'in' is {place!r}, not one of {', '.join(PLACES)}")
    weight = entry.get("weight", 1.0)
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise TaxonomyError(f"{where}: 'weight' is {weight!r}, not a number")
    return Rule(
        facet.id, label, f"{label}-{entry.get('name', number)}", lists["any"], place,
        lists["near"], lists["with"], lists["unless"], lists["never"], float(weight),
    )  # fmt: skip


def _phrases(entries: Any, where: str) -> Phrases:
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise TaxonomyError(f"{where}: phrases must be a list of texts (put 'yes', 'no' and numbers in quotes)")
    try:
        return tuple(parse(phrase) for entry in entries for phrase in expand(entry))
    except PhraseError as error:
        raise TaxonomyError(f"{where}: {error}") from error


def load(folder: Path = OWN) -> tuple[Taxonomy, Rules]:
    """Read a folder's taxonomy and its rules."""
    taxonomy = load_taxonomy(folder)
    return taxonomy, load_rules(taxonomy, folder)
