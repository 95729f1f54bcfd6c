"""The public keys of the enrolled terminals, as the database has them."""

from __future__ import annotations

import time
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Engine, bindparam, select

from central.database import one_question
from central.schema import terminals
from central.trust import public_key_of


@dataclass(frozen=True, slots=True)
class TerminalKey:
    """One enrolled terminal."""

    public: Ed25519PublicKey
    revoked: bool
    read_s: float


_KEY = select(terminals.c.public_key, terminals.c.revoked_at).where(terminals.c.terminal == bindparam("of"))


class TerminalKeys:
    """Asks the database, or answers from memory what it read less than `max_age_s` ago."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._known: dict[str, TerminalKey] = {}

    def find(self, terminal: str, max_age_s: float = 0.0) -> TerminalKey | None:
        known = self._known.get(terminal)
        if known is not None and time.monotonic() - known.read_s < max_age_s:
            return known
        with one_question(self._engine).connect() as connection:
            row = connection.execute(_KEY, {"of": terminal}).one_or_none()
        if row is None:
            self._known.pop(terminal, None)
            return None
        found = TerminalKey(public_key_of(row.public_key), row.revoked_at is not None, time.monotonic())
        self._known[terminal] = found
        return found
