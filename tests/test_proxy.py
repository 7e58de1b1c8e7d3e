"""Links behind a reverse proxy: host, scheme and path as the visitor sees them, and only from who may say them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fastapi.testclient import TestClient
from sites import fill

from app.main import create_app
from app.settings import Settings

FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-Host": "papers.example", "X-Forwarded-Prefix": "/epsilon"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("proxy")
    fill(Settings(data_dir=found))
    return found


@contextmanager
def site(folder: Path, **settings: str) -> Iterator[TestClient]:
    app = create_app(Settings(data_dir=folder, **settings))
    with TestClient(app, base_url="http://inside:8000", client=("192.0.2.7", 5000)) as client:
        yield client


def local_links(html: str) -> set[str]:
    """Return the addresses within the site that a page names."""
    return {link for link in re.findall(r'(?:href|src|action)="([^"#]+)', html) if link.startswith("/")}


def test_a_base_url_with_a_path_is_in_every_link(folder: Path) -> None:
    with site(folder, base_url="https://papers.example/epsilon") as client:
        for path in ("/", "/search?q=privacy", "/about", "/matrix"):
            page = client.get(path)
            links = local_links(page.text)
            assert links
            assert all(link.startswith("/epsilon/") for link in links), path
            assert 'rel="canonical" href="https://papers.example/epsilon' in page.text, path
        assert client.get("/epsilon/search?q=privacy").text == client.get("/search?q=privacy").text
        answer = client.get("/api/v1/papers").json()
        assert answer["next"].startswith("https://papers.example/epsilon/api/v1/papers?")
        followed = client.get("/epsilon/api/v1/papers?page=2")
        assert followed.json()["page"] == 2
        found = answer["papers"][0]
        moved = client.get(f"/arxiv/{found['arxiv_id']}", follow_redirects=False)
        assert moved.headers["Location"].endswith(f"/epsilon/papers/{found['id']}")


def test_a_trusted_proxy_says_where_the_site_is(folder: Path) -> None:
    with site(folder, trusted_proxies="192.0.2.0/24") as client:
        page = client.get("/search?q=privacy", headers=FORWARDED)
        assert all(link.startswith("/epsilon/") for link in local_links(page.text))
        answer = client.get("/api/v1/papers", headers=FORWARDED).json()
        assert answer["next"].startswith("https://papers.example/epsilon/api/v1/papers?")


@pytest.mark.parametrize("trusted", ["", "192.0.2.8", "10.0.0.0/8, 198.51.100.1"])
def test_anyone_else_is_not_believed(folder: Path, trusted: str) -> None:
    with site(folder, trusted_proxies=trusted) as client:
        answer = client.get("/api/v1/papers", headers=FORWARDED).json()
        assert answer["next"].startswith("http://inside:8000/api/v1/papers?")


@pytest.mark.parametrize("host", ['evil"><script>', "no such host", "x/../y"])
def test_a_host_that_is_none_stands_in_no_page(folder: Path, host: str) -> None:
    with site(folder) as client:
        page = client.get("/search?q=privacy", headers={"Host": host})
        assert host not in page.text


@pytest.mark.parametrize("settings", [{"base_url": "papers.example"}, {"trusted_proxies": "proxy.example"}])
def test_a_setting_that_is_no_address_is_refused_by_name(folder: Path, settings: dict[str, str]) -> None:
    with pytest.raises(ValueError, match=f"EPSILON_{next(iter(settings)).upper()}"):
        create_app(Settings(data_dir=folder, **settings))
