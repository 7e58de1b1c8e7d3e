"""How people write a paper into a list: where its title ends, and what the rest says of authors, venue and year."""

from __future__ import annotations

import re
from dataclasses import dataclass

from app.venues import known_venue

_LABELS = frozenset(
    "paper pdf pub link links arxiv code github gitlab repo repository project page website web site homepage video "
    "slides slide poster blog post demo dataset data bibtex bib cite citation supplementary supp supplement "
    "appendix openreview doi tweet html abs abstract here url official pytorch tensorflow keras jax unofficial "
    "model models weights talk talks news colab notebook kaggle huggingface hf article full text preprint review "
    "thread media report docs documentation note notes more info download source sources implementation toolbox "
    "package tutorial presentation scholar semantic journal conference version chinese english video1 video2 论文 代码 "
    "项目 链接 博客 解读 视频 主页 ieee acm springer acl cvf nips elsevier sciencedirect usenix pmlr mlr aaai "
    "wiley mdpi hal "
    "ssrn biorxiv medrxiv iacr eprint dblp cvpr stars star badge ".split()
)
_YEAR = re.compile(r"(?<![\d.])((?:19|20)\d\d)(?![\d.]\d|\d)|['’](\d\d)\b")
_MONTH = r"(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*"
_DATE = re.compile(rf"^(?:\W*(?:\d{{1,2}}|{_MONTH})\b)*\W*$", re.IGNORECASE)
_CHUNKS = re.compile(r"[()\[\]{}|·•\n;`*_]|\s[-–—/]\s|(?<=[\w)])[.,:]\s|[.,]$")
_LEAD = re.compile(
    r"^(?:\W*\b(?:in|at|accepted (?:at|to|by|in)|to appear (?:at|in)|published (?:at|in)|appear(?:s|ed) (?:at|in)"
    r"|proc\.? of)\b(?: the)?)?\W*", re.IGNORECASE,
)  # fmt: skip
_NAME = r"[A-ZÀ-ÞŁŠŽČĆ][\w.'’`-]*"
_PERSON = re.compile(
    rf"^(?:{_NAME}|[A-Z]\.)(?:[ -](?:{_NAME}|[A-Z]\.|van|von|de|del|der|den|di|da|la|le|el|al|bin|ten))*[ -]{_NAME}$"
)
_ORNAMENT = re.compile(r"^(?:[^\w\"“'‘(\[$∇∆Δα-ωΑ-Ω]|\(\W*\)|\d{1,3}[.)]\s|\[\d{1,3}\]\s)+|:[a-z_]+:")
_PREFIX = re.compile(r"^\s*[(\[【]([^()\[\]【】]{2,80})[)\]】]\s*[:.-]?\s*")
_QUOTED = re.compile(r"[\"“]([^\"”]{15,300}?)[,.]?[\"”]")
_TAIL = re.compile(r"\s*[(\[]([^()\[\]]{2,120})[)\]]\s*[.,]?$")
_END = re.compile(
    r"(?<!\b[A-Z])(?<!\bvs)(?<!\bal)(?<!\be\.g)(?<!\bi\.e)(?<!\bDr)(?<!\bSt)(?<!\bv)([.?!])\s+(?=[\w(\"“*])"
)
_ACRONYM_YEAR = re.compile(r"\b[A-Z][\w&-]*[A-Z][\w&-]*[ '’-]*(?:(?:19|20)\d\d|\d\d)\b")
_COMMON = {"machine-learning", "internet-of-things", "ieee-bigdata", "popets"}
"""Venues whose names are everyday words in these lists, too."""


@dataclass(slots=True)
class Named:
    """What an entry's words say; ``rest`` is what follows the title."""

    title: str = ""
    venue: str | None = None
    year: int | None = None
    authors: tuple[str, ...] = ()
    rest: str = ""


def clean(text: str) -> str:
    """Return a text without ornament: emojis, bullets, numbers, brackets around it."""
    text = " ".join(_ORNAMENT.sub("", " ".join(text.split())).split())
    return re.sub(r"[\s(\[]+$", "", text.strip(" \t*_`~|,;:·•-–—")).strip()


def is_label(text: str) -> bool:
    """Tell whether a link's text says what it leads to rather than how it is called.

    >>> is_label("[PDF]"), is_label("Official Code (PyTorch)"), is_label("Deep Leakage from Gradients")
    (True, True, False)
    """
    words = re.findall(r"[^\W_]+", text.lower())
    return bool(words) and len(words) <= 5 and all(w in _LABELS or w.isdecimal() or len(w) == 1 for w in words)


def is_title(text: str) -> bool:
    """Tell whether a text can be a paper's title.

    >>> is_title("Deep Leakage from Gradients"), is_title("NeurIPS 2021"), is_title("https://x.org/y"), is_title("Link")
    (True, False, False, False)
    """
    text = clean(text)
    if len(text) < 8 or "://" in text or is_label(text) or not re.search(r"[^\W\d_]{3}", text):
        return False
    if len(text.split()) < 2 and len(text) < 20:
        return False
    place = place_of(text, whole=True)
    return place.venue is None or len(text.split()) > 8


def place_of(text: str, *, whole: bool = False) -> Named:
    """Find venue and year in words; with ``whole`` the text must be nothing but these.

    >>> found = place_of("Ann One, Ben Two. In (ICML'21), spotlight"); found.venue, found.year
    ('ICML', 2021)
    """
    found = Named()
    for chunk in [text] if whole else [c for c in _CHUNKS.split(text) if c]:
        when = _YEAR.search(chunk)
        year = int(when[1]) if when and when[1] else 2000 + int(when[2]) if when else None
        name = clean(_LEAD.sub("", (chunk[: when.start()] + " " + chunk[when.end() :]) if when else chunk, count=1))
        if found.venue is None and 1 < len(name) < 150 and not _DATE.match(name):
            venue = known_venue(name)
            acronym = re.search(r"\b[A-Z]\w*[A-Z]|[A-Z]&[A-Z]|[a-z][A-Z]", name)
            if (
                venue
                and (acronym or year or len(name.split()) >= 4)
                and (venue.id not in _COMMON or year or whole or acronym)
            ):
                found.venue = name
                found.year = year or found.year
                continue
            if year and not whole and re.fullmatch(r"[A-Z][\w&/+-]*[A-Z][\w&/+-]*(?: [\w&/+-]+){0,3}", name):
                found.venue, found.year = name, year
                continue
        if year and (not whole or not name or _DATE.match(name)):
            found.year = found.year or year
    return found


def split_title(text: str, *, whole: bool = False) -> Named:
    """Part a text into title and rest; with ``whole`` it is a title, at most with venue and year behind it.

    >>> split_title("(*) Scalable Private Learning with PATE. ICLR 2018. ", whole=True).venue
    'ICLR'
    >>> found = split_title("Deep Leakage. Ligeng Zhu, Song Han. NeurIPS 2019"); found.title, found.rest
    ('Deep Leakage', 'Ligeng Zhu, Song Han. NeurIPS 2019')
    """
    text = clean(text)
    named = Named()
    tagged = False
    while found := _PREFIX.match(text):
        place = place_of(found[1])
        is_tag = text[0] != "(" and len(found[1].split()) <= 2
        if not (place.venue or place.year or is_tag or (tagged and len(found[1].split()) <= 4)):
            break
        tagged = True
        named.venue, named.year = named.venue or place.venue, named.year or place.year
        text = clean(text[found.end() :])
    dated = re.match(rf"^(?:(?:19|20)\d\d(?:[-/.]\d\d?)*|{_MONTH} (?:19|20)\d\d)\s*[:|,\s-]\s*(?=\D{{12}})", text, re.I)
    if dated:
        named.year = named.year or place_of(dated[0]).year
        text = clean(text[dated.end() :])
    quoted = _QUOTED.search(text) if not whole else None
    if (
        quoted
        and is_title(quoted[1])
        and (quoted.start() > 8 or quoted[0][-2] in ",." or len(quoted[1]) > 0.4 * len(text))
    ):
        before = text[: quoted.start()]
        named.title, named.rest = clean(quoted[1]), f"{before}\n{text[quoted.end() :]}"
        return named
    rest: list[str] = []
    while tail := _TAIL.search(text):
        place = place_of(tail[1])
        if not (place.venue or place.year or (not whole and re.search(r"\bet al|\bcode\b|\bpdf\b", tail[1]))):
            break
        rest.insert(0, f"({tail[1]})")
        text = text[: tail.start()].rstrip(" .,")
    ends = [found.end(1) for found in _END.finditer(text) if len(text[: found.end(1)].split()) >= 2]
    if whole:
        ends = [end for end in ends if _is_place(text[end:])]
    else:  # a title may have a question within it
        ends = [end for end in ends if text[end - 1] == "." or _is_place(text[end:]) or name_parts(text[end:])]
    if ends:
        first, after = text[: ends[0]], text[ends[0] :]
        if not whole and len(written_by := authors_of(first.rstrip("."))) > 1:  # "Authors. Title. Venue"
            named.authors = written_by
            first, after = (text[ends[0] : ends[1]], text[ends[1] :]) if len(ends) > 1 else (after, "")
        text = first
        rest.insert(0, after)
    tail = re.search(r"[.,]\s*([^.,]{2,60}),?\s*$", text)
    if tail and (place := place_of(tail[1], whole=True)) and (place.venue or place.year):
        rest.insert(0, tail[1])
        text = text[: tail.start()]
    named.title = clean(text.rstrip(". ") if not text.endswith("...") else text)
    named.rest = " ".join(" ".join(rest).split())
    place = place_of(named.rest)
    named.venue, named.year = named.venue or place.venue, named.year or place.year
    return named


def _is_place(text: str) -> bool:
    """Tell whether what follows a title is a venue or a date rather than a part of it."""
    named = _ACRONYM_YEAR.search(text) and len(text.split()) <= 12
    return bool(named or place_of(text).venue or re.fullmatch(r"[\s\d/.,-]*", text))


def authors_of(text: str) -> tuple[str, ...]:
    """Return the names in a text that is nothing but names; nobody where only family names are given.

    >>> authors_of("Ann One, Ben Two and Cy de Three"), authors_of("Zhu et al."), authors_of("Rafael Pinot, et al")
    (('Ann One', 'Ben Two', 'Cy de Three'), (), ('Rafael Pinot', 'others'))
    """
    text = clean(re.sub(r"[*†‡§∗]|\d(?=,|$)", "", re.sub(r"^\W*by:?\s", "", text, flags=re.IGNORECASE))).rstrip(".")
    shortened = re.search(r"[,\s]+(?:et al|etc|and others)\.?$", text)
    if shortened:
        text = text[: shortened.start()]
    parts = [p.strip() for p in re.split(r",\s*(?:and\s|&\s)?|\s+(?:and|&)\s+|;\s*", text) if p.strip()]
    if not parts or not all(_PERSON.match(part) and len(part.split()) <= 5 for part in parts):
        return ()
    if len(parts) == 1 and not shortened:
        return () if len(parts[0].split()) > 3 else tuple(parts)
    return (*parts, "others") if shortened else tuple(parts)


def name_parts(text: str) -> tuple[str, ...]:
    """Find the authors in what surrounds a title: two names or more, or such as "by" comes before.

    >>> name_parts("(ICML 2020) by Ann One, Ben Two. 2020"), name_parts("a list of papers")
    (('Ann One', 'Ben Two'), ())
    """
    for chunk in re.split(r"[()\[\]|·•\n]|(?<=[a-z]{2})\.(?:\s|$|(?=\d))|\s[-–—]\s|(?=\bby\b)|\d{4}", text):
        found = authors_of(chunk)
        if len(found) > 1 or (found and re.match(r"\W*by\b", chunk)):
            return found
    return ()
