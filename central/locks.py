"""Locks that a transaction holds until it ends. SQLite has one writer, so nothing is to be done there."""

from __future__ import annotations

import hashlib
from collections.abc import Collection

from sqlalchemy import Connection


def lock_issuers(connection: Connection, issuers: Collection[str]) -> None:
    """Until the transaction ends nobody else applies items to these terminals' cases (on SQLite nobody writes)."""
    if connection.dialect.name == "postgresql":
        for name in sorted(issuers):
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({_number('cases of ' + name)})")


def lock_businesses(connection: Connection, digests: Collection[str]) -> None:
    """Until the transaction ends nobody else claims these businesses. Taken after the issuers' locks, before any case is changed."""
    if connection.dialect.name == "postgresql":
        for digest in sorted(digests):
            connection.exec_driver_sql(f"select pg_advisory_xact_lock({_number('business ' + digest)})")


def _number(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7])
