"""``kill -9`` at random moments of ingest, worker and index drain, each followed by a rerun: nothing may be lost.

    .venv/bin/python tests/kills.py --kills 200                  # SQLite + tantivy, then PostgreSQL + Meilisearch
    .venv/bin/python tests/kills.py --kills 200 --stack default

Each round gives new papers and changes of old ones to one of the commands, kills it somewhere between its beginning and
the time that it last took, and runs it again. The commands are run in forks, so that they begin at once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import signal
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parent.parent)]

from app.catalogue import index_lag, papers  # noqa: E402
from app.cli import cli  # noqa: E402
from app.database import Database  # noqa: E402
from app.ingest import arxiv_api, batch, run  # noqa: E402, F401  imported once, for all forks
from app.search import SearchRequest, indexer  # noqa: E402
from app.search.engines import open_engine  # noqa: E402
from app.settings import Settings  # noqa: E402
from app.tagging.taxonomy import load_taxonomy  # noqa: E402

NEW, CHANGED = 120, 30
COMMANDS = ("ingest", "worker", "drain")


class Failed(Exception):
    """Something was lost, doubled or left over."""


def main() -> None:
    """Run it as a program."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 30))
    parser.add_argument("--stack", choices=["default", "server", "environment", "both"], default="both")
    chosen = parser.parse_args()
    for stack in ["default", "server"] if chosen.stack == "both" else [chosen.stack]:
        with tempfile.TemporaryDirectory(prefix="epsilon-kills-", ignore_cleanup_errors=True) as folder:
            storm(stack, Path(folder), chosen.kills, chosen.seed)


def storm(stack: str, folder: Path, kills: int, seed: int) -> None:
    """Do all rounds on a stack and say what was found; raises Failed."""
    servers = start(stack, folder) if stack == "server" else []
    os.environ["EPSILON_DATA_DIR"] = str(folder / "data")
    try:
        rounds = Rounds(folder, random.Random(seed))
        command(["migrate"])
        started = time.monotonic()
        for number in range(kills):
            rounds.one(number)
            if number % 20 == 19:
                print(f"{stack}: {number + 1} of {kills} rounds", file=sys.stderr, flush=True)
        rounds.check()
        seconds = time.monotonic() - started
        killed = ", ".join(f"{count} of {name}" for name, count in rounds.killed.items())
        print(f"{stack}: seed {seed}, {kills} rounds in {seconds:.0f} s, killed: {killed}; "
              f"{len(rounds.titles)} papers, each there once, index and database agree, no task is left")  # fmt: skip
    finally:
        for server in servers:
            server.stop()


def start(stack: str, folder: Path) -> list[object]:
    """Start PostgreSQL and Meilisearch and name them to the commands."""
    from servers import Meilisearch, Postgres

    postgres, meilisearch = Postgres(folder / "postgres"), Meilisearch(folder / "meilisearch")
    postgres.create()
    postgres.start()
    meilisearch.start()
    os.environ |= {
        "EPSILON_DATABASE_URL": postgres.url(),
        "EPSILON_SEARCH_URL": meilisearch.url,
        "EPSILON_SEARCH_KEY": meilisearch.key,
    }
    return [postgres, meilisearch]


class Rounds:
    """The rounds on one catalogue: what was given to it so far, and how long commands take."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        """Begin with an empty catalogue."""
        self.folder, self.chance = folder, chance
        self.titles: dict[int, str] = {}
        self.killed = dict.fromkeys(COMMANDS, 0)
        self._seconds = dict.fromkeys(COMMANDS, 1.0)

    def one(self, number: int) -> None:
        """Give papers, kill a command at a random moment, run it again."""
        name = COMMANDS[number % len(COMMANDS)]
        path = self._papers(number)
        inbox = self.folder / "data" / "inbox"
        if name == "worker":
            inbox.mkdir(parents=True, exist_ok=True)
            path = path.rename(inbox / path.name)
        arguments = {"ingest": ["ingest", str(path)], "worker": ["worker", "--once"], "drain": ["index", "drain"]}[name]
        if name == "drain":
            self._load_only(path)
        if command(arguments, self.chance.uniform(0, self._seconds[name])) is None:
            self.killed[name] += 1
        begun = time.monotonic()
        if command(arguments) != 0:
            raise Failed(f"round {number}: {arguments} fails after a kill")
        self._seconds[name] = 0.7 * self._seconds[name] + 0.3 * 1.2 * (time.monotonic() - begun)
        if name == "worker" and any(p.is_file() and not p.name.startswith(".") for p in inbox.iterdir()):
            raise Failed(f"round {number}: the worker left a file in its inbox")
        if number % 20 == 19:
            self.check()

    def _papers(self, number: int) -> Path:
        """Write new papers, and old ones with another abstract."""
        old = self.chance.sample(sorted(self.titles), min(CHANGED, len(self.titles)))
        new = range(len(self.titles) + 1, len(self.titles) + 1 + NEW)
        self.titles |= {n: f"Private rivers of gradients, part {n}" for n in new}
        rows = [
            {
                "title": self.titles[n],
                "arxiv_id": f"2001.{n:05}",
                "abstract": f"In round {number}.",
            }
            for n in [*old, *new]
        ]
        path = self.folder / f"round-{number}.jsonl"
        path.write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        return path

    def _load_only(self, path: Path) -> None:
        """Load papers and leave their index tasks."""

        def load() -> None:
            from app.tagging.tagger import load_tagger

            database = Database(Settings())
            run.ingest(database, load_tagger(), [path])

        fork(load)

    def check(self) -> None:
        """Compare what was given with what is there; in a fork, since this process opens nothing itself."""

        def compare() -> None:
            settings = Settings()
            database, engine = Database(settings), open_engine(settings, load_taxonomy())
            with database.reading() as session:
                found = sorted(paper.title for paper in papers(session))
                lag = index_lag(session)
            if found != sorted(self.titles.values()):
                raise Failed(f"{len(self.titles)} papers were given, {len(set(found))} are there, {len(found)} times")
            if lag.waiting or lag.set_aside:
                raise Failed(f"{lag.waiting} index tasks wait, {lag.set_aside} are set aside")
            differences = indexer.check(database, engine)
            if differences or engine.search(SearchRequest()).total != len(found):
                raise Failed(f"database and index differ: {differences}")

        if fork(compare, quiet=False) != 0:
            raise Failed("see above")


def command(arguments: list[str], kill_after: float | None = None, *, quiet: bool = True) -> int | None:
    """Run an ``epsilon`` command in a fork; return its status, or None where it was killed."""
    return fork(lambda: cli.main(arguments, standalone_mode=False), kill_after, quiet=quiet)


def fork(work: object, kill_after: float | None = None, *, quiet: bool = True) -> int | None:
    """Run a function in a process of its own and kill that after so many seconds."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            if quiet:
                null = os.open(os.devnull, os.O_WRONLY)
                os.dup2(null, 1)
                os.dup2(null, 2)
            result = work()  # type: ignore[operator]
            status = result if isinstance(result, int) else 0
        except BaseException as error:
            print(f"{type(error).__name__}: {error}", file=sys.stderr)
        finally:
            os._exit(status)
    if kill_after is not None:
        end = time.monotonic() + kill_after
        while time.monotonic() < end:
            if os.waitpid(pid, os.WNOHANG)[0]:
                return 0
            time.sleep(min(0.002, max(0.0, end - time.monotonic())))
        os.kill(pid, signal.SIGKILL)
    _, waited = os.waitpid(pid, 0)
    return None if os.WIFSIGNALED(waited) else os.waitstatus_to_exitcode(waited)


if __name__ == "__main__":
    main()
