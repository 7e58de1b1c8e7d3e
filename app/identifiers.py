"""Identifiers of papers (arXiv ids, DOIs), dates and names in addresses, read from any form that people paste. Pure."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote, unquote

_NEW = r"(?P<new>\d{4}\.\d{4,5})"
_OLD = r"(?P<old>[a-z][a-z-]*(?:\.[a-z]{2})?/\d{7})"
_ARXIV = re.compile(
    rf"^(?:(?:https?://)?(?:www\.|export\.)?arxiv\.org/(?:abs|pdf|html|format|e-print)/|arxiv\s*:?\s*)?"
    rf"(?:{_NEW}|{_OLD})(?:v\d{{1,3}})?(?:\.pdf)?/?(?:[?#].*)?(?:\s*\[[a-z.-]+\])?$",
    re.IGNORECASE,
)
_DATE = re.compile(r"^((?:19|20)\d\d)(?:[-/](0?[1-9]|1[0-2])(?:[-/](0?[1-9]|[12]\d|3[01]))?)?(?:[T ].*)?$")
_ARXIV_DOI = re.compile(r"^10\.48550/arxiv\.(?P<id>.+)$", re.IGNORECASE)
_DOI = re.compile(r"^(?:(?:https?://)?(?:dx\.|www\.)?doi\.org/|doi\s*:?\s*)?(?P<doi>10\.\d{4,9}/\S+)$", re.IGNORECASE)


def arxiv_id(text: str) -> str | None:
    """Return the arXiv id without its version, or None.

    >>> arxiv_id("https://arxiv.org/pdf/2309.13038v2.pdf"), arxiv_id("arXiv:math.GT/0309136v1"), arxiv_id("2023")
    ('2309.13038', 'math.GT/0309136', None)
    >>> arxiv_id("https://doi.org/10.48550/arXiv.2309.13038")
    '2309.13038'
    """
    text = text.strip()
    found = _ARXIV.match(text)
    if found is None:
        doi = _DOI.match(text)
        inside = _ARXIV_DOI.match(doi["doi"]) if doi else None
        return arxiv_id(inside["id"]) if inside else None
    if found["new"]:
        return found["new"] if 1 <= int(found["new"][2:4]) <= 12 else None
    archive, number = found["old"].split("/")
    head, dot, subject = archive.lower().partition(".")
    return f"{head}{dot}{subject.upper()}/{number}"


def doi(text: str) -> str | None:
    """Return the DOI in lower case, or None. arXiv's own DOIs are arXiv ids, not DOIs of a publication.

    >>> doi("https://doi.org/10.1145/3548606.3560663"), doi("doi:10.1/x"), doi("10.48550/arXiv.2309.13038")
    ('10.1145/3548606.3560663', None, None)
    """
    found = _DOI.match(unquote(text.strip()))
    if found is None or _ARXIV_DOI.match(found["doi"]):
        return None
    return found["doi"].rstrip(".,;").lower()


def arxiv_url(identifier: str) -> str:
    """Return the page of an arXiv id."""
    return f"https://arxiv.org/abs/{identifier}"


def arxiv_pdf_url(identifier: str) -> str:
    """Return the PDF of an arXiv id."""
    return f"https://arxiv.org/pdf/{identifier}"


def arxiv_doi(identifier: str) -> str:
    """Return the DOI that arXiv gives to a preprint."""
    return f"10.48550/arXiv.{identifier}"


def doi_url(identifier: str) -> str:
    """Return the page of a DOI."""
    return "https://doi.org/" + quote(identifier, safe="/:;()")


def date(text: str) -> str | None:
    """Return YYYY, YYYY-MM or YYYY-MM-DD, or None.

    >>> date("2023-9-01T12:00:00Z"), date("2023"), date("last year")
    ('2023-09-01', '2023', None)
    """
    found = _DATE.match(text.strip())
    return "-".join(part.zfill(2) for part in found.groups() if part) if found else None


def fold(text: str) -> str:
    """Return the text in lower case without accents, ligatures or width forms, for comparing.

    >>> fold("Müller–Łuka\u0161z"), fold("\ufb01ne-tuned Straße")
    ('muller–lukasz', 'fine-tuned strasse')
    """
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return plain.translate(_LETTERS)


_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "æ": "ae", "œ": "oe", "ı": "i", "ħ": "h"})
_NOT_WORD = re.compile(r"[\W_]+")


def slug(text: str, longest: int = 80) -> str:
    """Return the text as a part of an address: folded words joined by hyphens, cut between words.

    >>> slug("Žiga Müller"), slug("  ")
    ('ziga-muller', '')
    """
    words = _NOT_WORD.sub("-", fold(text)).strip("-")
    if len(words) <= longest:
        return words
    cut = words[: longest + 1].rpartition("-")[0]
    return cut or words[:longest]


def title_key(title: str) -> str:
    """Return what two spellings of one title share: its folded letters and digits.

    >>> title_key("Deep Leakage  from-Gradients.") == title_key("Deep leakage from gradients")
    True
    """
    return _NOT_WORD.sub("", fold(title))
