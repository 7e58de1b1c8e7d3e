"""Which papers are one, and what one paper is out of all that its sources say. Pure.

``decide`` says whether an incoming draft is a paper that we know, with its reason; ``compose`` makes a paper's fields
from the records of its sources, the better source first, field by field.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from app.identifiers import fold, slug, title_key
from app.paper import ARXIV, Composed, Draft
from app.venues import venue

_RANKS = {"jsonl": 1, "arxiv": 1, "digest": 2, "ris": 2, "bibtex": 2, "csv": 3, "awesome": 4}
_OTHERS = re.compile(r"^(?:and\s+)?(?:others|et al\.?)$", re.IGNORECASE)
_CUT = re.compile(r"(?:…|\.\.\.|\[\.\.\.\])$")
_STOP = frozenset("a an the of on in for and to with from by via is are at as do does towards toward using".split())


@dataclass(frozen=True, slots=True)
class Identity:
    """What a paper is known by: identifiers, its title's key, years in which it appeared, its authors' names."""

    paper_id: str
    title: str
    key: str
    doi: str | None = None
    arxiv_id: str | None = None
    years: frozenset[int] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Decision:
    """``joins`` is the paper that the draft is, or None for a new one; ``absorbs`` are papers that it shows to be the
    same one. ``near`` are papers that it may be, for a person to look at. ``reason`` is for the report.
    """

    joins: str | None
    reason: str
    absorbs: tuple[str, ...] = ()
    near: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Given:
    """A draft with the format of its source and its place in the order in which they came."""

    order: int
    format: str
    draft: Draft


def names(authors: Iterable[str]) -> frozenset[str]:
    """Return what two spellings of an author share: the first initial and the last of the family names, folded.

    >>> names(["Song Han", "Laurens van der Maaten"]) == names(["S. Han", "L. J. P. van der Maaten"])
    True
    """
    found = set()
    for name in authors:
        words = re.findall(r"[^\W\d_]+", fold(name.partition(",")[0]))
        if words:
            found.add(f"{words[0][0]} {words[-1]}")
    return frozenset(found)


def years(draft: Draft) -> frozenset[int]:
    """Return the years in which the paper appeared: as a preprint, at the venue."""
    given = {draft.year} if draft.year else set()
    return frozenset(given | ({int(draft.published[:4])} if draft.published else set()))


def identity(paper_id: str, draft: Draft) -> Identity:
    """Return what a draft is known by."""
    return Identity(
        paper_id, draft.title, title_key(draft.title), draft.doi, draft.arxiv_id, years(draft), names(draft.authors)
    )


def distinctive(title: str) -> bool:
    """Tell whether a title alone says which paper it is.

    >>> distinctive("Deep Leakage from Gradients"), distinctive("Federated Learning")
    (True, False)
    """
    return len(title_key(title)) >= 20 and len(title.split()) >= 4


def decide(existing: Iterable[Identity], incoming: Identity) -> Decision:
    """Say which of the existing papers the incoming one is."""
    known = list(existing)
    same = [(k, "same DOI") for k in known if k.doi and k.doi == incoming.doi]
    same += [(k, "same arXiv id") for k in known if k.arxiv_id and k.arxiv_id == incoming.arxiv_id]
    near = [(k, f"{reason}, other title and authors") for k, reason in same if _contradicts(k, incoming)]
    same = [(k, reason) for k, reason in same if not _contradicts(k, incoming)]
    for candidate in known:
        if candidate.key != incoming.key:
            if _similar(candidate, incoming):
                near.append((candidate, "similar title"))
        elif reason := _same_title(candidate, incoming):
            same.append((candidate, reason))
        else:
            near.append((candidate, _difference(candidate, incoming)))
    ids = list(dict.fromkeys(k.paper_id for k, _ in same))
    if ids:
        # a title alone never makes two known papers one; identifiers do
        certain = {k.paper_id for k, reason in same if reason in {"same DOI", "same arXiv id"}}
        absorbs = tuple(i for i in ids[1:] if i in certain)
        return Decision(ids[0], next(reason for k, reason in same if k.paper_id == ids[0]), absorbs)
    if near:
        return Decision(None, near[0][1], near=tuple(dict.fromkeys(k.paper_id for k, _ in near)))
    return Decision(None, "not known yet")


def _same_title(known: Identity, incoming: Identity) -> str | None:
    if _other(known.arxiv_id, incoming.arxiv_id):
        return None
    if known.years and incoming.years and not _near_years(known, incoming):
        return None
    if known.names and incoming.names:
        return "same title, year and author" if known.names & incoming.names else None
    return "same distinctive title" if distinctive(incoming.title) else None


def _difference(known: Identity, incoming: Identity) -> str:
    if _other(known.arxiv_id, incoming.arxiv_id):
        return "same title, other arXiv id"
    if known.years and incoming.years and not _near_years(known, incoming):
        return "same title, other year"
    if known.names and incoming.names:
        return "same title, other authors"
    return "same title, too common to tell"


def _other(one: str | None, other: str | None) -> bool:
    return bool(one and other and one != other)


def _near_years(one: Identity, other: Identity) -> bool:
    return min(abs(a - b) for a in one.years for b in other.years) <= 1


def _contradicts(one: Identity, other: Identity) -> bool:
    """Tell whether nothing but an identifier is the same: then one of the two has the wrong one, such as a volume's."""
    if not (one.names and other.names) or one.names & other.names:
        return False
    a, b = ({w for w in slug(i.title, 400).split("-") if w not in _STOP} for i in (one, other))
    return len(a & b) < 0.4 * min(len(a), len(b))


def _similar(one: Identity, other: Identity) -> bool:
    """Tell whether titles share nine in ten of their words."""
    a, b = ({w for w in slug(i.title, 400).split("-") if w not in _STOP} for i in (one, other))
    return len(a | b) >= 4 and len(a & b) >= 0.8 * len(a | b)


def compose(records: Sequence[Given]) -> Composed:
    """Make a paper's fields from its records: the better source first, the earlier one among equals."""
    order = sorted(records, key=lambda r: (_RANKS.get(r.format, 3), r.order))
    origins: dict[str, int] = {}

    def first(name: str, choices: Iterable[Given] = order) -> str | None:
        for record in choices:
            value: str | None = getattr(record.draft, name)
            if value:
                origins[name] = record.order
                return value
        return None

    published_at = [(r, venue(r.draft.venue)) for r in order if r.draft.venue]
    at_venue = [(r, v) for r, v in published_at if v.id != ARXIV and v.kind != "preprint"]
    where, shown = (at_venue or published_at or [(order[0], venue(None))])[0]
    dated = first("published", sorted(order, key=lambda r: -len(r.draft.published or "")))
    if shown.kind == "preprint":
        year = next((r.draft.year for r in order if r.draft.year), None)
        year = int(dated[:4]) if dated else year
    else:
        stated = next((r.draft.year for r, v in at_venue if v.id == shown.id and r.draft.year), None)
        year = (
            stated or next((r.draft.year for r in order if r.draft.year), None) or (int(dated[:4]) if dated else None)
        )
    origins["venue"] = origins["year"] = where.order
    return Composed(
        title=first("title") or "",
        abstract=first("abstract", _whole_first(order)) or "",
        authors=_authors(order, origins),
        venue=shown,
        venue_track=where.draft.venue_track,
        year=year,
        published=dated,
        arxiv_id=first("arxiv_id"),
        doi=first("doi"),
        url=first("url"),
        pdf_url=first("pdf_url"),
        code_url=first("code_url"),
        origins=origins,
    )


def _whole_first(order: Sequence[Given]) -> list[Given]:
    """Put abstracts that another record has whole, or that are half as long, behind."""
    longest = max((len(r.draft.abstract) for r in order), default=0)
    return sorted(order, key=lambda r: bool(_CUT.search(r.draft.abstract)) or len(r.draft.abstract) < 0.7 * longest)


def _authors(order: Sequence[Given], origins: dict[str, int]) -> tuple[str, ...]:
    """Take the first list that is whole: one without "and others"."""
    lists = [(r, tuple(n for n in r.draft.authors if not _OTHERS.match(n))) for r in order if r.draft.authors]
    whole = [(r, found) for r, found in lists if len(found) == len(r.draft.authors)]
    record, found = max(whole or lists, key=lambda pair: bool(pair[1]), default=(None, ()))
    if record:
        origins["authors"] = record.order
    return found


def paper_id(composed: Composed) -> str:
    """Return the id that a new paper would like to have: who, when, and two words of what.

    >>> from app.paper import Draft
    >>> paper_id(compose([Given(0, "jsonl", Draft("The Secret Sharer", authors=("Nicholas Carlini",), year=2019))]))
    'carlini-2019-secret-sharer'
    """
    family = slug(re.sub(r",.*", "", composed.authors[0]).split()[-1]) if composed.authors else ""
    title = slug(composed.title, 400).split("-")
    telling = [word for word in title if word not in _STOP][:2] or title[:2]
    return slug(" ".join([family, str(composed.year or ""), *telling]), 72) or "paper"
