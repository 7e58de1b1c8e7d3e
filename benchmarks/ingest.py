"""How fast papers are loaded, stage by stage: ``python benchmarks/ingest.py [--stack default|server] [--papers N]``.

The large collection beside the project is unpacked and loaded into an empty catalogue, indexed, and loaded again. Each
stage is given in seconds, in processor seconds of our process and in papers a second; memory is the most that our
process held. The server stack's PostgreSQL and Meilisearch are started here, with their own processes beside ours.
"""

from __future__ import annotations

import argparse
import json
import lzma
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from itertools import islice
from pathlib import Path

from corpus import CORPUS

ROOT = Path(__file__).parent.parent
STAGES = ("read", "normalise", "tag")


def main() -> None:
    """Measure both stacks, each stage in a process of its own, so that memory is that stage's."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--stack", choices=["default", "server", "both"], default="both")
    parser.add_argument("--papers", type=int, default=1 << 30, help="so many of the collection's papers only")
    parser.add_argument("--stage", nargs=2, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.stage:
        run_stage(chosen.stage[0], Path(chosen.stage[1]))
        return
    if not CORPUS.exists():
        sys.exit(f"there is no {CORPUS}: this benchmark needs the collection of papers beside the project")
    with tempfile.TemporaryDirectory(prefix="epsilon-benchmark-", ignore_cleanup_errors=True) as folder:
        papers = Path(folder) / "papers.jsonl"
        with lzma.open(CORPUS, "rb") as packed, papers.open("wb") as out:
            out.writelines(islice(packed, chosen.papers))
        print(
            "| stack | stage | papers | seconds | CPU seconds | papers/s | most memory |\n|---|---|--:|--:|--:|--:|--:|"
        )
        for stage in STAGES:
            measure("-", stage, papers, os.environ)
        for stack in ["default", "server"] if chosen.stack == "both" else [chosen.stack]:
            with tempfile.TemporaryDirectory(prefix="epsilon-benchmark-", ignore_cleanup_errors=True) as data:
                measure_stack(stack, papers, Path(data))


def measure_stack(stack: str, papers: Path, folder: Path) -> None:
    """Load, index, and load again, on one stack."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("EPSILON_")}
    settings = {"EPSILON_DATA_DIR": str(folder / "data")}
    servers: list[object] = []
    if stack == "server":
        sys.path.insert(0, str(ROOT / "tests"))
        from servers import Meilisearch, Postgres

        postgres, meilisearch = Postgres(folder / "postgres"), Meilisearch(folder / "meilisearch")
        postgres.create()
        postgres.start()
        meilisearch.start()
        servers = [postgres, meilisearch]
        settings |= {
            "EPSILON_DATABASE_URL": postgres.url(),
            "EPSILON_SEARCH_URL": meilisearch.url,
            "EPSILON_SEARCH_KEY": meilisearch.key,
        }
    try:
        measure(stack, "migrate", papers, clean | settings)
        for stage in ("load", "index", "load again", "index again"):
            measure(stack, stage, papers, clean | settings)
    finally:
        for server in servers:
            server.stop()  # type: ignore[attr-defined]


def measure(stack: str, stage: str, papers: Path, environment: object) -> None:
    """Run a stage and print its row."""
    done = subprocess.run(
        [sys.executable, __file__, "--stage", stage, str(papers)], env=dict(environment), check=True, text=True,
        stdout=subprocess.PIPE,
    )  # type: ignore[call-overload]  # fmt: skip
    if stage == "migrate":
        return
    found = json.loads(done.stdout)
    speed = found["papers"] / found["seconds"]
    print(f"| {stack} | {stage} | {found['papers']:,} | {found['seconds']:.1f} | {found['cpu']:.1f} | {speed:,.0f} "
          f"| {found['memory']:,.0f} MB |", flush=True)  # fmt: skip


def run_stage(stage: str, papers: Path) -> None:
    """Do a stage and print its figures; what has to be there first is not counted."""
    work = prepare(stage, papers)
    begun, spent = time.perf_counter(), time.process_time()
    count = work()
    figures = {
        "papers": count,
        "seconds": time.perf_counter() - begun,
        "cpu": time.process_time() - spent,
        "memory": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
    }
    print(json.dumps(figures))


def prepare(stage: str, papers: Path) -> Callable[[], int]:
    """Return the work of a stage."""
    from app.database import Database
    from app.ingest.normalise import normalise
    from app.ingest.run import ingest
    from app.paper import Draft
    from app.search.engines import open_engine
    from app.search.indexer import drain_or_wait
    from app.settings import Settings
    from app.sources import jsonl
    from app.tagging.tagger import load_tagger
    from app.tagging.taxonomy import load_taxonomy

    if stage in STAGES:
        tagger = load_tagger()
        drafts = [d for d in jsonl.read(papers.open("rb")) if isinstance(d, Draft)] if stage != "read" else []
        if stage == "tag":
            drafts = [d for d in map(normalise, drafts) if isinstance(d, Draft)]
        return {
            "read": lambda: sum(1 for _ in jsonl.read(papers.open("rb"))),
            "normalise": lambda: sum(1 for draft in drafts if normalise(draft)),
            "tag": lambda: sum(1 for draft in drafts if tagger.tag(draft.title, draft.abstract) is not None),
        }[stage]
    settings = Settings()
    database = Database(settings)
    if stage == "migrate":
        return lambda: database.migrate() or 0  # type: ignore[func-returns-value]
    if stage.startswith("load"):
        loading = load_tagger()
        return lambda: ingest(database, loading, [papers]).read
    engine = open_engine(settings, load_taxonomy())

    def index() -> int:
        drain_or_wait(database, engine, lambda words: None)
        return sum(1 for _ in engine.revisions())

    return index


if __name__ == "__main__":
    main()
