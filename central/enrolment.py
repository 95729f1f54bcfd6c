"""Which terminals the centre knows. The directory file adds; only a person revokes, and that stays."""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import Engine, select, update

from central import log
from central.database import as_text, insert_or_skip, utc_now, writing
from central.log import Event
from central.schema import terminals
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


def revoke(engine: Engine, terminal: str) -> bool:
    """Refuse the terminal from now on. False when there is no such terminal or it is revoked already."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        changed = connection.execute(
            update(terminals)
            .where(terminals.c.terminal == terminal, terminals.c.revoked_at.is_(None))
            .values(revoked_at=at)
        )
        if changed.rowcount == 0:
            return False
        log.write(connection, at, Event.TERMINAL_REVOKED, terminal)
    return True
