"""The view of a paper's page: everything known, why each tag is there, how to cite it. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from urllib.parse import quote

import orjson

from app.catalogue import Record, SourceRecord
from app.identifiers import arxiv_doi, arxiv_url, doi_url
from app.paper import ARXIV, Paper, Tag
from app.search import Highlighted
from app.tagging.taxonomy import Facet, Taxonomy
from app.web import citations
from app.web.address import Address
from app.web.views import Frame, Link, author_links, colours, is_web, outward_links, pdf_url

FORMATS = (("bib", "BibTeX"), ("ris", "RIS"), ("csl.json", "CSL-JSON"), ("md", "Markdown"), ("json", "JSON"))
URL_SAFE = ":/?#[]@!$&'()*+,;=%~"
AROUND = 60
"""Characters of context on each side of the words that earned a tag."""


@dataclass(frozen=True, slots=True)
class Reason:
    """Words that earned a tag, in their surroundings."""

    where: str
    quote: Highlighted
    rule: str


@dataclass(frozen=True, slots=True)
class TagView:
    """A tag with its meaning and the reasons for it; ``parents`` are what it implies."""

    label: str
    means: str
    url: str
    facet: str
    colour: int
    parents: Sequence[Link]
    reasons: Sequence[Reason]
    curated: bool


@dataclass(frozen=True, slots=True)
class Origin:
    """A source that knows the paper, and what it said."""

    source: str
    position: str
    day: str
    fields: str


@dataclass(frozen=True, slots=True)
class PaperView:
    """Everything on a paper's page."""

    frame: Frame
    id: str
    title: str
    abstract: str
    authors: Sequence[Link]
    venue: Link
    venue_name: str
    track: str
    year: int | None
    published: str
    versions: Sequence[Link]
    links: Sequence[Link]
    tags: Sequence[TagView]
    related: Sequence[Link]
    related_down: bool
    citations: Sequence[tuple[str, str, str]]
    formats: Sequence[Link]
    origins: Sequence[Origin]
    updated: str


def paper_view(record: Record, related: Sequence[Paper] | None, taxonomy: Taxonomy, address: Address) -> PaperView:
    """Return the view; ``related`` is None while the engine can't say."""
    paper, url = record.paper, address.paper(record.paper.id)
    return PaperView(
        frame=_frame(record, taxonomy, address),
        id=paper.id,
        title=paper.title,
        abstract=paper.abstract,
        authors=author_links(paper.authors, address),
        venue=Link(paper.venue_label, address.venue(paper.venue)),
        venue_name=record.venue.name,
        track=record.venue_track or "",
        year=paper.year,
        published=paper.published or "",
        versions=_versions(paper),
        links=outward_links(paper),
        tags=[view for tag in _in_order(record.tags, taxonomy) for view in _tag(tag, paper, taxonomy, address)],
        related=[Link(p.title, address.paper(p.id), _byline(p)) for p in related or ()],
        related_down=related is None,
        citations=[
            ("plain", "Plain text", citations.plain(paper)),
            ("bibtex", "BibTeX", citations.bibtex(paper, record.venue.kind)),
            ("ris", "RIS", citations.ris(paper, record.venue.kind)),
            ("csl", "CSL-JSON", _indented(citations.csl(paper, record.venue.kind))),
        ],
        formats=[Link(label, f"{url}.{ending}") for ending, label in FORMATS],
        origins=[_origin(source) for source in record.sources],
        updated=record.updated_at.date().isoformat(),
    )


def _indented(value: object) -> str:
    return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode()


def _byline(paper: Paper) -> str:
    who = paper.authors[0].name + " et al." * (len(paper.authors) > 1) if paper.authors else ""
    return ", ".join(str(part) for part in (who, paper.venue_label, paper.year) if part)


def _versions(paper: Paper) -> list[Link]:
    versions = []
    if paper.arxiv_id:
        when = f" ({paper.published})" if paper.published else ""
        versions.append(Link(f"Preprint{when}: arXiv:{paper.arxiv_id}", arxiv_url(paper.arxiv_id)))
    if paper.venue != ARXIV:
        where = " ".join(str(part) for part in (paper.venue_label, paper.year) if part)
        url = doi_url(paper.doi) if paper.doi else (paper.url or "") if is_web(paper.url) and not paper.arxiv_id else ""
        versions.append(Link(f"Published: {where}", url))
    return versions


def _in_order(tags: Sequence[Tag], taxonomy: Taxonomy) -> list[Tag]:
    places = {(f.id, label): (n, m) for n, f in enumerate(taxonomy) for m, label in enumerate(f.by_id)}
    return sorted(tags, key=lambda tag: places.get((tag.facet, tag.label), (99, 0)))


def _tag(tag: Tag, paper: Paper, taxonomy: Taxonomy, address: Address) -> list[TagView]:
    facet = taxonomy.by_id.get(tag.facet)
    label = facet.by_id.get(tag.label) if facet else None
    if facet is None or label is None:
        return []
    texts = {"title": paper.title, "abstract": paper.abstract}
    return [
        TagView(
            label.label, label.means, address.value(facet, label.id), facet.label, colours(taxonomy)[facet.id],
            _parents(facet, label.id, address),
            [Reason(e.field, _window(texts[e.field], e.start, e.end), e.rule) for e in tag.evidence], tag.curated,
        )
    ]  # fmt: skip


def _parents(facet: Facet, label: str, address: Address) -> list[Link]:
    parents = [facet.by_id[parent] for parent in facet.with_parents([label]) if parent != label]
    return [Link(parent.label, address.value(facet, parent.id)) for parent in parents]


def _window(text: str, start: int, end: int) -> Highlighted:
    """Return the words with some text around them, cut between words."""
    first = text.rfind(" ", 0, max(0, start - AROUND)) + 1 if start > AROUND else 0
    last = text.find(" ", min(len(text), end + AROUND))
    last = len(text) if last < 0 else last
    before, after = "… " * (first > 0), " …" * (last < len(text))
    shift = len(before) - first
    return Highlighted(before + text[first:last] + after, ((start + shift, end + shift),))


def _origin(source: SourceRecord) -> Origin:
    draft = source.draft
    names = ("title", "abstract", "authors", "venue", "year", "published", "arxiv_id", "doi", "url", "code_url")
    said = ", ".join(name.replace("_", " ").replace(" id", "") for name in names if getattr(draft, name))
    return Origin(source.source, source.position, source.run_at.date().isoformat(), said)


def _frame(record: Record, taxonomy: Taxonomy, address: Address) -> Frame:
    paper = record.paper
    page = address.absolute(f"/papers/{paper.id}")
    types = {
        "json": "application/json", "bib": "application/x-bibtex", "ris": "application/x-research-info-systems",
        "csl.json": "application/vnd.citationstyles.csl+json", "md": "text/markdown",
    }  # fmt: skip
    return Frame(
        title=paper.title,
        description=" ".join(paper.abstract.split())[:300],
        canonical=page,
        alternates=[(types[ending], Link(label, f"{address.paper(paper.id)}.{ending}")) for ending, label in FORMATS],
        meta=_highwire(record, taxonomy, page),
        og_type="article",
        json_ld=_json_ld(record, address),
    )


def _highwire(record: Record, taxonomy: Taxonomy, page: str) -> list[tuple[str, str]]:
    """Return the tags that Zotero and Google Scholar read; the venue's tag decides the item type."""
    paper = record.paper
    meta = [("citation_title", paper.title)]
    meta += [("citation_author", citations.inverted(author.name)) for author in paper.authors]
    at_venue = paper.published if paper.published and paper.published[:4] == str(paper.year) else str(paper.year or "")
    meta.append(("citation_publication_date", at_venue.replace("-", "/")))
    meta.append(("citation_online_date", (paper.published or "").replace("-", "/")))
    if paper.venue == ARXIV:
        meta.append(("z.itemType", "preprint"))  # Zotero would guess a journal article
    else:
        kind = "journal" if record.venue.kind == "journal" else "conference"
        meta.append((f"citation_{kind}_title", record.venue.name or paper.venue_label))
    keywords = [f.by_id[label].label for f in taxonomy for label in paper.labels.get(f.id, ()) if label in f.by_id]
    meta += [
        ("citation_doi", paper.doi or (arxiv_doi(paper.arxiv_id) if paper.arxiv_id and paper.venue == ARXIV else "")),
        ("citation_arxiv_id", paper.arxiv_id or ""),
        ("citation_public_url", _public_url(paper)),  # Zotero's address of the paper; it holds the arXiv id
        ("citation_abstract", " ".join(paper.abstract.split())),
        ("citation_keywords", "; ".join(keywords)),
        ("citation_pdf_url", pdf_url(paper) or ""),
        ("citation_abstract_html_url", page),
        ("citation_language", "en"),
    ]
    return [(name, content) for name, content in meta if content]


def _public_url(paper: Paper) -> str:
    if paper.arxiv_id:
        return arxiv_url(paper.arxiv_id)
    return doi_url(paper.doi) if paper.doi else (paper.url or "") if is_web(paper.url) else ""


def signposts(record: Record, view: PaperView) -> str:
    """Return the ``Link`` header with which programs find their way (FAIR Signposting)."""
    paper = record.paper
    links = [(doi_url(paper.doi) if paper.doi else view.frame.canonical, 'rel="cite-as"')]
    links += [(f"https://schema.org/{kind}", 'rel="type"') for kind in ("ScholarlyArticle", "AboutPage")]
    links += [(link.url, f'rel="describedby"; type="{kind}"') for kind, link in view.frame.alternates]
    if pdf := pdf_url(paper):
        links.append((pdf, 'rel="item"; type="application/pdf"'))
    return ", ".join(f"<{quote(url, safe=URL_SAFE)}>; {told}" for url, told in links)


def _json_ld(record: Record, address: Address) -> str:
    paper = record.paper
    page, venue = address.absolute(f"/papers/{paper.id}"), record.venue.name or paper.venue_label
    above = [("Epsilon", address.absolute("/"))]
    above += [(paper.venue_label, address.absolute(f"/venues/{paper.venue}"))] if paper.venue else []
    trail = [
        {"@type": "ListItem", "position": place, "name": name, "item": url}
        for place, (name, url) in enumerate([*above, (paper.title, page)], 1)
    ]
    article = {
        "@context": "https://schema.org",
        "@type": "ScholarlyArticle",
        "@id": page,
        "name": paper.title,
        "headline": paper.title[:110],
        "author": [{"@type": "Person", "name": author.name} for author in paper.authors],
        "datePublished": paper.published or (str(paper.year) if paper.year else None),
        "abstract": paper.abstract or None,
        "isPartOf": {"@type": "PublicationEvent" if record.venue.kind == "conference" else "Periodical", "name": venue}
        if venue
        else None,
        "sameAs": [link.url for link in outward_links(paper) if link.label in {"arXiv", "DOI"}] or None,
        "url": page,
        "mainEntityOfPage": {
            "@type": "WebPage", "@id": page, "breadcrumb": {"@type": "BreadcrumbList", "itemListElement": trail},
        },
    }  # fmt: skip
    return script_json({name: value for name, value in article.items() if value})


def script_json(value: object) -> str:
    """Return JSON that can stand in a script element: no character that HTML could read as its end."""
    text = orjson.dumps(value).decode()
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
