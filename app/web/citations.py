"""A paper as a citation: BibTeX, RIS, CSL-JSON, Markdown, plain text. Pure."""

from __future__ import annotations

import re
from typing import Any

from pylatexenc.latexencode import RULE_DICT, UnicodeToLatexConversionRule, UnicodeToLatexEncoder

from app.identifiers import doi_url
from app.paper import ARXIV, Paper
from app.web.views import pdf_url


def _encoder(kept: str) -> UnicodeToLatexEncoder:
    """Return an encoder that leaves some characters as they are."""
    as_is = UnicodeToLatexConversionRule(RULE_DICT, {ord(character): character for character in kept})
    return UnicodeToLatexEncoder(
        non_ascii_only=False, replacement_latex_protection="braces-all", unknown_char_policy="keep",
        unknown_char_warning=False, conversion_rules=[as_is, "defaults"],
    )  # fmt: skip


_KEPT = '"—–'
"""Right in braces and in today's LaTeX, and changed by readers that get a command for them."""
_LATEX = _encoder(_KEPT)
_LATEX_UNSET = _encoder(_KEPT + "^")
"""For abstracts, which no style sets: readers take a circumflex for another character where it is a command."""
_CAPITALS = re.compile(r"(?<![\\\w])(\w*[a-z0-9-][A-Z]\w*|[A-Z]{2,}\w*)")
_PARTICLES = {"van", "von", "der", "den", "de", "di", "da", "dos", "del", "la", "le", "el", "al", "bin", "ter", "ten"}


def family_given(name: str) -> tuple[str, str]:
    """Split a name into family and given name; particles go with the family.

    >>> family_given("Maarten van Steen"), family_given("Aristotle"), family_given("Li, Songze")
    (('van Steen', 'Maarten'), ('Aristotle', ''), ('Li', 'Songze'))
    """
    if "," in name:
        family, given = name.split(",", 1)
        return family.strip(), given.strip()
    words = name.split()
    at = len(words) - 1
    while at > 1 and words[at - 1].lower() in _PARTICLES:
        at -= 1
    return " ".join(words[at:]), " ".join(words[:at])


def inverted(name: str) -> str:
    """Return "Family, Given"."""
    return ", ".join(part for part in family_given(name) if part)


def bibtex(paper: Paper, kind: str) -> str:
    """Return the BibTeX entry; ``kind`` is the venue's."""
    entry, place = {"journal": ("article", "journal"), "preprint": ("misc", "")}.get(
        kind, ("inproceedings", "booktitle")
    )
    if paper.venue == ARXIV:
        entry, place = "misc", ""
    fields: dict[str, str | None] = {
        "title": _CAPITALS.sub(r"{\1}", _latex(paper.title)),
        "author": " and ".join(_latex(inverted(author.name)) for author in paper.authors),
        "year": str(paper.year) if paper.year else None,
    }
    if place:
        fields[place] = _latex(paper.venue_label)
    if paper.arxiv_id:
        fields |= {"eprint": paper.arxiv_id, "eprinttype": "arXiv", "archivePrefix": "arXiv"}
    fields |= {"doi": paper.doi, "url": paper.url or (doi_url(paper.doi) if paper.doi else None)}
    fields["abstract"] = _latex(paper.abstract, _LATEX_UNSET)
    lines = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{entry}{{{paper.id},\n{lines}\n}}\n"


def _latex(text: str, encoder: UnicodeToLatexEncoder = _LATEX) -> str:
    encoded: str = encoder.unicode_to_latex(" ".join(text.split()))
    return encoded


def ris(paper: Paper, kind: str) -> str:
    """Return the RIS record."""
    is_journal = kind == "journal"
    is_preprint = paper.venue == ARXIV
    lines = [("TY", "UNPB" if is_preprint else "JOUR" if is_journal else "CONF"), ("ID", paper.id), ("TI", paper.title)]
    lines += [("AU", inverted(author.name)) for author in paper.authors]
    if paper.year:
        lines.append(("PY", str(paper.year)))
    if paper.published and paper.published[:4] == str(paper.year):
        lines.append(("DA", paper.published.replace("-", "/") + "/" * (3 - paper.published.count("-"))))
    if not is_preprint:
        lines.append(("JO" if is_journal else "T2", paper.venue_label))
    lines += [("DO", paper.doi or ""), ("UR", paper.url or ""), ("L1", pdf_url(paper) or "")]
    lines += [("AN", f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else ""), ("AB", paper.abstract)]
    text = "".join(f"{tag}  - {' '.join(value.split())}\r\n" for tag, value in lines if value)
    return text + "ER  - \r\n"


def csl(paper: Paper, kind: str) -> dict[str, Any]:
    """Return the CSL-JSON item."""
    types = {"journal": "article-journal", "preprint": "article"}
    item: dict[str, Any] = {
        "id": paper.id,
        "type": "article" if paper.venue == ARXIV else types.get(kind, "paper-conference"),
        "title": paper.title,
        "author": [_csl_name(author.name) for author in paper.authors],
        "container-title": None if paper.venue == ARXIV else paper.venue_label,
        "publisher": "arXiv" if paper.venue == ARXIV else None,
        "number": f"arXiv:{paper.arxiv_id}" if paper.arxiv_id else None,
        "issued": {"date-parts": [[paper.year]]} if paper.year else None,
        "DOI": paper.doi,
        "URL": paper.url,
        "abstract": paper.abstract or None,
    }
    return {name: value for name, value in item.items() if value}


def _csl_name(name: str) -> dict[str, str]:
    family, given = family_given(name)
    return {"family": family, "given": given} if given else {"literal": family}


def plain(paper: Paper) -> str:
    """Return the citation as a sentence."""
    names = [author.name for author in paper.authors]
    who = ", ".join(names[:10]) + (" et al." if len(names) > 10 else "")
    where = "arXiv preprint" if paper.venue == ARXIV else paper.venue_label
    parts = [who, f"“{paper.title}”", ", ".join(str(p) for p in (where, paper.year) if p)]
    if paper.arxiv_id:
        parts.append(f"arXiv:{paper.arxiv_id}")
    if paper.doi:
        parts.append(doi_url(paper.doi))
    elif not paper.arxiv_id and paper.url:
        parts.append(paper.url)
    return ". ".join(part.rstrip(".") for part in parts if part) + "."


def markdown(paper: Paper) -> str:
    """Return the paper as a Markdown note."""
    links = f"\n\n<{paper.url}>" if paper.url else ""
    return f"# {_plain_markdown(paper.title)}\n\n{_byline(paper)}{links}\n\n{paper.abstract}\n"


def markdown_line(paper: Paper) -> str:
    """Return the paper as an item of a Markdown list."""
    title = _plain_markdown(paper.title)
    return f"- {f'[{title}](<{paper.url}>)' if paper.url else title} – {_byline(paper)}\n"


def _plain_markdown(text: str) -> str:
    return re.sub(r"([\\`*_\[\]<>#])", r"\\\1", " ".join(text.split()))


def _byline(paper: Paper) -> str:
    names = ", ".join(author.name for author in paper.authors)
    where = ", ".join(str(part) for part in (paper.venue_label, paper.year) if part)
    return ". ".join(part for part in (names, f"*{where}*" if where else "") if part)
