"""One batch of a run, inside one transaction: which papers its drafts are, and what these papers become."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlmodel import Session, col, select

from app import models as m
from app.catalogue import draft_from_json, draft_to_json, known_ids
from app.catalogue.save import TITLE_START, Entry, remove, save
from app.identifiers import title_key
from app.ingest.merge import Given, Identity, compose, decide, identity, names, paper_id, years
from app.ingest.normalise import LEFT_OUT
from app.ingest.report import Match, Outcome, Report
from app.paper import Draft
from app.tagging.tagger import Tagger

_NEW = 1 << 62
"""Records of this batch come after all that are stored."""


@dataclass(frozen=True, slots=True)
class Incoming:
    """A normalised draft with its source and the key by which that source is recognised to give it again."""

    draft: Draft
    source: str
    format: str
    key: str
    content: Mapping[str, Any]
    digest: str


def record_of(draft: Draft, source: str, format: str, key: str) -> Incoming:
    """Return a draft with its source, as it is stored and compared."""
    content = draft_to_json(draft)
    packed = orjson.dumps(content, option=orjson.OPT_SORT_KEYS, default=str)
    if b"\\u0000" in packed:  # PostgreSQL keeps no NUL
        packed = packed.replace(b"\\u0000", b"\\ufffd")
        content = orjson.loads(packed)
    return Incoming(draft, source, format, key, content, hashlib.blake2b(packed, digest_size=16).hexdigest())


def leave_out(draft: Draft, identifiers: Mapping[str, str]) -> Draft:
    """Return a draft without identifiers that are another paper's; they are kept aside."""
    aside = {**draft.extra.get(LEFT_OUT, {}), **identifiers}
    return replace(draft, extra={**draft.extra, LEFT_OUT: aside}, **dict.fromkeys(identifiers))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class _Stored:
    """A record that its source has given before."""

    id: int
    paper_id: str
    digest: str


class Batch:
    """The batch under way; ``load`` does it."""

    def __init__(self, session: Session, tagger: Tagger, report: Report, now: datetime) -> None:
        """Begin with nothing."""
        self._session, self._tagger, self._report, self._now = session, tagger, report, now
        self._known: dict[str, Identity] = {}
        self._by_trait: dict[str, set[str]] = {}
        self._pending: dict[str, list[tuple[Incoming, _Stored | None]]] = {}
        self._new: set[str] = set()
        self._wanted: dict[tuple[str, str], str] = {}
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def load(self, records: Sequence[Incoming]) -> None:
        """Write the records' papers; the report's figures rise."""
        stored = self._stored(records)
        fresh = []
        for record in records:
            old = stored.get((record.source, record.key))
            if old is not None and old.digest == record.digest:
                self._report.unchanged += 1
                self._say(record, "unchanged", old.paper_id, "given before")
            else:
                fresh.append((record, old))
        if not fresh:
            return
        self._look_up([record.draft for record, _ in fresh])
        new = [record for record, old in fresh if old is None]
        self._wanted = {
            (record.source, record.key): paper_id(compose([Given(0, record.format, record.draft)])) for record in new
        }
        self._taken |= known_ids(self._session, self._wanted.values())
        for record, old in fresh:
            if old is not None:
                self._change(record, old)
            else:
                self._place(record)
        self._flush()

    def _place(self, record: Incoming) -> None:
        """Decide which paper a new record is."""
        incoming = identity("", record.draft)
        decision = decide(self._candidates(incoming), incoming)
        if decision.joins is None:
            target = self._new_id(record)
            self._new.add(target)
            self._report.created += 1
            self._say(record, "created", target, decision.reason)
            if decision.near:
                self._report.candidates.append(self._match(record, decision.near, decision.reason))
        else:
            target = decision.joins
            self._report.merged += 1
            self._say(record, "merged", target, decision.reason)
            self._report.matches.append(self._match(record, (target, *decision.absorbs), decision.reason))
            self._absorb(target, decision.absorbs)
        record = self._own(record, target)
        self._pending.setdefault(target, []).append((record, None))
        self._learn(identity(target, record.draft))

    def _change(self, record: Incoming, old: _Stored) -> None:
        """Take the new content of a record that its source has given before."""
        incoming = identity(old.paper_id, record.draft)
        others = [k for k in self._candidates(incoming) if k.paper_id != old.paper_id]
        decision = decide([k for k in others if _same_identifier(k, incoming)], incoming)
        if decision.joins and not self._set_apart(old, incoming):
            self._report.matches.append(self._match(record, (old.paper_id, decision.joins), decision.reason))
            self._absorb(old.paper_id, (decision.joins, *decision.absorbs))
        self._report.updated += 1
        self._say(record, "updated", old.paper_id, "given before with other content")
        record = self._own(record, old.paper_id)
        self._pending.setdefault(old.paper_id, []).append((record, old))
        self._learn(identity(old.paper_id, record.draft))

    def _set_apart(self, old: _Stored, incoming: Identity) -> bool:
        """Tell whether an identifier was taken from this record before: then it doesn't make papers one again."""
        stored = self._session.get_one(m.SourceRecord, old.id).draft.get("extra", {}).get(LEFT_OUT, {})
        return bool({incoming.doi, incoming.arxiv_id} & set(stored.values()) - {None})

    def _own(self, record: Incoming, target: str) -> Incoming:
        """Take from a record the identifiers that are another paper's; they are kept aside."""
        others = [k for k in self._candidates(identity("", record.draft)) if k.paper_id != target]
        taken = {
            name: value
            for name in ("doi", "arxiv_id")
            if (value := getattr(record.draft, name)) and any(getattr(k, name) == value for k in others)
        }
        if not taken:
            return record
        draft = leave_out(record.draft, taken)
        return replace(record, draft=draft, content=draft_to_json(draft))

    def _say(self, record: Incoming, outcome: str, paper: str, reason: str) -> None:
        if self._report.preview is not None:
            draft = record.draft
            self._report.preview.append(Outcome(record.source, draft.position, draft.title, outcome, paper, reason))

    def _match(self, record: Incoming, papers: Iterable[str], reason: str) -> Match:
        return Match(record.source, record.draft.position, record.draft.title, tuple(papers), reason)

    def _stored(self, records: Sequence[Incoming]) -> dict[tuple[str, str], _Stored]:
        found: dict[tuple[str, str], _Stored] = {}
        r = m.SourceRecord
        for source in {record.source for record in records}:
            keys = [record.key for record in records if record.source == source]
            query = select(r.key, r.id, r.paper_id, r.digest).where(r.source == source, col(r.key).in_(keys))
            for key, id_, of_paper, digest in self._session.exec(query):
                found[source, key] = _Stored(id_ or 0, of_paper, digest)
        return found

    def _look_up(self, drafts: Sequence[Draft]) -> None:
        """Learn the papers that any of the drafts might be."""
        p = m.Paper
        keys = [title_key(draft.title) for draft in drafts]
        columns = (p.id, p.title, p.title_key, p.doi, p.arxiv_id, p.year, p.published)
        query = sa.select(*map(col, columns)).where(
            sa.or_(
                col(p.doi).in_([draft.doi for draft in drafts if draft.doi]),
                col(p.arxiv_id).in_([draft.arxiv_id for draft in drafts if draft.arxiv_id]),
                col(p.title_start).in_({key[:TITLE_START] for key in keys}),
            )
        )
        rows = self._session.execute(query).all()
        printed: dict[str, list[str]] = {}
        who = select(m.Authorship.paper_id, m.Authorship.name)
        for id_, name in self._session.exec(who.where(col(m.Authorship.paper_id).in_([row[0] for row in rows]))):
            printed.setdefault(id_, []).append(name)
        for id_, title, key, doi, arxiv_id, year, published in rows:
            appeared = years(Draft(title, year=year, published=published))
            self._learn(Identity(id_, title, key, doi, arxiv_id, appeared, names(printed.get(id_, ()))))

    def _learn(self, paper: Identity) -> None:
        """Know a paper, with what a further record adds to it."""
        old = self._known.get(paper.paper_id)
        if old is not None:
            paper = replace(
                old, doi=old.doi or paper.doi, arxiv_id=old.arxiv_id or paper.arxiv_id,
                years=old.years | paper.years, names=old.names | paper.names,
            )  # fmt: skip
        self._known[paper.paper_id] = paper
        for trait in _traits(paper):
            self._by_trait.setdefault(trait, set()).add(paper.paper_id)

    def _candidates(self, incoming: Identity) -> list[Identity]:
        ids = {id_ for trait in _traits(incoming) for id_ in self._by_trait.get(trait, ())}
        return [self._known[id_] for id_ in sorted(ids) if id_ in self._known]

    def _new_id(self, record: Incoming) -> str:
        """Return the id that a new paper would like, with the next free number where others have it."""
        wanted = self._wanted[record.source, record.key]
        if wanted not in self._taken:
            self._taken.add(wanted)
            return wanted
        while True:
            number = self._numbers.get(wanted) or self._free_number(wanted)
            self._numbers[wanted] = number + 1
            numbered = f"{wanted}-{number}"
            if numbered not in self._taken:
                self._taken.add(numbered)
                return numbered

    def _free_number(self, wanted: str) -> int:
        """Return the first number from which on no paper has the id, asking for ever more of them at once."""
        last, width = 1, 8
        while True:
            names = {f"{wanted}-{number}": number for number in range(last + 1, last + width + 1)}
            taken = known_ids(self._session, names)
            if not taken:
                return last + 1
            last, width = max(names[name] for name in taken), min(width * 8, 400)

    def _absorb(self, target: str, others: Sequence[str]) -> None:
        """Make known papers one, since an identifier shows that they are."""
        if not others:
            return
        self._flush()
        for other in others:
            join(self._session, other, target, self._now)
            gone = self._known.pop(other)
            self._learn(replace(gone, paper_id=target))
        self._pending.setdefault(target, [])

    def _flush(self) -> None:
        """Write the papers that have new or changed records."""
        if not self._pending:
            return
        changed = {old.id for items in self._pending.values() for _, old in items if old is not None}
        givens = stored_records(self._session, [i for i in self._pending if i not in self._new], without=changed)
        entries = []
        for id_, items in self._pending.items():
            for number, (record, old) in enumerate(items):
                order = old.id if old is not None else _NEW + number
                givens.setdefault(id_, []).append(Given(order, record.format, record.draft))
            entries.append(entry(id_, givens[id_], self._tagger))
        save(self._session, entries, self._now)
        rows = []
        for id_, items in self._pending.items():
            for record, old in items:
                values = {
                    "position": record.draft.position, "digest": record.digest, "format": record.format,
                    "draft": record.content, "run_id": self._report.run,
                }  # fmt: skip
                if old is not None:
                    self._session.execute(
                        sa.update(m.SourceRecord).where(col(m.SourceRecord.id) == old.id).values(**values)
                    )
                else:
                    rows.append(values | {"paper_id": id_, "born_as": id_, "source": record.source, "key": record.key})
        if rows:
            self._session.execute(sa.insert(m.SourceRecord), rows)
        self._pending, self._new = {}, set()


def entry(paper_id: str, records: Sequence[Given], tagger: Tagger) -> Entry:
    """Return what a paper becomes out of its records."""
    composed = compose(records)
    return Entry(paper_id, composed, tagger.tag(composed.title, composed.abstract), tagger.version)


def stored_records(
    session: Session, paper_ids: Sequence[str], without: Iterable[int | None] = ()
) -> dict[str, list[Given]]:
    """Return the records of papers, in the order in which they came."""
    left_out = set(without)
    found: dict[str, list[Given]] = {}
    query = select(m.SourceRecord).where(col(m.SourceRecord.paper_id).in_(paper_ids)).order_by(col(m.SourceRecord.id))
    for row in session.exec(query):
        if row.id not in left_out:
            given = Given(row.id or 0, row.format, draft_from_json(row.draft, row.position))
            found.setdefault(row.paper_id, []).append(given)
    return found


def join(session: Session, paper_id: str, into: str, now: datetime) -> None:
    """Give a paper's records to another one and leave a redirect; the other's fields are not composed anew here."""
    records = sa.update(m.SourceRecord).where(col(m.SourceRecord.paper_id) == paper_id).values(paper_id=into)
    session.execute(records)
    remove(session, paper_id, into, now)


def _traits(paper: Identity) -> list[str]:
    traits = [f"title:{paper.key[:TITLE_START]}"]
    traits += [f"doi:{paper.doi}"] if paper.doi else []
    return traits + ([f"arxiv:{paper.arxiv_id}"] if paper.arxiv_id else [])


def _same_identifier(known: Identity, incoming: Identity) -> bool:
    same_doi = known.doi is not None and known.doi == incoming.doi
    return same_doi or (known.arxiv_id is not None and known.arxiv_id == incoming.arxiv_id)
