"""What programs read: Atom and JSON feeds of a search, sitemap, robots.txt, OpenSearch, unAPI. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape

import orjson

from app.paper import Paper
from app.search import SearchPage, SearchRequest
from app.web.address import Address
from app.web.search_view import EXPORTS

ATOM = "http://www.w3.org/2005/Atom"
OPENSEARCH = "http://a9.com/-/spec/opensearch/1.1/"
SITEMAP = "http://www.sitemaps.org/schemas/sitemap/0.9"
SITEMAP_SIZE = 40_000
UNAPI = {"bibtex": "application/x-bibtex", "ris": "application/x-research-info-systems"}


def moment(paper: Paper) -> str:
    """Return when a paper appeared, as a feed wants it: the first moment of its day, month or year."""
    date = paper.published or (f"{paper.year:04}" if paper.year else "1970")
    return date + {4: "-01-01", 7: "-01"}.get(len(date), "") + "T00:00:00Z"


def _xml(root: ET.Element) -> bytes:
    body: bytes = ET.tostring(root, encoding="utf-8")
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + body


def _clean(text: str) -> str:
    return "".join(c for c in text if c >= " " or c in "\t\n")


def atom(page: SearchPage, request: SearchRequest, address: Address, title: str) -> bytes:
    """Return a search as an Atom feed, with OpenSearch's figures."""
    ET.register_namespace("", ATOM)
    ET.register_namespace("opensearch", OPENSEARCH)
    feed = ET.Element(f"{{{ATOM}}}feed")

    def add(parent: ET.Element, name: str, text: str = "", **attributes: str) -> ET.Element:
        element = ET.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
        element.text = _clean(text) or None
        return element

    own = address.origin + address.search(request, "/search.atom")
    add(feed, "id", address.tag(address.search(request, "/search.atom")))
    add(feed, "title", title)
    add(feed, "updated", max((moment(hit.paper) for hit in page.hits), default="1970-01-01T00:00:00Z"))
    add(feed, "link", rel="self", href=own, type="application/atom+xml")
    add(feed, "link", rel="alternate", href=address.origin + address.search(request), type="text/html")
    for name, value in (("totalResults", page.total), ("startIndex", 1), ("itemsPerPage", len(page.hits))):
        ET.SubElement(feed, f"{{{OPENSEARCH}}}{name}").text = str(value)
    for hit in page.hits:
        paper = hit.paper
        entry = add(feed, "entry")
        add(entry, "id", address.tag(address.paper(paper.id)))
        add(entry, "title", paper.title)
        add(entry, "updated", moment(paper))
        add(entry, "published", moment(paper))
        add(entry, "link", rel="alternate", href=address.absolute(f"/papers/{paper.id}"), type="text/html")
        for author in paper.authors:
            add(add(entry, "author"), "name", author.name)
        if not paper.authors:
            add(add(entry, "author"), "name", "unknown")
        for labels in paper.labels.values():
            for label in labels:
                add(entry, "category", term=label)
        add(entry, "summary", paper.abstract)
    return _xml(feed)


def json_feed(page: SearchPage, request: SearchRequest, address: Address, title: str) -> bytes:
    """Return a search as a JSON Feed 1.1."""
    return orjson.dumps({
        "version": "https://jsonfeed.org/version/1.1",
        "title": title,
        "home_page_url": address.origin + address.search(request),
        "feed_url": address.origin + address.search(request, "/search.feed.json"),
        "items": [
            {
                "id": address.tag(address.paper(paper.id)),
                "url": address.absolute(f"/papers/{paper.id}"),
                "title": paper.title,
                "content_text": paper.abstract,
                "date_published": moment(paper),
                "authors": [{"name": author.name} for author in paper.authors],
                "tags": [label for labels in paper.labels.values() for label in labels],
            }
            for paper in (hit.paper for hit in page.hits)
        ],
    })  # fmt: skip


def sitemap_index(count: int, address: Address) -> bytes:
    """Return the list of the sitemaps that hold so many papers."""
    root = ET.Element("sitemapindex", xmlns=SITEMAP)
    for number in range(1, max(1, -(-count // SITEMAP_SIZE)) + 1):
        ET.SubElement(ET.SubElement(root, "sitemap"), "loc").text = address.absolute(f"/sitemaps/{number}.xml")
    return _xml(root)


def sitemap(papers: Sequence[tuple[str, datetime]], others: Iterable[str], address: Address) -> bytes:
    """Return a sitemap of papers, by id and time of change, and of other paths."""
    root = ET.Element("urlset", xmlns=SITEMAP)
    for path in others:
        ET.SubElement(ET.SubElement(root, "url"), "loc").text = address.absolute(path)
    for paper_id, changed in papers:
        url = ET.SubElement(root, "url")
        ET.SubElement(url, "loc").text = address.absolute(f"/papers/{paper_id}")
        ET.SubElement(url, "lastmod").text = changed.date().isoformat()
    return _xml(root)


def robots(address: Address) -> str:
    """Return what crawlers may walk: papers and the pages of labels, not the endless ways to filter."""
    closed = ("/search?", "/search.", "/matrix?", "/matrix.", "/api/", "/unapi")
    lines = ["User-agent: *", *(f"Disallow: {address.root}{path}" for path in closed)]
    return "\n".join([*lines, "", f"Sitemap: {address.absolute('/sitemap.xml')}", ""])


def opensearch(address: Address) -> bytes:
    """Return the description with which a browser adds the search."""
    root = ET.Element("OpenSearchDescription", xmlns=OPENSEARCH)
    for name, text in (("ShortName", "Epsilon"), ("Description", "Papers on privacy in machine learning"),
                       ("InputEncoding", "UTF-8")):  # fmt: skip
        ET.SubElement(root, name).text = text
    for kind, path in (("text/html", "/search"), ("application/atom+xml", "/search.atom"),
                       ("application/x-suggestions+json", "/suggest")):  # fmt: skip
        ET.SubElement(root, "Url", type=kind, template=address.absolute(path) + "?q={searchTerms}")
    return _xml(root)


def unapi_formats(paper_id: str) -> str:
    """Return the formats that unAPI offers, for one paper or in general."""
    about = f' id="{escape(paper_id, {chr(34): "&quot;"})}"' if paper_id else ""
    formats = "".join(f'<format name="{name}" type="{kind}"/>' for name, kind in UNAPI.items())
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<formats{about}>{formats}</formats>\n'


def export_type(ending: str) -> str | None:
    """Return the media type of an export of a search."""
    return next((kind for name, _label, kind in EXPORTS if name == ending), None)
