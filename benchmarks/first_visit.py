"""How long a first visit takes on a phone with a slow network, in a real Chromium: until text can be read, what moves.

    python benchmarks/first_visit.py [URL]

The network is throttled to 400 kbit/s with 150 ms of latency, nothing is cached. Without an address, a server with the
digest is started. Prints for each page the time of the first contentful paint, of the largest one, the layout shift and
the bytes that came; exits 1 where a paint comes after 2.5 s, anything moves, or a page weighs more than 100 kB.
"""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
from playwright.sync_api import Browser, sync_playwright

from app.database import Database
from app.ingest.run import load_digest
from app.search.engines import open_engine
from app.search.indexer import rebuild
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.tagging.taxonomy import load_taxonomy

SLOW = {"offline": False, "latency": 150, "downloadThroughput": 400_000 / 8, "uploadThroughput": 400_000 / 8}
LONGEST, HEAVIEST = 2500, 100_000
MEASURE = """new Promise(done => {
    let shift = 0, largest = 0;
    new PerformanceObserver(list => list.getEntries().forEach(entry => shift += entry.value))
        .observe({type: "layout-shift", buffered: true});
    new PerformanceObserver(list => list.getEntries().forEach(entry => largest = entry.startTime))
        .observe({type: "largest-contentful-paint", buffered: true});
    setTimeout(() => done([performance.getEntriesByName("first-contentful-paint")[0].startTime, largest, shift]), 500);
})"""


@contextmanager
def digest_server() -> Iterator[str]:
    """Run a server with the digest; give its address."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
        settings = Settings(data_dir=Path(folder), database_url="", search_url="")
        database, engine = Database(settings), open_engine(settings, load_taxonomy())
        database.prepare()
        load_digest(database, load_tagger())
        rebuild(database, engine)
        engine.close()
        database.close()
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
        free.close()
        process = subprocess.Popen(
            [Path(sys.executable).with_name("epsilon"), "serve", "--port", url.rpartition(":")[2]],
            env={"EPSILON_DATA_DIR": folder}, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        try:
            for _ in range(200):
                try:
                    if httpx.get(f"{url}/readyz").status_code == 200:
                        break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield url
        finally:
            process.terminate()
            process.wait(20)


def visit(browser: Browser, url: str) -> tuple[float, float, float, int]:
    """Return first and largest paint in milliseconds, the layout shift, and the bytes that came over the wire."""
    context = browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True, has_touch=True)
    page = context.new_page()
    session = context.new_cdp_session(page)
    weight = 0

    def came(event: dict[str, float]) -> None:
        nonlocal weight
        weight += int(event["encodedDataLength"])

    session.on("Network.loadingFinished", came)
    session.send("Network.enable")
    session.send("Network.emulateNetworkConditions", SLOW)
    page.goto(url, wait_until="load")
    first, largest, shift = page.evaluate(MEASURE)
    context.close()
    return first, largest, shift, weight


def main() -> None:
    missed = False
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=["--no-sandbox", "--disable-gpu"]
        )
        with digest_server() as own:
            url = (sys.argv[1] if len(sys.argv) > 1 else own).rstrip("/")
            paper = httpx.get(f"{url}/api/v1/papers?per_page=1").json()["papers"][0]["id"]
            for path in ("/", "/search", "/search?q=gradient+inversion", f"/papers/{paper}", "/matrix"):
                first, largest, shift, weight = visit(browser, url + path)
                missed |= max(first, largest) > LONGEST or shift > 0 or weight > HEAVIEST
                print(
                    f"{path:40} readable after {first:5.0f} ms, largest paint {largest:5.0f} ms (at most {LONGEST}), "
                    f"layout shift {shift:.3f}, {weight / 1000:.1f} kB (at most {HEAVIEST // 1000})",
                    flush=True,
                )
        browser.close()
    sys.exit(missed)


if __name__ == "__main__":
    main()
