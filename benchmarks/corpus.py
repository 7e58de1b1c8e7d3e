"""The papers that benchmarks search: the digest's 119, and a large collection beside the project where it is there.

Papers are made as ingest makes them, but straight into the values that an index holds, and are kept in a cache folder
together with the index built of them: what is measured is search, not loading.
"""

from __future__ import annotations

import lzma
import pickle
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, cast

from app.catalogue import papers as papers_of
from app.database import Database
from app.identifiers import slug
from app.ingest.merge import Given, compose, paper_id
from app.ingest.normalise import normalise
from app.ingest.run import load_digest
from app.paper import Author, Draft, Paper
from app.settings import Settings
from app.sources import jsonl
from app.tagging.tagger import Tagger, load_tagger

CORPUS = Path(__file__).parent.parent.parent / "shared" / "corpus" / "papers.jsonl.xz"
CACHE = Path(tempfile.gettempdir()) / "epsilon-benchmarks"


def digest() -> list[Paper]:
    """Return the papers of the digest, as a first start loads them."""
    with tempfile.TemporaryDirectory() as folder:
        database = Database(Settings(data_dir=Path(folder), database_url="", search_url=""))
        database.prepare()
        load_digest(database, load_tagger())
        with database.reading() as session:
            found = list(papers_of(session))
        database.close()
    return found


def corpus() -> list[Paper]:
    """Return the papers of the large collection with their tags; exits with one line where it isn't there."""
    if not CORPUS.exists():
        sys.exit(f"there is no {CORPUS}: this benchmark needs the collection of papers beside the project")
    return cached("corpus", lambda: list(_corpus(load_tagger())))


def cached(name: str, make: Callable[[], list[Paper]]) -> list[Paper]:
    """Return papers that were made before, by the same version of the tagger, or make them."""
    file = CACHE / f"{name}-{load_tagger().version}.pickle"
    if file.exists():
        return cast(list[Paper], pickle.loads(file.read_bytes()))
    found = make()
    CACHE.mkdir(exist_ok=True)
    file.write_bytes(pickle.dumps(found))
    return found


def _corpus(tagger: Tagger) -> Iterator[Paper]:
    seen: Counter[str] = Counter()
    with lzma.open(CORPUS) as stream:
        for draft in jsonl.read(cast(BinaryIO, stream)):
            made = normalise(draft) if isinstance(draft, Draft) else draft
            if isinstance(made, Draft):
                yield _paper(made, tagger, seen)


def _paper(draft: Draft, tagger: Tagger, seen: Counter[str]) -> Paper:
    composed = compose([Given(0, "jsonl", draft)])
    wanted = paper_id(composed)
    seen[wanted] += 1
    labels: dict[str, tuple[str, ...]] = {}
    for tag in tagger.tag(composed.title, composed.abstract):
        labels[tag.facet] = (*labels.get(tag.facet, ()), tag.label)
    return Paper(
        id=wanted if seen[wanted] == 1 else f"{wanted}-{seen[wanted]}",
        revision=1,
        title=composed.title,
        abstract=composed.abstract,
        authors=tuple(Author(slug(name) or "unknown", name) for name in composed.authors),
        venue=composed.venue.id,
        venue_label=composed.venue.label,
        year=composed.year,
        published=composed.published,
        arxiv_id=composed.arxiv_id,
        doi=composed.doi,
        url=composed.url,
        pdf_url=composed.pdf_url,
        code_url=composed.code_url,
        labels={facet: tuple(sorted(found)) for facet, found in labels.items()},
    )
