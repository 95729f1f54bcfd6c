"""What is done on the outbox's connection, each in one transaction. Run by the owner thread only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from itertools import chain
from typing import Any

import sqlcipher3

from offline_queue import wire
from offline_queue.chain import HEADER_COLUMNS, ITEM_COLUMNS, item_of
from offline_queue.database import disk_refuses
from offline_queue.records import ItemState, ItemSummary, Settlement
from offline_queue.schema import MAC_BYTES, Connection

SUPERSEDED = "superseded"
RETURNED = "returned"
CORRECTED = "corrected"
"""How an item was closed: its verdict."""
DAMAGED = "damaged on this terminal's disk; not sent"
_VACUUM_PAGES = 1024
HOLDS_ITS_LANE = "(state = 'pending' or state = 'quarantined' and erased = 0) and superseded_by is null"
"""An item that the later ones of its lane wait for. A withdrawn one that is refused has nothing left to repair: its
withdrawal goes on."""
_SENT_COLUMNS = ", ".join("i." + name.strip() for name in ITEM_COLUMNS.split(","))
_LISTED = (
    f"select {_SENT_COLUMNS} from delivery d join item i using (sequence) "  # noqa: S608 - constants
    "where d.state = 'pending' and d.is_next = 1 order by d.sending_class, d.sequence"
)
_UNLISTED = (
    f"select {_SENT_COLUMNS} from item i where sequence > (select sequence from ledger) and not exists "  # noqa: S608 - constants
    f"(select 1 from delivery d where d.lane = i.lane and {HOLDS_ITS_LANE}) order by sequence"
)
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


def sendable(
    connection: Connection,
    terminal: str,
    held_lanes: Collection[str],
    items_max: int,
    bytes_max: int,
    whole: Collection[int] = (),
) -> tuple[tuple[wire.Item, ...], tuple[Settlement, ...]]:
    """The next batch in the order of sequence, and damaged rows, which go into quarantine instead.

    An item waits for every unsettled one before it in its lane. The most urgent lanes first; of each
    lane only the oldest item, so that order within a case does not hang on what the centre does with
    the item before. An item with attachments waits until the centre has them (`whole`: sequences).
    At least one item, however large. Writes nothing: a disk that takes no index row
    any more still gives its items.
    """
    chosen: list[wire.Item] = []
    damaged: list[Settlement] = []
    total = 0
    for sequence, item, erased in _firsts(connection, terminal, held_lanes):
        if item is None:
            damaged.append(Settlement(sequence, ItemState.QUARANTINED, "damaged", DAMAGED, erased=erased))
            continue
        if item.enclosed and sequence not in whole:
            continue
        if chosen and total + len(item.sealed) > bytes_max:
            break
        chosen.append(item)
        total += len(item.sealed)
        if len(chosen) >= items_max:
            break
    return tuple(sorted(chosen, key=lambda item: item.sequence)), tuple(damaged)


def _firsts(
    connection: Connection, terminal: str, held_lanes: Collection[str]
) -> Iterator[tuple[int, wire.Item | None, bool]]:
    """Of each free lane the item that may go, in the order of sending; None for one whose row is damaged.

    With its sequence, and whether it was erased.
    """
    blocked = set(held_lanes)
    for row in chain.from_iterable(connection.execute(query) for query in (_LISTED, _UNLISTED)):
        if row[1] not in blocked:
            blocked.add(row[1])
            item = item_of(terminal, row)
            whole = item is not None and item.chain_hash() == row[12] and item.body_matches()
            yield row[5], item if whole else None, row[15] is not None


def next_to_upload(
    connection: Connection, terminal: str, held_lanes: Collection[str], whole: Collection[int]
) -> wire.Item | None:
    """The most urgent item that may go once the centre has its attachments; damaged rows are `sendable`'s."""
    for sequence, item, _erased in _firsts(connection, terminal, held_lanes):
        if item is not None and item.enclosed and sequence not in whole:
            return item
    return None


def attachment(connection: Connection, sequence: int, number: int) -> bytes | None:
    """One sealed attachment as it lies on the disk; None when it is not there."""
    query = "select sealed from attachment where sequence = ? and number = ?"
    row = connection.execute(query, (sequence, number)).fetchone()
    return None if row is None else bytes(row[0])


def note_attempt(connection: Connection, sequences: Iterable[int]) -> None:
    """Count a try before it is made, so that a crash in the middle is counted too."""
    with transaction(connection):
        connection.executemany(
            "update delivery set attempts = attempts + 1 where sequence = ?", [(s,) for s in sequences]
        )


def settle(connection: Connection, settlements: Iterable[Settlement]) -> None:
    """Write down the centre's verdicts. A late acknowledgement may still free a quarantined item."""
    _settle(connection, settlements)
    give_back(connection)


def give_back(connection: Connection, *, log_too: bool = False) -> None:
    """Some of what the database holds free, to the disk. A disk too full for that gets it another time.

    `log_too`: the log is emptied and cut off as well, which otherwise keeps what it once took.
    """
    try:
        if free_pages(connection) > _VACUUM_PAGES:
            connection.execute(f"pragma incremental_vacuum({_VACUUM_PAGES})").fetchall()
        if log_too:
            connection.execute("pragma wal_checkpoint(truncate)").fetchall()
    except sqlcipher3.OperationalError as error:
        if not disk_refuses(error):
            raise


def free_pages(connection: Connection) -> int:
    return int(connection.execute("pragma freelist_count").fetchone()[0])


def settle_sparingly(connection: Connection, settlements: Iterable[Settlement]) -> None:
    """The same on a disk with next to no room: one by one, and what is sealed is let go instead of overwritten.

    Overwriting goes through the log, which would have to hold as much again as all that is dropped.
    """
    connection.execute("pragma secure_delete = fast").fetchall()
    try:
        for settlement in settlements:
            _settle(connection, (settlement,))
    finally:
        connection.execute("pragma secure_delete = on").fetchall()


def _settle(connection: Connection, settlements: Iterable[Settlement]) -> None:
    with transaction(connection):
        moved: Counter[str] = Counter()
        for settlement in settlements:
            moved.update(settle_one(connection, settlement))
        count(connection, moved)


def settle_one(connection: Connection, settlement: Settlement) -> Counter[str]:
    """One settlement, inside a transaction, and by how much it changes the ledger. What is settled stays so."""
    sequence, done = settlement.sequence, settlement.state in (ItemState.ACKNOWLEDGED, ItemState.CLOSED)
    row = connection.execute(
        "select d.state, i.sealed_bytes, d.id, d.erased from delivery d left join item i using (sequence) "
        "where sequence = ?",
        (sequence,),
    ).fetchone()
    if (
        row is None
        or row[0] in (ItemState.ACKNOWLEDGED, ItemState.CLOSED)
        or (row[0], settlement.state) == ("quarantined", "quarantined")
        # Said of the whole item, which a withdrawal emptied meanwhile: its header alone is asked about anew.
        or (settlement.state is ItemState.QUARANTINED and row[3] and not settlement.erased)
    ):
        return Counter()
    state, sealed_bytes, id_, erased = row
    connection.execute(
        "update delivery set state = ?, verdict = ?, reason = ?, registered_at = ?, case_state = ?, "
        "duplicate_digest = iif(?, null, duplicate_digest) where sequence = ?",
        (
            settlement.state.value, settlement.verdict, settlement.reason, settlement.registered_at,
            settlement.case_state, done, sequence,
        ),
    )  # fmt: skip
    moved = moves(ItemState(state), settlement.state, sealed_bytes)
    if erased and not done:
        free_next(connection, sequence)
    if done:
        _erase(connection, sequence)
        moved.update(_close_superseded(connection, id_, settlement.registered_at))
    return moved


def _erase(connection: Connection, sequence: int) -> None:
    """Drop what is sealed, keep the header for the chain, and let the next of the lane go."""
    columns = f"{HEADER_COLUMNS}, sealed_bytes, attachments"
    # Of an item from before, contents could be tried against its MAC.
    mac = f"iif(length(content_mac) = {MAC_BYTES}, content_mac, x'')"
    connection.execute(
        f"insert into settled ({columns}, content_mac) select {columns}, {mac} from item where sequence = ?",  # noqa: S608 - constants
        (sequence,),
    )
    connection.execute("delete from item where sequence = ?", (sequence,))
    connection.execute("delete from attachment where sequence = ?", (sequence,))
    free_next(connection, sequence)


def free_next(connection: Connection, sequence: int) -> None:
    """Let the oldest item that holds the lane of this one be sent."""
    connection.execute(
        "update delivery set is_next = 1 where sequence = (select sequence from delivery "  # noqa: S608 - constants
        f"where lane = (select lane from delivery where sequence = ?) and {HOLDS_ITS_LANE} "
        "order by sequence limit 1)",
        (sequence,),
    )


def _close_superseded(connection: Connection, by: str, at: str | None) -> Counter[str]:
    """What an item took the place of is settled with it; the centre's words about it stay.

    Not where the item may be another person's: then staff settle it.
    """
    moved: Counter[str] = Counter()
    for sequence, reason in connection.execute(
        "select sequence, reason from delivery where superseded_by = ?1 and state = 'quarantined' "
        "and exists (select 1 from delivery where id = ?1 and vouched)",
        (by,),
    ).fetchall():
        moved.update(settle_one(connection, Settlement(sequence, ItemState.CLOSED, SUPERSEDED, reason, at)))
    return moved


def moves(before: ItemState, after: ItemState, sealed_bytes: int) -> Counter[str]:
    """What it changes in the ledger."""
    moved: Counter[str] = Counter()
    for state, change in ((before, -1), (after, +1)):
        moved[state.value] += change
        if state is ItemState.PENDING:
            moved["pending_bytes"] += change * sealed_bytes
    return moved


def count(connection: Connection, moved: Mapping[str, int]) -> None:
    """Write down what `settle_one` changed; in the same transaction."""
    connection.execute(
        "update ledger set pending = pending + ?, quarantined = quarantined + ?, "
        "acknowledged = acknowledged + ?, pending_bytes = pending_bytes + ?",
        [moved.get(name, 0) for name in ("pending", "quarantined", "acknowledged", "pending_bytes")],
    )


def summaries(connection: Connection, where: str, values: tuple[Any, ...]) -> tuple[ItemSummary, ...]:
    """Index rows; `where` is a constant of this package."""
    rows = connection.execute(
        "select sequence, id, lane, kind, service, state, received_at, attempts, verdict, reason, "  # noqa: S608 - constants
        f"registered_at, case_state, superseded_by, erased from delivery where {where} order by sequence",
        values,
    ).fetchall()
    return tuple(
        ItemSummary(r[0], r[1], r[2], wire.Kind(r[3]), r[4], ItemState(r[5]), *(*r[6:13], bool(r[13])))
        for r in rows
    )


def requeue(connection: Connection, sequences: Iterable[int]) -> int:
    """Back from quarantine to pending, how many; what the centre said stays until it speaks again."""
    moved: Counter[str] = Counter()
    with transaction(connection):
        for sequence in sequences:
            row = connection.execute(
                "select i.sealed_bytes from delivery d join item i using (sequence) "
                "where sequence = ? and d.state = 'quarantined' and d.superseded_by is null",
                (sequence,),
            ).fetchone()
            if row is not None:
                connection.execute("update delivery set state = 'pending' where sequence = ?", (sequence,))
                moved.update(moves(ItemState.QUARANTINED, ItemState.PENDING, row[0]))
        count(connection, moved)
    return moved[ItemState.PENDING.value]


def unsettled(
    connection: Connection, terminal: str, after: int, rows_max: int
) -> tuple[list[wire.Item], int | None]:
    """What the centre does not have as far as is known here, by sequence; damaged rows are left out.

    With the last sequence looked at; None when there was nothing behind `after`.
    """
    rows = connection.execute(
        f"select {ITEM_COLUMNS} from item where sequence > ? order by sequence limit ?",  # noqa: S608 - constants
        (after, rows_max),
    ).fetchall()
    items = [item for item in (item_of(terminal, row) for row in rows) if item is not None]
    return items, rows[-1][5] if rows else None


def forget(connection: Connection, registered_before: str) -> int:
    """Drop index rows from the chain's beginning up to the first that is unsettled or younger; how many.

    The centre's time counts; a settled row that has none (given back here) goes with the next that
    has one. The chain's anchor moves along, so that what is kept can still be verified.
    """
    with transaction(connection):
        (anchor, newest) = connection.execute("select anchor_sequence, sequence from ledger").fetchone()
        first_kept = connection.execute(
            "select sequence from delivery where state in ('pending', 'quarantined') "
            "or (registered_at is not null and coalesce(julianday(registered_at) >= julianday(?), 1)) "
            "order by sequence limit 1",
            (registered_before,),
        ).fetchone()
        (last,) = connection.execute(
            "select max(sequence) from delivery where sequence < ? and sequence <= ? "
            "and registered_at is not null",
            (first_kept[0] if first_kept else newest + 1, anchor + _FORGET_ROWS),
        ).fetchone()
        if last is None:
            return 0
        (hash_,) = connection.execute("select item_hash from settled where sequence = ?", (last,)).fetchone()
        connection.execute("update ledger set anchor_sequence = ?, anchor_hash = ?", (last, hash_))
        connection.execute("delete from settled where sequence <= ?", (last,))
        connection.execute("delete from delivery where sequence <= ?", (last,))
        connection.execute("delete from case_news where lane not in (select lane from delivery)")
    return int(last - anchor)
