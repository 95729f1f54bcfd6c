"""The routes of the public page. The code is a secret: it comes in a form's body, never in an address or a log."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined, Template
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool
from starlette.routing import Mount

from central.lookup import CaseAnswer, lookup
from central.ops.words import local_time, service
from central.posted_form import read_posted
from central.progress.words import MEANINGS, NO_CODE, NOT_HERE, Meaning
from kiosk.case import CaseState, format_case_code, parse_case_code

HERE = Path(__file__).parent
PATH = "/case"
FORM_BYTES_MAX = 1024
"""A code has 16 signs; the rest is room for spaces and for hands that slip."""
TYPED_MAX = 40


@cache
def _template() -> Template:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"), autoescape=True, undefined=StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    environment.filters.update(local_time=local_time, code=format_case_code, service=service)
    return environment.get_template("case.html")


def router(engine: Engine) -> APIRouter:
    """`/case`: a question and its answer, without a script, an account or a cookie."""
    pages = APIRouter()
    template = _template()

    def page(
        typed: str = "",
        meaning: Meaning | None = None,
        found: CaseAnswer | None = None,
        status: HTTPStatus = HTTPStatus.OK,
    ) -> Response:
        html = template.render(path=PATH, typed=typed, meaning=meaning, found=found)
        headers = {"Cache-Control": "no-store", "X-Robots-Tag": "noindex"}
        return HTMLResponse(html, status, headers=headers)

    def answer(typed: str) -> Response:
        code = parse_case_code(typed)
        if code is None:
            return page(typed, NO_CODE)
        with engine.connect() as connection:
            found = lookup(connection, code)
        if found is None:
            return page(typed, NOT_HERE)
        return page(typed, MEANINGS[CaseState(found.state)], found)

    @pages.get(PATH)
    def question() -> Response:
        return page()

    @pages.post(PATH)
    async def asked(request: Request) -> Response:
        typed = await read_posted(request, {"code": TYPED_MAX}, FORM_BYTES_MAX)
        if isinstance(typed, HTTPStatus):
            return page(meaning=NO_CODE, status=typed)
        return await run_in_threadpool(answer, typed["code"])

    pages.routes.append(Mount(f"{PATH}/static", StaticFiles(directory=HERE / "static"), name="case-static"))
    return pages
