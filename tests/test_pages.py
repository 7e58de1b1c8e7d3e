"""The pages: what they show, their fragments, what may go wrong in an address, and that they are cached rightly."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest
from servers import wait_until
from sites import client, fill
from starlette.testclient import TestClient

from app.database import Database
from app.ingest.run import ingest
from app.settings import Settings
from app.tagging.tagger import load_tagger
from app.tagging.taxonomy import load_taxonomy
from app.web.render import load_static

TAXONOMY = load_taxonomy()
PARTIAL = {"HX-Request": "true", "HX-Request-Type": "partial"}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("pages"), _env_file=None)
    fill(settings)
    with client(settings) as found:
        yield found


def titles(html: str) -> list[str]:
    found = re.findall(r'class="card-title"><a [^>]*>(.*?)</a>', html)
    return [unescape(re.sub(r"</?mark>", "", title)) for title in found]


def total(html: str) -> int:
    found = re.search(r'id="total"[^>]*><strong>([\d,]+)</strong>', html)
    return int(found[1].replace(",", "")) if found else 0


def test_the_first_page_shows_the_ways_in(site: TestClient) -> None:
    html = site.get("/").text
    assert "119 papers" in html
    for facet in TAXONOMY:
        assert f"</span>{facet.label}</h3>" in html
    assert len(titles(html)) == 6


def test_a_fragment_is_a_part_of_the_page(site: TestClient) -> None:
    address = "/search?q=gradient&sort=title"
    page, part = site.get(address), site.get(address, headers=PARTIAL)
    assert "<html" in page.text
    assert "<html" not in part.text
    assert part.text.strip() in page.text
    assert "HX-Request-Type" in page.headers["Vary"]
    assert part.headers["ETag"] != page.headers["ETag"]


def test_a_fragment_says_the_shortest_address(site: TestClient) -> None:
    address = "/search?q=&year_from=&sort=&technique=blockchain&unknown=1"
    assert site.get(address, headers=PARTIAL).headers["HX-Push-Url"] == "/search?technique=blockchain"


def test_a_search_marks_the_words_and_counts(site: TestClient) -> None:
    html = site.get("/search", params={"q": "gradient"}).text
    assert "<mark>" in html
    assert total(html) == site.get("/api/v1/papers", params={"q": "gradient"}).json()["total"] > 0


def test_every_page_of_a_list_shows_other_papers(site: TestClient) -> None:
    seen: list[str] = []
    for number in range(1, 7):
        seen += titles(site.get(f"/search?page={number}").text)
    assert len(seen) == len(set(seen)) == 119
    beyond = site.get("/search?page=7")
    assert beyond.status_code == 404
    assert "There is no page 7" in beyond.text


@pytest.mark.parametrize(
    "query",
    [
        "page=0", "page=-3", "page=999999999999999999999", "per_page=100000", "per_page=x", "q=" + "a" * 5000,
        "q=%00%01%1f", "q=%ff%fe%80", "technique=%ff", "year_from=abc", "year_from=99999", "sort=nonsense", "foo=bar",
        "q=%22unclosed", "q=-----", "q=OR+OR+OR", "q=title%3A", "author=%00", "venue=" + "x" * 3000, "%ff=%ff",
        "q=%F0%9F%98%80", "has=everything", "synonyms=perhaps", "q=year:99999..1", "&&&===", "q=" + "%28" * 500,
    ],
)  # fmt: skip
def test_no_address_breaks_a_page(site: TestClient, query: str) -> None:
    for path in ("/search", "/matrix", "/matrix.csv", "/search.atom", "/search.csv"):
        assert site.get(f"{path}?{query}").status_code in {200, 404}, path
    assert site.get(f"/api/v1/papers?{query}").status_code in {200, 422}


def test_an_unknown_parameter_is_ignored(site: TestClient) -> None:
    assert total(site.get("/search?utm_source=x").text) == 119


@pytest.mark.parametrize("path", ["/nope", "/papers/nope", "/papers/%ff%00", "/techniques/nope", "/venues/nope",
                                  "/authors/nope", "/arxiv/0000.00000", "/doi/10.1/x", "/static/nope.css",
                                  "/static/..%2fapp.css", "/sitemaps/x.xml", "/search.exe"])  # fmt: skip
def test_what_is_not_there_is_404(site: TestClient, path: str) -> None:
    answer = site.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"].startswith("text/html")


def test_an_empty_answer_helps(site: TestClient) -> None:
    papers = site.get("/api/v1/papers?per_page=200").json()["papers"]
    one, other = next(
        (a, b) for a in papers for b in papers if a["techniques"] and b["attacks"]
        and not any(a["techniques"][0] in p["techniques"] and b["attacks"][0] in p["attacks"] for p in papers)
    )  # fmt: skip
    query = f"technique={one['techniques'][0]}&attack={other['attacks'][0]}"
    for address, word in ((query, "without"), (f"{query}&q=zzyzxqq", "alone")):
        html = unescape(site.get(f"/search?{address}").text)
        assert "No paper matches all of this" in html
        ways = re.findall(r'<li><a href="([^"]+)">([\d,]+) with[^<]*</a>', html.partition('class="ways-out"')[2])
        assert len(ways) == 2
        for url, count in ways:
            assert total(site.get(url).text) == int(count.replace(",", ""))
        assert word in html.partition('class="ways-out"')[2]


def test_a_paper_says_all_that_is_known(site: TestClient) -> None:
    paper = site.get("/api/v1/papers?q=2309.13038").json()["papers"][0]
    html = unescape(site.get(f"/papers/{paper['id']}").text)
    assert paper["title"] in html
    assert paper["abstract"] in html
    assert all(author in html for author in paper["authors"])
    assert "NeurIPS" in html
    assert "why?" in html
    assert '<meta name="citation_author" content="Sun, Xiaoxiao">' in html
    assert '<meta name="citation_conference_title"' in html
    (told,) = (json.loads(block) for block in re.findall(r'<script type="application/ld\+json">(.*?)</script>', html))
    assert (told["@type"], told["name"]) == ("ScholarlyArticle", paper["title"])
    trail = [step["item"] for step in told["mainEntityOfPage"]["breadcrumb"]["itemListElement"]]
    assert [site.get(url).status_code for url in trail] == [200, 200, 200]
    assert trail[-1].endswith(f"/papers/{paper['id']}")


def test_an_identifier_leads_to_its_paper(site: TestClient) -> None:
    paper = site.get("/api/v1/papers?q=2309.13038").json()["papers"][0]
    for address in ("/arxiv/2309.13038", "/arxiv/2309.13038v2"):
        answer = site.get(address, follow_redirects=False)
        assert (answer.status_code, answer.headers["location"]) == (303, f"/papers/{paper['id']}")


def test_every_value_of_every_facet_has_a_page(site: TestClient) -> None:
    facets = site.get("/api/v1/facets").json()["facets"]
    for facet in facets:
        for value in facet["values"]:
            answer = site.get(value["url"])
            assert answer.status_code == 200, value["url"]
            assert f"<strong>{value['count']}</strong> paper" in answer.text


def test_an_author_has_a_page(site: TestClient) -> None:
    html = site.get("/authors/lingjuan-lyu").text
    assert "Lingjuan Lyu" in html
    assert titles(html)


def test_a_page_seen_before_is_304(site: TestClient) -> None:
    paper = site.get("/api/v1/papers?per_page=1").json()["papers"][0]["id"]
    for path in ("/", "/search?q=privacy", "/matrix", f"/papers/{paper}", "/venues/arxiv", "/about", "/api/v1/papers",
                 "/api/v1/facets", f"/api/v1/papers/{paper}", f"/papers/{paper}.bib", "/search.atom"):  # fmt: skip
        first = site.get(path)
        again = site.get(path, headers={"If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.content) == (304, b""), path
        other = site.get(f"{path}{'&' if '?' in path else '?'}page=2", headers={"If-None-Match": first.headers["ETag"]})
        assert other.status_code != 304, path


def test_head_is_get_without_its_body(site: TestClient) -> None:
    for path in ("/", "/search?q=privacy", "/api/v1/papers", "/static/app.css", "/nope"):
        head, whole = site.head(path), site.get(path)
        assert head.content == b""
        assert head.status_code == whole.status_code
        assert head.headers["content-type"] == whole.headers["content-type"]


def test_static_files_last_while_their_address_names_them(site: TestClient) -> None:
    found = re.search(r'href="(/static/app\.css\?v=\w+)"', site.get("/").text)
    assert found
    answer = site.get(found[1])
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.headers["Content-Encoding"] == "gzip"
    assert "immutable" not in site.get("/static/app.css?v=old").headers["Cache-Control"]


def test_a_search_page_weighs_little(site: TestClient) -> None:
    page = site.build_request("GET", "/search?q=privacy", headers={"Accept-Encoding": "gzip"})
    raw = site.send(page, stream=True)
    weight = sum(len(part) for part in raw.iter_raw())
    files = load_static()
    linked = re.findall(r'(?:src|href)="/static/([\w.]+)', site.get("/search?q=privacy").text)
    assert {"app.css", "app.js", "htmx.js"} <= set(linked)
    weight += sum(len(files[name].gzipped) for name in linked)
    assert weight <= 100_000


def test_crawlers_are_told_what_to_read(site: TestClient) -> None:
    assert "Disallow: /search?" in site.get("/robots.txt").text
    assert "Sitemap: http://testserver/sitemap.xml" in site.get("/robots.txt").text
    assert site.get("/sitemap.xml").text.count("<loc>") == 1
    assert site.get("/sitemaps/1.xml").text.count("/papers/") == 119
    assert '<meta name="robots" content="noindex,follow">' in site.get("/search?q=x").text
    assert '<meta name="robots"' not in site.get("/search").text


def test_untrusted_text_is_shown_as_text(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path / "data")
    source = tmp_path / "papers.jsonl"
    draft = {
        "title": '<script>alert(1)</script> <img src=x onerror="a"> مرحبا Ψηφιακή $x^2$ ' + "long" * 40,
        "abstract": "</script><b>bold</b>", "authors": [f"Author Number{number}" for number in range(300)],
        "url": "javascript:alert(1)", "code_url": "javascript:alert(2)", "year": 2024,
    }  # fmt: skip
    source.write_text(json.dumps(draft) + "\n")
    database = Database(settings)
    database.prepare()
    ingest(database, load_tagger(), [source])
    database.close()
    with client(settings) as found:
        wait_until(lambda: found.get("/api/v1/papers").json().get("total"), "the index")
        paper = next(iter(re.findall(r"/papers/([\w-]+)", found.get("/sitemaps/1.xml").text)))
        for path in (f"/papers/{paper}", "/search"):
            html = found.get(path).text
            assert "<script>alert" not in html
            assert "<img src=x" not in html
            assert "<b>bold" not in html
            assert 'href="javascript:' not in html
