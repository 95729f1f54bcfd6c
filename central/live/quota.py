"""How many questions a service's department gets in a day: counted by terminal, limited over all of them.

A question counts before it is put, so that a crash never asks more than was agreed. One that never left is taken out
again; one without an answer may have got there, where it counts as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from central.schema import department_questions

CHINA_TIME = ZoneInfo("Asia/Shanghai")


def seconds_of_day_left(now: datetime) -> float:
    """Until midnight in China, more than 0."""
    here = now.astimezone(CHINA_TIME)
    midnight = (here + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    return (midnight - here).total_seconds()


def wait_s(connection: Connection, quotas: Mapping[str, int], service: str, now: datetime) -> float | None:
    """None while the service may ask; else the seconds until the next day. No quota is no limit."""
    limit = quotas.get(service)
    if limit is None:
        return None
    table = department_questions
    used = select(func.coalesce(func.sum(table.c.asked), 0)).where(
        table.c.day == _day(now), table.c.service == service
    )
    return seconds_of_day_left(now) if connection.execute(used).scalar_one() >= limit else None


def count(connection: Connection, terminal: str, service: str, now: datetime) -> None:
    """One question more. Callers at the same instant on PostgreSQL may pass the limit by as many as they are:
    nobody waits for a lock here.
    """
    table = department_questions
    dialect = postgresql if connection.dialect.name == "postgresql" else sqlite
    row = dialect.insert(table).values(terminal=terminal, service=service, day=_day(now), asked=1)
    connection.execute(
        row.on_conflict_do_update(index_elements=list(table.primary_key), set_={"asked": table.c.asked + 1})
    )


def take_out(connection: Connection, terminal: str, service: str, counted_at: datetime) -> None:
    """A question that was counted then and never left."""
    table = department_questions
    here = (table.c.terminal == terminal) & (table.c.service == service) & (table.c.day == _day(counted_at))
    connection.execute(update(table).where(here, table.c.asked > 0).values(asked=table.c.asked - 1))


def _day(now: datetime) -> str:
    return now.astimezone(CHINA_TIME).date().isoformat()
