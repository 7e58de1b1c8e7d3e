"""BibTeX and BibLaTeX, as DBLP, the ACL Anthology, Zotero, arXiv, OpenReview and people write it.

The file is cut at the lines that begin an entry, so that memory stays bounded and an entry that is cut in the middle
costs only itself; each entry is parsed by bibtexparser.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import BinaryIO

from bibtexparser.middlewares.names import (
    InvalidNameError,
    parse_single_name_into_parts,
    split_multiple_persons_names,
)
from bibtexparser.model import DuplicateFieldKeyBlock, Entry, ImplicitComment, ParsingFailedBlock, String
from bibtexparser.splitter import Splitter

from app.identifiers import arxiv_id, doi
from app.paper import Draft, Reject
from app.sources.latex import resolve, resolve_field
from app.sources.text import BOM, Block, blocks, excerpt, with_record

logging.getLogger("bibtexparser").setLevel(logging.CRITICAL)  # what it can't parse becomes a reject here

_BEGINS = re.compile(r"^\s*@\s*[A-Za-z]+\s*[{(]")
_RECOGNISED = re.compile(r"^\s*@\s*(?:string|preamble|comment|[A-Za-z]+\s*[{(]\s*[^\s,=]*\s*,)", re.MULTILINE | re.I)
_MARKDOWN = re.compile(r"```|~~~|\]\(|<[a-zA-Z!]")
_FIELD = re.compile(r"\b(?:title|author)\s*=\s*[{\"]", re.IGNORECASE)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_VOLUMES = {"proceedings", "mvproceedings", "collection", "mvcollection", "periodical"}
_BOOKS = {"book", "inbook", "incollection", "techreport", "report", "manual"}
"""Where these come from, their publisher says."""
_PRIVATE = re.compile(r"^(?:file|local-url|bdsk-.*|date-(?:added|modified)|owner|timestamp|groups|__.*)$")
"""Fields in which reference managers keep their own affairs, such as paths on their user's disk."""
_VENUES = ("booktitle", "journaltitle", "journal", "eventtitle", "series", "school", "institution", "howpublished")
_USED = {"title", "subtitle", "abstract", "author", "year", "date", "doi", "url", "pdf", "code"}
_NUMBER = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_ISO = re.compile(r"^(?:19|20)\d\d(?:-\d\d){0,2}")
_LONG_URL = re.compile(r"\\url\{([^{}]*)\}|\\href\{([^{}]*)\}.*")


def recognises(head: bytes) -> bool:
    """Tell whether an entry begins before anything that looks like Markdown or HTML."""
    text = head.decode("utf-8", "replace").removeprefix(BOM)
    found = _RECOGNISED.search(text)
    return found is not None and not _MARKDOWN.search(text[: found.start()])


def read(stream: BinaryIO) -> Iterator[Draft | Reject]:
    """Yield the entries in their order; one that takes its venue from another (``crossref``) comes after that one."""
    macros: dict[str, str] = {}
    volumes: dict[str, Mapping[str, str]] = {}
    waiting: list[tuple[str, Draft]] = []
    for block in blocks(stream, _BEGINS.match):
        if block.fault:
            yield Reject(block.position, block.fault, block.excerpt)
            continue
        for part in _parts(block, macros):
            if isinstance(part, Reject):
                yield with_record(part, block.text)
                continue
            position, kind, key, fields = part
            if kind in _VOLUMES or (kind == "book" and "crossref" not in fields):
                volumes[key.lower()] = fields
            if kind in _VOLUMES:
                yield Reject(position, f"@{kind} is a whole volume, not a paper", excerpt(fields.get("title", key)))
                continue
            draft = _draft(position, kind, key, fields)
            parent = fields.get("crossref", "").lower()
            if parent and isinstance(draft, Draft) and not (draft.venue and draft.year):
                waiting.append((parent, draft))
            else:
                yield with_record(draft, block.text)
    for parent, draft in waiting:
        volume = volumes.get(parent, {})
        venue = draft.venue or resolve_field(volume.get("booktitle") or volume.get("title") or "") or None
        year = _year(volume)
        yield replace(draft, venue=venue, year=draft.year or (year if isinstance(year, int) else None))


def _parts(block: Block, macros: dict[str, str]) -> Iterator[tuple[str, str, str, dict[str, str]] | Reject]:
    """Yield position, kind, key and fields of a block's entries; remember its macros."""
    failed = False
    for found in Splitter(block.text).split().blocks:
        position = f"line {block.line + (found.start_line or 0)}"
        if isinstance(found, DuplicateFieldKeyBlock) and isinstance(found.ignore_error_block, Entry):
            found = found.ignore_error_block
        if isinstance(found, String):
            macros[found.key.lower()] = _value(found.value, macros)
        elif isinstance(found, Entry):
            fields: dict[str, str] = {}
            for field in found.fields:
                fields.setdefault(field.key.lower(), _value(str(field.value), macros))
            yield position, found.entry_type.lower(), found.key, fields
        elif isinstance(found, ParsingFailedBlock):
            failed = True
            why = str(getattr(found.error, "abort_reason", found.error)).strip().rstrip(".")
            yield Reject(position, f"the entry can't be read: {why}", excerpt(found.raw or block.text))
        elif isinstance(found, ImplicitComment) and not failed and _FIELD.search(found.comment):
            yield Reject(
                position, "it looks like a part of an entry whose beginning is missing", excerpt(found.comment)
            )


def _value(raw: str, macros: Mapping[str, str]) -> str:
    """Return a value without its quotes or braces; macros are replaced and parts joined by ``#``.

    >>> _value('icml # " 2020"', {"icml": "ICML"}), _value("{A {B}}", {}), _value("mar", {})
    ('ICML 2020', 'A {B}', 'mar')
    """
    parts, depth, quoted, begun = [], 0, False, 0
    if raw[:1] == "{" and raw[-1:] == "}" and "#" not in raw:
        return " ".join(raw[1:-1].split())
    for place, c in enumerate(raw):
        if c == "{":
            depth += 1
        elif c == "}":
            depth -= 1
        elif c == '"' and depth == 0:
            quoted = not quoted
        elif c == "#" and depth == 0 and not quoted:
            parts.append(raw[begun:place])
            begun = place + 1
    values = []
    for part in (p.strip() for p in [*parts, raw[begun:]]):
        if part[:1] + part[-1:] in {"{}", '""'} and len(part) > 1:
            values.append(part[1:-1])
        else:
            values.append(macros.get(part.lower(), part))
    return " ".join("".join(values).split())


def _draft(position: str, kind: str, key: str, fields: Mapping[str, str]) -> Draft | Reject:
    text = {name: resolve_field(value) for name, value in fields.items() if value and not _PRIVATE.match(name)}
    title = text.get("title", "")
    if not title:
        return Reject(position, "it has no title", excerpt(f"@{kind}{{{key}}}"))
    if text.get("subtitle"):
        title = f"{title.rstrip(': ')}: {text['subtitle']}"
    url = _url(fields.get("url", "")) or _url(fields.get("howpublished", "")) or _url(fields.get("link", ""))
    found_arxiv = _arxiv(text, url)
    names = (
        _VENUES if kind not in _BOOKS and "arxiv" not in text.get("publisher", "").lower() else (*_VENUES, "publisher")
    )
    where = next((name for name in names if text.get(name)), None)
    venue = text[where] if where else None
    if venue and ("://" in venue or venue.lower().startswith("url")):
        venue = None
    year = _year(text)
    if isinstance(year, str):
        return Reject(position, f"its year is {year[:40]!r}, which is none", excerpt(title))
    is_preprint = venue is None or re.match(r"arxiv|corr\b", venue, re.IGNORECASE)
    given_doi = _identifier(text.get("doi", ""))
    found_doi = doi(given_doi)
    used = (_USED if found_doi else _USED - {"doi"}) | ({where} if where else set())
    return Draft(
        title=title,
        abstract=text.get("abstract", ""),
        authors=_names(fields.get("author", "")),
        venue=venue,
        year=year,
        published=_published(text) if is_preprint else None,
        arxiv_id=found_arxiv,
        doi=found_doi,
        url=url or None,
        pdf_url=_url(fields.get("pdf", "")) or None,
        code_url=_url(fields.get("code", "")) or None,
        position=position,
        extra={"key": key, "type": kind} | {n: v for n, v in text.items() if n not in used},
    )


def _arxiv(text: Mapping[str, str], url: str) -> str | None:
    """Find the arXiv id where the many kinds of files have it."""
    kind = text.get("archiveprefix", text.get("eprinttype", "arxiv")).lower()
    if kind == "arxiv" and text.get("eprint"):
        found = arxiv_id(text["eprint"])
        if found:
            return found
    for name in ("volume", "number", "journal", "journaltitle", "howpublished", "note", "arxivid", "arxiv"):
        for words in re.findall(r"(?:abs/|arxiv[:. ]\s*|arxiv\.org/\w+/)\s*([\w./-]+)", text.get(name, ""), re.I):
            found = arxiv_id(words.rstrip(".,;"))
            if found:
                return found
    for direct in (text.get("arxivid"), text.get("arxiv"), url, text.get("doi")):
        found = arxiv_id(direct) if direct else None
        if found:
            return found
    return None


def _identifier(text: str) -> str:
    """Return a DOI field's value as it is meant: without escapes, without a second one."""
    return text.replace("\\", "").split()[0].rstrip(",;") if text.strip() else ""


def _url(raw: str) -> str:
    """Return the address in a field, without LaTeX's escapes."""
    found = _LONG_URL.search(raw)
    text = (found[1] or found[2]) if found else raw
    text = re.sub(r"\\([_%&#$~{}])", r"\1", text.replace("{\\textunderscore}", "_").replace("\\textunderscore", "_"))
    found = re.search(r"https?://\S+", text.replace("{", "").replace("}", ""))
    return found[0] if found else ""


def _year(text: Mapping[str, str]) -> int | str | None:
    """Return the year; text where what stands there is a number but no year. "To appear" is no year, and no fault."""
    given = text.get("year") or text.get("date") or ""
    found = _NUMBER.search(given)
    if found:
        return int(found[0])
    return int(given) if given.isdecimal() and len(given) < 9 else given if given[:1].isdecimal() else None


def _published(text: Mapping[str, str]) -> str | None:
    """Return the date of a preprint, as exactly as it is given."""
    found = _ISO.match(text.get("date", ""))
    if found:
        return found[0]
    year = _NUMBER.search(text.get("year", ""))
    month = text.get("month", "").strip().lower()
    if year is None or not month:
        return None
    number = int(month) if month.isdecimal() else next((n for n, m in enumerate(_MONTHS, 1) if month[:3] == m), 0)
    return f"{year[0]}-{number:02}" if 1 <= number <= 12 else None


def _names(field: str) -> tuple[str, ...]:
    """Return the authors as printed; "others" stays, so that a whole list can win.

    >>> _names("Mu{\\\\~n}oz, Ana~Mar{\\\\'i}a")
    ('Ana María Muñoz',)
    >>> _names("van der Maaten, Laurens and {Google Research} and D{\\\\\\"u}rmuth, Markus and others")
    ('Laurens van der Maaten', 'Google Research', 'Markus Dürmuth', 'others')
    """
    names = []
    # accents first: to the parser of names "\\~" is a space
    for name in split_multiple_persons_names(resolve(" ".join(field.split()))):
        try:
            parts = parse_single_name_into_parts(name, strict=False)
        except (InvalidNameError, IndexError):
            printed = name
        else:
            printed = " ".join([*parts.first, *parts.von, *parts.last])
            printed += f", {' '.join(parts.jr)}" if parts.jr else ""
        names.append(" ".join(resolve_field(printed).split()))
    return tuple(name for name in names if name)
