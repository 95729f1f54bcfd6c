"""`/ops/person`: a clerk at a counter looks for the cases of who stands there, with the document in hand.

The number travels in a form's body alone: in no address, history, log or answer. Only where `CentreSettings.find_person`
says so, since these pages have no sign-in of their own.
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse
from sqlalchemy import Engine
from starlette.concurrency import run_in_threadpool

from central import persons
from central.persons import BIRTH_MAX, CITIZEN, DOCUMENTS, Found, Persons, Unfit, find, read_wanted, repeats
from central.posted_form import read_posted
from central.staff_words import BY_MAX, WHY_MAX, Signed, UnfitWordsError, fit

PATH = "/person"
FORM_BYTES_MAX = 4096
"""A reason of 120 Chinese characters has nine bytes each in a form."""
NUMBER_TYPED_MAX = 60
"""Room for the blanks that hands put between."""
FIELDS = {"document": 32, "number": NUMBER_TYPED_MAX, "birth": 2 * BIRTH_MAX, "by": BY_MAX, "why": WHY_MAX}
SEARCHES_SHOWN = 10
FROM_HERE = frozenset({None, "same-origin", "none"})
"""What a browser says of a form that is this page's own; an older one says nothing."""

NOT_TYPED = Unfit(
    "form",
    "form",
    "没有查：表格不完整、太长，或不是从本页提交的，请在这里重新填写。",
    "Nothing was looked for: the form was incomplete, too long, or not sent from this page. Please fill it in here.",
)


def add_routes(
    pages: APIRouter, engine: Engine, known: Persons, rows: int, page: Callable[..., HTMLResponse]
) -> None:
    """`rows`: cases that one answer shows."""

    def show(
        *,
        status: HTTPStatus = HTTPStatus.OK,
        typed: dict[str, str] | None = None,
        wrong: Unfit | None = None,
        found: Found | None = None,
    ) -> Response:
        with engine.connect() as connection:
            searches = persons.latest_searches(connection, SEARCHES_SHOWN)
        # Who asks and why may stand for the next question; the number is typed each time.
        again = {name: (typed or {}).get(name, "") for name in ("document", "by", "why")}
        return page(
            "person.html",
            status,
            again=again | {"document": again["document"] or CITIZEN},
            documents=DOCUMENTS,
            limits=FIELDS,
            wrong=wrong,
            found=found,
            searches=searches,
        )

    def answer(typed: dict[str, str]) -> Response:
        try:
            signed = Signed(
                fit("经办人 Who", typed["by"], BY_MAX), fit("为什么查 Why", typed["why"], WHY_MAX)
            )
        except UnfitWordsError as error:
            zh, _, en = str(error).partition(" / ")
            # Not shown again: there may be somebody's number in it.
            return show(typed={"document": typed["document"]}, wrong=Unfit("by", "words", zh, en))
        wanted = read_wanted(typed["document"], typed["number"], typed["birth"])
        if isinstance(wanted, Unfit):
            return show(typed=typed, wrong=wanted)
        if (repeated := repeats(typed["number"], signed)) is not None:
            return show(typed={"document": typed["document"]}, wrong=repeated)
        return show(typed=typed, found=find(engine, known, wanted, signed, rows))

    @pages.get(PATH)
    def question() -> Response:
        return show()

    @pages.post(PATH)
    async def asked(request: Request) -> Response:
        if request.headers.get("sec-fetch-site") not in FROM_HERE:
            return await run_in_threadpool(show, status=HTTPStatus.FORBIDDEN, wrong=NOT_TYPED)
        typed = await read_posted(request, FIELDS, FORM_BYTES_MAX)
        if isinstance(typed, HTTPStatus):
            return await run_in_threadpool(show, status=typed, wrong=NOT_TYPED)
        return await run_in_threadpool(answer, typed)
