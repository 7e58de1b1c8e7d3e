"""Answers to what goes wrong: a plain page for people, RFC 9457 ``application/problem+json`` under ``/api``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from app.database import DatabaseUnavailable
from app.search import EngineUnavailable
from app.search.query import Problem
from app.web.views import Frame

RETRY = {"Retry-After": "5"}

TELLS = {
    404: ("Not here", "There is no page at this address. It may have been mistyped, or never have existed."),
    405: ("Not allowed", "This address can be read only."),
    410: ("Withdrawn", "This paper was taken out of the catalogue."),
    500: ("Something went wrong", "The server failed to make this page. Trying again may help."),
}


@dataclass(frozen=True, slots=True)
class ErrorView:
    """Everything on an error page."""

    frame: Frame
    status: int
    title: str
    text: str


def is_for_programs(request: Request) -> bool:
    """Tell whether a request is one of the API."""
    path = request.url.path.removeprefix(request.scope.get("root_path", ""))
    return path.startswith(("/api/", "/openapi.json", "/readyz", "/.well-known/")) or path == "/api"


def problem(
    request: Request,
    status: int,
    detail: str,
    problems: Sequence[Problem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Return an RFC 9457 answer; its instance is the path, without the query."""
    body: dict[str, Any] = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "instance": request.url.path,
    }
    if problems:
        body["errors"] = [{"parameter": p.parameter, "value": p.value, "detail": p.reason} for p in problems]
    return Response(
        orjson.dumps(body),
        status,
        {"Cache-Control": "no-store", **(headers or {})},
        media_type="application/problem+json",
    )


def error_page(request: Request, status: int, title: str = "", text: str = "", **headers: str) -> Response:
    """Return a page that says what is wrong; in plain text where even the templates fail."""
    known = TELLS.get(status, (HTTPStatus(status).phrase, "The server can't answer this."))
    title, text = title or known[0], text or known[1]
    view = ErrorView(Frame(title, noindex=True), status, title, text)
    try:
        return request.app.state.site.render.page(  # type: ignore[no-any-return]
            request, "error.html", view, status=status, headers={"Cache-Control": "no-store", **headers}
        )
    except Exception:  # the page that says so must not fail in the same way
        return PlainTextResponse(f"{title}. {text}\n", status)


def answer(request: Request, status: int, detail: str = "", **headers: str) -> Response:
    """Return the error in the form that suits who asks."""
    if is_for_programs(request):
        return problem(
            request, status, detail or TELLS.get(status, ("", HTTPStatus(status).phrase))[1], headers=headers
        )
    return error_page(request, status, text=detail, **headers)


def add_handlers(app: FastAPI) -> None:
    """Let every error be answered in our words, the framework's own included."""

    @app.exception_handler(HTTPException)
    def http(request: Request, error: HTTPException) -> Response:
        own = error.detail if error.detail != HTTPStatus(error.status_code).phrase else ""
        return answer(request, error.status_code, own, **dict(error.headers or {}))

    @app.exception_handler(RequestValidationError)
    def invalid(request: Request, error: RequestValidationError) -> Response:
        found = [Problem(".".join(str(p) for p in e["loc"][1:]), "", str(e["msg"])) for e in error.errors()]
        if is_for_programs(request):
            return problem(request, 422, "The request has parameters that can't be used.", found)
        return error_page(request, 404)

    @app.exception_handler(DatabaseUnavailable)
    def no_database(request: Request, error: DatabaseUnavailable) -> Response:
        return _down(request, "The database can't be reached at the moment. It will be back; please try again soon.")

    @app.exception_handler(EngineUnavailable)
    def no_engine(request: Request, error: EngineUnavailable) -> Response:
        return _down(request, "Search can't be reached at the moment. Paper pages still work; please try again soon.")


def _down(request: Request, text: str) -> Response:
    if is_for_programs(request):
        return problem(request, 503, text, headers=RETRY)
    return error_page(request, 503, "Not available right now", text, **RETRY)
