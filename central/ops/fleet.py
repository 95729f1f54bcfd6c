"""What the terminals' pages and the metrics ask of the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, case, func, select
from sqlalchemy.sql.selectable import Select

from central.database import as_text
from central.schema import chain_heads, heartbeats, manifests, refusals, terminals
from central.settings import CentreSettings

STATES = ("out_of_service", "unknown", "degraded", "installed", "live", "revoked")
"""Worst first, as the list is sorted."""


@dataclass(frozen=True, slots=True)
class TerminalView:
    """One line of the list. A number that the terminal did not tell is None, never 0."""

    terminal: str
    name: str
    state: str
    causes: tuple[str, ...]
    pending: int | None
    quarantined: int | None
    oldest_at: str | None
    seen_at: str | None
    told_at: str | None
    """When `body` came, by the centre's clock; `seen_at` may be later, as cases come without one."""
    forked_at: str | None
    fork_detail: str | None
    missing: int
    compared_at: str | None
    vanished: int
    revoked_at: str | None
    revoked_by: str | None
    revoked_why: str | None
    came_back_at: str | None
    """A genuine request of it came after it was revoked."""
    came_back_from: str | None
    came_back_times: int
    body: Mapping[str, Any]


ALARM_HOURS = (24, 72)
"""From here an unsent case is an alarm, and an urgent one (rule F7)."""


CAME_BACK_H = 24


@dataclass(frozen=True, slots=True)
class FleetCounts:
    """The figures an operator sees first."""

    by_state: Mapping[str, int]
    pending: int
    quarantined: int
    oldest_at: str | None
    told_at: str | None
    """When the oldest of the bodies came that `pending`, `quarantined` and `oldest_at` are of."""
    unsent_over: Mapping[int, int]
    """Hours of `ALARM_HOURS` -> terminals whose oldest item, unsent or refused, as last told, is older; silent ones too."""
    forked: int
    missing: int
    refused: int
    came_back: int
    """Revoked terminals that sent a genuine request in the last `CAME_BACK_H` hours."""

    @property
    def total(self) -> int:
        return sum(self.by_state.values())


def state_column(settings: CentreSettings, now: datetime) -> ColumnElement[str]:
    """A silent terminal is `unknown`, whatever it said last."""
    silent_before = as_text(now - timedelta(seconds=settings.silent_after_s))
    return case(
        (terminals.c.revoked_at.is_not(None), "revoked"),
        (terminals.c.seen_at.is_(None) & heartbeats.c.heard_at.is_(None), "installed"),
        (heartbeats.c.heard_at.is_(None), "unknown"),
        (heartbeats.c.heard_at < silent_before, "unknown"),
        else_=heartbeats.c.state,
    )


def counts(connection: Connection, settings: CentreSettings, now: datetime) -> FleetCounts:
    """All sums in the database, so that they cost the same for 500 and for 600,000 terminals' pages."""
    state = state_column(settings, now).label("state")
    joined = terminals.outerjoin(heartbeats, terminals.c.terminal == heartbeats.c.terminal)
    rows = connection.execute(select(state, func.count()).select_from(joined).group_by(state)).all()
    queue = heartbeats.c.body["queue"]
    sums = connection.execute(
        select(
            func.coalesce(func.sum(queue["pending"].as_integer()), 0),
            func.coalesce(func.sum(queue["quarantined"].as_integer()), 0),
            func.min(queue["oldest_at"].as_string()),
            func.min(heartbeats.c.heard_at),
            *(func.coalesce(func.sum(case((_older(hours, now), 1), else_=0)), 0) for hours in ALARM_HOURS),
        )
    ).one()
    forked = select(func.count()).select_from(chain_heads).where(chain_heads.c.forked_at.is_not(None))
    missing = select(func.coalesce(func.sum(chain_heads.c.highest_sequence - chain_heads.c.links), 0))
    refused = select(func.count()).select_from(refusals).where(refusals.c.outcome.is_(None))
    lately = terminals.c.revoked_seen_at >= as_text(now - timedelta(hours=CAME_BACK_H))
    came_back = select(func.count()).select_from(terminals).where(lately)
    found = {row[0]: row[1] for row in rows}
    return FleetCounts(
        by_state={name: found.get(name, 0) for name in STATES},
        pending=sums[0],
        quarantined=sums[1],
        oldest_at=sums[2],
        told_at=sums[3],
        unsent_over=dict(zip(ALARM_HOURS, sums[4:], strict=True)),
        forked=connection.execute(forked).scalar_one(),
        missing=connection.execute(missing).scalar_one(),
        refused=connection.execute(refused).scalar_one(),
        came_back=connection.execute(came_back).scalar_one(),
    )


def _older(hours: int, now: datetime) -> ColumnElement[bool]:
    """By the centre's clock: a terminal without a network cannot raise the alarm itself."""
    told: ColumnElement[str] = heartbeats.c.body["queue"]["oldest_at"].as_string()
    return told < as_text(now - timedelta(hours=hours))


def listing(
    connection: Connection,
    settings: CentreSettings,
    now: datetime,
    *,
    state: str = "",
    limit: int,
    offset: int = 0,
) -> list[TerminalView]:
    """Worst first."""
    column = state_column(settings, now)
    rank = case(*((column == name, position) for position, name in enumerate(STATES)), else_=len(STATES))
    query = _query(column).order_by(rank, terminals.c.terminal).limit(limit).offset(offset)
    if state:
        query = query.where(column == state)
    return [_view(row) for row in connection.execute(query)]


def one(
    connection: Connection, settings: CentreSettings, now: datetime, terminal: str
) -> TerminalView | None:
    """One terminal with everything it told last."""
    query = _query(state_column(settings, now)).where(terminals.c.terminal == terminal)
    row = connection.execute(query).one_or_none()
    return None if row is None else _view(row)


def _query(state: ColumnElement[str]) -> Select[Any]:
    joined = terminals.outerjoin(heartbeats, terminals.c.terminal == heartbeats.c.terminal).outerjoin(
        chain_heads, terminals.c.terminal == chain_heads.c.terminal
    )
    joined = joined.outerjoin(manifests, terminals.c.terminal == manifests.c.terminal)
    return select(
        terminals.c.terminal,
        terminals.c.name,
        terminals.c.seen_at,
        terminals.c.revoked_at,
        terminals.c.revoked_by,
        terminals.c.revoked_why,
        terminals.c.revoked_seen_at,
        terminals.c.revoked_seen_from,
        terminals.c.revoked_seen_times,
        state.label("state"),
        heartbeats.c.heard_at,
        heartbeats.c.body,
        chain_heads.c.forked_at,
        chain_heads.c.fork_detail,
        func.coalesce(chain_heads.c.highest_sequence - chain_heads.c.links, 0).label("missing"),
        manifests.c.at.label("compared_at"),
        func.coalesce(manifests.c.missing, 0).label("vanished"),
        func.coalesce(manifests.c.differing, 0).label("differing"),
    ).select_from(joined)


def _view(row: Row[Any]) -> TerminalView:
    body: Mapping[str, Any] = row.body or {}
    queue = body.get("queue", {})
    causes = list(body.get("causes", []))
    causes += ["terminal.came_back"] if row.revoked_seen_at else []
    causes += ["chain.fork"] if row.forked_at else []
    causes += ["chain.gap"] if row.missing else []
    causes += ["manifest.missing"] if row.vanished else []
    causes += ["manifest.differing"] if row.differing else []
    return TerminalView(
        terminal=row.terminal,
        name=row.name,
        state=row.state,
        causes=tuple(causes),
        pending=queue.get("pending"),
        quarantined=queue.get("quarantined"),
        oldest_at=queue.get("oldest_at"),
        told_at=row.heard_at,
        seen_at=max(filter(None, (row.seen_at, row.heard_at)), default=None),
        forked_at=row.forked_at,
        fork_detail=row.fork_detail,
        missing=row.missing,
        compared_at=row.compared_at,
        vanished=row.vanished,
        revoked_at=row.revoked_at,
        revoked_by=row.revoked_by,
        revoked_why=row.revoked_why,
        came_back_at=row.revoked_seen_at,
        came_back_from=row.revoked_seen_from,
        came_back_times=row.revoked_seen_times,
        body=body,
    )
