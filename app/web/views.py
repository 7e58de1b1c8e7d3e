"""Views: what templates show, ready to print. The pieces that several pages share, and how they are made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from app.identifiers import arxiv_pdf_url, arxiv_url, doi_url
from app.paper import ARXIV, Author, Paper
from app.search import Highlighted, Hit
from app.tagging.taxonomy import Facet, Taxonomy
from app.web.address import Address

COLOURS = 8
"""So many colours for facets the style sheet has; further facets begin again."""
MOST_AUTHORS = 8


@dataclass(frozen=True, slots=True)
class Link:
    """A link: what it says, where it leads, and what it says besides."""

    label: str
    url: str
    title: str = ""


@dataclass(frozen=True, slots=True)
class Frame:
    """What a page's head says. ``alternates`` are (media type, link); ``meta`` are (name, content)."""

    title: str
    description: str = ""
    canonical: str = ""
    noindex: bool = False
    alternates: Sequence[tuple[str, Link]] = ()
    meta: Sequence[tuple[str, str]] = ()
    og_type: str = "website"
    json_ld: str = ""
    unapi: bool = False
    q: str = ""


@dataclass(frozen=True, slots=True)
class TagChip:
    """A label of a paper, coloured by its facet."""

    label: str
    url: str
    colour: int
    facet: str


@dataclass(frozen=True, slots=True)
class Card:
    """A paper in a list."""

    id: str
    url: str
    title: Highlighted
    snippet: Highlighted
    authors: Sequence[Link]
    more_authors: int
    venue: Link
    year: int | None
    tags: Sequence[TagChip]
    links: Sequence[Link]
    cite_url: str
    first_published: str = ""


def colours(taxonomy: Taxonomy) -> dict[str, int]:
    """Return the number of each facet's colour: by the order of the facets, not by their names."""
    return {facet.id: number % COLOURS for number, facet in enumerate(taxonomy)}


def tag_chips(labels: Mapping[str, Sequence[str]], taxonomy: Taxonomy, address: Address) -> list[TagChip]:
    """Return a paper's labels in the order of the facets."""
    return [
        TagChip(facet.by_id[label].label, address.value(facet, label), number % COLOURS, facet.label)
        for number, facet in enumerate(taxonomy)
        for label in labels.get(facet.id, ())
        if label in facet.by_id
    ]


def author_links(authors: Iterable[Author], address: Address) -> list[Link]:
    """Return links to the authors' pages."""
    return [Link(author.name, address.author(author.id)) for author in authors]


def venue_link(paper: Paper, address: Address) -> Link:
    """Return the link to the page of a paper's venue."""
    return Link("preprint" if paper.venue == ARXIV else paper.venue_label, address.venue(paper.venue))


def outward_links(paper: Paper) -> list[Link]:
    """Return where a paper, its PDF and its code are in the world."""
    links = []
    if paper.arxiv_id:
        links.append(Link("arXiv", arxiv_url(paper.arxiv_id)))
    if paper.doi:
        links.append(Link("DOI", doi_url(paper.doi)))
    if pdf := pdf_url(paper):
        links.append(Link("PDF", pdf))
    if is_web(paper.code_url):
        links.append(Link("Code", paper.code_url or ""))
    if not links and is_web(paper.url):
        links.append(Link("Read", paper.url or ""))
    return links


def pdf_url(paper: Paper) -> str | None:
    """Return where a paper's PDF is, if known."""
    if is_web(paper.pdf_url):
        return paper.pdf_url
    return arxiv_pdf_url(paper.arxiv_id) if paper.arxiv_id else None


def is_web(url: str | None) -> bool:
    """Tell whether an address may stand in a link: what sources give is untrusted."""
    return bool(url) and str(url).lower().startswith(("https://", "http://"))


def card(hit: Hit, taxonomy: Taxonomy, address: Address) -> Card:
    """Return the card of a hit."""
    paper = hit.paper
    url = address.paper(paper.id)
    return Card(
        id=paper.id,
        url=url,
        title=hit.title,
        snippet=_with_dots(hit.snippet, paper.abstract),
        authors=author_links(paper.authors[:MOST_AUTHORS], address),
        more_authors=max(0, len(paper.authors) - MOST_AUTHORS),
        venue=venue_link(paper, address),
        year=paper.year,
        tags=tag_chips(paper.labels, taxonomy, address),
        links=outward_links(paper),
        cite_url=f"{url}#cite",
        first_published=paper.published or "",
    )


def _with_dots(snippet: Highlighted, abstract: str) -> Highlighted:
    """Return a snippet with dots where the abstract goes on."""
    text = snippet.text
    before = "… " if text and not abstract.startswith(text) else ""
    after = " …" if text and not abstract.endswith(text) else ""
    shift = len(before)
    return Highlighted(before + text + after, tuple((start + shift, end + shift) for start, end in snippet.spans))


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet in the filter form, with its children; ``count`` is None where nobody counts."""

    value: str
    label: str
    means: str
    count: int | None
    selected: bool
    disabled: bool
    children: Sequence[Value] = ()


@dataclass(frozen=True, slots=True)
class FacetView:
    """A facet as a part of the filter form: the values in front, and those behind "more"."""

    id: str
    label: str
    means: str
    colour: int
    values: Sequence[Value]
    more: Sequence[Value]
    more_open: bool
    open: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a chart, in the units of its view box."""

    x: float
    y: float
    width: float
    height: float
    label: str
    count: int
    middle: float


@dataclass(frozen=True, slots=True)
class BarChart:
    """Counts as bars: drawn as SVG, told in words. ``counted`` tells whether there is room for the counts above."""

    bars: Sequence[Bar]
    width: int
    height: int
    alt: str
    ticks: Sequence[tuple[float, str]] = field(default_factory=tuple)
    colour: int = 0
    counted: bool = False


HEAD = 14
"""Room above the bars, for the counts."""
LEAST_TOP = 4
"""So many papers at least are a bar of full height: one paper doesn't look like many."""


def year_chart(
    counts: Mapping[str, int], width: int = 280, height: int = 56, colour: int = 0,
    span: Sequence[int] = (), most: int = 0, counted: bool = True,
) -> BarChart:  # fmt: skip
    """Return papers by year as bars, years without papers included.

    ``span`` is the first and last year of the axis and ``most`` the count of its top, for charts that are compared;
    else they are the chart's own. ``counted``: the counts stand above the bars, where there is room.
    """
    head = HEAD if counted else 0
    years = [*span, *(int(year) for year in counts if year.isdigit())]
    if not counts:
        return BarChart((), width, height, "no papers with a year", (), colour)
    shown = list(range(min(years), max(years) + 1))
    step = width / max(len(shown), 6)
    top = max(most, LEAST_TOP, *counts.values())
    bars = []
    for place, year in enumerate(shown):
        count = counts.get(str(year), 0)
        tall = round(count / top * height, 1)
        left, middle = round(place * step + 1, 1), round(place * step + step / 2, 1)
        bars.append(Bar(left, round(head + height - tall, 1), round(step - 2, 1), tall, str(year), count, middle))
    told = ", ".join(f"{bar.label}: {bar.count}" for bar in bars if bar.count)
    every = max(1, -(-len(shown) // max(1, width // 38)))
    ticks = [(bar.middle, bar.label) for place, bar in enumerate(bars) if place % every == 0]
    return BarChart(bars, width, head + height, f"Papers by year: {told}", ticks, colour, counted and step >= 20)


def facet_tree(
    facet: Facet, counts: Mapping[str, int], selected: Sequence[str], parent: str | None = None
) -> list[Value]:
    """Return the values under ``parent``, those with most papers first; nothing vanishes, what is empty is disabled."""
    found = [
        Value(
            label.id, label.label, label.means, counts.get(label.id, 0), label.id in selected,
            not counts.get(label.id, 0) and label.id not in selected,
            facet_tree(facet, counts, selected, label.id),
        )
        for label in facet.labels
        if label.parent == parent
    ]  # fmt: skip
    return sorted(found, key=lambda value: -(value.count or 0))
