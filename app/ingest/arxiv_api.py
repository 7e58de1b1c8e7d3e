"""arXiv's API, asked with its rules kept: one request in three seconds and at a time, Retry-After, a name.

https://info.arxiv.org/help/api/tou.html. Processes that share a data folder share the pace, by a lock file in it.
"""

from __future__ import annotations

import fcntl
import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from importlib.metadata import version
from io import BytesIO
from pathlib import Path

import httpx

from app.identifiers import arxiv_id
from app.paper import Draft, Reject
from app.settings import Settings
from app.sources import arxiv

PACE = 3.0
"""Seconds from the end of one request to the next."""
PAGE = 100
MOST_TRIES = 5
LONGEST_WAIT = 600.0
"""Seconds that an answer may ask us to wait; for more, the run ends and says so."""
MOST_BYTES = 50_000_000

_TOTAL = re.compile(rb"<opensearch:totalResults[^>]*>\s*(\d+)\s*<")


class ArxivUnavailable(Exception):
    """arXiv can't be asked, or doesn't answer; the message says what to do."""


@dataclass(frozen=True, slots=True)
class ArxivRequest:
    """What to ask for: a query in arXiv's own language, newest first, or ids; at most so many papers."""

    query: str = ""
    ids: tuple[str, ...] = ()
    most: int = 1000

    @property
    def name(self) -> str:
        """The source's name under which its papers are known."""
        return f"arXiv: {self.query or ', '.join(self.ids)}"[:300]

    def parameters(self, start: int) -> dict[str, str | int]:
        """Return the parameters of the request for the papers from a place on."""
        size = min(PAGE, self.most - start)
        if self.ids:
            return {"id_list": ",".join(self.ids[start : start + size]), "max_results": size}
        return {
            "search_query": self.query, "start": start, "max_results": size, "sortBy": "submittedDate",
            "sortOrder": "descending",
        }  # fmt: skip


class ArxivApi:
    """The API at an address; ``sleep`` waits."""

    def __init__(self, settings: Settings, sleep: Callable[[float], None] = time.sleep, pace: float = PACE) -> None:
        """Remember where it is and who asks; nothing is asked yet."""
        self._address, self._sleep, self._pace = settings.arxiv_url, sleep, pace
        who = [f"+{settings.base_url}"] * bool(settings.base_url) + [f"mailto:{settings.contact}"] * bool(
            settings.contact
        )
        self._agent = f"epsilon/{version('epsilon')} ({'; '.join(who) or 'a self-hosted catalogue of papers'})"
        self._lock = settings.data_dir / "arxiv.lock"

    def fetch(self, request: ArxivRequest) -> Iterator[Draft | Reject]:
        """Yield the papers, page by page.

        Raises:
            ArxivUnavailable: it can't be reached, or doesn't answer as it should after several tries.
        """
        most = min(request.most, len(request.ids)) if request.ids else request.most
        headers = {"User-Agent": self._agent, "Accept": "application/atom+xml"}
        with httpx.Client(headers=headers, timeout=60, follow_redirects=True) as client:
            start, total = 0, most
            while start < min(most, total):
                page = self._page(client, request, start)
                found = _TOTAL.search(page)
                total = len(request.ids) if request.ids else int(found[1]) if found else 0
                count = 0
                for record in arxiv.read(BytesIO(page)):
                    count += 1
                    yield replace(record, position=f"result {start + count}")
                if not count and not request.ids:
                    return
                start += PAGE

    def _page(self, client: httpx.Client, request: ArxivRequest, start: int) -> bytes:
        """Return one page; an empty one where there should be papers, which happens, is asked for again."""
        trouble = ""
        for attempt in range(MOST_TRIES):
            wait = 0.0
            with _turn(self._lock, self._pace, self._sleep):
                try:
                    with client.stream("GET", self._address, params=request.parameters(start)) as answer:
                        body = _body(answer)
                    trouble = f"it answers with status {answer.status_code}"
                    wait = _retry_after(answer.headers.get("Retry-After", ""), datetime.now(UTC))
                except httpx.HTTPError as error:
                    trouble = str(error) or type(error).__name__
                else:
                    if answer.status_code == 200 and (b"<entry" in body or not _promised(body, start)):
                        return body
                    if answer.status_code == 200:
                        trouble = "it answers with an empty page"
                    elif answer.status_code < 500 and answer.status_code not in {403, 408, 429}:
                        break
            if wait > LONGEST_WAIT:
                trouble = f"it asks to come back in {wait:.0f} seconds"
                break
            if attempt + 1 < MOST_TRIES:
                self._sleep(max(wait, self._pace * 2**attempt))
        raise ArxivUnavailable(
            f"arXiv's API at {self._address} gives no papers: {trouble}; what came before is stored, try again later"
        )


@contextmanager
def _turn(lock: Path, pace: float, sleep: Callable[[float], None]) -> Iterator[None]:
    """Hold the right to ask: one process at a time, and not before the pace allows it."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.seek(0)
        last = file.read().strip()
        passed = time.time() - float(last) if re.fullmatch(r"\d+\.\d+", last) else pace
        # Rounding may put the last request into the future by a little; by more, somebody has set the clock back.
        if -pace < passed < pace:
            sleep(min(pace, pace - passed))
        try:
            yield
        finally:
            file.truncate(0)
            file.write(f"{time.time():.6f}")


def _body(answer: httpx.Response) -> bytes:
    parts, size = [], 0
    for part in answer.iter_bytes():
        size += len(part)
        if size > MOST_BYTES:
            raise httpx.DecodingError(f"its answer is longer than {MOST_BYTES:,} bytes")
        parts.append(part)
    return b"".join(parts)


def _promised(page: bytes, start: int) -> bool:
    """Tell whether an answer says that there are papers from a place on."""
    found = _TOTAL.search(page)
    return found is not None and int(found[1]) > start


def _retry_after(given: str, now: datetime) -> float:
    """Return the seconds to wait that an answer asks for: a number, or a date.

    >>> _retry_after("120", datetime.now(UTC)), _retry_after("soon", datetime.now(UTC))
    (120.0, 0.0)
    >>> _retry_after("Wed, 01 Jan 2025 00:00:30 GMT", datetime(2025, 1, 1, tzinfo=UTC))
    30.0
    """
    if given.strip().isdecimal():
        return float(given)
    try:
        return max(0.0, (parsedate_to_datetime(given) - now).total_seconds())
    except (TypeError, ValueError):
        return 0.0


def requests_of(text: str) -> list[ArxivRequest]:
    """Return the saved queries of a setting, parted by semicolons or line ends.

    >>> [request.query for request in requests_of('cat:cs.CR AND abs:privacy; all:"machine unlearning"')]
    ['cat:cs.CR AND abs:privacy', 'all:"machine unlearning"']
    """
    return [ArxivRequest(query.strip()) for query in re.split(r"[;\n]", text) if query.strip()]


def request_for_ids(given: Sequence[str]) -> ArxivRequest:
    """Return the request for ids in any form, each once.

    Raises:
        ValueError: one is no arXiv id.
    """
    ids: dict[str, None] = {}
    for text in given:
        found = arxiv_id(text)
        if found is None:
            raise ValueError(f"'{text}' is no arXiv id")
        ids[found] = None
    return ArxivRequest(ids=tuple(ids), most=len(ids))
