"""The query language: text to a tree, and back. Pure.

No input is an error: what can't be parsed is words. ``parse_text(to_text(tree)) == tree`` for every tree that
``parse_text`` made.
"""

from __future__ import annotations

import re

from app.identifiers import arxiv_id, doi, fold
from app.search.tree import And, Everything, Field, Node, Not, Or, Phrase, Word, Years
from app.tagging.taxonomy import Facet, Taxonomy

LONGEST = 5_000
"""Characters of a query that are read."""
MOST_PARTS = 120
"""Words, phrases and fields of a query that are read; a pasted abstract has fewer different words that matter."""

_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff\ud800-\udfff]+")
_QUOTES = str.maketrans({"“": '"', "”": '"', "„": '"', "«": '"', "»": '"'})
_TOKEN = re.compile(r'(?P<minus>-+(?=[^\s-]))?(?:(?P<field>\w+):(?="))?(?:"(?P<phrase>[^"]*)(?:"|$)|(?P<word>[^\s"]+))')
_EDGES = re.compile(r"^[\W_]+|[\W_]+$")
_AROUND = re.compile(r"^[\s()\[\]<>,;'.]+|[\s()\[\]<>,;'.]+$")
_YEARS = re.compile(r"^(?P<first>\d{4})?(?P<range>\.\.|-|–)?(?P<last>\d{4})?$")
_BUTTON = re.compile(r"^(?:Subscribe)+(?=[A-Z0-9])")
"""What a copied title brings along from its page."""


def clean(text: str) -> str:
    """Return the text without characters that nobody sees, control characters and halves of characters.

    >>> clean("deep\\x00 leakage\\ud800 “from gradients”")
    'deep  leakage  "from gradients"'
    """
    return _UNSEEN.sub(" ", text).translate(_QUOTES)[:LONGEST]


def parse_text(text: str, taxonomy: Taxonomy) -> Node:
    """Return the tree of a query text.

    The last word is a prefix where the text ends with it: a space or a mark after it ends the word.
    """
    text = clean(text)
    identifier = _identifier(text)
    if identifier is not None:
        return identifier
    parts: list[Node] = []
    pending_or = False
    for token in _TOKEN.finditer(text):
        if token["word"] == "OR" and not token["minus"]:
            pending_or = bool(parts)
            continue
        ends_open = token.end() == len(text)
        for node in _parts(token, taxonomy, ends_open=ends_open):
            if pending_or:
                left = parts.pop()
                parts.append(Or((*(left.children if isinstance(left, Or) else (left,)), node)))
            else:
                parts.append(node)
            pending_or = False
        if sum(len(part.children) if isinstance(part, Or) else 1 for part in parts) >= MOST_PARTS:
            break
    while len(parts) > 1 and parts[0] == Word("Subscribe") and _begins_title(parts[1]):
        del parts[0]
    if not parts:
        return Everything()
    return parts[0] if len(parts) == 1 else And(tuple(parts))


def _parts(token: re.Match[str], taxonomy: Taxonomy, *, ends_open: bool) -> list[Node]:
    """Return what a token of the text means; two conditions where ``name:"a phrase"`` isn't a field."""
    nodes: list[Node | None]
    if token["phrase"] is not None:
        phrase = _phrase(token["phrase"])
        name = token["field"]
        field = _field(name, phrase.text, taxonomy, quoted=True) if name and phrase else None
        nodes = [field] if field else [_word(name, prefix=False) if name else None, phrase]
    else:
        text = token["word"]
        known = _known(text, taxonomy) or _known(_trim(text), taxonomy)
        nodes = [known or _word(text, prefix=ends_open and text[-1].isalnum() and not token["minus"])]
    found = [node for node in nodes if node is not None]
    return [Not(found[0]), *found[1:]] if token["minus"] and found else found


def _known(text: str, taxonomy: Taxonomy) -> Field | Years | None:
    """Return the identifier or field that a text without quotes is."""
    name, colon, value = text.partition(":")
    return _identifier(text) or (_field(name, value, taxonomy, quoted=False) if colon else None)


def _begins_title(node: Node) -> bool:
    return isinstance(node, Word) and not node.text[0].islower()


def _phrase(text: str) -> Phrase | None:
    text = " ".join(text.split())
    return Phrase(text) if _EDGES.sub("", text) else None


def _word(text: str, *, prefix: bool) -> Word | None:
    text = _trim(text)
    return Word("or" if text == "OR" else text, prefix) if text else None


def _trim(text: str) -> str:
    return _BUTTON.sub("", _EDGES.sub("", text))


def _identifier(text: str) -> Field | None:
    text = _AROUND.sub("", text)
    if not text or len(text) > 300:
        return None
    if found := arxiv_id(text):
        return Field("arxiv", Word(found))
    if found := doi(text):
        return Field("doi", Word(found))
    return None


def _field(name: str, value: str, taxonomy: Taxonomy, *, quoted: bool) -> Field | Years | None:
    name = name.casefold()
    value = value.strip() if quoted else value.strip('"')
    if name == "year":
        return _years(value)
    if name in taxonomy.by_id:
        label = _label(taxonomy.by_id[name], value)
        return Field(name, Word(label)) if label else None
    if name in {"title", "author", "venue"}:
        trimmed = _EDGES.sub("", value)
        if not trimmed:
            return None
        return Field(name, Phrase(value) if quoted else Word(trimmed))
    return None


def _years(value: str) -> Years | None:
    found = _YEARS.match(value)
    if found is None or not (found["first"] or found["last"]):
        return None
    first, last = (int(year) if year else None for year in (found["first"], found["last"]))
    if found["range"]:
        return Years(first, last)
    return Years(first, first) if first and not last else None


def _label(facet: Facet, value: str) -> str | None:
    if value.lower() in facet.by_id:
        return value.lower()
    folded = fold(value)
    return next((label.id for label in facet.labels if fold(label.label) == folded), None)


# tree to text


def to_text(node: Node) -> str:
    """Return the text that parses into the tree."""
    text = " ".join(_text(part) for part in parts(node))
    last: Node = parts(node)[-1] if parts(node) else node
    if isinstance(last, Or):
        last = last.children[-1]
    return text + " " if isinstance(last, Word) and not last.prefix else text


def parts(node: Node) -> tuple[Node, ...]:
    """Return what a tree asks for at its top, each a condition of its own."""
    if isinstance(node, Everything):
        return ()
    return node.children if isinstance(node, And) else (node,)


def _text(node: Node) -> str:
    match node:
        case Word(text):
            return text
        case Phrase(text):
            return f'"{text}"'
        case Field(name, value):
            return f"{name}:{_text(value)}"
        case Years(first, last):
            return f"year:{first}" if first == last else f"year:{first or ''}..{last or ''}"
        case Not(child):
            return "-" + _text(child)
        case Or(children):
            return " OR ".join(_text(child) for child in children)
        case And(children):
            return " ".join(_text(child) for child in children)
        case Everything():
            return ""
