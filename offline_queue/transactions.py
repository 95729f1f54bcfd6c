"""What is done on the outbox's connection, each in one transaction. Run by the owner thread only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_queue import wire
from offline_queue.chain import HEADER_COLUMNS, ITEM_COLUMNS, item_of, sign_head
from offline_queue.policy import SENDING_CLASS
from offline_queue.records import Committed, Draft, ItemState, ItemSummary, NotCommitted, Refused, Settlement
from offline_queue.schema import Connection

DAMAGED = "damaged on this terminal's disk; not sent"
_VACUUM_PAGES = 256
_FORGET_ROWS = 1000
"""At most so many index rows are forgotten in one transaction."""


@contextmanager
def transaction(connection: Connection) -> Iterator[None]:
    """Begin immediate, commit at the end, roll back on any exception."""
    connection.execute("begin immediate")
    try:
        yield
        connection.execute("commit")
    except BaseException:
        if connection.in_transaction:  # a full disk rolls back by itself
            connection.execute("rollback")
        raise


def insert(
    connection: Connection,
    draft: Draft,
    sealed: bytes,
    content_mac: bytes,
    terminal: str,
    key: Ed25519PrivateKey,
    on_step: Callable[[str], None],
) -> Committed | NotCommitted:
    """Append one item to the chain, or find that it is there already."""
    with transaction(connection):
        known = connection.execute(
            "select sequence, item_hash, content_mac from item where id = ?", (draft.id,)
        ).fetchone()
        if known is not None:
            if bytes(known[2]) == content_mac:
                return Committed(known[0], known[1], already=True)
            return NotCommitted(Refused.CONFLICT, "the id is taken by other content")
        (last, previous) = connection.execute("select sequence, head_hash from ledger").fetchone()
        item = wire.Item(
            id=draft.id,
            terminal=terminal,
            lane=draft.lane,
            kind=draft.kind,
            service=draft.service,
            definition_version=draft.definition_version,
            sequence=last + 1,
            previous_hash=previous,
            received_at_kiosk=draft.received_at,
            clock_quality=draft.clock_quality,
            boot_id=draft.boot_id,
            monotonic_ns=draft.monotonic_ns,
            sealed_sha256=hashlib.sha256(sealed).hexdigest(),
            sealed=sealed,
        )
        item_hash = item.chain_hash()
        connection.execute(
            f"insert into item ({HEADER_COLUMNS}, content_mac, sealed_bytes) values ({', '.join('?' * 15)})",  # noqa: S608 - constants
            (
                item.id, item.lane, item.kind.value, item.service, item.definition_version, item.sequence, previous,
                item.received_at_kiosk, item.clock_quality.value, item.boot_id, item.monotonic_ns,
                item.sealed_sha256, item_hash, content_mac, len(sealed),
            ),
        )  # fmt: skip
        connection.execute("insert into body (sequence, sealed) values (?, ?)", (item.sequence, sealed))
        sending_class = SENDING_CLASS[draft.kind]
        connection.execute(
            "update delivery set sending_class = ? where lane = ? and state <> 'acknowledged' and sending_class > ?",
            (sending_class, draft.lane, sending_class),
        )
        connection.execute(
            "insert into delivery (sequence, lane, state, sending_class, duplicate_digest) values (?, ?, 'pending', ?, ?)",
            (item.sequence, draft.lane, sending_class, draft.duplicate_digest),
        )
        head = sign_head(terminal, item.sequence, item_hash, key)
        connection.execute(
            "update ledger set pending = pending + 1, pending_bytes = pending_bytes + ?, sequence = ?, head_hash = ?, "
            "head_signature = ?",
            (len(sealed), item.sequence, item_hash, head.signature),
        )
        on_step("inserted")
    return Committed(item.sequence, item_hash, already=False)


def sendable(
    connection: Connection, terminal: str, held_lanes: Collection[str], items_max: int, bytes_max: int
) -> tuple[wire.Item, ...]:
    """The next batch in the order of sequence; an item waits for every unsettled one before it in its lane.

    The most urgent lanes first; of each lane only the oldest item, so that order within a case
    does not hang on what the centre does with the item before. A damaged row is quarantined here
    instead of being sent. At least one item, however large.
    """
    chosen: list[wire.Item] = []
    damaged: list[Settlement] = []
    blocked = set(held_lanes)
    total = 0
    rows = connection.execute(
        f"select {ITEM_COLUMNS} from delivery d join item i using (sequence, lane) left join body using (sequence) where d.state = 'pending' "  # noqa: S608 - constants
        "and not exists (select 1 from delivery q where q.lane = d.lane and q.state <> 'acknowledged' "
        "and q.sequence < d.sequence) order by d.sending_class, d.sequence"
    )
    for row in rows:
        if row[1] in blocked:
            continue
        item = item_of(terminal, row)
        if item is None or item.chain_hash() != row[12] or not item.body_matches():
            damaged.append(Settlement(row[5], ItemState.QUARANTINED, "damaged", DAMAGED))
            blocked.add(row[1])
            continue
        if chosen and total + len(item.sealed) > bytes_max:
            break
        chosen.append(item)
        blocked.add(row[1])
        total += len(item.sealed)
        if len(chosen) >= items_max:
            break
    rows.close()
    if damaged:
        settle(connection, damaged)
    return tuple(sorted(chosen, key=lambda item: item.sequence))


def note_attempt(connection: Connection, sequences: Iterable[int]) -> None:
    """Count a try before it is made, so that a crash in the middle is counted too."""
    with transaction(connection):
        connection.executemany(
            "update delivery set attempts = attempts + 1 where sequence = ?", [(s,) for s in sequences]
        )


def settle(connection: Connection, settlements: Iterable[Settlement]) -> None:
    """Write down the centre's verdicts. A late acknowledgement may still free a quarantined item."""
    with transaction(connection):
        for settlement in settlements:
            _settle_one(connection, settlement)
    if connection.execute("pragma freelist_count").fetchone()[0] > _VACUUM_PAGES:
        connection.execute(f"pragma incremental_vacuum({_VACUUM_PAGES})").fetchall()


def _settle_one(connection: Connection, settlement: Settlement) -> None:
    row = connection.execute(
        "select d.state, i.sealed_bytes from delivery d join item i using (sequence) where sequence = ?",
        (settlement.sequence,),
    ).fetchone()
    if (
        row is None
        or row[0] == ItemState.ACKNOWLEDGED
        or (row[0], settlement.state) == ("quarantined", "quarantined")
    ):
        return
    connection.execute(
        "update delivery set state = ?, verdict = ?, reason = ?, registered_at = ?, case_state = ? where sequence = ?",
        (
            settlement.state.value, settlement.verdict, settlement.reason, settlement.registered_at,
            settlement.case_state, settlement.sequence,
        ),
    )  # fmt: skip
    _count(connection, ItemState(row[0]), -1, row[1])
    _count(connection, settlement.state, +1, row[1])
    if settlement.state is ItemState.ACKNOWLEDGED:
        connection.execute("delete from body where sequence = ?", (settlement.sequence,))
        connection.execute(
            "update delivery set duplicate_digest = null where sequence = ?", (settlement.sequence,)
        )


def _count(connection: Connection, state: ItemState, change: int, sealed_bytes: int) -> None:
    match state:
        case ItemState.PENDING:
            connection.execute(
                "update ledger set pending = pending + ?, pending_bytes = pending_bytes + ?",
                (change, change * sealed_bytes),
            )
        case ItemState.QUARANTINED:
            connection.execute("update ledger set quarantined = quarantined + ?", (change,))
        case ItemState.ACKNOWLEDGED:
            connection.execute("update ledger set acknowledged = acknowledged + ?", (change,))


def summaries(connection: Connection, where: str, values: tuple[Any, ...]) -> tuple[ItemSummary, ...]:
    """Index rows; `where` is a constant of this package."""
    rows = connection.execute(
        "select sequence, i.id, i.lane, i.kind, i.service, d.state, i.received_at, d.attempts, d.verdict, d.reason, "  # noqa: S608 - constants
        f"d.registered_at, d.case_state from delivery d join item i using (sequence) where {where} order by sequence",
        values,
    ).fetchall()
    return tuple(
        ItemSummary(r[0], r[1], r[2], wire.Kind(r[3]), r[4], ItemState(r[5]), *r[6:12]) for r in rows
    )


def requeue(connection: Connection, sequence: int) -> bool:
    """Back from quarantine to pending; what the centre said stays until it speaks again."""
    with transaction(connection):
        row = connection.execute(
            "select i.sealed_bytes from delivery d join item i using (sequence) "
            "where sequence = ? and d.state = 'quarantined'",
            (sequence,),
        ).fetchone()
        if row is None:
            return False
        connection.execute("update delivery set state = 'pending' where sequence = ?", (sequence,))
        _count(connection, ItemState.QUARANTINED, -1, row[0])
        _count(connection, ItemState.PENDING, +1, row[0])
    return True


def forget(connection: Connection, registered_before: str) -> int:
    """Drop index rows from the chain's beginning up to the first that is unsettled or younger; how many.

    The centre's time counts. The chain's anchor moves along, so that what is kept can still be verified.
    """
    with transaction(connection):
        (anchor, newest) = connection.execute("select anchor_sequence, sequence from ledger").fetchone()
        first_kept = connection.execute(
            "select sequence from delivery where state <> 'acknowledged' or registered_at is null "
            "or coalesce(julianday(registered_at) >= julianday(?), 1) order by sequence limit 1",
            (registered_before,),
        ).fetchone()
        last = min((first_kept[0] if first_kept else newest + 1) - 1, anchor + _FORGET_ROWS)
        if last <= anchor:
            return 0
        (hash_,) = connection.execute("select item_hash from item where sequence = ?", (last,)).fetchone()
        connection.execute("update ledger set anchor_sequence = ?, anchor_hash = ?", (last, hash_))
        connection.execute("pragma defer_foreign_keys = on")
        connection.execute("delete from item where sequence <= ?", (last,))
        connection.execute("delete from delivery where sequence <= ?", (last,))
    return int(last - anchor)
