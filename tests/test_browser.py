"""The pages in a real Chromium: accessible in both widths and themes, nothing moves, nothing leaves the site."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import httpx
import pytest
from axe_playwright_python.sync_playwright import Axe
from browser import DESKTOP, PHONE, visit
from playwright.sync_api import Browser
from servers import wait_until
from sites import running

from app.database import Database
from app.ingest.run import ingest
from app.settings import Settings
from app.tagging.tagger import load_tagger

WIDTHS = {"desktop": DESKTOP, "phone": PHONE}
PAGES = {
    "home": "/",
    "search, full": "/search?page=2",
    "search with words, filters and notes": "/search?q=gradient+inversion&data=images&data=text&year_from=2021",
    "search with no result": "/search?technique=blockchain&attack=side-channel&q=speech",
    "search, corrected": "/search?q=diferential+privcy",
    "beyond the last page": "/search?page=99",
    "paper": "/papers/{paper}",
    "value": "/techniques/differential-privacy",
    "value without papers": "/techniques/{empty}",
    "venue": "/venues/neurips",
    "author": "/authors/lingjuan-lyu",
    "matrix": "/matrix",
    "matrix of a search": "/matrix?rows=data&columns=contribution&q=language",
    "matrix with nothing": "/matrix?q=zzyzxqq",
    "about": "/about",
    "API": "/docs",
    "reading list": "/reading-list",
    "not here": "/nope",
}
AXE = {
    "resultTypes": ["violations"],
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    "rules": {"target-size": {"enabled": True}},
}
COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}
SMALL = """least => [...document.querySelectorAll("button, input, select, summary, .button, .tag, .chip, .page")]
    .map(element => element.closest("label.tick") ?? element)
    .filter(element => element.checkVisibility({visibilityProperty: true}))
    .map(element => [element.outerHTML.slice(0, 80), element.getBoundingClientRect()])
    .filter(([_, box]) => Math.min(box.width, box.height) < least - 0.5 && box.width > 1)
    .map(([html, box]) => `${Math.round(box.width)}×${Math.round(box.height)} ${html}`)"""
SHIFT = """new Promise(done => new PerformanceObserver(list => done(
    list.getEntries().reduce((sum, entry) => sum + entry.value, 0))).observe({type: "layout-shift", buffered: true})
    || setTimeout(() => done(0), 300))"""


@pytest.fixture(scope="module")
def names(digest_url: str) -> dict[str, str]:
    """Ids that addresses need: a paper, and a technique that no paper has."""
    api = f"{digest_url}/api/v1"
    facet = httpx.get(f"{api}/facets").json()["facets"][0]
    return {
        "paper": httpx.get(f"{api}/papers?q=2309.13038").json()["papers"][0]["id"],
        "empty": next(value["value"] for value in facet["values"] if not value["count"]),
    }


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("kind", PAGES)
def test_a_page_is_accessible(browser: Browser, digest_url: str, names: dict[str, str], kind: str, width: str) -> None:
    with visit(browser, digest_url + PAGES[kind].format(**names), **WIDTHS[width], color_scheme="light") as page:
        for theme, options in (("light", AXE), ("dark", COLOURS)):
            page.emulate_media(color_scheme=theme)  # type: ignore[arg-type]
            found = Axe().run(page, options=options)
            assert found.violations_count == 0, f"{theme}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") <= page.viewport_size["width"]  # type: ignore[index]
        assert page.evaluate(SMALL, 44 if width == "phone" else 24) == []


@pytest.mark.parametrize("kind", ["home", "search with words, filters and notes", "paper", "value", "matrix"])
def test_nothing_moves_while_a_page_loads(browser: Browser, digest_url: str, names: dict[str, str], kind: str) -> None:
    address = digest_url + PAGES[kind].format(**names)
    with visit(browser, address, slow={"latency": 40, "downloadThroughput": 150_000, "uploadThroughput": 50_000},
               **PHONE) as page:  # fmt: skip
        assert page.evaluate(SHIFT) == 0


ODD: list[dict[str, object]] = [
    {"title": "A title that goes on and on: " + "how differential privacy behaves in federated learning " * 8,
     "abstract": "Short.", "authors": ["Ann Lee"], "year": 2024, "venue": "NeurIPS"},
    {"title": "Honorificabilitudinitatibus" * 12, "abstract": "x" * 900, "authors": ["X" * 90], "year": 2024},
    {"title": "Three hundred authors write on privacy", "authors": [f"Author Number{n}" for n in range(300)],
     "abstract": "We all did.", "year": 2023, "venue": "Proceedings of the " + "Very Long " * 14 + "Conference"},
    {"title": "No abstract is known of this paper on membership inference", "authors": [], "year": 2022},
    {"title": "الخصوصية التفاضلية في التعلم الموحد للنماذج اللغوية", "abstract": "هذه ورقة عن الخصوصية. " * 20,
     "authors": ["محمد علي"], "year": 2024},
    {"title": "Διαφορική ιδιωτικότητα και μηχανική μάθηση", "abstract": "Μια εργασία. " * 40,
     "authors": ["Γιώργος Α."]},
    {"title": r"Tight $(\varepsilon, \delta)$-bounds of $O(\sqrt{d\log(1/\delta)}/n\varepsilon)$ for $\nabla f(x^{2})$",
     "abstract": r"We show $\sum_{i=1}^{n} \|x_i\|_2 \leq C$.", "authors": ["B. C."], "year": 2025},
    {"title": '<script>alert(1)</script><img src=x onerror="alert(2)"> & "quotes" on privacy',
     "authors": ["<b>Bold</b>"], "abstract": "</p></article><h1>Injected</h1>", "year": 2024},
]  # fmt: skip


@pytest.fixture(scope="module")
def odd_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with papers that strain the layout."""
    settings = Settings(data_dir=tmp_path_factory.mktemp("odd"), _env_file=None)
    source = settings.data_dir / "odd.jsonl"
    source.write_text("".join(json.dumps(paper) + "\n" for paper in ODD))
    database = Database(settings)
    database.prepare()
    ingest(database, load_tagger(), [source])
    database.close()
    with running(settings) as (url, _log):
        wait_until(lambda: httpx.get(f"{url}/api/v1/papers").json().get("total") == len(ODD), "the index")
        yield url


@pytest.mark.parametrize("width", WIDTHS)
def test_the_layout_holds_whatever_a_paper_says(browser: Browser, odd_url: str, width: str) -> None:
    papers = httpx.get(f"{odd_url}/api/v1/papers").json()["papers"]
    with visit(browser, f"{odd_url}/search", **WIDTHS[width]) as page:
        alerts: list[str] = []
        page.on("dialog", lambda dialog: (alerts.append(dialog.message), dialog.dismiss()))
        wide = page.viewport_size["width"]  # type: ignore[index]
        pages = ["/search", "/", "/matrix", "/search?q=" + "long" * 60]
        for path in [*pages, *(f"/papers/{paper['id']}" for paper in papers)]:
            page.goto(odd_url + path)
            assert page.evaluate("document.documentElement.scrollWidth") <= wide, path
            cut = """[...document.querySelectorAll("h1, h2, h3, p, li, dd, a")].filter(element =>
                element.checkVisibility() && !element.matches(".hidden, .skip, .matrix *")
                && element.getBoundingClientRect().right > innerWidth + 1).map(element => element.outerHTML)"""
            assert page.evaluate(cut) == [], path
        assert alerts == []
        page.goto(f"{odd_url}/search")
        shown = page.locator(".card-title").all_text_contents()
        assert any('<script>alert(1)</script><img src=x onerror="alert(2)">' in title for title in shown)
        assert page.locator("h1:has-text('Injected')").count() == 0
        arabic = page.locator(".card-title a", has_text="الخصوصية")
        assert arabic.evaluate("a => getComputedStyle(a).direction") == "rtl"


def test_the_policy_allows_nothing_inline_and_nobody_else(digest_url: str, names: dict[str, str]) -> None:
    for kind, path in PAGES.items():
        answer = httpx.get(digest_url + path.format(**names))
        policy = dict(part.strip().split(" ", 1) for part in answer.headers["Content-Security-Policy"].split(";"))
        assert set(policy.values()) <= {"'self'", "'none'"}, kind
        assert policy["default-src"] == "'self'"
        assert not re.search(r"<[^>]+\s(style|on\w+)=", answer.text), kind
