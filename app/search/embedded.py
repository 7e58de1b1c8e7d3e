"""The embedded engine: a tantivy index in a folder.

The folder holds ``index-<token>/`` and the pointer ``CURRENT``, which names the one that is read; a rebuild makes a new
one beside and moves the pointer. One process at a time writes: it holds the lock from its first write until it closes.
"""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import RLock
from typing import IO

import tantivy
from tantivy import Order, Query

from app.paper import Paper
from app.search import EngineUnavailable, IndexInUse, SearchPage, SearchRequest, Suggested, names
from app.search.condition import Except as Not
from app.search.condition import Starts, every
from app.search.document import Kind, fields, stamp, to_document, to_json
from app.search.plan import FEW, plan
from app.search.rank import FULL, PART
from app.search.related import related_plan
from app.search.snippet import hit
from app.search.synonyms import load_synonyms
from app.search.tantivy_query import Writer, schema_of
from app.search.tantivy_reading import Reading
from app.search.vocabulary import Vocabulary
from app.tagging.taxonomy import Taxonomy

POINTER, LOCK, STAMP = "CURRENT", "lock", "stamp"
ATTEMPTS = 20
"""Times that a reader looks for the index while it is replaced again and again."""
HEAP = 64_000_000
"""Bytes that an index writer holds before it writes a segment."""


@dataclass
class _Opened:
    """An index that is read: its folder, and the state in which its files were seen."""

    folder: Path
    index: tantivy.Index
    current: bool
    seen: int = 0
    words: tuple[str, Vocabulary] | None = None


class EmbeddedEngine:
    """Search in a folder of this machine; see ``SearchEngine`` for what it promises."""

    def __init__(self, folder: Path, taxonomy: Taxonomy) -> None:
        """Use a folder; it is made with the first write."""
        self._folder = folder
        self._taxonomy = taxonomy
        self._synonyms = load_synonyms()
        self._stamp = stamp(taxonomy, self._synonyms)
        self._fields = fields(taxonomy)
        self._schema = schema_of(self._fields)
        self._write = Writer(self._schema)
        self._opened: _Opened | None = None
        self._writer: tuple[Path, tantivy.IndexWriter] | None = None
        self._lock_file: IO[bytes] | None = None
        self._guard = RLock()

    # reading

    def search(self, request: SearchRequest) -> SearchPage:
        """Answer a request; a page beyond the last has no hits, and the true total."""
        with self._failures("read"):
            index, vocabulary, generation = self._read()
            made = plan(request, self._taxonomy, self._synonyms, vocabulary)
            offset = (request.page - 1) * request.per_page
            found = made.within(made.found)
            addresses, total_all = index.page(made, found, offset, request.per_page, FULL)
            total, answered = total_all, made.found
            if made.some is not None and total_all < FEW and index.count(made.words) < FEW:
                rest = every([made.within(made.some), Not(found)])
                start = max(0, offset - total_all)
                more, others = index.page(made, rest, start, request.per_page - len(addresses), PART)
                addresses, total, answered = [*addresses, *more], total_all + others, made.some
            hits = tuple(hit(index.paper(address), made.marks) for address in addresses)
            facets = index.facets(made, answered)
            return SearchPage(hits, total, total_all, facets, generation, made.synonyms, made.corrected)

    def suggest(self, request: SearchRequest) -> Suggested:
        """Return what the text of a request, as it is typed, may become."""
        with self._failures("read"):
            index, vocabulary, _ = self._read()
            made, most = plan(request, self._taxonomy, self._synonyms, vocabulary), request.per_page
            titles = names.may_be_title(request.text)
            papers = index.papers(index.page(made, made.within(made.found), 0, most, FULL)[0]) if titles else ()
            if not (name := names.typed(request.text)):
                return Suggested((), papers)
            theirs = index.papers(index.newest(Starts("people", name), names.MOST_PAPERS))
            return Suggested(names.going_on(name, theirs, most), papers)

    def related(self, paper: Paper, most: int) -> tuple[Paper, ...]:
        """Return the papers that share most rare words, labels and authors with one."""
        with self._failures("read"):
            index, vocabulary, _ = self._read()
            made = related_plan(paper, self._taxonomy, vocabulary)
            return index.papers(index.page(made, made.found, 0, most, PART)[0])

    def _read(self) -> tuple[Reading, Vocabulary, str]:
        """Return the index as it is now, its words, and its generation."""
        opened = self._current()
        generation = self._generation(opened)
        searcher = opened.index.searcher()
        words = opened.words
        if words is None or words[0] != generation:
            words = generation, Vocabulary(searcher.terms_with_prefix("forms", ""), searcher.num_docs)
            opened.words = words
        return Reading(searcher, self._write, self._taxonomy), words[1], generation

    def revisions(self) -> Iterator[tuple[str, int]]:
        """Yield id and revision of every paper in the index."""
        with self._failures("read"):
            if not self._pointer():
                return
            searcher = self._current().index.searcher()
            result = searcher.search(Query.all_query(), limit=max(1, searcher.num_docs), order_by_field="id")
            revisions = searcher.fast_field_values("revision", [address for _, address in result.hits])
            pairs = [(str(key), int(revision or 0)) for (key, _), revision in zip(result.hits, revisions, strict=True)]
        yield from pairs

    def generation(self) -> str:
        """Return a token that changes whenever the index does; cheap."""
        with self._failures("read"):
            return self._generation(self._current()) if self._pointer() else "none"

    def needs_rebuild(self) -> bool:
        """Tell whether the index is missing, or another version of document, taxonomy or text analysis built it."""
        name = self._pointer()
        if not name:
            return True
        try:
            stamped = (self._folder / name / STAMP).read_text() == self._stamp
            return not (stamped and tantivy.Index.exists(str(self._folder / name)))
        except (OSError, ValueError):
            return True

    # writing

    def put(self, papers: Sequence[Paper]) -> None:
        """Add or replace papers by id; return when they are searchable."""
        if papers:
            self._change([paper.id for paper in papers], papers)

    def delete(self, ids: Sequence[str]) -> None:
        """Take papers out; return when they are gone."""
        if ids and self._pointer():
            self._change(ids, ())

    def _change(self, ids: Sequence[str], papers: Sequence[Paper]) -> None:
        with self._guard, self._failures("written"):
            self._lock()
            if not self._pointer():
                self._point_to(self._build(()))
            opened = self._current()
            if self._writer is None or self._writer[0] != opened.folder:
                self._writer = opened.folder, opened.index.writer(HEAP, 1)
            writer = self._writer[1]
            try:
                for paper_id in ids:
                    writer.delete_documents_by_term("id", paper_id)
                for paper in papers:
                    writer.add_document(self._document(paper))
                writer.commit()
            except BaseException:
                self._writer = None
                writer.rollback()
                raise
            opened.index.reload()

    def rebuild(self, papers: Iterable[Paper]) -> None:
        """Replace the whole index: readers see all of the old or all of the new."""
        with self._guard, self._failures("written"):
            self._lock()
            self._point_to(self._build(papers))

    def _build(self, papers: Iterable[Paper]) -> str:
        name = f"index-{secrets.token_hex(6)}"
        folder = self._folder / name
        folder.mkdir(parents=True)
        try:
            index = tantivy.Index(self._schema, str(folder), sort_by_field="newest", sort_order=Order.Asc)
            self._write.prepare(index)
            with index.writer(HEAP, 1) as writer:
                for paper in papers:
                    writer.add_document(self._document(paper))
                writer.commit()
                writer.wait_merging_threads()
            (folder / STAMP).write_text(self._stamp)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        return name

    def _point_to(self, name: str) -> None:
        old = self._pointer()
        beside = self._folder / f"{POINTER}.new"
        beside.write_text(name)
        os.replace(beside, self._folder / POINTER)
        self._writer = None
        for folder in self._folder.glob("index-*"):
            if folder.name not in {name, old}:
                shutil.rmtree(folder, ignore_errors=True)
        if old:
            shutil.rmtree(self._folder / old, ignore_errors=True)

    def _document(self, paper: Paper) -> tantivy.Document:
        document = to_document(paper, self._taxonomy, self._synonyms)
        made = tantivy.Document()
        made.add_bytes("paper", to_json(document.paper))
        made.add_integer("revision", paper.revision)
        for name, kind in self._fields.items():
            value = document.values[name]
            if kind is Kind.NUMBER:
                if value is not None:
                    made.add_integer(name, value)
            elif isinstance(value, str):
                made.add_text(name, value)
            else:
                for one in value:
                    made.add_text(name, one)
        return made

    def close(self) -> None:
        """Let go of the files."""
        with self._guard:
            if self._writer is not None:
                self._writer[1].wait_merging_threads()
            self._opened = self._writer = None
            if self._lock_file is not None:
                self._lock_file.close()
                self._lock_file = None

    # files

    def _lock(self) -> None:
        """Become the process that writes.

        Raises:
            IndexInUse: another one is.
        """
        if self._lock_file is not None:
            return
        self._folder.mkdir(parents=True, exist_ok=True)
        file = (self._folder / LOCK).open("ab")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            raise IndexInUse(f"the search index in {self._folder} is in use by another process") from None
        self._lock_file = file

    def _pointer(self) -> str:
        try:
            return (self._folder / POINTER).read_text()
        except FileNotFoundError:
            return ""
        except OSError as error:
            raise EngineUnavailable(f"the search index in {self._folder} can't be read: {error}") from error

    def _current(self) -> _Opened:
        """Return the index that the pointer names, as it is on disk now."""
        for _ in range(ATTEMPTS):
            name = self._pointer()
            if not name:
                raise EngineUnavailable(f"there is no search index in {self._folder} yet: run 'epsilon index rebuild'")
            opened = self._opened
            try:
                if opened is None or opened.folder.name != name:
                    opened = self._opened = self._open(self._folder / name)
                state = (opened.folder / "meta.json").stat().st_mtime_ns
                if state != opened.seen and opened.current:
                    opened.index.reload()
                    opened.seen = state
            except (OSError, ValueError):
                if self._pointer() != name:  # it was replaced just now
                    continue
                raise
            if not opened.current:
                raise EngineUnavailable(
                    f"another version built the search index in {self._folder}: run 'epsilon index rebuild'"
                )
            return opened
        raise EngineUnavailable(f"the search index in {self._folder} is being replaced: try again")

    def _open(self, folder: Path) -> _Opened:
        index = tantivy.Index.open(str(folder))
        self._write.prepare(index)
        return _Opened(folder, index, (folder / STAMP).read_text() == self._stamp)

    def _generation(self, opened: _Opened) -> str:
        return f"{opened.folder.name}-{opened.seen:x}"

    @contextmanager
    def _failures(self, what: str) -> Iterator[None]:
        """Turn what tantivy and the file system raise into one clear line."""
        try:
            yield
        except (OSError, ValueError) as error:
            reason = f"the search index in {self._folder} can't be {what}: {error}"
            raise EngineUnavailable(f"{reason}; check the folder, or run 'epsilon index rebuild'") from error
