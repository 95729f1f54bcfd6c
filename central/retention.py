"""What is kept for how long (rule F15), and the sweep that ends it. By the centre's clock, given as `now`.

A swept item keeps its header and hash, so that one that is sent again is still a duplicate and no new case.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, delete, select, update

from central import answer_corrections, duplicates, uploads
from central.database import as_text, writing
from central.heartbeat import tidy
from central.schema import cases, evaluations, events, heartbeats, items, letters, refusals, terminals
from kiosk.case import CaseState
from offline_queue.wire import Kind


@dataclass(frozen=True, slots=True)
class Retention:
    """Days. Sources: rules F12 and F15 of the domain; the consent record lies within the sealed case.

    `withdrawn`: time for an objection, from the registration of the withdrawal, then the content of a withdrawn case goes. `case`: at least three years.
    `audit`: the log of events, at least six months. `telemetry`: a silent terminal's last state, and letters
    that a revoked one will never fetch. `refused`: what the terminal itself settles long before.
    """

    withdrawn: float = 30.0
    case: float = 1096.0
    audit: float = 1096.0
    telemetry: float = 90.0
    refused: float = 180.0


DEFAULT_RETENTION = Retention()


@dataclass(frozen=True, slots=True)
class Swept:
    """How many rows ended."""

    bodies: int
    events: int
    evaluations: int
    refusals: int
    heartbeats: int
    letters: int


def sweep(engine: Engine, now: datetime, kept: Retention = DEFAULT_RETENTION) -> Swept:
    """End what has been kept long enough; may run anywhere, any number of times."""

    def before(days: float) -> str:
        return as_text(now - timedelta(days=days))

    at = as_text(now)
    # The row stays: that the terminal was ever heard is no telemetry.
    silent = (heartbeats.c.heard_at < before(kept.telemetry)) & (heartbeats.c.state != "unknown")
    revoked = select(terminals.c.terminal).where(terminals.c.revoked_at.is_not(None))
    with writing(engine).begin() as connection:
        return Swept(
            bodies=_erase_bodies(connection, before(kept.withdrawn), before(kept.case), at),
            events=_rows(connection, delete(events).where(events.c.at < before(kept.audit))),
            evaluations=_rows(
                connection, delete(evaluations).where(evaluations.c.registered_at < before(kept.case))
            ),
            refusals=_rows(connection, delete(refusals).where(refusals.c.last_at < before(kept.refused))),
            heartbeats=_rows(
                connection, update(heartbeats).where(silent).values(state="unknown", body=tidy({}))
            ),
            letters=_rows(
                connection,
                delete(letters).where(letters.c.at < before(kept.telemetry), letters.c.terminal.in_(revoked)),
            ),
        )


def _erase_bodies(connection: Connection, withdrawn_before: str, before: str, at: str) -> int:
    """With their attachments. Only what was opened: an item that still waits is nobody's past."""
    withdrawn = select(cases.c.code).where(
        cases.c.terminal == items.c.terminal,
        cases.c.code == items.c.code,
        cases.c.state == CaseState.WITHDRAWN.value,
    )
    withdrawal = items.alias("withdrawal")
    # The last one counts: an earlier one that another terminal carried withdrew nothing.
    objection = select(withdrawal.c.item_id).where(
        withdrawal.c.terminal == items.c.terminal,
        withdrawal.c.code == items.c.code,
        withdrawal.c.kind == Kind.WITHDRAWAL.value,
        withdrawal.c.registered_at >= withdrawn_before,
    )
    over = (items.c.registered_at < withdrawn_before) & withdrawn.exists() & ~objection.exists()
    due = (items.c.registered_at < before) | over
    old = items.c.opened_at.is_not(None) & items.c.erased_at.is_(None) & due
    erased = _rows(connection, update(items).where(old).values(sealed=b"", erased_at=at))
    if erased:
        uploads.drop_of_erased(connection)
        answer_corrections.drop_of_erased(connection)
        duplicates.drop_of_erased(connection)
    return erased


def _rows(connection: Connection, statement: object) -> int:
    return int(connection.execute(statement).rowcount)  # type: ignore[call-overload] # delete and update have it
