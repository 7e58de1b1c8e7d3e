"""The gap matrix: how many papers have a label of one facet together with a label of another. Pure but for ``ask``."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from app.search import SearchPage, SearchRequest
from app.search.query import url_params, with_value
from app.search.tree import And, Everything, Field, Node, Or, Word
from app.tagging.taxonomy import Facet, Label, Taxonomy
from app.web.address import Address
from app.web.exports import csv_line
from app.web.narrowing import NO_NAMES, Chip, Names, chips_of
from app.web.views import BarChart, Frame, Link, colours, year_chart

LEVELS = 5
"""Shades of the heat map, besides empty."""

Ask = Callable[[SearchRequest], SearchPage]


@dataclass(frozen=True, slots=True)
class Matrix:
    """Counts of papers by the labels of two facets, parents counting their children's papers."""

    rows: Facet
    columns: Facet
    request: SearchRequest
    total: int
    counts: Mapping[tuple[str, str], int]
    row_totals: Mapping[str, int]
    column_totals: Mapping[str, int]
    years: Mapping[str, Mapping[str, int]]
    """Papers by year, for each label of the rows."""


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its papers, its shade (0 is empty), where it leads and what it says."""

    count: int
    level: int
    url: str
    told: str


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the table; ``children`` fold open below it."""

    label: Link
    total: int
    cells: Sequence[Cell]
    group: str
    children: Sequence[Row] = ()


@dataclass(frozen=True, slots=True)
class Column:
    """The head of a column."""

    label: Link
    total: int
    is_child: bool


@dataclass(frozen=True, slots=True)
class Growth:
    """How the papers of a label came over the years; all charts of a page have the same axes."""

    label: Link
    total: int
    chart: BarChart


@dataclass(frozen=True, slots=True)
class Choice:
    """A facet that can be chosen for an axis."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class MatrixView:
    """Everything on the matrix page."""

    frame: Frame
    rows_label: str
    columns_label: str
    columns: Sequence[Column]
    rows: Sequence[Row]
    total: int
    empty: int
    cells: int
    most: int
    growth: Sequence[Growth]
    span: str
    row_choices: Sequence[Choice]
    column_choices: Sequence[Choice]
    hidden: Sequence[tuple[str, str]]
    q: str
    url: str
    search_url: str
    csv_url: str
    action: str
    chips: Sequence[Chip]


def axes(params: Mapping[str, str], taxonomy: Taxonomy) -> tuple[Facet, Facet]:
    """Return the two facets that the parameters ask for; the first two of the taxonomy where they don't."""
    facets = taxonomy.facets
    rows = taxonomy.by_id.get(params.get("rows", ""), facets[0])
    others = [facet for facet in facets if facet is not rows] or [rows]
    columns = taxonomy.by_id.get(params.get("columns", ""), others[0])
    return rows, columns if columns is not rows else others[0]


def matrix(request: SearchRequest, rows: Facet, columns: Facet, ask: Ask) -> Matrix:
    """Count the papers of a request; one question to the engine for each row that has papers.

    The request's own filters on both facets hold for every cell.
    """
    settled = _settled(replace(request, page=1, per_page=1), (rows, columns))
    base = ask(settled)
    row_totals, column_totals = base.facets.get(rows.id, {}), base.facets.get(columns.id, {})
    counts, years = {}, {}
    for label in rows.labels:
        if row_totals.get(label.id):
            found = ask(replace(settled, tree=_and(settled.tree, Field(rows.id, Word(label.id)))))
            years[label.id] = found.facets.get("year", {})
            for column in columns.labels:
                counts[label.id, column.id] = found.facets.get(columns.id, {}).get(column.id, 0)
    return Matrix(rows, columns, request, base.total, counts, row_totals, column_totals, years)


def _settled(request: SearchRequest, facets: tuple[Facet, ...]) -> SearchRequest:
    """Return a request for the same papers whose filters on the facets hold for the facets' own counts too."""
    tree = request.tree
    parts = tree.children if isinstance(tree, And) else (tree,)
    others = tuple(part for part in parts if not isinstance(part, Everything))
    filters = dict(request.filters)
    for facet in facets:
        chosen = filters.pop(facet.id, ())
        if chosen:
            others = (*others, Or(tuple(Field(facet.id, Word(value)) for value in chosen)))
    tree = And(others) if len(others) > 1 else others[0] if others else Everything()
    return replace(request, tree=tree, filters=filters, page=1, per_page=1)


def _and(tree: Node, part: Node) -> Node:
    parts = tree.children if isinstance(tree, And) else () if isinstance(tree, Everything) else (tree,)
    return And((*parts, part)) if parts else part


def shade(count: int, most: int) -> int:
    """Return the shade of a count: from 1 for one paper to the darkest for most, by the root, so that few stay visible.

    >>> [shade(count, 3) for count in (0, 1, 2, 3)], [shade(count, 400) for count in (1, 30, 400)], shade(1, 1)
    ([0, 1, 3, 5], [1, 2, 5], 1)
    """
    if count < 2 or most < 2:
        return min(count, 1)
    return 1 + round((LEVELS - 1) * (math.sqrt(count) - 1) / (math.sqrt(most) - 1))


def matrix_view(
    found: Matrix, taxonomy: Taxonomy, address: Address, names: Names = NO_NAMES, *, small: bool = False
) -> MatrixView:
    """Return the view; a ``small`` one has no children."""
    most = max(found.counts.values(), default=1) or 1
    columns = [c for c in found.columns.labels if found.column_totals.get(c.id) and not (small and c.parent)]
    request = replace(found.request, page=1, per_page=SearchRequest().per_page)

    def row(label: Label) -> Row:
        children = [] if small else [row(child) for child in found.rows.labels if child.parent == label.id]
        cells = []
        for column in columns:
            count = found.counts.get((label.id, column.id), 0)
            both = with_value(_only(request, found.rows, label.id), found.columns.id, column.id)
            both = _only(both, found.columns, column.id)
            level = shade(count, most)
            told = f"{label.label} and {column.label}: {count} paper{'' if count == 1 else 's'}"
            cells.append(Cell(count, level, address.search(both), told))
        link = Link(label.label, address.search(_only(request, found.rows, label.id)), label.means)
        return Row(link, found.row_totals.get(label.id, 0), cells, label.id, [c for c in children if c.total])

    rows = [row(label) for label in found.rows.labels if label.parent is None and found.row_totals.get(label.id)]
    own = colours(taxonomy)[found.rows.id]
    tops = [label for label in found.rows.labels if label.parent is None and found.years.get(label.id)]
    tallest = max((max(found.years[label.id].values()) for label in tops), default=0)
    span = sorted({int(year) for label in tops for year in found.years[label.id]})
    growth = [
        Growth(
            Link(label.label, address.value(found.rows, label.id), label.means), found.row_totals[label.id],
            year_chart(found.years[label.id], 160, 28, own, span, tallest, counted=False),
        )
        for label in sorted(tops, key=lambda label: -found.row_totals[label.id])
    ]  # fmt: skip
    every = [cell for r in rows for line in (r, *r.children) for cell in line.cells]
    params = url_params(request)
    asked = [("rows", found.rows.id), ("columns", found.columns.id)]
    return MatrixView(
        frame=Frame(
            f"{found.rows.label} × {found.columns.label} – matrix",
            "What has been tried against what, and what has not: papers by technique and attack.",
            address.absolute("/matrix"), noindex=bool(params), q=request.text,
        ),
        rows_label=found.rows.label, columns_label=found.columns.label,
        columns=[
            Column(Link(c.label, address.search(_only(request, found.columns, c.id)), c.means),
                   found.column_totals[c.id], bool(c.parent))
            for c in columns
        ],
        rows=rows, total=found.total, empty=sum(not cell.count for cell in every), cells=len(every),
        most=most, growth=growth, span=f"{span[0]}–{span[-1]}" if span else "",
        row_choices=[Choice(f.id, f.label, f is found.rows) for f in taxonomy],
        column_choices=[Choice(f.id, f.label, f is found.columns) for f in taxonomy],
        hidden=[pair for pair in params if pair[0] != "q"], q=request.text,
        url=address.path("/matrix", [*asked, *params]), search_url=address.search(request),
        csv_url=address.path("/matrix.csv", [*asked, *params]),
        action=address.path("/matrix"),
        chips=chips_of(request, taxonomy, names, lambda other: address.path("/matrix", [*asked, *url_params(other)])),
    )  # fmt: skip


def _only(request: SearchRequest, facet: Facet, value: str) -> SearchRequest:
    """Return the request with this value alone in the facet."""
    filters = {name: values for name, values in request.filters.items() if name != facet.id}
    return with_value(replace(request, filters=filters), facet.id, value)


def matrix_csv(found: Matrix) -> str:
    """Return the table as CSV, with the totals in the last line and column."""
    columns = [label for label in found.columns.labels if found.column_totals.get(label.id)]
    lines = [csv_line([f"{found.rows.id} / {found.columns.id}", *(c.id for c in columns), "papers"])]
    for label in found.rows.labels:
        if found.row_totals.get(label.id):
            counts = [found.counts[label.id, c.id] for c in columns]
            lines.append(csv_line([label.id, *counts, found.row_totals[label.id]]))
    lines.append(csv_line(["papers", *(found.column_totals[c.id] for c in columns), found.total]))
    return "".join(lines)
