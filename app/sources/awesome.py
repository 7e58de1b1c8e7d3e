"""An awesome list: a README whose list items, table rows and paragraphs name papers, each in its author's own way.

An entry is a paper where a link of it leads to one, or its words name a venue with a year. Other entries that lead
somewhere (tools, courses, blogs) are rejected with the reason; prose, badges and tables of contents are no entries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO
from urllib.parse import unquote, urlsplit

from app.identifiers import arxiv_id, doi
from app.paper import Draft, Reject
from app.sources.entry import Named, authors_of, clean, is_label, is_title, name_parts, place_of, split_title
from app.sources.outline import Item, Piece, outline, text_of
from app.sources.text import BOM, excerpt

LONGEST = 16_000_000
"""Bytes of a file; no list that a person keeps is longer."""

_RECOGNISED = re.compile(r"^(?:\s{0,3}#{1,6}\s|\s*[-*+]\s|\s*\||\s*<h\d)", re.MULTILINE)
_PAPER_HOSTS = re.compile(
    r"(?:^|\.)(?:arxiv\.org|openreview\.net|acm\.org|ieee\.org|computer\.org|usenix\.org|neurips\.cc|nips\.cc"
    r"|mlr\.press|aclanthology\.org|aclweb\.org|thecvf\.com|springer\.com|sciencedirect\.com|elsevier\.com|doi\.org"
    r"|ndss-symposium\.org|petsymposium\.org|iacr\.org|aaai\.org|ijcai\.org|jmlr\.org|nature\.com|mdpi\.com|wiley\.com"
    r"|tandfonline\.com|sagepub\.com|semanticscholar\.org|biorxiv\.org|medrxiv\.org|ssrn\.com|mitpressjournals\.org"
    r"|mit\.edu|siam\.org|science\.org|pnas\.org|cell\.com|oup\.com|jamanetwork\.com|nejm\.org|bmj\.com|plos\.org"
    r"|frontiersin\.org|hindawi\.com|sciendo\.com|degruyter\.com|emerald\.com|iop\.org|royalsocietypublishing\.org"
    r"|ieee-security\.org|isca-archive\.org|isca-speech\.org|ecva\.net|eccv2018\.org|bmva\.org|mlsys\.org|vldb\.org"
    r"|automl\.cc|alphaxiv\.org|researchgate\.net|dagstuhl\.de|hal\.science|cnki\.net|worldscientific\.com|techrxiv\.org"
    r"|preprints\.org|cidrdb\.org|dblp\.org|ojs\.aaai\.org|jstage\.jst\.go\.jp|techscience\.com|inderscienceonline\.com)$"
)
_CODE_HOSTS = re.compile(r"(?:^|\.)(?:github\.com|github\.io|gitlab\.com|codeberg\.org|bitbucket\.org)$")
_ARXIV = re.compile(
    r"(?:ar[x5]iv(?:\.labs)?\.org|alphaxiv\.org|huggingface\.co)/(?:abs|pdf|html|papers|forum)/([\w./-]+)", re.I
)
_DOI = re.compile(r"/(10\.\d{4,9}/[^?#\s]+)")
_DETAIL = re.compile(r"^\W*(?P<key>[A-Za-z]+)(?:\(s\)|s)?\s*\W*[:：]\W*(?P<value>.*)$")
_YEAR = re.compile(r"[\s,'’]*\b(?:19|20)\d\d\b")
_VENUE = re.compile(r"(?=.*[A-Z])[\w&@/+.:-]{2,}(?: [\w&@/+.:-]+){0,6}")
_BROKEN = "characters of it are lost: it isn't UTF-8, or holds a NUL; save the file as UTF-8"
_KEYS = frozenset(
    "author date year venue conference journal publication publisher code paper link pdf doi arxiv github repo "
    "project summary abstract keyword tldr note dataset model institution affiliation tag url title website page "
    "resource ".split()
)
"""What the items below an entry may say of it."""
_COLUMNS = (
    (
        "title",
        re.compile(r"^(?:paper )?titles?\b|^papers?$|^paper ?names?|^publications?$|^articles?$|^works?$|论文|标题"),
    ),
    ("authors", re.compile(r"^authors?\b|^first author|作者")),
    ("venue", re.compile(r"venue|conference|journal|proceedings|published|source|会议|期刊|^pub\b")),
    ("year", re.compile(r"^years?\b|^date\b|^time\b|published on|年")),
    ("code", re.compile(r"\bcode\b|github|repo|implementation|代码")),
)


def recognises(head: bytes) -> bool:
    """Tell whether it looks like Markdown with links to elsewhere."""
    text = head.decode("utf-8", "replace").removeprefix(BOM)
    if re.match(r"\s*(?:<!doctype|<html|<\?xml|\{|\[\s*[\[{\"\d])", text, re.IGNORECASE):
        return False
    return _RECOGNISED.search(text) is not None and re.search(r"\]\(\s*[<#\w./]|href=", text) is not None


def read(stream: BinaryIO) -> Iterator[Draft | Reject]:
    """Yield the entries in their order."""
    data = stream.read(LONGEST + 1)
    if len(data) > LONGEST:
        yield Reject("file", f"it is longer than {LONGEST:,} bytes, so it is no list that a person keeps")
        return
    text = data.decode("utf-8", "replace").removeprefix(BOM)
    found_any = False
    for item in outline(text):
        for found in _entries(item):
            found_any = True
            yield _whole(found)
    if not found_any and text.strip():
        yield Reject("file", "no entry of a list, a table or a paragraph names a paper", excerpt(text))


def _whole(found: Draft | Reject) -> Draft | Reject:
    """Refuse a draft in whose words bytes were no text."""
    if isinstance(found, Draft) and "\ufffd" in "".join([found.title, found.venue or "", *found.authors]):
        return Reject(found.position, _BROKEN, excerpt(found.title))
    return found


def _entries(item: Item) -> Iterator[Draft | Reject]:
    if item.kind == "tr":
        yield from filter(None, [_row(item)])
        return
    if item.kind == "p":
        for line, pieces in _segments(item):
            found = _entry(pieces, item.headings, line, {})
            if isinstance(found, Draft):  # prose that links something is no entry
                yield found
        return
    details: dict[str, str] = {}
    pieces = list(item.pieces)
    below = []
    for child in item.children:
        found_detail = _DETAIL.match(text_of(child.pieces))
        key = found_detail["key"].lower().removesuffix("s") if found_detail else ""
        if not pieces or child.children:
            below.append(child)
        elif found_detail and key in _KEYS:
            details.setdefault(key, found_detail["value"])
            pieces += [Piece("\n"), *(p for p in child.pieces if p.href)]
        elif _is_part(child):
            pieces += [Piece("\n"), *child.pieces]
        else:
            below.append(child)
    yield from filter(None, [_entry(pieces, item.headings, item.line, details)])
    for child in below:
        yield from _entries(child)


def _is_part(child: Item) -> bool:
    """Tell whether an item below another only says more of it: labelled links, names, a venue."""
    if any(p.href for p in child.pieces):
        return all(is_label(p.text) or not clean(p.text) for p in child.pieces)
    own = text_of(child.pieces)
    return bool(authors_of(own) or name_parts(own) or place_of(own).venue)


def _segments(item: Item) -> Iterator[tuple[int, list[Piece]]]:
    """Cut a paragraph at the lines that begin with a title, linked or bold; what comes before the first is prose."""
    begun: list[Piece] | None = None
    line, begin = item.line, item.line
    current: list[Piece] = []
    for piece in [*item.pieces, Piece("\n")]:
        if piece.text != "\n":
            current.append(piece)
            continue
        first = next((p for p in current if clean(p.text) and not p.image), None)
        if first is not None and (first.href or first.strong) and is_title(first.text):
            if begun:
                yield begin, begun
            begun, begin = [], line
        if begun is not None:
            begun += [*current, piece]
        current = []
        line += 1
    if begun:
        yield begin, begun


@dataclass(slots=True)
class _Links:
    """Where an entry's links lead."""

    arxiv: str | None = None
    doi: str | None = None
    paper: str | None = None
    pdf: str | None = None
    code: str | None = None
    any: str | None = None


def _links(pieces: list[Piece]) -> _Links:
    links = _Links()
    for piece in pieces:
        if not piece.href:
            continue
        href = piece.href
        try:
            parts = urlsplit(href)
            host, path = (parts.hostname or "").lower(), unquote(parts.path)
        except ValueError:
            continue
        label = clean(piece.text).lower()
        found = _ARXIV.search(href)
        named = re.search(r"\b\d{4}\.\d{4,5}\b", piece.text) if piece.image and "arxiv" in label else None
        links.arxiv = links.arxiv or (arxiv_id(unquote(found[1]).strip()) if found else None) or arxiv_id(href)
        links.arxiv = links.arxiv or (arxiv_id(named[0]) if named else None)
        within = _DOI.search(unquote(href)) if "10." in href else None
        if within and not within[1].startswith("10.5555/"):
            links.doi = links.doi or doi(
                re.sub(r"(?:\.full)?(?:\.pdf|/(?:full|pdf|abstract|html|epdf|meta))?/?$", "", within[1])
            )
        is_code = _CODE_HOSTS.search(host) is not None
        if (is_code and not host.endswith("github.io") and not is_title(piece.text)) or re.match(
            r"(?:official )?code\b|github\b", label
        ):
            links.code = links.code or href
        elif (
            _PAPER_HOSTS.search(host)
            or path.lower().endswith(".pdf")
            or (not is_code and re.match(r"\W*(?:paper|pdf|pub|arxiv|doi|full text|论文)\b", label))
        ):
            links.paper = links.paper or href
            if path.lower().endswith(".pdf") or "/pdf/" in path:
                links.pdf = links.pdf or href
        links.any = links.any or href
    return links


def _entry(pieces: list[Piece], headings: tuple[str, ...], line: int, details: dict[str, str]) -> Draft | Reject | None:
    """Return what an entry names; None where it is none."""
    links = _links(pieces)
    named = _named(pieces)
    if not named.title:
        return _untitled(links, line, text_of(pieces))
    for key in ("venue", "conference", "journal", "publication"):
        if details.get(key, "").strip(" -–—*_/"):
            found = place_of(details[key])
            named.venue = (
                named.venue or found.venue or re.sub(r"[\s,']*\b(?:19|20)\d\d\b", "", clean(details[key])) or None
            )
            named.year = named.year or found.year
    when = re.search(
        r"\b((?:19|20)\d\d)(?:[-/](\d\d?))?(?:[-/](\d\d?))?\b", details.get("date", details.get("year", ""))
    )
    named.authors = named.authors or authors_of(details.get("author", ""))
    published = "-".join(p.zfill(2) for p in when.groups() if p) if when else None
    return _draft(named, links, headings, line, published, text_of(pieces))


def _untitled(links: _Links, line: int, text: str) -> Reject | None:
    """Return why an entry without a title is no paper; nothing where it leads nowhere."""
    if links.paper or links.arxiv:
        return Reject(f"line {line}", "it leads to a paper, but doesn't say its title", excerpt(text))
    where = links.any or links.code
    return _no_paper(where, line, text) if where else None


def _no_paper(where: str, line: int, text: str) -> Reject:
    return Reject(f"line {line}", f"no link of it leads to a paper, only to {urlsplit(where).hostname}", excerpt(text))


def _draft(
    named: Named, links: _Links, headings: tuple[str, ...], line: int, published: str | None, text: str
) -> Draft | Reject | None:
    is_paper = links.arxiv or links.doi or links.paper or (named.venue and named.year)
    if not is_paper:
        where = links.any or links.code
        return _no_paper(where, line, text) if where else None
    venue, year = named.venue, named.year
    for heading in headings[:2]:
        found = place_of(heading, whole=True)
        venue, year = venue or found.venue, year or found.year
    if venue is None and published is None and year and links.arxiv is None:
        published = str(year)
    return Draft(
        title=named.title,
        authors=named.authors,
        venue=venue,
        year=year or (int(published[:4]) if published and venue else None),
        published=published,
        arxiv_id=links.arxiv,
        doi=links.doi,
        url=links.paper or links.any,
        pdf_url=links.pdf,
        code_url=links.code,
        position=f"line {line}",
        extra={"section": headings[0]} if headings else {},
    )


def _row(item: Item) -> Draft | Reject | None:
    """Return what a table's row names, by the header above it."""
    if not any(item.cells):
        return None
    roles: dict[str, int] = {}
    for number, name in enumerate(item.columns):
        role = next((r for r, words in _COLUMNS if words.search(clean(name).lower()) and r not in roles), None)
        if role:
            roles[role] = number
    pieces = [piece for cell in item.cells for piece in [*cell, Piece("\n")]]
    links = _links(pieces)
    title_cell = item.cells[roles["title"]] if roles.get("title", 99) < len(item.cells) else None
    if title_cell is None or not clean(text_of(title_cell)):
        title_cell = next((c for c in item.cells if any(p.href and is_title(p.text) for p in c)), None)
        if title_cell is None:
            return _untitled(links, item.line, text_of(pieces))
    named = _named(title_cell)
    if not named.title:
        named.title = clean(text_of(title_cell))
    if "title" not in roles and links.paper is None and links.arxiv is None and links.doi is None:
        return None
    for role, number in roles.items():
        cell = clean(text_of(item.cells[number])) if number < len(item.cells) else ""
        if not cell or cell in {"-", "/"}:
            continue
        if role == "venue":
            found = place_of(cell, whole=True)
            named.venue = found.venue or (_YEAR.sub("", cell) if len(cell) < 120 else None) or None
            named.year = found.year or named.year
        elif role == "year":
            when = re.search(r"\b(?:19|20)\d\d\b", cell)
            named.year = int(when[0]) if when else named.year
        elif role == "authors":
            named.authors = authors_of(cell)
        elif role == "code" and links.code is None:
            links.code = next((p.href for p in item.cells[number] if p.href), None)
    if named.venue is None:
        for other in item.cells:
            if other is not title_cell and (found := place_of(text_of(other))).venue:
                named.venue, named.year = found.venue, named.year or found.year
                break
    if links.paper is None and links.any and links.any != links.code:
        links.paper = links.any
    if links.arxiv or links.doi or links.paper or named.venue or named.year:
        links.paper = links.paper or ("" if "title" in roles else None)
    return _draft(named, links, item.headings, item.line, None, text_of(pieces))


def _named(pieces: list[Piece]) -> Named:
    """Find the title, and what the words around it say of authors, venue and year."""
    words = [piece for piece in pieces if not piece.image]
    start = next((n for n, p in enumerate(words) if p.href and is_title(p.text)), None)
    first_label = next((n for n, p in enumerate(words) if p.href and not is_title(p.text)), len(words))
    plain = text_of(words[:first_label])
    if start is None or (start > first_label and is_title(split_title(plain).title)):
        start = next((n for n, p in enumerate(words) if p.strong and is_title(p.text)), None)
    if start is not None:
        head = words[start]
        stop = start + 1
        while stop < len(words) and (words[stop].href, words[stop].strong) == (head.href, head.strong):
            stop += 1
        named = split_title(text_of(words[start:stop]), whole=True)
        around = [*words[:start], Piece("\n"), *words[stop:]]
    else:
        named = split_title(plain)
        around = [Piece("\n"), *words[first_label:]]
        around = [Piece(named.rest), *around]
    rest = "".join(f"({p.text})" if p.italic else p.text for p in around if not p.href)
    found = place_of(rest)
    named.venue, named.year = named.venue or found.venue, named.year or found.year
    named.authors = named.authors or name_parts(rest)
    if named.venue is None and named.year:  # a venue that the table doesn't know, as people set it off
        set_off = (clean(_YEAR.sub("", p.text)) for p in around if p.italic and not p.href)
        named.venue = next((text for text in set_off if _VENUE.fullmatch(text) and not authors_of(text)), None)
    return named
