"""What holds for every answer: security headers, HEAD, and no word of a visitor in a log.

Search texts and addresses of visitors appear in no log line, the server's own access log and errors included.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Awaitable, Callable
from pathlib import Path

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

CONTENT_POLICY = "; ".join((
    "default-src 'self'", "script-src 'self'", "style-src 'self'", "img-src 'self'", "object-src 'none'",
    "base-uri 'none'", "frame-ancestors 'none'", "form-action 'self'",
))  # fmt: skip

HEADERS = {
    "Content-Security-Policy": CONTENT_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=(), browsing-topics=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_log = logging.getLogger("epsilon.web")


class Guard:
    """The outermost layer: headers on every answer, HEAD as GET without a body, failures without their words."""

    def __init__(self, app: ASGIApp, on_failure: Callable[[Request], Response]) -> None:
        """``on_failure`` makes the answer where a request fails in a way that nobody foresaw."""
        self._app = app
        self._on_failure = on_failure

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on and complete its answer."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_head = scope["method"] == "HEAD"
        if is_head:
            scope["method"] = "GET"
        started = False

        async def complete(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _add_headers(scope, MutableHeaders(scope=message))
            elif is_head and message["type"] == "http.response.body":
                message = {**message, "body": b""}
            await send(message)

        try:
            await self._app(scope, receive, complete)
        except Exception as error:
            _log.error("a request failed: %s", without_words(error))
            if not started:
                answer: Callable[..., Awaitable[None]] = self._on_failure(Request(scope))
                await answer(scope, receive, complete)


def _add_headers(scope: Scope, headers: MutableHeaders) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)
    is_api = scope["path"].removeprefix(scope.get("root_path", "")).startswith(("/api/", "/openapi.json"))
    headers.setdefault("Cross-Origin-Resource-Policy", "cross-origin" if is_api else "same-origin")
    if scope["scheme"] == "https":
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def without_words(error: BaseException) -> str:
    """Return where an error arose and its kind, without its message: that may hold what a visitor typed."""
    frames = traceback.extract_tb(error.__traceback__)
    places = [f"{Path(frame.filename).name}:{frame.lineno} in {frame.name}" for frame in frames[-12:]]
    return f"{type(error).__name__} at " + " < ".join(reversed(places))


class WithoutWords(logging.Filter):
    """Shortens addresses in uvicorn's access log to what says nothing of a visitor: no query, no free text."""

    def __init__(self, known: Callable[[str], str]) -> None:
        """``known`` returns the template of the route for a path."""
        super().__init__()
        self._known = known

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten a line's address; the line stays."""
        if isinstance(record.args, tuple) and len(record.args) == 5:
            _client, method, path, version, status = record.args
            record.args = ("-", method, self._known(str(path).partition("?")[0]), version, status)
        return True


def guard_access_log(known: Callable[[str], str]) -> None:
    """Put the filter on uvicorn's access log, whoever started uvicorn and how."""
    log = logging.getLogger("uvicorn.access")
    for old in [f for f in log.filters if isinstance(f, WithoutWords)]:
        log.removeFilter(old)
    log.addFilter(WithoutWords(known))


def templates_of(paths: list[str]) -> Callable[[str], str]:
    """Return the function that finds the route template of a path, ``/…`` where there is none.

    >>> find = templates_of(["/papers/{paper_id}", "/search"])
    >>> find("/papers/sun-2023"), find("/search"), find("/secret words")
    ('/papers/{paper_id}', '/search', '/…')
    """
    patterns = [(re.compile(re.sub(r"\\{\w+(:path)?\\}", "[^/]+", re.escape(path)) + "$"), path) for path in paths]

    def find(path: str) -> str:
        return next((template for pattern, template in patterns if pattern.search(path)), "/…")

    return find
