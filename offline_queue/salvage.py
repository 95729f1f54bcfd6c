"""What can still be read of a database that was set aside goes into the new one, under its old number.

The new database goes on counting where the old one ended, so the centre sees no second chain, only the
numbers that are missing until they are salvaged. A record keeps its header word for word: if the centre
has it already, it says `duplicate`. Nothing is deleted: a file that is done with is renamed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import sqlcipher3
from pydantic import ValidationError

from offline_queue import aside, intake, wire
from offline_queue.chain import ITEM_COLUMNS, item_of, sign_head
from offline_queue.database import disk_refuses
from offline_queue.erasure import erase_withdrawn
from offline_queue.intake import Signer
from offline_queue.records import ItemState, Salvaged, SetAside
from offline_queue.schema import Connection
from offline_queue.transactions import transaction

_ADDED = ("attachments", "erased_by", "priority")
"""Columns of `item` that a database of an older program does not have; null means the same there."""
_OLDEST = ITEM_COLUMNS.removesuffix(", attachments, erased_by")


@dataclass(slots=True)
class _Left:
    """What a damaged database still says: which items, the end of its chain, and what was settled there."""

    items: list[int]
    settled: set[int]
    anchor: int
    end: tuple[int, str]


def continue_chain(connection: Connection, signer: Signer, damaged: Iterable[Path]) -> None:
    """Let an empty database count on from the highest number that a damaged one still names."""
    if intake.end_of_chain(connection)[0] > 0:
        return
    ends = [left.end for path in damaged if (left := _left_in(path)) is not None]
    sequence, hash_ = max(ends, default=(0, ""))
    if sequence == 0:
        return
    head = sign_head(signer.terminal, sequence, hash_, signer.key)
    with transaction(connection):
        connection.execute(
            "update ledger set sequence = ?1, head_hash = ?2, head_signature = ?3, anchor_sequence = ?1, anchor_hash = ?2",
            (sequence, hash_, head.signature),
        )


def recover(
    connection: Connection, signer: Signer, damaged: Path, has_room: Callable[[int], bool]
) -> Salvaged:
    """Take over every whole item of one damaged database; may be repeated, and cut short anywhere."""
    left = _left_in(damaged)
    if left is None:
        return Salvaged(damaged.name, readable=False)
    recovered = already = waiting = 0
    whole: set[int] = set()
    with _reading(damaged) as old:
        for row in _whole_items(old, left.items, signer.terminal):
            sequence, id_ = row[5], row[0]
            attachments = _attachments(old, item_of(signer.terminal, row))
            if attachments is None:
                continue
            size = len(row[13]) + sum(map(len, attachments.values()))
            whole.add(sequence)
            if intake.known(connection, id_) is not None:
                already += 1
            elif has_room(size) and _is_free(connection, sequence) and _take(connection, row, attachments):
                recovered += 1
            else:
                waiting += 1
    told = whole | left.settled
    lost = sum(sequence not in told for sequence in range(left.anchor + 1, left.end[0] + 1))
    return Salvaged(
        damaged.name, readable=True, recovered=recovered, already=already, waiting=waiting, lost=lost,
        highest=left.end[0],
    )  # fmt: skip


_STANDS = "select state from delivery where id = ?"


def look(connection: Connection, path: Path) -> SetAside:
    """What one database that was set aside still holds, beside what is here. Reads it; long for a large one."""
    state = aside.Aside.SALVAGED if path in aside.salvaged(path.parent) else aside.Aside.DAMAGED
    since = aside.note_of(path).since
    told = SetAside(
        path.name, state, aside.bytes_of(path), None, None, None, since.isoformat() if since else None
    )
    left = _left_in(path)
    if left is None:
        return told
    with _reading(path) as old:
        ids = [_one(old, "select id from item where sequence = ?", number) for number in left.items]
    stands = [None if id_ is None else connection.execute(_STANDS, id_).fetchone() for id_ in ids]
    waits = [here is None or here[0] in (ItemState.PENDING, ItemState.QUARANTINED) for here in stands]
    return replace(told, items=len(ids), unsettled=sum(waits), only_here=stands.count(None))


def look_at_log(path: Path) -> SetAside:
    """A log without its database: nothing can be read in it."""
    return SetAside(path.name, aside.Aside.LOG_ALONE, path.stat().st_size, None, None, None, None)


def is_settled(connection: Connection, highest: int) -> bool:
    """Whether no item up to this number waits here, unsent or refused."""
    query = "select 1 from delivery where state = '{}' and sequence <= ? limit 1"
    states = (ItemState.PENDING, ItemState.QUARANTINED)
    return not any(connection.execute(query.format(state.value), (highest,)).fetchone() for state in states)


@contextmanager
def _reading(path: Path) -> Iterator[Connection]:
    with closing(sqlcipher3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
        connection.execute("pragma cipher_log_level = none")
        yield connection


def _left_in(path: Path) -> _Left | None:
    try:
        with _reading(path) as old:
            old.execute("select count(*) from sqlite_schema").fetchone()
            items, settled = _sequences(old, "item"), _sequences(old, "settled")
            ends = [end for query in _ENDS if (end := _one(old, query)) is not None and _is_an_end(end)]
            anchor = _one(old, "select anchor_sequence from ledger")
    except sqlcipher3.Error:
        return None
    begin = anchor[0] if anchor is not None and isinstance(anchor[0], int) else 0
    return _Left(items, set(settled), begin, max(ends, default=(0, "")))


_ENDS = (
    "select sequence, head_hash from ledger",
    "select sequence, item_hash from item order by sequence desc limit 1",
    "select sequence, item_hash from settled order by sequence desc limit 1",
)


def _is_an_end(row: tuple[Any, ...]) -> bool:
    """Damage leaves rows that can be read and say nonsense; a chain cannot go on from that."""
    try:
        wire.ChainHead(sequence=row[0], hash=row[1], signature=b"")
    except ValidationError:
        return False
    return True


def _one(old: Connection, query: str, *values: object) -> tuple[Any, ...] | None:
    """The first row; None when there is none or its page is damaged."""
    try:
        row: tuple[Any, ...] | None = old.execute(query, values).fetchone()
    except sqlcipher3.Error:
        return None
    return row


def _sequences(old: Connection, table: str) -> list[int]:
    """The numbers in a table: walked from both ends up to the damage, and between asked for one by one."""
    ends: list[list[int]] = []
    for direction in ("asc", "desc"):
        seen: list[int] = []
        with suppress(sqlcipher3.Error):
            for (sequence,) in old.execute(f"select sequence from {table} order by sequence {direction}"):  # noqa: S608 - constants
                if ends and ends[0] and sequence <= ends[0][-1]:
                    break
                seen.append(sequence)
        ends.append(seen)
    rising, falling = ends
    between = range(rising[-1] + 1 if rising else 1, falling[-1] if falling else 0)
    one = f"select sequence from {table} where sequence = ?"  # noqa: S608 - a constant
    return [*rising, *(number for number in between if _one(old, one, number)), *reversed(falling)]


def _whole_items(old: Connection, sequences: Iterable[int], terminal: str) -> Iterator[tuple[Any, ...]]:
    has: set[str] = set()
    with suppress(sqlcipher3.Error):
        has.update(name for (name,) in old.execute("select name from pragma_table_info('item')"))
    added = ", ".join(name if name in has else "null" for name in _ADDED)
    for sequence in sequences:
        row = _one(old, f"select {_OLDEST}, {added}, content_mac from item where sequence = ?", sequence)  # noqa: S608 - constants
        item = None if row is None else item_of(terminal, row)
        if row is not None and item is not None and item.chain_hash() == row[12] and item.body_matches():
            yield row


def _attachments(old: Connection, item: wire.Item | None) -> dict[int, bytes] | None:
    """By number; None when one of them is not whole: an item is nothing without what belongs to it."""
    found = {}
    for told in item.enclosed if item else ():
        query = "select sealed from attachment where sequence = ? and number = ?"
        row = _one(old, query, item.sequence if item else 0, told.number)
        if row is None or hashlib.sha256(row[0]).hexdigest() != told.sealed_sha256:
            return None
        found[told.number] = bytes(row[0])
    return found


def _is_free(connection: Connection, sequence: int) -> bool:
    """Below the end of the present chain, and not the number of another item there."""
    taken = "select 1 from item where sequence = ?1 union all select 1 from delivery where sequence = ?1"
    end = intake.end_of_chain(connection)[0]
    return sequence <= end and connection.execute(taken, (sequence,)).fetchone() is None


def _take(connection: Connection, row: tuple[Any, ...], attachments: Mapping[int, bytes]) -> bool:
    """False when the disk does not take it."""
    try:
        _insert(connection, row, attachments)
    except sqlcipher3.OperationalError as error:
        if not disk_refuses(error):
            raise
        return False
    return True


def _insert(connection: Connection, row: tuple[Any, ...], attachments: Mapping[int, bytes]) -> None:
    sequence, lane, priority = row[5], row[1], row[16]
    size = len(row[13]) + sum(map(len, attachments.values()))
    with transaction(connection):
        connection.execute(
            f"insert into item ({ITEM_COLUMNS}, priority, content_mac, sealed_bytes) values ({', '.join('?' * 19)})",  # noqa: S608 - constants
            (*row, size),
        )
        intake.keep_attachments(connection, sequence, attachments)
        intake.index(connection, sequence, *row[:4], received_at=row[7], priority=priority, digest=None)
        connection.execute(
            "update ledger set pending = pending + 1, pending_bytes = pending_bytes + ?", (size,)
        )
        if row[15] is not None:
            connection.execute("update delivery set erased = 1 where sequence = ?", (sequence,))
        # Who asked for what lay aside is known no more.
        connection.execute("update delivery set vouched = 0 where sequence = ?", (sequence,))
        erase_withdrawn(connection, lane)  # what was withdrawn while it lay aside
