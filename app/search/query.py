"""URL parameters to a ``SearchRequest``, and back; the edits that a page's links make. Pure.

``parse(url_params(request)).request == request`` for every request that ``parse`` made.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from app.identifiers import fold
from app.search import SearchRequest, Sort
from app.search.language import clean, parse_text, parts, to_text
from app.search.tree import And, Everything, Node, Or, Phrase, Word
from app.tagging.taxonomy import Taxonomy

__all__ = ["parse", "parse_text", "parts", "to_text", "url_params"]

MOST_PER_PAGE = 200
HAS = ("code", "venue")


@dataclass(frozen=True, slots=True)
class Problem:
    """A parameter that can't be used as given, for the API to refuse; pages go on without it."""

    parameter: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """A request, and what of the parameters is not in it."""

    request: SearchRequest
    problems: tuple[Problem, ...] = ()


def parse(params: Iterable[tuple[str, str]], taxonomy: Taxonomy) -> Parsed:
    """Return the request that URL parameters make; never fails, and says what it left out."""
    given: dict[str, list[str]] = {}
    for name, value in params:
        given.setdefault(clean(name).strip(), []).append(clean(value))
    problems: list[Problem] = []
    many = (*taxonomy.by_id, "venue", "author", "has")
    filters = {}
    for name in many:
        values = _values(name, given.pop(name, []), taxonomy, problems)
        if values:
            filters[name] = values
    text = _one(given, "q", problems) or ""
    tree = parse_text(text, taxonomy)
    default = Sort.NEWEST if isinstance(tree, Everything) else Sort.RELEVANCE
    sort = _choice(given, "sort", tuple(Sort), problems)
    synonyms = _choice(given, "synonyms", ("off", "on"), problems)
    request = SearchRequest(
        text=text if text.strip() else "",
        tree=tree,
        filters=filters,
        year_from=_number(given, "year_from", 1, 9999, problems),
        year_to=_number(given, "year_to", 1, 9999, problems),
        sort=default if sort is None or (sort == Sort.RELEVANCE and default == Sort.NEWEST) else Sort(sort),
        page=_number(given, "page", 1, 1_000_000, problems) or 1,
        per_page=_number(given, "per_page", 1, MOST_PER_PAGE, problems) or 20,
        synonyms=synonyms != "off",
    )
    problems += [Problem(name, values[0][:200], "there is no such parameter") for name, values in given.items()]
    return Parsed(request, tuple(problems))


def _values(name: str, values: list[str], taxonomy: Taxonomy, problems: list[Problem]) -> tuple[str, ...]:
    wanted = dict.fromkeys(value.strip().lower() for value in values if value.strip())
    known = list(taxonomy.by_id[name].by_id) if name in taxonomy.by_id else list(HAS) if name == "has" else None
    if known is None:
        return tuple(sorted(wanted))
    for value in wanted:
        if value not in known:
            problems.append(Problem(name, value[:200], "not one of " + ", ".join(known)))
    return tuple(sorted(wanted, key=lambda value: (known.index(value) if value in known else len(known), value)))


def _one(given: dict[str, list[str]], name: str, problems: list[Problem]) -> str | None:
    values = [value for value in given.pop(name, []) if value.strip()]
    if len(values) > 1:
        problems.append(Problem(name, values[1][:200], "given more than once"))
    return values[0] if values else None


def _choice(given: dict[str, list[str]], name: str, choices: tuple[str, ...], problems: list[Problem]) -> str | None:
    value = (_one(given, name, problems) or "").strip().lower()
    if value and value not in choices:
        problems.append(Problem(name, value[:200], "not one of " + ", ".join(choices)))
    return value if value in choices else None


def _number(given: dict[str, list[str]], name: str, least: int, most: int, problems: list[Problem]) -> int | None:
    value = (_one(given, name, problems) or "").strip()
    if not value:
        return None
    digits = value.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        problems.append(Problem(name, value[:200], "not a whole number"))
        return None
    number = int(value) if len(value) < 20 else most + 1
    if not least <= number <= most:
        problems.append(Problem(name, value[:200], f"not from {least} to {most}"))
    return min(max(number, least), most)


# request to parameters, and edits


def default_sort(request: SearchRequest) -> Sort:
    """Return the order that a request has where none is asked for."""
    return Sort.NEWEST if isinstance(request.tree, Everything) else Sort.RELEVANCE


def url_params(request: SearchRequest) -> list[tuple[str, str]]:
    """Return the shortest parameters that parse into the request."""
    return list(_params(request))


def _params(request: SearchRequest) -> Iterator[tuple[str, str]]:
    if request.text:
        yield "q", request.text
    for name, values in request.filters.items():
        for value in values:
            yield name, value
    for name, number, default in (
        ("year_from", request.year_from, None),
        ("year_to", request.year_to, None),
        ("page", request.page, 1),
        ("per_page", request.per_page, 20),
    ):
        if number != default:
            yield name, str(number)
    if request.sort != default_sort(request):
        yield "sort", request.sort.value
    if not request.synonyms:
        yield "synonyms", "off"


def with_value(request: SearchRequest, facet: str, value: str) -> SearchRequest:
    """Return the request with one value more in a facet, on its first page; for ``year``, with that year alone."""
    if facet == "year":
        return with_years(request, int(value), int(value))
    values = tuple(dict.fromkeys((*request.filters.get(facet, ()), value)))
    return replace(request, filters=_filters(request.filters, facet, values), page=1)


def without_value(request: SearchRequest, facet: str, value: str) -> SearchRequest:
    """Return the request without a value of a facet, on its first page; for ``year``, with all years."""
    if facet == "year":
        return with_years(request, None, None)
    values = tuple(v for v in request.filters.get(facet, ()) if v != value)
    return replace(request, filters=_filters(request.filters, facet, values), page=1)


def without_facet(request: SearchRequest, facet: str) -> SearchRequest:
    """Return the request without any value of a facet, on its first page."""
    return replace(request, filters=_filters(request.filters, facet, ()), page=1)


def with_years(request: SearchRequest, first: int | None, last: int | None) -> SearchRequest:
    """Return the request for these years, inclusive, on its first page."""
    return replace(request, year_from=first, year_to=last, page=1)


def with_page(request: SearchRequest, page: int) -> SearchRequest:
    """Return the request for another page."""
    return replace(request, page=max(1, page))


def with_sort(request: SearchRequest, sort: Sort) -> SearchRequest:
    """Return the request in another order, on its first page."""
    return replace(request, sort=default_sort(request) if sort == Sort.RELEVANCE else sort, page=1)


def with_synonyms(request: SearchRequest, synonyms: bool) -> SearchRequest:
    """Return the request with synonyms, or for only what was typed, on its first page."""
    return replace(request, synonyms=synonyms, page=1)


def with_tree(request: SearchRequest, tree: Node) -> SearchRequest:
    """Return the request for another tree, its text written anew, on its first page."""
    was_default = request.sort == default_sort(request)
    edited = replace(request, text=to_text(tree), tree=tree, page=1)
    no_order = isinstance(tree, Everything) and request.sort == Sort.RELEVANCE
    return replace(edited, sort=default_sort(edited)) if was_default or no_order else edited


def without_part(request: SearchRequest, part: Node) -> SearchRequest:
    """Return the request without one of the ``parts`` of its tree."""
    left = tuple(p for p in parts(request.tree) if p != part)
    return with_tree(request, And(left) if len(left) > 1 else left[0] if left else Everything())


def exactly(request: SearchRequest, typed: str) -> SearchRequest:
    """Return the request that takes a word as it was typed: in quotes, where no word is read as another."""

    def quoted(node: Node) -> Node:
        match node:
            case Word(text) if fold(text) == fold(typed):
                return Phrase(text)
            case And(children):
                return And(tuple(quoted(child) for child in children))
            case Or(children):
                return Or(tuple(quoted(child) for child in children))
        return node

    return with_tree(request, quoted(request.tree))


def _filters(filters: Mapping[str, tuple[str, ...]], facet: str, values: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    edited = {**filters, facet: values}
    return {name: given for name, given in edited.items() if given}
