"""Addresses of the catalogue's own pages: right behind a reverse proxy, below a path too."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import ip_address, ip_network
from urllib.parse import quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from app.search import SearchRequest
from app.search.query import url_params
from app.settings import Settings
from app.tagging.taxonomy import Facet

Params = Iterable[tuple[str, str]]
_HOST = re.compile(r"^[\w.-]+(:\d{1,5})?$|^\[[0-9A-Fa-f:.]+\](:\d{1,5})?$")


_quoted = lru_cache(8192)(quote)  # a page of results has two hundred addresses, mostly the same as the last one's


@dataclass(frozen=True, slots=True)
class Address:
    """Makes addresses as a visitor sees them: ``root`` is the path of the site, ``origin`` scheme and host."""

    root: str = ""
    origin: str = ""

    def path(self, path: str, params: Params = ()) -> str:
        """Return an address within the site."""
        query = urlencode(params) if (params := tuple(params)) else ""
        return self.root + _quoted(path) + (f"?{query}" if query else "")

    def absolute(self, path: str, params: Params = ()) -> str:
        """Return an address for links that leave the site."""
        return self.origin + self.path(path, params)

    def tag(self, path: str) -> str:
        """Return a name for what has an address: the same by whatever scheme and port it is asked for (RFC 4151).

        >>> Address(origin="http://papers.example.org:8000").tag("/papers/1")
        'tag:papers.example.org,2026:/papers/1'
        """
        return f"tag:{urlsplit(self.origin).hostname or 'localhost'},2026:{path}"

    def search(self, request: SearchRequest, path: str = "/search") -> str:
        """Return the address of a search."""
        return self.path(path, url_params(request))

    def paper(self, paper_id: str) -> str:
        """Return the address of a paper's page."""
        return self.path(f"/papers/{paper_id}")

    def value(self, facet: Facet, label: str) -> str:
        """Return the address of the page of a facet's label."""
        return self.path(f"/{facet.key}/{label}")

    def venue(self, venue: str) -> str:
        """Return the address of a venue's page."""
        return self.path(f"/venues/{venue}")

    def author(self, author: str) -> str:
        """Return the address of an author's page."""
        return self.path(f"/authors/{author}")


def address_of(request: Request) -> Address:
    """Return the addresses for a request; ``BehindProxy`` has made its host, scheme and root the public ones."""
    host = request.headers.get("host", "")
    origin = f"{request.scope['scheme']}://{host if _HOST.match(host) else 'localhost'}"
    return Address(request.scope.get("root_path", ""), origin)


class BehindProxy:
    """Makes host, scheme and root of each request those that the visitor sees.

    ``EPSILON_BASE_URL`` says them; else the forwarded headers of trusted proxies. A proxy may pass on a path with or
    without the site's own in front: both are understood.
    """

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        """Read the settings.

        Raises:
            ValueError: one of them is no address.
        """
        self._app = app
        base = urlsplit(settings.base_url)
        if settings.base_url and (base.scheme not in {"http", "https"} or not base.netloc):
            raise ValueError("EPSILON_BASE_URL is not an address: write it as https://host/path")
        self._scheme, self._host, self._root = base.scheme, base.netloc, base.path.rstrip("/")
        given = [address.strip() for address in settings.trusted_proxies.split(",") if address.strip()]
        self._everyone = "*" in given
        try:
            self._trusted = [ip_network(address, strict=False) for address in given if address != "*"]
        except ValueError as error:
            raise ValueError(f"EPSILON_TRUSTED_PROXIES: {error}; write addresses separated by commas") from None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Mend the scope and pass it on."""
        if scope["type"] == "http":
            scheme, host, root = self._scheme, self._host, self._root
            if not scheme and self._trusts(scope):
                scheme, host, root = _forwarded(scope)
            if scheme:
                scope["scheme"] = scheme
            if host:
                others = [(name, value) for name, value in scope["headers"] if name != b"host"]
                scope["headers"] = [*others, (b"host", host.encode("latin-1"))]
            scope["root_path"] = root
            path = scope["path"]
            if root and not (path == root or path.startswith(f"{root}/")):
                scope["path"] = root + path  # the router expects the path as the visitor sees it
            elif root and path == root:
                scope["path"] = f"{root}/"
        await self._app(scope, receive, send)

    def _trusts(self, scope: Scope) -> bool:
        if self._everyone:
            return True
        try:
            client = ip_address((scope.get("client") or ("",))[0])
        except ValueError:
            return False
        return any(client in network for network in self._trusted)


def _forwarded(scope: Scope) -> tuple[str, str, str]:
    """Return scheme, host and root as the proxy says them; empty where it doesn't, or says nonsense."""
    headers = {name: value.decode("latin-1").split(",")[0].strip() for name, value in scope["headers"]}
    scheme = headers.get(b"x-forwarded-proto", "")
    host = headers.get(b"x-forwarded-host", "")
    root = headers.get(b"x-forwarded-prefix", "").rstrip("/")
    return (
        scheme if scheme in {"http", "https"} else "",
        host if _HOST.match(host) else "",
        root if re.fullmatch(r"(/[\w.~-]+)*", root) else "",
    )
