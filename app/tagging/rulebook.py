"""The rules that give labels: data, read from ``rules/<facet>.yaml`` of a taxonomy's folder.

Under each label stands a list of rules; ``docs/tagging.md`` explains their keys. Labels are decided in the order of the
taxonomy's facets and, within a facet, of its rules file, so that a rule may ask for labels decided before it.
``rules/common.yaml`` holds what all of them share: lists of phrases (``$name`` in a rule), the phrases by which a
sentence is known to speak of the authors' own work or of others', and what abbreviations mean.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import yaml

from app.tagging.phrases import Abbreviation, Phrase, PhraseError, expand, parse
from app.tagging.taxonomy import OWN, Facet, Taxonomy, TaxonomyError, load_taxonomy

PLACES = ("anywhere", "title", "abstract", "opening", "claim", "own")
COMMON = "common"
_LISTS = ("any", "near", "with", "unless", "never", "aside")
_LABELS = ("having", "lacking")
_OTHER = ("in", "times", "weight", "name")
_OF_PLACES = ("in", "near", "unless", "times")
"""Keys that say which places of a rule's phrases count."""
_LINE = "__line__"
_DEFAULTS = "defaults"

Phrases = tuple[Phrase, ...]
LabelKey = tuple[str, str]
"""A facet's id and a label's."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a label; ``name`` is the label with the rule's own name or its number under the label.

    One without phrases under ``any`` holds for every paper that meets its other conditions.
    """

    facet: str
    label: str
    name: str
    any: Phrases
    place: str = "anywhere"
    near: Phrases = ()
    with_: Phrases = ()
    unless: Phrases = ()
    never: Phrases = ()
    aside: Phrases = ()
    having: tuple[LabelKey, ...] = ()
    lacking: tuple[LabelKey, ...] = ()
    times: int = 1
    weight: float = 1.0


@dataclass(frozen=True)
class Rules:
    """All rules in the order in which they are applied, and what they share."""

    rules: tuple[Rule, ...]
    claims: Phrases = ()
    others: Phrases = ()
    abbreviations: Mapping[str, Abbreviation] = field(default_factory=dict)
    version: str = field(default="", compare=False)


@dataclass(frozen=True)
class _Common:
    lists: Mapping[str, Phrases] = field(default_factory=dict)
    claims: Phrases = ()
    others: Phrases = ()
    abbreviations: Mapping[str, Abbreviation] = field(default_factory=dict)


class _Lines(yaml.SafeLoader):
    """YAML whose mappings remember their line, and name no key twice."""


def _with_line(loader: _Lines, node: yaml.MappingNode) -> dict[str, Any]:
    keys = [str(key.value) for key, _ in node.value]
    for twice in {key for key in keys if keys.count(key) > 1}:
        raise yaml.constructor.ConstructorError(None, None, f"'{twice}' is there twice", node.start_mark)
    mapping = {str(key): value for key, value in loader.construct_mapping(node, deep=True).items()}
    return mapping | {_LINE: node.start_mark.line + 1}


_Lines.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _with_line)


def load_rules(taxonomy: Taxonomy, folder: Path = OWN) -> Rules:
    """Read the rules of a taxonomy's facets. A facet without a file has none.

    Raises:
        TaxonomyError: a file, label, phrase or key is wrong; the message names file, line, label and reason.
    """
    digest = hashlib.blake2b(digest_size=8)
    contents: dict[str, tuple[Path, dict[str, Any]]] = {}
    for path in sorted((folder / "rules").glob("*.yaml")):
        data = path.read_bytes()
        digest.update(path.name.encode() + data)
        contents[path.stem] = path, _read(data, path)
    common = _common(*contents.pop(COMMON)) if COMMON in contents else _Common()
    for stem, (path, _) in contents.items():
        if stem not in taxonomy.by_id:
            raise TaxonomyError(f"{path}: the taxonomy has no facet '{stem}'")
    rules: list[Rule] = []
    decided: set[LabelKey] = set()
    for facet in taxonomy:
        if facet.id in contents:
            path, content = contents[facet.id]
            rules += _facet_rules(content, facet, path, common, taxonomy, decided)
    return Rules(tuple(rules), common.claims, common.others, common.abbreviations, digest.hexdigest())


def _read(data: bytes, path: Path) -> dict[str, Any]:
    try:
        content = yaml.load(data, Loader=_Lines)  # noqa: S506  a SafeLoader that knows lines
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise TaxonomyError(f"{path}: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise TaxonomyError(f"{path}: it is not names with their lists")
    return content


def _common(path: Path, content: dict[str, Any]) -> _Common:
    content.pop(_LINE, None)
    unknown = sorted(set(content) - {"lists", "claims", "others", "abbreviations"})
    if unknown:
        raise TaxonomyError(f"{path}: unknown key '{unknown[0]}'; there are lists, claims, others and abbreviations")
    lists = _named_lists(content.get("lists"), path, {})
    abbreviations = {}
    for short, entry in (content.get("abbreviations") or {}).items():
        if short == _LINE:
            continue
        where = f"{path}: abbreviations: {short}"
        if not isinstance(entry, dict) or set(entry) - {_LINE, "means", "alone"} or not entry.get("means"):
            raise TaxonomyError(f"{where}: it needs 'means' (phrases), and may have 'alone' (true or false)")
        abbreviations[short] = Abbreviation(_phrases(entry["means"], where, lists), entry.get("alone") is not False)
    claims, others = (_phrases(content.get(name) or [], f"{path}: {name}", lists) for name in ("claims", "others"))
    return _Common(lists, claims, others, abbreviations)


def _named_lists(entries: Any, path: Path, known: Mapping[str, Phrases]) -> dict[str, Phrases]:
    """Return the lists known and those of a file, of which each may name the ones before it."""
    if not isinstance(entries or {}, dict):
        raise TaxonomyError(f"{path}: lists: it is not names with their phrases")
    lists = dict(known)
    for name, phrases in (entries or {}).items():
        if name != _LINE:
            lists[name] = _phrases(phrases, f"{path}: lists: {name}", lists)
    return lists


def _facet_rules(
    content: dict[str, Any], facet: Facet, path: Path, common: _Common, taxonomy: Taxonomy, decided: set[LabelKey]
) -> Iterator[Rule]:
    content.pop(_LINE, None)
    defaults = content.pop(_DEFAULTS, {})
    if not isinstance(defaults, dict) or set(defaults) - {_LINE, "aside"}:
        raise TaxonomyError(f"{path}: {_DEFAULTS}: it may have 'aside' (phrases), and nothing else")
    common = replace(common, lists=_named_lists(content.pop("lists", None), path, common.lists))
    for label, entries in content.items():
        if label not in facet.by_id:
            raise TaxonomyError(f"{path}: {label}: the taxonomy has no such label of '{facet.id}'")
        if not isinstance(entries, list):
            raise TaxonomyError(f"{path}: {label}: it has no list of rules")
        for number, entry in enumerate(entries, start=1):
            if not isinstance(entry, dict):
                raise TaxonomyError(f"{path}: {label}: rule {number} is not keys with values")
            where = f"{path}, line {entry.pop(_LINE, '?')}: {label}"
            entry = {key: value for key, value in defaults.items() if key != _LINE} | entry
            yield _rule(entry, (facet.id, label), number, where, common, taxonomy, decided)
        decided.add((facet.id, label))


def _rule(
    entry: dict[str, Any], key: LabelKey, number: int, where: str, common: _Common, taxonomy: Taxonomy,
    decided: set[LabelKey],
) -> Rule:  # fmt: skip
    keys = (*_LISTS, *_LABELS, *_OTHER)
    unknown = sorted(set(entry) - set(keys))
    if unknown:
        raise TaxonomyError(f"{where}: unknown key '{unknown[0]}'; a rule has {', '.join(keys)}")
    lists = {name: _phrases(entry.get(name, []), where, common.lists) for name in _LISTS}
    needless = [name for name in _OF_PLACES if name in entry]
    if "any" in entry and not lists["any"]:
        raise TaxonomyError(f"{where}: there are no phrases under 'any'")
    if "any" not in entry and needless:
        raise TaxonomyError(f"{where}: '{needless[0]}' needs phrases under 'any'")
    if "any" not in entry and not set(entry) & {"with", "never", *_LABELS, "weight"}:
        raise TaxonomyError(f"{where}: the rule has neither phrases under 'any' nor a condition or a weight")
    place, weight, times = entry.get("in", "anywhere"), entry.get("weight", 1.0), entry.get("times", 1)
    if place not in PLACES:
        raise TaxonomyError(f"{where}: 'in' is {place!r}, not one of {', '.join(PLACES)}")
    if isinstance(weight, bool) or not isinstance(weight, int | float):
        raise TaxonomyError(f"{where}: 'weight' is {weight!r}, not a number")
    if isinstance(times, bool) or not isinstance(times, int) or times < 1:
        raise TaxonomyError(f"{where}: 'times' is {times!r}, not a number from 1")
    having, lacking = (_labels(entry.get(name, []), where, name, taxonomy, decided) for name in _LABELS)
    return Rule(
        *key, f"{key[1]}-{entry.get('name', number)}", lists["any"], place, lists["near"], lists["with"],
        lists["unless"], lists["never"], lists["aside"], having, lacking, times, float(weight),
    )  # fmt: skip


def _labels(entries: Any, where: str, name: str, taxonomy: Taxonomy, decided: set[LabelKey]) -> tuple[LabelKey, ...]:
    """Return labels with those that imply them: a rule that asks for a parent is content with a child."""
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise TaxonomyError(f"{where}: '{name}' must be a list of facet/label")
    found: list[LabelKey] = []
    for entry in entries:
        facet_id, _, label = entry.partition("/")
        facet = taxonomy.by_id.get(facet_id)
        if facet is None or label not in facet.by_id:
            raise TaxonomyError(f"{where}: '{entry}' under '{name}' is no facet/label of the taxonomy")
        if (facet_id, label) not in decided:
            raise TaxonomyError(f"{where}: '{entry}' under '{name}' is decided later; put its rules before these")
        found += [(facet_id, child) for child in facet.by_id if label in facet.with_parents([child])]
    return tuple(dict.fromkeys(found))


def _phrases(entries: Any, where: str, lists: Mapping[str, Phrases]) -> Phrases:
    if not isinstance(entries, list) or not all(isinstance(entry, str) for entry in entries):
        raise TaxonomyError(f"{where}: phrases must be a list of texts (put 'yes', 'no' and numbers in quotes)")
    found: list[Phrase] = []
    for entry in entries:
        if entry.startswith("$"):
            if entry[1:] not in lists:
                raise TaxonomyError(f"{where}: there is no list '{entry[1:]}' in {COMMON}.yaml before it is used")
            found += lists[entry[1:]]
            continue
        try:
            found += [parse(phrase) for phrase in expand(entry)]
        except PhraseError as error:
            raise TaxonomyError(f"{where}: {error}") from error
    return tuple(dict.fromkeys(found))


def load(folder: Path = OWN) -> tuple[Taxonomy, Rules]:
    """Read a folder's taxonomy and its rules."""
    taxonomy = load_taxonomy(folder)
    return taxonomy, load_rules(taxonomy, folder)
