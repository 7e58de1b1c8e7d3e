r"""LaTeX in titles, names and abstracts, resolved to the text that it prints. Pure; no word is lost.

It is resolved span by span (one formula, one macro, one accent), never a text as a whole: to a LaTeX parser all that
follows a ``%`` is a comment.
"""

from __future__ import annotations

import logging
import re
import unicodedata
from functools import lru_cache

from pylatexenc.latex2text import LatexNodes2Text
from pylatexenc.latexwalker import LatexWalkerError

logging.getLogger("pylatexenc").setLevel(logging.CRITICAL)  # what it can't read is kept as it was given

_PRINTER = LatexNodes2Text(math_mode="text", keep_comments=True)
_FORMULA = re.compile(r"(?<![\\$])\$(?![\s$])([^$]{1,400}?)(?<![\s\\])\$(?![\d$])")
_ACCENT = re.compile(
    r"\{?\\[\"'`^~=.](?:\{\\?[A-Za-z]\}|\\?[A-Za-z])\}?|\{?\\[Hckuvdbrt](?:\{\\?[A-Za-z]{1,2}\}|\s[A-Za-z]\b)\}?"
)
_STRUCTURE = re.compile(r"\\(?:frac|tfrac|dfrac|sqrt|binom)\s*(?:\{[^{}]{0,200}\}){1,2}")
_STYLE = re.compile(
    r"\\(?:emph|text(?:it|bf|tt|sc|rm|sf|sl|normal|color)?|math(?:cal|bf|bb|rm|it|sf|frak|scr|tt)|boldsymbol|bm"
    r"|underline|overline|widetilde|widehat|mbox|operatorname|url|href|it|bf|em|tt|rm|sc|small|large|big[lrg]?|Big[lrg]?"
    r"|left|right|displaystyle|ensuremath|xspace|footnote)(?![A-Za-z])\*?\s*(\{[^{}]{0,400}\})?"
)
_MACRO = re.compile(r"\\([A-Za-z]+)\*?(?:\{\})?")
_ESCAPED = re.compile(r"\\([%&_#${}|,;:! ])")
_SCRIPT = re.compile(r"([\^_])\{([^{}]{0,200})\}")


def resolve(text: str) -> str:
    r"""Return the text without LaTeX source; braces that are no part of a macro stay.

    >>> resolve("$\\epsilon$-DP of D\\\"urmuth, O(T^{1/3}), 26\\%"), resolve("{Private} \\emph{SGD}")
    ('ε-DP of Dürmuth, O(T^(1/3)), 26%', '{Private} SGD')
    """
    if "$" in text:
        text = _FORMULA.sub(lambda found: _resolve(found[0], found[1]), text)
    if "\\" in text:
        text = _latex(text)
    if "{" in text:
        text = _scripts(text)
    return text


def resolve_field(text: str) -> str:
    r"""Return a BibTeX field's value as it prints: without the braces that protect capitals, ``~`` a space.

    >>> resolve_field("{DP-SGD}: {\\ss} and \\{0,1\\}~bits by {\\L}ukasz")
    'DP-SGD: ß and {0,1} bits by Łukasz'
    """
    if not any(c in text for c in "{}\\$~"):
        return text
    text = text.replace("\\{", "\ue000").replace("\\}", "\ue001")
    text = resolve(text).replace("{", "").replace("}", "").replace("~", " ")
    return text.replace("\ue000", "{").replace("\ue001", "}")


def _latex(text: str) -> str:
    text = text.replace("\\\\", " ")
    text = _ACCENT.sub(lambda found: _resolve(found[0], found[0]), text)
    text = _STRUCTURE.sub(lambda found: _resolve(found[0], found[0]), text)
    for _ in range(4):  # styles stand inside each other
        text, count = _STYLE.subn(lambda found: (found[1] or " ").removeprefix("{").removesuffix("}"), text)
        if not count:
            break
    text = _MACRO.sub(lambda found: _symbol(found[1]), text)
    return _ESCAPED.sub(lambda found: found[1] if found[1] not in ",;:!| " else " ", text)


def _scripts(text: str) -> str:
    """Resolve ``^{…}`` and ``_{…}``, from the inside out."""
    for _ in range(4):
        text, count = _SCRIPT.subn(
            lambda found: found[1] + (found[2] if len(found[2]) == 1 or found[2].isalnum() else f"({found[2]})"), text
        )
        if not count:
            break
    return text


@lru_cache(maxsize=4096)
def _resolve(span: str, inside: str) -> str:
    """Return a span of LaTeX as text; without its marks alone where the parser would lose words."""
    inside = _scripts(inside)
    try:
        text = _PRINTER.latex_to_text(inside).strip()
    except (LatexWalkerError, ValueError, IndexError, RecursionError):
        text = ""
    given = re.findall(r"[A-Za-z0-9]+", re.sub(r"\\[A-Za-z]+", " ", inside))
    kept = unicodedata.normalize("NFKD", text)
    lost = any(word not in kept for word in given)
    return span.strip("$").replace("\\", "") if lost or not text else unicodedata.normalize("NFC", _greek(text))


@lru_cache(maxsize=4096)
def _symbol(name: str) -> str:
    """Return what a macro prints; its name where that isn't known."""
    try:
        text = _PRINTER.latex_to_text(f"\\{name}" + "{}").strip()
    except (LatexWalkerError, ValueError, IndexError):
        text = ""
    return _greek(text) if text and "<" not in text else name


def _greek(text: str) -> str:
    """Return the plain letters for symbols that are searched as such."""
    return text.replace("ϵ", "ε").replace("ϕ", "φ")
