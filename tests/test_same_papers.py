"""The digest beside a BibTeX file of the same papers, written otherwise: they are the same 119 papers."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from app.catalogue import papers
from app.database import Database
from app.ingest.run import DIGEST_METADATA, ingest, load_digest
from app.tagging.tagger import load_tagger

FACTS = [json.loads(line) for line in DIGEST_METADATA.read_text(encoding="utf-8").splitlines()]
VENUES = {
    "NeurIPS": "Advances in Neural Information Processing Systems {n}",
    "ICML": "Proceedings of the {n}th International Conference on Machine Learning",
    "ICLR": "The Tenth International Conference on Learning Representations, {ICLR} 2022",
    "CVPR": "{IEEE/CVF} Conference on Computer Vision and Pattern Recognition",
    "arXiv": "arXiv preprint",
}
ACCENTS = {
    "é": r"\'{e}", "è": r"{\`e}", "ü": r"{\"u}", "ö": r'\"{o}', "ä": r"{\"a}", "á": r"\'a", "í": r"{\'\i}",
    "ó": r"\'{o}", "ç": r"\c{c}", "š": r"\v{s}", "ž": r"\v{z}", "č": r"{\v c}", "ñ": r"\~{n}", "ø": r"{\o}",
    "ł": r"{\l}", "ß": r"{\ss}", "ć": r"\'c", "ń": r"\'n", "ê": r"\^{e}", "ï": r'{\"\i}', "ã": r"\~a", "å": r"{\aa}",
    "ş": r"\c{s}", "ğ": r"\u{g}",
}  # fmt: skip


def latex(text: str) -> str:
    """Write a text as BibTeX files have it: accents as macros, capitals protected, specials escaped."""
    text = "".join(ACCENTS.get(c, c) for c in text.replace("&", r"\&").replace("%", r"\%").replace("_", r"\_"))
    return " ".join(f"{{{w}}}" if w.isupper() and len(w) > 1 and w.isalpha() else w for w in text.split())


def entry(number: int, fact: dict[str, object]) -> str:
    """One paper's entry: family names first, the venue in its long form, the arXiv id in every second one."""
    names = " and ".join(
        f"{latex(name.split()[-1])}, {latex(' '.join(name.split()[:-1]))}" if " " in name else f"{{{name}}}"
        for name in fact["authors"]  # type: ignore[attr-defined]
    )
    venue = VENUES.get(str(fact["venue"]), str(fact["venue"])).replace("{n}", "36")
    year = fact["venue_year"] or str(fact["published"])[:4]
    fields = {"title": f"{{{latex(str(fact['title']))}}}", "author": f"{{{names}}}", "booktitle": f"{{{latex(venue)}}}",
              "year": f'"{year}"'}  # fmt: skip
    if number % 2 == 0:
        fields |= {"eprint": f"{{{fact['arxiv_id']}v3}}", "archivePrefix": "{arXiv}"}
    return f"@inproceedings{{key{number},\n" + ",\n".join(f"  {k} = {v}" for k, v in fields.items()) + "\n}\n"


@pytest.mark.parametrize("digest_first", [True, False])
def test_digest_and_bibtex_are_119_papers(database: Database, tmp_path: Path, digest_first: bool) -> None:
    tagger = load_tagger()
    path = tmp_path / "digest.bib"
    path.write_text("".join(entry(n, fact) for n, fact in enumerate(FACTS)), encoding="utf-8")
    steps = [lambda: load_digest(database, tagger), lambda: ingest(database, tagger, [path])]
    first, second = (step() for step in (steps if digest_first else steps[::-1]))
    assert (first.created, first.rejected) == (119, [])
    assert (second.created, second.merged, second.rejected, second.candidates) == (0, 119, [], [])
    assert len(second.matches) == 119
    reasons = {match.reason for match in second.matches}
    assert reasons <= {"same arXiv id", "same DOI", "same title, year and author", "same distinctive title"}
    assert sum(match.reason == "same arXiv id" for match in second.matches) >= 60
    assert all(match.papers and match.position for match in second.matches)
    with database.reading() as session:
        stored = {paper.arxiv_id: paper for paper in papers(session)}
    assert len(stored) == 119
    for fact in FACTS:
        paper = stored[fact["arxiv_id"]]
        assert paper.venue_label == fact["venue"], fact["title"]
        assert {a.name for a in paper.authors} == set(fact["authors"]), fact["title"]
