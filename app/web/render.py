"""Templates: one environment, one rule for fragments. A fragment is a block of the page's own template."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup, escape
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.search import Highlighted
from app.web.address import address_of

ROOT = Path(__file__).parent.parent.parent
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "static"
SERVED = {".css", ".js", ".svg", ".png", ".ico"}


@dataclass(frozen=True, slots=True)
class StaticFile:
    """A file of ``static/``, read once: its bytes, its gzip, its type and the hash that names this version."""

    data: bytes
    gzipped: bytes
    media_type: str
    version: str


def load_static(folder: Path = STATIC) -> dict[str, StaticFile]:
    """Read the files that browsers may ask for."""
    files = {}
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix in SERVED:
            data = path.read_bytes()
            media_type = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
            version = hashlib.blake2b(data, digest_size=6).hexdigest()
            files[path.name] = StaticFile(data, gzip.compress(data, 9, mtime=0), media_type, version)
    return files


def marked(text: Highlighted) -> Markup:
    """Return a text escaped, with its matches in ``<mark>``.

    >>> marked(Highlighted("a <b>", ((0, 1),)))
    Markup('<mark>a</mark> &lt;b&gt;')
    """
    if not text.spans:
        return escape(text.text)
    return Markup("".join(_segments(text)))  # noqa: S704 - every part is escaped


def _segments(text: Highlighted) -> Iterator[str]:
    at = 0
    for start, end in text.spans:
        yield f"{escape(text.text[at:start])}<mark>{escape(text.text[start:end])}</mark>"
        at = end
    yield escape(text.text[at:])


class Render:
    """Turns a view into a page, or into the block of it that htmx asks for."""

    def __init__(self, static: Mapping[str, StaticFile], shared: Mapping[str, Any]) -> None:
        """``shared`` is what every page's frame shows."""
        self._static = static
        self._environment = Environment(
            loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined,
            trim_blocks=True, lstrip_blocks=True, auto_reload=False,
        )  # fmt: skip
        self._environment.filters["marked"] = marked
        self._environment.filters["number"] = lambda number: f"{number:,}"
        self._environment.globals.update(shared, scripts=[name for name in ("htmx.js", "app.js") if name in static])
        self._environment.globals["m"] = self._environment.get_template("_macros.html").module
        templates = b"".join(path.read_bytes() for path in sorted(TEMPLATES.glob("*")))
        versions = "".join(file.version for file in static.values()).encode()
        self.version = hashlib.blake2b(templates + versions, digest_size=6).hexdigest()

    def page(
        self,
        request: Request,
        template: str,
        view: Any,
        *,
        status: int = 200,
        fragment: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Response:
        """Render a template with its view; only its block ``fragment`` where htmx asks for a part."""
        address = address_of(request)
        names = {
            "view": view,
            "url": address.path,
            "absolute": address.absolute,
            "static": lambda name: address.path(f"/static/{name}", [("v", self._static[name].version)]),
            "origin": address.origin,
        }
        found = self._environment.get_template(template)
        if fragment and is_partial(request):
            html = "".join(found.blocks[fragment](found.new_context(names)))
        else:
            html = found.render(names)
        own = {"Cache-Control": "no-cache", **(headers or {})}
        if fragment:
            own["Vary"] = "HX-Request-Type"
        return HTMLResponse(html, status, own)


def is_partial(request: Request) -> bool:
    """Tell whether htmx asks for a part of the page."""
    return request.headers.get("HX-Request-Type") == "partial"


def etag(request: Request, *parts: object) -> str:
    """Return the tag of an answer: the same as long as the request and ``parts`` are.

    It is weak, since the same tag stands on the answer in gzip and without.
    """
    address = address_of(request)
    seen = (request.url.path, request.url.query, is_partial(request), address.origin, address.root, *parts)
    return f'W/"{hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()}"'


def unchanged(request: Request, tag: str) -> Response | None:
    """Return the 304 where the visitor has this very answer."""
    given = request.headers.get("If-None-Match", "")
    if tag in (part.strip() for part in given.split(",")) or given.strip() == "*":
        return Response(status_code=304, headers={"ETag": tag, "Cache-Control": "no-cache", "Vary": "HX-Request-Type"})
    return None
