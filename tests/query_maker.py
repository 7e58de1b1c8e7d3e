"""Queries of the language, made at random out of the catalogue's own papers, and what their highlights must be."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence

from app.paper import Paper
from app.search import Highlighted, SearchPage, SearchRequest, text
from app.search.language import parts
from app.search.tree import And, Field, Node, Not, Or, Phrase, Word
from app.tagging.taxonomy import Taxonomy

ABBREVIATIONS = ("MIA", "FL", "VFL", "DP-SGD", "LLM", "MPC", "unlearning", "memorisation", "on-device", "dp fedlora")


def queries(rng: random.Random, papers: Sequence[Paper], taxonomy: Taxonomy) -> Iterator[str]:
    """Yield queries without end: words, phrases, exclusions, OR, fields, years, ids, prefixes, typos, questions."""
    while True:
        paper = rng.choice(papers)
        wanted = [_part(rng, paper, papers, taxonomy) for _ in range(rng.choice([1, 1, 2, 2, 3, 4, 9]))]
        q = wanted[0]
        for part in wanted[1:]:
            q += (" OR " if rng.random() < 0.15 else " ") + part
        yield q if rng.random() < 0.3 else q + " "


def _part(rng: random.Random, paper: Paper, papers: Sequence[Paper], taxonomy: Taxonomy) -> str:
    words = [w for w in (paper.title + " " + paper.abstract).split() if w.strip(".,:;()\"'-OR")]
    kind = rng.random()
    if kind < 0.5:
        return rng.choice(words).strip('"')
    if kind < 0.62:
        start = rng.randrange(len(words))
        phrase = '"' + " ".join(words[start : start + rng.randint(1, 4)]).replace('"', "") + '"'
        return phrase if rng.random() < 0.7 else f"-{phrase}"
    if kind < 0.7:
        return "-" + rng.choice(words).strip('"-')
    if kind < 0.76:
        facet = rng.choice(list(taxonomy))
        return f"{rng.choice(['', '', '-'])}{facet.id}:{rng.choice(list(facet.by_id))}"
    if kind < 0.8:
        return f"title:{rng.choice(paper.title.split())}"
    if kind < 0.84:
        return f"author:{rng.choice(paper.authors).name.split()[-1]}" if paper.authors else "author:nobody"
    if kind < 0.87:
        return f"venue:{rng.choice(papers).venue}"
    if kind < 0.92:
        year = rng.choice(papers).year or 2020
        return rng.choice([f"year:{year}", f"year:{year - 1}..{year}", f"year:{year}..", f"year:..{year}"])
    if kind < 0.94:
        return paper.arxiv_id or paper.doi or "2309.13038"
    if kind < 0.97:
        return rng.choice(ABBREVIATIONS)
    word = rng.choice([w for w in words if len(w) > 5] or words)
    place = rng.randrange(len(word))
    return word[:place] + word[place + 1 :]


def wrong_marks(page: SearchPage, request: SearchRequest) -> Iterator[str]:
    """Yield what is wrong with the highlights of an answer; nothing for one that keeps its promises.

    Every marked word must be one that the answer says it matched: a word of the query by its stem, the beginning of
    one, a word that it was read as, or one of a synonym; and no title has a word of the query that isn't marked.
    """
    typed = list(_positive(request.tree))
    stems = {stem for word in typed for stem in text.stems(word.text)}
    stems |= {text.stem("".join(text.forms(word.text))) for word in typed}
    prefixes = tuple("".join(text.forms(word.text)) for word in typed if isinstance(word, Word) and word.prefix)
    prefixes += tuple(text.forms(word.text)[-1] for word in typed if isinstance(word, Word) and word.prefix)
    other = {stem for correction in page.corrected for stem in text.stems(correction.read_as)}
    other |= {stem for synonym in page.synonyms for name in synonym.also for stem in text.stems(name)}
    for hit in page.hits:
        if hit.title.text != hit.paper.title or hit.snippet.text not in hit.paper.abstract:
            yield f"{hit.paper.id}: the text isn't the paper's own"
        if hit.snippet.text != hit.paper.abstract and _cuts(hit.snippet.text, hit.paper.abstract):
            yield f"{hit.paper.id}: the snippet cuts a word: {hit.snippet.text!r}"
        for part in (hit.title, hit.snippet):
            yield from _wrong_spans(part, stems | other, prefixes, corrected=bool(page.corrected))
        marked = {i for start, end in hit.title.spans for i in range(start, end)}
        told = {stem for word in typed if isinstance(word, Word) for stem in text.stems(word.text)} - text.STOP_WORDS
        title = text.analysed(hit.title.text)
        for start, stem in zip(title.starts, title.stems, strict=True):
            if stem in told and start not in marked:
                yield f"{hit.paper.id}: {stem} isn't marked in {hit.title.text!r}"


def _positive(node: Node) -> Iterator[Word | Phrase]:
    for part in parts(node):
        match part:
            case Word() | Phrase():
                yield part
            case Or(children) | And(children):
                for child in children:
                    yield from _positive(child)
            case Field("title", value):
                yield value
            case Field() | Not():
                pass


def _cuts(inside: str, whole: str) -> bool:
    start = whole.index(inside)
    end = start + len(inside)
    before, after = whole[start - 1 : start], whole[end : end + 1]
    return bool((before and not before.isspace()) or (after and not after.isspace()))


def _wrong_spans(part: Highlighted, stems: set[str], prefixes: tuple[str, ...], *, corrected: bool) -> Iterator[str]:
    last = 0
    for start, end in part.spans:
        found = part.text[start:end]
        if not last <= start < end <= len(part.text):
            yield f"spans are out of order: {part}"
        if (part.text[start - 1 : start].isalnum() and start) or part.text[end : end + 1].isalnum():
            yield f"{found!r} is a part of a word in {part.text!r}"
        last = end
        forms = text.forms(found)
        whole = "".join(forms)
        known = stems & {text.stem(whole), *map(text.stem, forms)}
        known |= {form for form in (whole, *forms) if prefixes and form.startswith(prefixes)}
        parts_of_typed = all(any(text.stem(form) in stem for stem in stems) for form in forms)  # written apart
        if not known and not parts_of_typed and not corrected:
            yield f"{found!r} is none of {sorted(stems)} {prefixes}"
