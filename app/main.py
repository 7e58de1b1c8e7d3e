"""The web application: one database and one engine for the process, and the server that runs it."""

from __future__ import annotations

import logging
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version

import orjson
import uvicorn
from fastapi import APIRouter, FastAPI
from starlette.concurrency import run_in_threadpool
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from uvicorn.supervisors import Multiprocess

from app import catalogue
from app.database import Database, DatabaseUnavailable
from app.search import EngineUnavailable, SearchEngine
from app.search.engines import open_engine
from app.search.indexer import IndexerThread
from app.settings import Settings
from app.tagging.taxonomy import Taxonomy, load_taxonomy
from app.web import api, downloads, errors, pages
from app.web.address import BehindProxy, address_of
from app.web.render import Render, load_static
from app.web.schema import docs_view
from app.web.security import Guard, guard_access_log, templates_of
from app.web.site import Site, site_of
from app.web.views import Frame

_log = logging.getLogger("uvicorn.error")
YEAR = 31_536_000
VERSION = version("epsilon")

system = APIRouter(include_in_schema=False)


def create_app(settings: Settings | None = None, taxonomy: Taxonomy | None = None) -> FastAPI:
    """Return the application.

    Raises:
        DatabaseUnavailable, EngineUnavailable, TaxonomyError, ValueError: a setting can't be used; the message says
            which and what to do.
    """
    settings = settings or Settings()
    taxonomy = taxonomy or load_taxonomy(settings.taxonomy_dir)
    static = load_static()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        database, engine = await run_in_threadpool(_open, settings, taxonomy)
        indexer = IndexerThread(database, engine)
        app.state.site = Site(settings, taxonomy, static, render, database, engine)
        indexer.start()
        try:
            yield
        finally:
            await run_in_threadpool(_close, indexer, engine, database)

    render = Render(static, {"taxonomy": taxonomy, "version": VERSION})
    app = FastAPI(
        title="Epsilon", version=VERSION, docs_url=None, redoc_url=None, openapi_url=None, lifespan=lifespan,
        description="A searchable catalogue of papers on privacy in machine learning.", telemetry=None,
        middleware=[
            Middleware(BehindProxy, settings=settings),
            Middleware(Guard, on_failure=lambda request: errors.answer(request, 500)),
            Middleware(CORSMiddleware, allow_origins=["*"], allow_methods=["GET", "HEAD"],
                       expose_headers=["Link", "ETag", "Retry-After"]),
            Middleware(GZipMiddleware, minimum_size=600, compresslevel=1),
        ],
    )  # fmt: skip
    BehindProxy(app, settings)  # a wrong setting is said now, not at the first request
    errors.add_handlers(app)
    facet_pages = APIRouter()
    pages.add_facet_pages(facet_pages, taxonomy)
    routers = (system, pages.router, downloads.router, facet_pages, api.api_router(taxonomy))
    for router in routers:
        app.include_router(router)
    guard_access_log(
        templates_of([route.path for router in routers for route in router.routes if isinstance(route, Route)])
    )
    return app


def _open(settings: Settings, taxonomy: Taxonomy) -> tuple[Database, SearchEngine]:
    """Open both; a server that is down now may come up later, and is said in one line."""
    database = Database(settings)
    try:
        database.prepare()
    except DatabaseUnavailable as error:
        _log.error("%s", error)
    return database, open_engine(settings, taxonomy)


def _close(indexer: IndexerThread, engine: SearchEngine, database: Database) -> None:
    indexer.stop()
    engine.close()
    database.close()


@system.get("/healthz")
def health(request: Request) -> Response:
    """Say that the process lives."""
    return PlainTextResponse("ok\n", headers={"Cache-Control": "no-store"})


@system.get("/readyz")
def ready(request: Request) -> Response:
    """Say whether database and engine can be reached, and how far the index is behind."""
    site = site_of(request)
    found: dict[str, object] = {}
    try:
        with site.database.reading() as session:
            lag = catalogue.index_lag(session)
        found |= {"database": "ok", "index_lag": lag.waiting, "set_aside": lag.set_aside}
    except DatabaseUnavailable as error:
        found["database"] = str(error)
    try:
        site.engine.generation()
        found["search"] = "ok"
    except EngineUnavailable as error:
        found["search"] = str(error)
    is_ready = found["database"] == found["search"] == "ok"
    body = orjson.dumps({"ready": is_ready, **found})
    return Response(body, 200 if is_ready else 503, {"Cache-Control": "no-store"}, media_type="application/json")


@system.get("/static/{name}")
def static_file(request: Request, name: str) -> Response:
    """Give a file; for good where its address names its content."""
    file = site_of(request).static.get(name)
    if file is None:
        return errors.answer(request, 404)
    tag = f'"{file.version}"'
    forever = request.query_params.get("v") == file.version
    headers = {
        "ETag": tag, "Vary": "Accept-Encoding",
        "Cache-Control": f"public, max-age={YEAR}, immutable" if forever else "no-cache",
    }  # fmt: skip
    if request.headers.get("If-None-Match") == tag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("Accept-Encoding", "") and len(file.gzipped) < len(file.data):
        return Response(file.gzipped, headers={**headers, "Content-Encoding": "gzip"}, media_type=file.media_type)
    return Response(file.data, headers=headers, media_type=file.media_type)


@system.get("/favicon.ico")
def favicon(request: Request) -> Response:
    """Give browsers that ask here the one that there is."""
    return static_file(request, "favicon.svg")


@system.get("/openapi.json")
@system.get("/.well-known/openapi.json")
def openapi(request: Request) -> Response:
    """Describe the API for programs."""
    schema = {**request.app.openapi(), "servers": [{"url": address_of(request).absolute("/").rstrip("/")}]}
    return Response(orjson.dumps(schema), headers={"Cache-Control": "no-cache"}, media_type="application/json")


@system.get("/docs")
def docs(request: Request) -> Response:
    """Describe the API for people."""
    address = address_of(request)
    frame = Frame("API", "The API of Epsilon.", address.absolute("/docs"))
    view = docs_view(request.app.openapi(), frame, address.absolute("/api/v1/papers"), address.path("/openapi.json"))
    return site_of(request).render.page(request, "docs.html", view)


class CannotServe(OSError):
    """The server can't start; the message says why and what to do."""


def serve(settings: Settings, host: str, port: int, workers: int) -> None:
    """Run the server until it is told to stop.

    Raises:
        OSError, ValueError, DatabaseUnavailable, EngineUnavailable: it can't start; the message says what to do.
    """
    listener = _listen(host, port)
    try:
        _check(settings)
        app: Callable[..., Awaitable[None]] | str = create_app(settings) if workers == 1 else "app.main:create_app"
        config = uvicorn.Config(
            app, host, port, factory=workers > 1, workers=workers, proxy_headers=False, server_header=False,
            timeout_graceful_shutdown=10,
        )  # fmt: skip
        if workers > 1:
            Multiprocess(config, sockets=[listener]).run()
        else:
            uvicorn.Server(config).run(sockets=[listener])
    except KeyboardInterrupt:
        pass
    finally:
        listener.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, kind, _, _, place = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family, kind)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(place)
    except OSError as error:
        reason = error.strerror or str(error)
        raise CannotServe(
            f"can't listen on {host}:{port}: {reason}; choose another port with --port or address with --host"
        ) from None
    return listener


def _check(settings: Settings) -> None:
    """Fail at once where database or engine can't be used: later, while running, they may go and come."""
    database = Database(settings)
    try:
        database.prepare()
    finally:
        database.close()
    engine = open_engine(settings, load_taxonomy(settings.taxonomy_dir))
    try:
        engine.needs_rebuild()
    finally:
        engine.close()
