"""CSV with a header, as Zotero, Scopus, IEEE Xplore, Web of Science and spreadsheets write it."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from io import StringIO
from typing import BinaryIO

from app.identifiers import arxiv_id, date, doi, slug
from app.paper import Draft, Reject
from app.sources.text import BOM, excerpt, lines, with_record

_COLUMNS = {
    "title": "title paper-title document-title article-title paper name primary-title",
    "abstract": "abstract abstract-note summary",
    "authors": "author-full-names authors author author-names creators creator author-s",
    "venue": "venue conference journal booktitle book-title publication-title source-title container-title "
    "conference-name journal-conference venue-name publication proceedings-title published-in",
    "year": "year publication-year pub-year year-of-publication venue-year",
    "published": "published publication-date date published-date preprint-date",
    "doi": "doi item-doi doi-link",
    "arxiv_id": "arxiv-id arxiv arxivid eprint arxiv-number",
    "url": "url link paper-url paper-link pdf-or-url",
    "pdf_url": "pdf-url pdf pdf-link",
    "code_url": "code-url code github repository implementation code-link github-link",
}
"""The names under which a column stands, the better one first."""
_DELIMITERS = ",;\t"


def recognises(head: bytes) -> bool:
    """Tell whether the first line is a header that names a title and another column that we know."""
    text = head.decode("utf-8", "replace").removeprefix(BOM).lstrip()
    header = text.splitlines()[0] if text else ""
    return len(_columns(_cells(header, _delimiter(header)))) > 1


def read(stream: BinaryIO) -> Iterator[Draft | Reject]:
    """Yield the rows in their order; columns that we don't know are kept beside them."""
    at, faults = 0, {}

    def texts() -> Iterator[str]:
        nonlocal at
        for line in lines(stream):
            at = line.line
            if line.fault:
                faults[at] = line.fault
            yield line.text + "\n"

    source = texts()
    header = next((line for line in source if line.strip()), "")
    delimiter = _delimiter(header)
    names = _cells(header, delimiter)
    columns = _columns(names)
    if "title" not in columns:
        yield Reject(f"line {at or 1}", "its header names no column 'title'", excerpt(header))
        return
    rows = csv.reader(source, delimiter=delimiter)
    while True:
        begin = at + 1
        try:
            cells = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Reject(f"line {begin}", f"it is no row of CSV: {error}", "")
            continue
        broken = [faults.pop(line) for line in list(faults) if begin <= line <= at]
        if broken:
            yield Reject(f"line {begin}", broken[0], excerpt(delimiter.join(cells)))
        elif any(cell.strip() for cell in cells):
            yield with_record(_draft(f"line {begin}", cells, names, columns), _table([names, cells]))


def _table(rows: Iterable[list[str]]) -> str:
    text = StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue()


def _cells(header: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error:
        return []


def _delimiter(header: str) -> str:
    return max(_DELIMITERS, key=header.count)


def _columns(names: list[str]) -> dict[str, int]:
    """Return where the columns that we know stand; nothing where there is no title."""
    place = {slug(name): number for number, name in reversed(list(enumerate(names)))}
    found = {f: next((place[n] for n in known.split() if n in place), -1) for f, known in _COLUMNS.items()}
    return {f: number for f, number in found.items() if number >= 0} if found["title"] >= 0 else {}


def _draft(position: str, cells: list[str], names: list[str], columns: Mapping[str, int]) -> Draft | Reject:
    if len(cells) > len(names) and any(cell.strip() for cell in cells[len(names) :]):
        reason = f"it has {len(cells)} values, the header names {len(names)}: is a comma outside of quotes?"
        return Reject(position, reason, excerpt(" | ".join(cells)))
    texts = {f: cells[number].strip() for f, number in columns.items() if number < len(cells)}
    title, year = texts.pop("title", ""), texts.pop("year", "")
    if not title:
        return Reject(position, "it has no title", excerpt(" | ".join(cells)))
    found = re.fullmatch(r"(\d{1,8})(?:\.0)?", year) or re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", year)
    if year and not found:
        return Reject(position, f"its year is {year[:40]!r}, not a number", excerpt(title))
    known = set(columns.values())
    extra = {name: cell for place, (name, cell) in enumerate(zip(names, cells, strict=False)) if place not in known}
    texts = {field: value for field, value in texts.items() if value and value not in {"-", "N/A", "NA", "None", "nan"}}
    for field, is_right in (("published", date), ("doi", lambda text: doi(text) or arxiv_id(text))):
        if field in texts and not is_right(texts[field]):
            extra[field] = texts.pop(field)
    if not found:
        found = re.search(r"(?<!\d)((?:19|20)\d\d)(?!\d)", extra.get("published", ""))
    return Draft(
        title=title,
        abstract=texts.pop("abstract", ""),
        authors=_authors(texts.pop("authors", "")),
        year=int(found[1]) if found else None,
        position=position,
        extra={name: cell for name, cell in extra.items() if name and cell},
        **texts,
    )


def _authors(text: str) -> tuple[str, ...]:
    """Return the names; commas part them only where each part is a whole name.

    >>> _authors("Abadi, Martín (123); Chu, Andy (456)"), _authors("Ann One and Ben Two"), _authors("One, Ann")
    (('Abadi, Martín', 'Chu, Andy'), ('Ann One', 'Ben Two'), ('One, Ann',))
    """
    text = re.sub(r"\s*\(\d+\)", "", text)
    for separator in (r"\s*[;|\n]\s*", r"\s+(?:and|&)\s+", r",\s*"):
        parts = [part.strip() for part in re.split(separator, text) if part.strip()]
        if len(parts) > 1 and (separator[0] != "," or all(" " in part for part in parts)):
            if "and" in separator:
                parts = [name for part in parts for name in (_authors(part) if "," in part else (part,))]
            return tuple(parts)
    return (text.strip(),) if text.strip() else ()
