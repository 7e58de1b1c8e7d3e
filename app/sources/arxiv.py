"""arXiv's Atom: what its API answers, saved or just fetched.

The feed is cut at its entries, so that memory stays bounded and an entry that isn't well-formed costs only itself;
each is parsed by defusedxml, which refuses what a document type could smuggle in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO
from xml.etree.ElementTree import Element, ParseError

from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring

from app.identifiers import arxiv_id, doi
from app.paper import Draft, Reject
from app.sources.text import LONGEST, excerpt, with_record
from app.venues import known_venue

_ATOM = "{http://www.w3.org/2005/Atom}"
_ARXIV = "{http://arxiv.org/schemas/atom}"
_CHUNK = 65536
_PROLOG = 65536
_FEED = re.compile(rb"<([A-Za-z0-9]+:)?feed\b[^>]*>")
_CODE = re.compile(r"https?://(?:www\.)?(?:github\.com|gitlab\.com|codeberg\.org|bitbucket\.org)/[\w.-]+/[\w.-]+", re.I)
_ACCEPTED = re.compile(
    r"\b(?:accepted|published|appear(?:s|ing|ed)?|presented|camera[- ]ready|oral|spotlight|poster)\b[^.;]*?"
    r"\b(?:at|to|in|by|for)\s+(?:the\s+)?(?P<venue>[A-Z][\w&/ -]*?)[ ,'’]*\s?(?P<year>(?:19|20)\d\d)\b",
    re.IGNORECASE,
)
_VOLUME = re.compile(
    r"[,;]?\s+(?:vol(?:ume)?|pp?|pages?|no|issue)\b\.?\s*\d.*|\s+\d+\s*[:(,].*|,\s*\d.*|\s\((?:19|20)\d\d\).*",
    re.IGNORECASE,
)
_YEAR = re.compile(r"(?<!\d)((?:19|20)\d\d)(?!\d)")
_TELLS = re.compile(r"\b(?:code|implementation|software|source|repository)\b", re.IGNORECASE)


def recognises(head: bytes) -> bool:
    """Tell whether it is XML; whether it is Atom, ``read`` says."""
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    return start.startswith(b"<?xml") or _FEED.match(start) is not None


def read(stream: BinaryIO) -> Iterator[Draft | Reject]:
    """Yield the feed's entries in their order."""
    head = b""
    while len(head) < _PROLOG and (more := stream.read(_CHUNK)):
        head += more
    found = _FEED.search(head)
    prolog = head[: found.start()] if found else head[:_PROLOG]
    if b"<!DOCTYPE" in prolog or b"<!ENTITY" in prolog:
        yield Reject("line 1", "it has a document type of its own, as an XML bomb has; Atom has none", _text(head))
        return
    if found is None:
        yield Reject("line 1", "it is XML, but no Atom feed", _text(head))
        return
    prefix = found[1] or b""
    feed = prolog + found[0].rstrip(b"/>").rstrip() + b">"
    line = head.count(b"\n", 0, found.end()) + 1
    for at, entry in _entries(head[found.end() :], stream, prefix):
        position = f"line {line + at}"
        if entry is None:
            yield Reject(position, "the entry has no end: the file was cut, or the entry is too long", "")
            continue
        whole = feed + entry + b"</" + prefix + b"feed>"
        try:
            record = _draft(position, fromstring(whole, forbid_dtd=True)[0])
        except ParseError as error:
            record = Reject(position, f"the entry isn't well-formed XML: {error}", _text(entry))
        except (DefusedXmlException, LookupError, ValueError) as error:
            record = Reject(position, f"the entry can't be read: {error}", _text(entry))
        yield with_record(record, whole.decode("utf-8", "replace"))


def _entries(begun: bytes, stream: BinaryIO, prefix: bytes) -> Iterator[tuple[int, bytes | None]]:
    """Yield each entry with the number of line ends before it; None for one without its end."""
    starts = re.compile(rb"<" + prefix + rb"entry\b")
    end = b"</" + prefix + b"entry>"
    buffer, passed = begun, 0
    while True:
        start = starts.search(buffer)
        stop = buffer.find(end, start.start()) if start else -1
        if start and stop >= 0:
            stop += len(end)
            again = starts.search(buffer, start.end(), stop)
            if again:  # an entry within an entry: the outer one was cut
                yield passed + buffer.count(b"\n", 0, start.start()), None
                stop = again.start()
            else:
                yield passed + buffer.count(b"\n", 0, start.start()), buffer[start.start() : stop]
            passed += buffer.count(b"\n", 0, stop)
            buffer = buffer[stop:]
            continue
        keep = start.start() if start else max(0, len(buffer) - 100)
        if len(buffer) - keep > LONGEST:
            yield passed + buffer.count(b"\n", 0, keep), None
            keep = len(buffer) - 100
        passed += buffer.count(b"\n", 0, keep)
        buffer = buffer[keep:]
        more = stream.read(_CHUNK)
        if not more:
            if starts.search(buffer):
                yield passed, None
            return
        buffer += more


def _draft(position: str, entry: Element) -> Draft | Reject:
    def text(name: str, namespace: str = _ATOM) -> str:
        return " ".join("".join(e.itertext()) for e in entry.findall(namespace + name)[:1]).strip()

    title, page, summary = " ".join(text("title").split()), text("id"), " ".join(text("summary").split())
    if "/api/errors" in page:
        return Reject(position, f"arXiv answered with an error: {summary}", page)
    if not title:
        return Reject(position, "it has no title", excerpt(page))
    comment = text("comment", _ARXIV)
    links = {link.get("title") or link.get("rel"): link.get("href") for link in entry.findall(f"{_ATOM}link")}
    code = _CODE.search(comment) or (_CODE.search(summary) if _TELLS.search(summary) else None)
    journal = text("journal_ref", _ARXIV)
    accepted = _ACCEPTED.search(comment)
    if journal:
        venue, year = _VOLUME.split(journal)[0].strip() or None, (_YEAR.findall(journal) or [None])[-1]
    elif accepted and known_venue(accepted["venue"]):
        venue, year = accepted["venue"].strip(), accepted["year"]
    else:
        venue, year = None, None
    given_doi = text("doi", _ARXIV).split(" ")[0]
    extra = {"comment": comment, "journal_ref": journal, "updated": text("updated"), "doi": given_doi}
    extra["categories"] = " ".join(c.get("term") or "" for c in entry.findall(f"{_ATOM}category"))
    return Draft(
        title=title,
        abstract=summary,
        authors=tuple(
            " ".join(name.split()) for a in entry.findall(f"{_ATOM}author") if (name := a.findtext(f"{_ATOM}name"))
        ),
        venue=venue,
        year=int(year) if year else None,
        published=text("published")[:10] or None,
        arxiv_id=arxiv_id(page),
        doi=doi(given_doi),
        url=page if arxiv_id(page) is None else None,
        pdf_url=links.get("pdf"),
        code_url=code[0].rstrip(".") if code else None,
        position=position,
        extra={name: value for name, value in extra.items() if value},
    )


def _text(data: bytes) -> str:
    return excerpt(data[:800].decode("utf-8", "replace"))
