"""Papers as reference managers read them: Zotero's rules on our pages, and parsers from PyPI on our files."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any, NamedTuple

import bibtexparser
import pytest
import rispy
from bibtexparser.middlewares import LatexDecodingMiddleware, SeparateCoAuthors
from defusedxml import ElementTree
from sites import client, fill
from starlette.testclient import TestClient

from app.settings import Settings
from app.web.citations import family_given


class Meant(NamedTuple):
    """What a reference manager should know of a paper."""

    kind: str
    title: str
    authors: tuple[str, ...]
    year: str
    venue: str
    identifiers: frozenset[str]
    abstract: str


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    settings = Settings(data_dir=tmp_path_factory.mktemp("citations"), _env_file=None)
    fill(settings)
    with client(settings) as found:
        yield found


@pytest.fixture(scope="module")
def papers(site: TestClient) -> list[dict[str, Any]]:
    """Twenty papers: of each kind, with many and with few authors, with DOI and without."""
    every = site.get("/api/v1/papers?per_page=200").json()["papers"]
    kinds = defaultdict(list)
    for paper in every:
        kinds[_kind(site, paper), bool(paper["doi"])].append(paper)
    found: list[dict[str, Any]] = []
    while len(found) < 20:
        found += [group.pop() for group in kinds.values() if group]
    return found[:20]


def _kind(site: TestClient, paper: dict[str, Any]) -> str:
    if paper["venue"] == "arxiv":
        return "preprint"
    head = site.get(f"/venues/{paper['venue']}").text
    return "journal" if "(journal)" in head else "conference"


def meant(site: TestClient, paper: dict[str, Any]) -> Meant:
    identifiers = {paper["doi"] or "", paper["arxiv_id"] or ""} - {""}
    venue = "" if paper["venue"] == "arxiv" else paper["venue_label"]
    authors = tuple(squeezed(", ".join(filter(None, family_given(name)))) for name in paper["authors"])
    return Meant(
        _kind(site, paper), squeezed(paper["title"]), authors, str(paper["year"]), venue, frozenset(identifiers),
        squeezed(paper["abstract"]),
    )  # fmt: skip


def squeezed(text: str) -> str:
    """Return a text as all formats may give it: one space between words, and a dash for three hyphens."""
    return " ".join(text.replace("---", "—").split())


class Metas(HTMLParser):
    """The meta elements of a page, as a browser would hand them to Zotero."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: dict[str, list[str]] = defaultdict(list)
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        known = dict(attrs)
        if tag == "meta" and (name := known.get("name") or known.get("property")):
            self.found[name].append(known.get("content") or "")


def by_zotero(html: str) -> Meant:
    """Read a page by the rules of Zotero's translator "Embedded Metadata"."""
    assert 'class="Z3988"' not in html, "COinS would win over the better meta elements"
    assert "unapi-server" not in html, "unAPI would win over the better meta elements"
    tags = Metas(html).found
    one = {name: values[0].strip() for name, values in tags.items()}
    journal, conference = one.get("citation_journal_title"), one.get("citation_conference_title")
    # a venue's tag decides the type; else an explicit one; a title alone is taken for a journal article
    kind = "journal" if journal else "conference" if conference else one.get("z.itemType", "journal")
    date = one.get("citation_publication_date") or one.get("citation_date") or one.get("citation_online_date", "")
    identifiers = {one.get("citation_doi", "")}
    if found := re.fullmatch(r"https://arxiv\.org/abs/(.+)", one.get("citation_public_url", "")):
        identifiers.add(found[1])
    own = {i for i in identifiers if not i.lower().startswith("10.48550/arxiv.")} - {""}
    return Meant(
        kind, squeezed(one["citation_title"]), tuple(map(squeezed, tags["citation_author"])), date[:4],
        journal or conference or "", frozenset(own), squeezed(one.get("citation_abstract", "")),
    )  # fmt: skip


def by_bibtex(text: str) -> Meant:
    library = bibtexparser.parse_string(text, append_middleware=[LatexDecodingMiddleware(), SeparateCoAuthors()])
    assert not library.failed_blocks
    entry = library.entries[0]
    fields = {name: field.value for name, field in entry.fields_dict.items()}
    kind = {"misc": "preprint", "article": "journal", "inproceedings": "conference"}[entry.entry_type]
    if kind == "preprint":
        assert fields["archivePrefix"] == fields["eprinttype"] == "arXiv"
    return Meant(
        kind, fields["title"].replace("{", "").replace("}", ""), tuple(fields.get("author", ())), fields["year"],
        fields.get("booktitle") or fields.get("journal") or "",
        frozenset({fields.get("doi", ""), fields.get("eprint", "")} - {""}), squeezed(fields.get("abstract", "")),
    )  # fmt: skip


def by_ris(text: str) -> Meant:
    assert text.count("ER  - ") == 1
    entry = rispy.loads(text)[0]
    kind = {"UNPB": "preprint", "JOUR": "journal", "CONF": "conference"}[entry["type_of_reference"]]
    arxiv = str(entry.get("accession_number", "")).removeprefix("arXiv:")
    venue = entry.get("secondary_title") or entry.get("journal_name") or entry.get("alternate_title3") or ""
    return Meant(
        kind, entry["title"], tuple(entry.get("authors", ())), entry["year"], venue,
        frozenset({entry.get("doi", ""), arxiv} - {""}), squeezed(entry.get("abstract", "")),
    )  # fmt: skip


def test_the_papers_are_of_all_kinds(site: TestClient, papers: list[dict[str, Any]]) -> None:
    assert {_kind(site, paper) for paper in papers} == {"preprint", "journal", "conference"}
    assert {bool(paper["doi"]) for paper in papers} == {True, False}


def test_zotero_reads_our_pages(site: TestClient, papers: list[dict[str, Any]]) -> None:
    names = {v["value"]: v["means"] for f in site.get("/api/v1/facets").json()["facets"] for v in f["values"]}
    for paper in papers:
        expected = meant(site, paper)
        if expected.venue:
            expected = expected._replace(venue=names[paper["venue"]] or expected.venue)
        assert by_zotero(site.get(f"/papers/{paper['id']}").text) == expected


@pytest.mark.parametrize(("ending", "read"), [("bib", by_bibtex), ("ris", by_ris)])
def test_what_we_write_is_read_back(site: TestClient, papers: list[dict[str, Any]], ending: str, read: Any) -> None:
    for paper in papers:
        answer = site.get(f"/papers/{paper['id']}.{ending}")
        assert read(answer.text) == meant(site, paper)


def test_csl_json_says_the_same(site: TestClient, papers: list[dict[str, Any]]) -> None:
    kinds = {"article": "preprint", "article-journal": "journal", "paper-conference": "conference"}
    for paper in papers:
        [item] = site.get(f"/papers/{paper['id']}.csl.json").json()
        expected = meant(site, paper)
        assert kinds[item["type"]] == expected.kind
        names = [", ".join(filter(None, (n.get("family") or n.get("literal"), n.get("given")))) for n in item["author"]]
        assert tuple(names) == expected.authors
        assert str(item["issued"]["date-parts"][0][0]) == expected.year
        assert item.get("container-title", "") == expected.venue


def test_a_list_offers_its_papers_by_unapi(site: TestClient) -> None:
    html = site.get("/search?q=privacy").text
    assert '<link rel="unapi-server" type="application/xml" title="unAPI" href="/unapi">' in html
    ids = re.findall(r'<abbr class="unapi-id" title="([^"]+)">', html)
    assert len(ids) == 20
    formats = {f.get("name") for f in ElementTree.fromstring(site.get(f"/unapi?id={ids[0]}").text)}
    assert formats == {"bibtex", "ris"}
    for paper in ids[:5]:
        expected = meant(site, site.get(f"/api/v1/papers/{paper}").json())
        assert by_bibtex(site.get(f"/unapi?id={paper}&format=bibtex").text) == expected
        assert by_ris(site.get(f"/unapi?id={paper}&format=ris").text) == expected


def test_programs_find_their_way_by_link_headers(site: TestClient, papers: list[dict[str, Any]]) -> None:
    for paper in papers:
        answer = site.get(f"/papers/{paper['id']}")
        relations = defaultdict(list)
        for url, relation in re.findall(r'<([^>]+)>; rel="([^"]+)"', answer.headers["Link"]):
            relations[relation].append(url)
        doi = f"https://doi.org/{paper['doi']}" if paper["doi"] else f"http://testserver/papers/{paper['id']}"
        assert relations["cite-as"] == [doi]
        assert "https://schema.org/ScholarlyArticle" in relations["type"]
        for url in relations["describedby"]:
            kind = re.search(rf'<{re.escape(url)}>; rel="describedby"; type="([^"]+)"', answer.headers["Link"])
            assert kind
            described = site.get(url)
            assert described.status_code == 200
            assert described.headers["content-type"].startswith(kind[1])
        assert f'<link rel="canonical" href="http://testserver/papers/{paper["id"]}">' in answer.text
