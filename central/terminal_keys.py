"""The public keys of the enrolled terminals, as the database has them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine, bindparam, select, update

from central import log
from central.database import as_text, one_question, writing
from central.log import Event
from central.schema import terminals
from central.trust import public_key_of

ADDRESS_MAX = 64
NOTE_EVERY_S = 10.0
LOG_EVERY = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class TerminalKey:
    """One enrolled terminal."""

    public: Ed25519PublicKey
    revoked_at: str | None
    read_s: float

    @property
    def revoked(self) -> bool:
        return self.revoked_at is not None


_KEY = select(terminals.c.public_key, terminals.c.revoked_at).where(terminals.c.terminal == bindparam("of"))


class TerminalKeys:
    """Asks the database, or answers from memory what it read less than `max_age_s` ago."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._asked = one_question(engine)
        self._known: dict[str, TerminalKey] = {}
        self._noted_s: dict[str, float] = {}

    def find(self, terminal: str, max_age_s: float = 0.0) -> TerminalKey | None:
        known = self._known.get(terminal)
        if known is not None and time.monotonic() - known.read_s < max_age_s:
            return known
        with self._asked.connect() as connection:
            row = connection.execute(_KEY, {"of": terminal}).one_or_none()
        if row is None:
            self._known.pop(terminal, None)
            return None
        found = TerminalKey(public_key_of(row.public_key), row.revoked_at, time.monotonic())
        self._known[terminal] = found
        return found

    def came_back(self, terminal: str, address: str, now: datetime) -> None:
        """Write down that a revoked terminal sent a genuine request. One that hammers is noted every `NOTE_EVERY_S`."""
        if time.monotonic() - self._noted_s.get(terminal, -NOTE_EVERY_S) < NOTE_EVERY_S:
            return
        self._noted_s[terminal] = time.monotonic()
        at, here = as_text(now), terminals.c.terminal == terminal
        noted = (
            update(terminals)
            .where(here)
            .values(
                revoked_seen_at=at,
                revoked_seen_from=address[:ADDRESS_MAX],
                revoked_seen_times=terminals.c.revoked_seen_times + 1,
            )
        )
        with writing(self._engine).begin() as connection:
            before = connection.execute(select(terminals.c.revoked_seen_at).where(here)).scalar_one()
            connection.execute(noted)
            if before is None or before < as_text(now - LOG_EVERY):
                detail = f"from {address[:ADDRESS_MAX]}"
                log.write(connection, at, Event.TERMINAL_CAME_BACK, terminal, detail=detail)
