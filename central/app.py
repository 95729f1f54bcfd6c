"""The centre as an ASGI application."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from central import metrics, problems, sync_api
from central.database import open_database
from central.duplicates import Businesses
from central.enrolment import enrol
from central.live import api as live_api
from central.open_rechecks import Asking
from central.ops import pages
from central.persons import Persons
from central.progress import pages as progress
from central.rechecks import Rechecks, published
from central.registers import Registers
from central.settings import CentreSettings
from central.telling import Telling
from central.trust import Trust, load_trust
from central.work import Work

SECURITY_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=31536000",
}


def create_app(settings: CentreSettings, trust: Trust | None = None) -> FastAPI:
    """The application. Raises TrustError, KeyChangedError or CatalogueError when it must not start."""
    trust = trust or load_trust(settings.trust, production=settings.production)
    engine = open_database(settings.database)
    enrol(engine, trust.terminals)
    # No generated documentation pages: they load scripts from elsewhere.
    definitions = published(settings.catalogue) if settings.catalogue else {}
    registers = Registers(settings.registers)
    businesses = Businesses(trust.business_keys, definitions)
    known = Persons(trust.person_keys)
    work = Work(engine, trust.sealing_keys, Rechecks(definitions), registers, businesses, known)
    asking = Asking(engine, trust.sealing_keys, registers, settings.recheck_again_s)
    telling = Telling(engine, trust.sealing_keys, settings.departments, definitions, settings.recheck_again_s)

    @asynccontextmanager
    async def running(_app: FastAPI) -> AsyncIterator[None]:
        for thread in threads:
            thread.start()
        yield
        for thread in reversed(threads):
            thread.close()
        engine.dispose()

    app = FastAPI(title="Jiujin centre", docs_url=None, redoc_url=None, openapi_url=None, lifespan=running)
    app.state.engine = engine
    threads = (work, asking, telling)
    app.include_router(sync_api.router(settings, engine, trust, work))
    app.include_router(live_api.router(settings, engine, trust))
    app.include_router(pages.router(settings, engine, threads, known))
    app.include_router(progress.router(engine))
    app.mount("/static", StaticFiles(directory=Path(__file__).parent / "static"))

    @app.middleware("http")
    async def secure(request: Request, call_next: Callable[[Request], Awaitable[Response]]) -> Response:
        # One database takes a NUL in a text and the other raises: no address has one.
        nul = "\x00" in request.url.path or b"%00" in request.scope["query_string"]
        response = problems.MALFORMED.response() if nul else await call_next(request)
        for name, value in SECURITY_HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    @app.exception_handler(ClientDisconnect)
    async def gone(_request: Request, _error: Exception) -> Response:
        """A line that broke or a terminal that died in its request: nobody reads this, and it is no defect."""
        return Response(status_code=400)

    @app.exception_handler(RequestValidationError)
    async def misread(_request: Request, _error: Exception) -> Response:
        """The library's own answer would repeat what came."""
        return problems.MALFORMED.response()

    @app.exception_handler(HTTPException)
    async def nowhere(_request: Request, error: Exception) -> Response:
        wrong_method = isinstance(error, HTTPException) and error.status_code == HTTPStatus.METHOD_NOT_ALLOWED
        return (problems.WRONG_METHOD if wrong_method else problems.NO_SUCH_PATH).response()

    @app.get("/healthz")
    def healthz() -> PlainTextResponse:
        """Answers only when the database does."""
        with engine.connect() as connection:
            connection.exec_driver_sql("select 1")
        return PlainTextResponse("ok\n")

    @app.get("/metrics")
    def prometheus() -> Response:
        return Response(
            metrics.exposition(engine, settings, threads),
            media_type="text/plain; version=0.0.4; charset=utf-8",
        )

    return app
