"""What stands in a Markdown file with HTML in it: list items, table rows and paragraphs, as pieces of text with links.

Markdown is parsed by markdown-it into HTML, so that lists and tables of either kind are read alike.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from html.parser import HTMLParser

from markdown_it import MarkdownIt
from markdown_it.token import Token

_BARE = re.compile(r"https?://[^\s<>()\[\]|\"']+(?<![.,;:!?*])")
DEEPEST = 20
"""So many lists within each other are told apart."""
_SKIPPED = {"pre", "script", "style", "svg"}


@dataclass(frozen=True, slots=True)
class Piece:
    """Text in one form; ``href`` is where it leads, "" for nowhere. A line's end is a piece of its own."""

    text: str
    href: str = ""
    strong: bool = False
    italic: bool = False
    image: bool = False


@dataclass(slots=True)
class Item:
    """A list item (``li``), a paragraph outside of lists (``p``) or a table row (``tr``) with its cells.

    ``headings`` are those above it, the nearest one first; ``children`` are the items of a list in a list item;
    ``columns`` are the texts of the header above a row.
    """

    kind: str
    line: int
    headings: tuple[str, ...]
    pieces: list[Piece] = field(default_factory=list)
    cells: list[list[Piece]] = field(default_factory=list)
    columns: tuple[str, ...] = ()
    children: list[Item] = field(default_factory=list)


def text_of(pieces: Iterable[Piece]) -> str:
    """Return the words of pieces in one line.

    >>> text_of([Piece("A title "), Piece("pdf", "https://x.org")])
    'A title pdf'
    """
    return " ".join("".join(piece.text for piece in pieces).split())


def outline(text: str) -> list[Item]:
    """Return the items in their order; those within list items are their children."""
    markdown = MarkdownIt("commonmark", {"html": True}).enable("table")
    reader = _Reader()
    part: list[Token] = []
    for token in markdown.parse(text):
        if token.type == "html_block":
            reader.take(markdown.renderer.render(part, markdown.options, {}))
            part = []
            reader.take(token.content, token.map[0] + 1 if token.map else None)
        else:
            if token.map and token.nesting >= 0:
                token.attrSet("data-line", str(token.map[0] + 1))
            part.append(token)
    reader.take(markdown.renderer.render(part, markdown.options, {}))
    reader.close()
    return reader.items


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.items: list[Item] = []
        self._open: list[Item] = []
        self._headings: dict[int, str] = {}
        self._heading: tuple[int, list[str]] | None = None
        self._columns: tuple[str, ...] = ()
        self._is_header = False
        self._cell: list[Piece] | None = None
        self._href = ""
        self._strong = self._italic = self._skipped = 0
        self._offset: int | None = None
        self._line = 1

    def take(self, html: str, line: int | None = None) -> None:
        """Read HTML; ``line`` is the file's line at which it begins, where its elements don't say theirs."""
        self._offset = line - self.getpos()[0] if line is not None else None
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self._offset is not None:
            self._line = self.getpos()[0] + self._offset
        elif given.get("data-line"):
            self._line = int(given["data-line"] or 0)
        match tag:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6":
                self._heading = (int(tag[1]), [])
                self._open = []
            case "ul" | "ol" if self._open and self._open[-1].kind == "p":
                self._open.pop()
            case "li":
                while self._open and self._open[-1].kind == "p":
                    self._open.pop()
                is_below = self._open and self._open[-1].kind == "li" and len(self._open) < DEEPEST
                self._begin("li", self._open[-1].children if is_below else self.items)
            case "table":
                self._columns = ()
            case "tr":
                self._open = []
                self._is_header = True
                self._begin("tr", self.items)
                self._open[-1].columns = self._columns
            case "td" | "th" if self._open and self._open[-1].kind == "tr":
                self._is_header = self._is_header and tag == "th"
                self._cell = []
                self._open[-1].cells.append(self._cell)
            case "p" | "div" | "summary" if not self._open or self._open[-1].kind == "p":
                self._open = []
                self._begin("p", self.items)
            case "p" | "br":
                self._add(Piece("\n"))
            case "a":
                href = (given.get("href") or "").strip()
                self._href = href if href.startswith(("http://", "https://")) else ""
            case "img":
                self._add(Piece(f" {given.get('alt') or given.get('src') or ''} ", self._href, image=True))
            case "strong" | "b":
                self._strong += 1
            case "em" | "i":
                self._italic += 1
            case _ if tag in _SKIPPED:
                self._skipped += 1

    def handle_endtag(self, tag: str) -> None:
        match tag:
            case "h1" | "h2" | "h3" | "h4" | "h5" | "h6" if self._heading:
                level, words = self._heading
                self._headings = {n: text for n, text in self._headings.items() if n < level}
                self._headings[level] = " ".join("".join(words).split())
                self._heading = None
            case "li" | "tr" | "p" | "div" | "summary":
                if tag == "tr" and self._open and self._open[-1].kind == "tr" and self._is_header:
                    self._columns = tuple(text_of(cell) for cell in self._open[-1].cells)
                    self._open[-1].cells = []
                kind = "p" if tag in {"div", "summary"} else tag
                if any(item.kind == kind for item in self._open):
                    while self._open.pop().kind != kind:
                        pass
                self._cell = None
            case "td" | "th":
                self._cell = None
            case "a":
                self._href = ""
            case "strong" | "b":
                self._strong = max(0, self._strong - 1)
            case "em" | "i":
                self._italic = max(0, self._italic - 1)
            case _ if tag in _SKIPPED:
                self._skipped = max(0, self._skipped - 1)

    def handle_data(self, data: str) -> None:
        if self._heading is not None:
            self._heading[1].append(data)
        if self._skipped or not data:
            return
        if self._href:
            self._add(Piece(data.replace("\n", " "), self._href, bool(self._strong), bool(self._italic)))
            return
        for number, line in enumerate(data.split("\n")):
            if number:
                self._add(Piece("\n"))
            begun = 0
            for found in _BARE.finditer(line):  # an address that stands there as such is a link too
                self._add(Piece(line[begun : found.start()], "", bool(self._strong), bool(self._italic)))
                self._add(Piece(found[0], found[0]))
                begun = found.end()
            self._add(Piece(line[begun:], "", bool(self._strong), bool(self._italic)))

    def _begin(self, kind: str, into: list[Item]) -> None:
        nearest = tuple(text for _, text in sorted(self._headings.items(), reverse=True))
        item = Item(kind, self._line, nearest)
        into.append(item)
        self._open.append(item)

    def _add(self, piece: Piece) -> None:
        if self._open and piece.text and not self._skipped:
            item = self._open[-1]
            if item.kind != "tr":
                item.pieces.append(piece)
            elif self._cell is not None:
                self._cell.append(piece)
