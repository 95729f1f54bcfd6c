"""The routes of the operations pages. They show no resident: a case is its code, service, state and times."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Response
from fastapi.responses import HTMLResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy import Engine
from starlette.routing import Mount

from central import notices
from central.database import utc_now
from central.ops import casebook, fleet, person_page, words
from central.ops.casebook import CaseFilter
from central.ops.table import csv_lines
from central.persons import NO_PERSONS, Persons
from central.rounds import Rounds
from central.settings import CentreSettings
from kiosk.case import COUNTER, format_case_code, parse_case_code

HERE = Path(__file__).parent
REFUSED_SHOWN = 100
EVENTS_SHOWN = 30
HTTP_NOT_FOUND = 404


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        local_time=words.local_time, code=format_case_code, cause=words.cause, event=words.event
    )
    environment.globals.update(
        words=words,
        counter=COUNTER,
        waiting=casebook.WAITING,
        notice_words=notices.WORDS,
        staff_tells=notices.STAFF_TELLS,
        terminal_states=words.TERMINAL_STATES,
        case_states=words.CASE_STATES,
    )
    return environment


def router(
    settings: CentreSettings, engine: Engine, threads: Sequence[Rounds] = (), known: Persons = NO_PERSONS
) -> APIRouter:
    """All of /ops. Pages are `no-store`; links carry the filter, so that no script is needed.

    `threads`: of this process; each page tells of those in trouble. `known`: with whose keys a person is looked for.
    """
    pages = APIRouter(prefix="/ops")
    environment, silent_min = _environment(), round(settings.silent_after_s / 60)

    def page(template: str, status: int = 200, **values: Any) -> HTMLResponse:
        now = utc_now()
        stand = [one.standing() for one in threads]
        html = environment.get_template(template).render(
            now=now, threads=stand, silent_min=silent_min, find_person=settings.find_person, **values
        )
        return HTMLResponse(html, status, headers={"Cache-Control": "no-store"})

    def not_found() -> HTMLResponse:
        return page("missing.html", HTTP_NOT_FOUND)

    @pages.get("")
    def terminals(state: str = "", number: int = 1) -> Response:
        offset = (_page(number) - 1) * settings.page_rows
        with engine.connect() as connection:
            counts = fleet.counts(connection, settings, utc_now())
            shown = fleet.listing(
                connection, settings, utc_now(), state=state, limit=settings.page_rows + 1, offset=offset
            )
        return page(
            "terminals.html",
            counts=counts,
            shown=shown[: settings.page_rows],
            more=len(shown) > settings.page_rows,
            chosen=state,
            page_number=_page(number),
        )

    @pages.get("/terminals/{terminal}")
    def terminal_page(terminal: str) -> Response:
        with engine.connect() as connection:
            view = fleet.one(connection, settings, utc_now(), terminal)
            if view is None:
                return not_found()
            refused = casebook.refused(connection, terminal=terminal, limit=REFUSED_SHOWN)
            happened = casebook.latest_events(connection, terminal, limit=EVENTS_SHOWN)
        return page("terminal.html", view=view, refused=refused, happened=happened)

    @pages.get("/cases")
    def cases(
        state: str = "", service: str = "", terminal: str = "", code: str = "", number: int = 1
    ) -> Response:
        chosen = CaseFilter(state, service, terminal)
        offset = (_page(number) - 1) * settings.page_rows
        with engine.connect() as connection:
            found = parse_case_code(code) if code else None
            counts = casebook.by_state(connection)
            services = casebook.services(connection)
            on_the_way = fleet.counts(connection, settings, utc_now())
            untold = notices.count_for_staff(connection, utc_now())
            shown = casebook.listing(connection, chosen, limit=settings.page_rows + 1, offset=offset)
        if found is not None:
            return case_page(found)
        return page(
            "cases.html",
            counts=counts,
            fleet=on_the_way,
            untold=untold,
            services=services,
            shown=shown[: settings.page_rows],
            more=len(shown) > settings.page_rows,
            chosen=chosen,
            asked=code,
            page_number=_page(number),
        )

    @pages.get("/cases/{code}")
    def case_page(code: str) -> Response:
        compact = parse_case_code(code)
        with engine.connect() as connection:
            view = casebook.one(connection, compact) if compact else None
        return not_found() if view is None else page("case.html", view=view)

    _lists_for_staff(pages, settings, engine, page)
    if settings.find_person:
        person_page.add_routes(pages, engine, known, settings.page_rows, page)

    @pages.get("/export/cases.csv")
    def export_cases(state: str = "", service: str = "", terminal: str = "") -> Response:
        columns = (
            "code", "terminal", "service", "state", "received_at_kiosk", "clock_quality", "synced_at",
            "registered_at_centre", "accepted_at",
        )  # fmt: skip

        def rows() -> Iterator[Sequence[object]]:
            with engine.connect() as connection:
                for row in casebook.every(connection, CaseFilter(state, service, terminal)):
                    yield [row._mapping[name] for name in columns]  # noqa: SLF001 # SQLAlchemy's public name

        return _csv("cases.csv", columns, rows())

    @pages.get("/export/terminals.csv")
    def export_terminals() -> Response:
        columns = ("terminal", "name", "state", "causes", "pending", "quarantined", "oldest_at", "seen_at")

        def rows() -> Iterator[Sequence[object]]:
            offset = 0
            while True:
                with engine.connect() as connection:
                    part = fleet.listing(
                        connection, settings, utc_now(), limit=settings.page_rows, offset=offset
                    )
                for view in part:
                    yield [_plain(getattr(view, name)) for name in columns]
                if len(part) < settings.page_rows:
                    return
                offset += settings.page_rows

        return _csv("terminals.csv", columns, rows())

    @pages.get("/export/refused.csv")
    def export_refused() -> Response:
        columns = ("terminal", "item_id", "code", "kind", "service", "verdict", "reason", "first_at", "times")
        with engine.connect() as connection:
            found = casebook.refused(connection, limit=100_000)
        rows = ([row._mapping[name] for name in columns] for row in found)  # noqa: SLF001 # as above
        return _csv("refused.csv", columns, rows)

    pages.routes.append(Mount("/ops/static", StaticFiles(directory=HERE / "static"), name="ops-static"))

    @pages.get("/{rest:path}")
    def nothing(rest: str) -> Response:  # noqa: ARG001 # the route's name for what is not here
        return not_found()

    return pages


def _lists_for_staff(
    pages: APIRouter, settings: CentreSettings, engine: Engine, page: Callable[..., HTMLResponse]
) -> None:
    """What waits for a person rather than for a machine."""

    @pages.get("/refused")
    def refused_page() -> Response:
        with engine.connect() as connection:
            refused = casebook.refused(connection, limit=settings.page_rows)
        return page("refused.html", refused=refused)

    @pages.get("/untold")
    def untold_page() -> Response:
        with engine.connect() as connection:
            shown = notices.for_staff(connection, utc_now(), settings.page_rows)
        return page("untold.html", shown=shown)


def _page(number: int) -> int:
    return min(max(number, 1), 100_000)


def _plain(value: object) -> object:
    return " ".join(value) if isinstance(value, tuple) else value


def _csv(name: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> StreamingResponse:
    headers = {"Content-Disposition": f'attachment; filename="{name}"', "Cache-Control": "no-store"}
    return StreamingResponse(csv_lines(columns, rows), media_type="text/csv; charset=utf-8", headers=headers)
