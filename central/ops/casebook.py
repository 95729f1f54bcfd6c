"""What the case pages ask of the database. Only what stands in the clear: code, service, state, times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select
from sqlalchemy.sql.selectable import Select

from central import notices, open_rechecks
from central.schema import cases, evaluations, events, items, refusals
from central.whose import issuer
from kiosk.case import CaseState

WAITING = frozenset(
    {CaseState.NEEDS_CLERK.value, CaseState.DUPLICATE_SUSPECTED.value, CaseState.NEEDS_CORRECTION.value}
)


@dataclass(frozen=True, slots=True)
class CaseFilter:
    """Empty means all."""

    state: str = ""
    service: str = ""
    terminal: str = ""

    def on(self, query: Select[Any]) -> Select[Any]:
        for column, value in (
            (cases.c.state, self.state),
            (cases.c.service, self.service),
            (cases.c.terminal, self.terminal),
        ):
            if value:
                query = query.where(column == value)
        return query


@dataclass(frozen=True, slots=True)
class CaseView:
    """One case with its trail."""

    row: Row[Any]
    trail: list[Row[Any]]
    items: list[Row[Any]]
    evaluation: Row[Any] | None
    unchecked: list[Row[Any]]
    """Re-checks whose register has not answered."""
    notice: Row[Any] | None
    """To the person for whom somebody else acted; None where nobody did."""


def by_state(connection: Connection) -> Mapping[str, int]:
    query = select(cases.c.state, func.count()).group_by(cases.c.state)
    return {row[0]: row[1] for row in connection.execute(query)}


def services(connection: Connection) -> list[str]:
    return list(connection.execute(select(cases.c.service).distinct().order_by(cases.c.service)).scalars())


def listing(connection: Connection, chosen: CaseFilter, *, limit: int, offset: int = 0) -> list[Row[Any]]:
    """Newest at the centre first; of those that wait for somebody the longest received, whose time runs out first."""
    first = cases.c.received_at_kiosk if chosen.state in WAITING else cases.c.registered_at_centre.desc()
    query = chosen.on(select(cases)).order_by(first, cases.c.code)
    return list(connection.execute(query.limit(limit).offset(offset)))


def every(connection: Connection, chosen: CaseFilter) -> Iterator[Row[Any]]:
    """All of them, row by row, for an export."""
    query = chosen.on(select(cases)).order_by(cases.c.registered_at_centre, cases.c.code)
    yield from connection.execution_options(yield_per=1000).execute(query)


def one(connection: Connection, code: str) -> CaseView | None:
    """The case with everything that happened to it; the sealed bodies stay where they are."""
    here = (cases.c.terminal == issuer(code)) & (cases.c.code == code)
    row = connection.execute(select(cases).where(here)).one_or_none()
    if row is None:
        return None
    trail = select(events).where(events.c.code == code).order_by(events.c.id)
    columns = (items.c.item_id, items.c.kind, items.c.carried_by, items.c.sequence, items.c.item_hash)
    pieces = select(*columns, func.length(items.c.sealed).label("bytes")).where(items.c.code == code)
    rated = select(evaluations).where(evaluations.c.terminal == issuer(code), evaluations.c.code == code)
    return CaseView(
        row,
        list(connection.execute(trail)),
        list(connection.execute(pieces.order_by(items.c.registered_at, items.c.sequence))),
        connection.execute(rated).one_or_none(),
        open_rechecks.of_case(connection, code),
        notices.of_case(connection, code),
    )


def refused(connection: Connection, *, terminal: str = "", limit: int) -> list[Row[Any]]:
    """What the centre did not take: the terminal keeps it in quarantine until a person settles it."""
    waiting = select(refusals).where(refusals.c.outcome.is_(None))
    query = waiting.order_by(refusals.c.last_at.desc()).limit(limit)
    return list(connection.execute(query.where(refusals.c.terminal == terminal) if terminal else query))


def latest_events(connection: Connection, terminal: str, *, limit: int) -> list[Row[Any]]:
    query = select(events).where(events.c.terminal == terminal).order_by(events.c.id.desc())
    return list(connection.execute(query.limit(limit)))
