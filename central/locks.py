"""Locks that a transaction holds until it ends. SQLite has one writer, so nothing is to be done there."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy import Connection


def lock_issuers(connection: Connection, issuers: Collection[str]) -> None:
    """Until the transaction ends nobody else applies items to these terminals' cases (on SQLite nobody writes)."""
    if connection.dialect.name == "postgresql":
        for name in sorted(issuers):
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({_lock_number(name)})")


def _lock_number(terminal: str) -> int:
    return int.from_bytes(hashlib.sha256(b"cases of " + terminal.encode()).digest()[:7])
