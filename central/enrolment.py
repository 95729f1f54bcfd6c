"""Which terminals the centre knows. The directory file adds; only a person revokes, and that stays."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Engine, select, update

from central import log
from central.database import as_text, insert_or_skip, utc_now, writing
from central.log import Event
from central.schema import terminals
from central.staff_words import Signed
from central.trust import TerminalEntry


class KeyChangedError(Exception):
    """The directory names another key for a terminal that is enrolled: two machines, or a swapped one."""


def enrol(engine: Engine, entries: Mapping[str, TerminalEntry]) -> None:
    """Add what the directory names. A changed key is never taken over silently (field case D01)."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        for terminal, entry in entries.items():
            added = insert_or_skip(
                connection,
                terminals,
                terminal=terminal,
                name=entry.name,
                public_key=entry.public_key,
                enrolled_at=at,
            )
            if added:
                log.write(connection, at, Event.TERMINAL_ENROLLED, terminal)
                continue
            query = select(terminals.c.public_key).where(terminals.c.terminal == terminal)
            if connection.execute(query).scalar_one() != entry.public_key:
                message = (
                    f"terminal {terminal} is enrolled with another key; give the new machine a new number"
                )
                raise KeyChangedError(message)


class NotRevoked(StrEnum):
    """Why nothing was done."""

    UNKNOWN = "unknown"
    ALREADY = "already"


NOT_REVOKED_WORDS: dict[NotRevoked, str] = {
    NotRevoked.UNKNOWN: "没有登记过这台终端 / no such terminal is enrolled",
    NotRevoked.ALREADY: "这台终端早已吊销 / the terminal is revoked already",
}


def revoke(engine: Engine, terminal: str, signed: Signed, since: datetime | None = None) -> str | NotRevoked:
    """Refuse the terminal from now on (rule F23); the time of revocation, which stays.

    `since`: aware, when it left trusted hands. What it received later is not taken from its disk either; what it
    received before is taken for review (`central.imports`).
    """
    now = utc_now()
    at, revoked_at = as_text(now), as_text(min(since or now, now))
    here = terminals.c.terminal == terminal
    with writing(engine).begin() as connection:
        changed = connection.execute(
            update(terminals)
            .where(here, terminals.c.revoked_at.is_(None))
            .values(revoked_at=revoked_at, revoked_by=signed.by, revoked_why=signed.why)
        )
        if changed.rowcount == 0:
            known = connection.execute(select(terminals.c.terminal).where(here)).first()
            return NotRevoked.ALREADY if known else NotRevoked.UNKNOWN
        log.write(connection, at, Event.TERMINAL_REVOKED, terminal, detail=f"since {revoked_at} {signed}")
    return revoked_at
