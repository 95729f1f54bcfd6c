"""Tables of the outbox and their numbered migrations.

`item` and its sealed `body` are immutable and stay until acknowledged (triggers refuse). `delivery` is what happened to it. `ledger` is one row: counters, the signed head, and the
anchor: where the kept part of the chain begins, after older index rows were forgotten.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from offline_queue.wire import GENESIS_HASH

Connection = Any
"""A `sqlcipher3` connection; the library has no type information."""


def _first(connection: Connection) -> None:
    statements = (
        """create table item (
            sequence integer primary key, id text not null unique, lane text not null, kind text not null,
            service text not null, definition_version text not null, previous_hash text not null,
            received_at text not null, clock_quality text not null, boot_id text not null,
            monotonic_ns integer not null, sealed_sha256 text not null, sealed_bytes integer not null,
            item_hash text not null, content_mac blob not null) strict""",
        # A table of its own: dropped bodies then free whole pages, and a drained outbox has room again.
        "create table body (sequence integer primary key references item (sequence), sealed blob not null) strict",
        "create trigger item_is_immutable before update on item begin select raise(abort, 'an item is immutable'); end",
        "create trigger body_is_immutable before update on body begin select raise(abort, 'a body is immutable'); end",
        """create trigger item_is_kept before delete on item
            when not exists (select 1 from delivery d where d.sequence = old.sequence and d.state = 'acknowledged')
            begin select raise(abort, 'an unacknowledged item is kept'); end""",
        """create trigger body_is_kept before delete on body
            when not exists (select 1 from delivery d where d.sequence = old.sequence and d.state = 'acknowledged')
            begin select raise(abort, 'an unacknowledged body is kept'); end""",
        """create table delivery (
            sequence integer primary key references item (sequence), lane text not null,
            state text not null check (state in ('pending', 'quarantined', 'acknowledged')),
            sending_class integer not null, attempts integer not null default 0,
            verdict text not null default '', reason text not null default '', registered_at text,
            case_state text not null default '', duplicate_digest blob) strict""",
        "create index delivery_order on delivery (sending_class, sequence) where state = 'pending'",
        "create index delivery_oldest on delivery (sequence) where state = 'pending'",
        "create index delivery_lane on delivery (lane, sequence)",
        "create index delivery_digest on delivery (duplicate_digest) where duplicate_digest is not null",
        """create table ledger (
            one integer primary key check (one = 1), pending integer not null, pending_bytes integer not null,
            quarantined integer not null, acknowledged integer not null, sequence integer not null,
            head_hash text not null, head_signature blob not null,
            anchor_sequence integer not null, anchor_hash text not null) strict""",
        f"insert into ledger values (1, 0, 0, 0, 0, 0, '{GENESIS_HASH}', x'', 0, '{GENESIS_HASH}')",  # noqa: S608 - a constant
    )
    for statement in statements:
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[Connection], None], ...] = (_first,)
"""Number n brings a database of version n to n + 1. Never edited, only added to."""


def migrate(connection: Connection) -> None:
    """Bring the database to the newest version, each step in its own transaction."""
    (version,) = connection.execute("pragma user_version").fetchone()
    for number, step in enumerate(MIGRATIONS[version:], start=version + 1):
        connection.execute("begin immediate")
        step(connection)
        connection.execute(f"pragma user_version = {number}")
        connection.execute("commit")
