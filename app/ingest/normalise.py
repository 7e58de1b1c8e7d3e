"""Mending what sources give: text, names, dates, identifiers. Pure; no word is lost."""

from __future__ import annotations

import html
import re
import unicodedata
from dataclasses import replace

from app.identifiers import arxiv_id, arxiv_pdf_url, arxiv_url, date, doi, doi_url
from app.paper import Draft, Reject
from app.sources.latex import resolve

LEFT_OUT = "left_out"
"""Under this key of ``extra`` stands what a draft gave and what was not taken from it."""
LONGEST_TITLE = 1000
LONGEST_ABSTRACT = 100_000

_PLAIN = re.compile(r"[A-Za-z0-9.,:;?!()]+(?:[ -][A-Za-z0-9.,:;?!()]+)*")
"""What needs no mending, as most names and many titles don't."""
_CONTROL = re.compile(r"[\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\u200b\u2060\ufeff\ufffe\uffff\ud800-\udfff]")
_TAGS = re.compile(
    r"</?(?:i|b|em|strong|sub|sup|tt|p|br|span|scp|jats:[a-z]+|inline-formula|tex-math)(?:\s[^<>]{0,200})?/?>",
    re.IGNORECASE,
)
_MIRROR = re.compile(r"\bhttps?://hfproxy\.[\w-]+\.[a-z]+(?=[/\s]|$)", re.IGNORECASE)
"""A proxy through which some pages rewrite their links to huggingface.co."""

_BLANK = re.compile(r"\s+")


def mend(text: str) -> str:
    r"""Return the text as people read it: one line, no LaTeX or HTML source, no control characters, every word.

    >>> mend("up to 26\\% of  O(T^{1/3}) in ``private'' D\\\"urmuth's $\\epsilon$-DP, from $5 to $10 & more")
    "up to 26% of O(T^(1/3)) in “private” Dürmuth's ε-DP, from $5 to $10 & more"
    """
    if _PLAIN.fullmatch(text):
        return text
    text = _BLANK.sub(" ", _CONTROL.sub("", text))
    if "&" in text:
        text = html.unescape(text)
    if "<" in text:
        text = _TAGS.sub(" ", text)
    text = _MIRROR.sub("https://huggingface.co", text)
    text = resolve(text)
    text = text.replace("``", "“").replace("''", "”").replace(" --- ", " — ").replace(" -- ", " – ")
    return unicodedata.normalize("NFC", _CONTROL.sub("", _BLANK.sub(" ", text))).strip()


_NUMBERED = re.compile(r"\s+\d{4}$")
_SUFFIX = re.compile(r"^(?:jr|sr|ii|iii|iv|inc|ltd|llc|corp|gmbh)\.?$", re.IGNORECASE)


def author(name: str) -> str:
    """Return a name as printed on a paper.

    >>> author("Dwork, Cynthia"), author("Wei Wang 0001"), author("Sammy Davis, Jr.")
    ('Cynthia Dwork', 'Wei Wang', 'Sammy Davis, Jr.')
    """
    name = _NUMBERED.sub("", mend(name).replace("{", "").replace("}", ""))
    parts = [part.strip() for part in name.split(",")]
    if len(parts) == 2 and all(parts) and not _SUFFIX.match(parts[1]):
        return f"{parts[1]} {parts[0]}"
    if len(parts) == 3 and _SUFFIX.match(parts[1]):
        return f"{parts[2]} {parts[0]}, {parts[1]}"
    return name.strip(" ,;")


def normalise(draft: Draft) -> Draft | Reject:
    """Return the draft mended, or why it can't be kept."""

    def reject(reason: str) -> Reject:
        return Reject(draft.position, reason, _BLANK.sub(" ", _CONTROL.sub("", draft.title))[:200])

    if "\x00" in draft.title:
        return reject("its title holds a NUL character")
    title = mend(draft.title)
    if not any(c.isalnum() for c in title):
        return reject("it has no title")
    if len(title) > LONGEST_TITLE:
        return reject(f"its title has {len(title):,} characters, more than {LONGEST_TITLE:,}")
    abstract = mend(draft.abstract)
    if len(abstract) > LONGEST_ABSTRACT:
        return reject(f"its abstract has {len(abstract):,} characters, more than {LONGEST_ABSTRACT:,}")
    if draft.year is not None and not 1900 <= draft.year <= 2100:
        return reject(f"its year is {draft.year}, not between 1900 and 2100")
    published = date(draft.published) if draft.published else None
    if draft.published and published is None:
        return reject(f"its date is {draft.published[:40]!r}, not YYYY, YYYY-MM or YYYY-MM-DD")
    found_arxiv = arxiv_id(draft.arxiv_id) if draft.arxiv_id else None
    if draft.arxiv_id and found_arxiv is None:
        return reject(f"its arXiv id is {draft.arxiv_id[:60]!r}, which is none")
    found_doi = doi(draft.doi) if draft.doi else None
    if draft.doi and found_doi is None:
        found_arxiv = found_arxiv or arxiv_id(draft.doi)
    for link in (draft.url, draft.pdf_url):
        found_arxiv = found_arxiv or (arxiv_id(link) if link else None)
        found_doi = found_doi or (doi(link) if link and "doi.org/" in link else None)
    # the paper is worth more than a broken DOI, of which publishers' own exports have many
    left_out = {LEFT_OUT: {"doi": draft.doi}} if draft.doi and found_doi is None and not arxiv_id(draft.doi) else {}
    return replace(
        draft,
        title=title,
        abstract=abstract,
        authors=tuple(name for name in map(author, draft.authors) if name),
        venue=mend(draft.venue) or None if draft.venue else None,
        published=published or (_month(found_arxiv) if found_arxiv else None),
        arxiv_id=found_arxiv,
        doi=found_doi,
        url=_link(draft.url) or (arxiv_url(found_arxiv) if found_arxiv else doi_url(found_doi) if found_doi else None),
        pdf_url=_link(draft.pdf_url) or (arxiv_pdf_url(found_arxiv) if found_arxiv else None),
        code_url=_link(draft.code_url),
        extra={**draft.extra, **left_out},
    )


def _link(text: str | None) -> str | None:
    """Return a link that a browser may follow: nothing but http and https, so that no script hides in one."""
    text = _MIRROR.sub("https://huggingface.co", _CONTROL.sub("", text or "").strip())
    return text if re.match(r"https?://[^\s/]+", text, re.IGNORECASE) and not re.search(r"\s", text) else None


def _month(identifier: str) -> str | None:
    """Return the month that an arXiv id carries.

    >>> _month("2309.13038"), _month("math/0309136")
    ('2023-09', '2003-09')
    """
    digits = identifier.split("/")[-1][:4]
    century = "19" if "/" in identifier and digits[:2] > "90" else "20"
    return f"{century}{digits[:2]}-{digits[2:]}" if "01" <= digits[2:] <= "12" else None
