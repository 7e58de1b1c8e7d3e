"""RIS, as EndNote, Zotero, Mendeley, publishers and libraries write it; each record is parsed by rispy."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

import rispy

from app.identifiers import arxiv_id, doi
from app.paper import Draft, Reject
from app.sources.text import BOM, Block, blocks, excerpt, with_record

_BEGINS = re.compile(r"^\s*TY  ?-(?: |$)")
_TAG = re.compile(r"^([A-Z][A-Z0-9])  ?-(?: |$)")
_TITLES = ("title", "primary_title", "translated_title")
_VENUES = (
    "secondary_title", "journal_name", "alternate_title3", "custom3", "alternate_title2", "alternate_title1",
    "tertiary_title",
)  # fmt: skip
_VOLUMES = {"CONF-PROC", "SER"}
_USED = {
    *_TITLES, "authors", "first_authors", "abstract", "notes_abstract", "year", "date", "publication_year",
    "urls", "file_attachments1", "file_attachments2", "link_to_pdf", "unknown_tag",
}  # fmt: skip
_YEAR = re.compile(r"(?<!\d)\d{4,8}(?!\d)")


def recognises(head: bytes) -> bool:
    """Tell whether the first tag is the one that begins a record."""
    text = head.decode("utf-8", "replace").removeprefix(BOM)
    return any(_BEGINS.match(line.rstrip("\r")) for line in text.split("\n")[:50])


def read(stream: BinaryIO) -> Iterator[Draft | Reject]:
    """Yield the records in their order; one without its end (``ER``) was cut, and is rejected."""
    for block in blocks(stream, _BEGINS.match):
        if not _BEGINS.match(block.text):
            if _TAG.search(block.text):
                yield Reject(
                    block.position, "it looks like a part of a record whose beginning is missing", block.excerpt
                )
        elif block.fault:
            yield Reject(block.position, block.fault, block.excerpt)
        else:
            yield with_record(_record(block), block.text)


def _record(block: Block) -> Draft | Reject:
    lines: list[str] = []
    for line in block.text.split("\n"):
        found = _TAG.match(line.lstrip())
        if found:
            lines.append(f"{found[1]}  - {line.lstrip()[found.end() :].strip()}")
        elif line.strip() and lines:
            lines[-1] += f" {line.strip()}"
        if found and found[1] == "ER":
            break
    else:
        return Reject(block.position, "the record has no end (ER): it was cut", block.excerpt)
    [fields] = rispy.RisParser(delimiter_tags_mapping={}).parse("\n".join(lines))
    return _draft(block.position, fields)


def _draft(position: str, fields: Mapping[str, Any]) -> Draft | Reject:
    def first(names: tuple[str, ...]) -> str:
        return next((str(fields[name]) for name in names if fields.get(name)), "")

    title = first(_TITLES)
    kind = str(fields.get("type_of_reference", "")).upper()
    if not title and kind not in {"JOUR", "CONF", "CPAPER"}:  # of a book BT is the title
        title = first(("secondary_title", "tertiary_title"))
    if not title:
        return Reject(position, "it has no title", excerpt(f"TY - {kind} {first(_VENUES)}"))
    if kind in _VOLUMES:
        return Reject(position, f"{kind} is a whole volume, not a paper", excerpt(title))
    date = first(("year", "publication_year", "date"))
    found = _YEAR.search(date)
    urls = [url for url in map(str, fields.get("urls", [])) if "://" in url]
    files = [str(fields[n]) for n in ("file_attachments1", "file_attachments2", "link_to_pdf") if fields.get(n)]
    venue = next((str(fields[n]) for n in _VENUES if fields.get(n) and fields[n] != title), None)
    places = [*urls, *files, first(("doi",)), venue or "", *map(str, fields.get("notes", [])), first(("number",))]
    names = tuple(fields.get("authors", ())) + tuple(fields.get("first_authors", ()))
    return Draft(
        title=title,
        abstract=first(("abstract", "notes_abstract")),
        authors=tuple(" ".join(name.split()) for name in names if name.strip()),
        venue=venue,
        year=int(found[0]) if found else None,
        published=_published(first(("date", "year"))) if venue is None or "arxiv" in venue.lower() else None,
        arxiv_id=next((i for i in map(_arxiv, places) if i), None),
        doi=next(filter(None, map(doi, places)), None),
        url=urls[0] if urls else None,
        pdf_url=next((file for file in files if file.startswith("http")), None),
        position=position,
        extra={"type": kind} | {n: v for n, v in fields.items() if n not in _USED and v and n != "type_of_reference"},
    )


def _arxiv(text: str) -> str | None:
    found = re.search(r"arxiv(?:\.org/\w+/|[:. ]\s*(?:arxiv:)?)([\w./-]+)", text, re.IGNORECASE)
    return arxiv_id(found[1].rstrip(".,;")) if found else arxiv_id(text) if "arxiv" in text.lower() else None


def _published(text: str) -> str | None:
    """Return YYYY, YYYY-MM or YYYY-MM-DD of RIS's ``YYYY/MM/DD/other``; an exact day that is none is left out."""
    found = re.match(r"((?:19|20)\d\d)(?:[/-](\d{1,2}))?(?:[/-](\d{1,2}))?", text.strip())
    return "-".join(part.zfill(2) for part in found.groups() if part and int(part)) if found else None
