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
from itertools import chain
from pathlib import Path
from typing import Any

import sqlcipher3

from offline_queue import aside, intake, wire
from offline_queue.belief import (
    LAST_BELIEVED,
    WholeItem,
    is_an_end,
    is_signed_end,
    is_whole_header,
    whole_item,
)
from offline_queue.chain import HEADER_COLUMNS, ITEM_COLUMNS, sign_head
from offline_queue.database import disk_refuses
from offline_queue.erasure import erase_withdrawn
from offline_queue.intake import Signer
from offline_queue.records import ItemState, Salvaged, SetAside
from offline_queue.schema import Connection
from offline_queue.transactions import transaction

_ADDED = ("attachments", "erased_by", "priority")
"""Columns of `item` that a database of an older program does not have; null means the same there."""
_OLDEST = ITEM_COLUMNS.removesuffix(", attachments, erased_by")
_UNREADABLE = (sqlcipher3.Error, UnicodeDecodeError)
"""The second when SQLite's complaint quotes the damage."""
_LOOKED_MAX = 1_000_000
"""So many numbers are asked for one by one behind damage."""


@dataclass(slots=True)
class _Left:
    """What a damaged database still says: which items, the end of its chain, and what was settled there.

    Only numbers up to that end. `anchor`: 0 when it cannot be believed. `taken_in`: at most so many items that get a
    slip; more than there were rather than fewer, since too few would look like slips without a case.
    """

    items: list[int]
    settled: set[int]
    anchor: int
    end: tuple[int, str]
    taken_in: int


def continue_chain(connection: Connection, signer: Signer, damaged: Iterable[Path]) -> None:
    """Let an empty database count on from the highest number that a damaged one still names."""
    if intake.end_of_chain(connection)[0] > 0:
        return
    ends = [(*left.end, left.taken_in) for path in damaged if (left := _left_in(path, signer)) is not None]
    sequence, hash_, taken_in = max(ends, default=(0, "", 0))
    if sequence == 0:
        return
    head = sign_head(signer.terminal, sequence, hash_, signer.key)
    with transaction(connection):
        connection.execute(
            "update ledger set sequence = ?1, head_hash = ?2, head_signature = ?3, anchor_sequence = ?1, "
            "anchor_hash = ?2, taken_in = ?4",
            (sequence, hash_, head.signature, taken_in),
        )


def recover(
    connection: Connection, signer: Signer, damaged: Path, has_room: Callable[[int], bool]
) -> Salvaged:
    """Take over every whole item of one damaged database; may be repeated, and cut short anywhere."""
    left = _left_in(damaged, signer)
    if left is None:
        return Salvaged(damaged.name, readable=False)
    recovered = already = waiting = 0
    told = left.settled
    last = left.end[0]
    with _reading(damaged) as old:
        for whole in _whole_items(old, left.items, signer.terminal, last):
            item = whole.item
            attachments = _attachments(old, item)
            if attachments is None:
                continue
            size = len(item.sealed) + sum(map(len, attachments.values()))
            told.add(item.sequence)
            if intake.known(connection, item.id) is not None:
                already += 1
            elif (
                has_room(size)
                and _is_free(connection, item.sequence)
                and _take(connection, whole, attachments)
            ):
                recovered += 1
            else:
                waiting += 1
    lost = last - left.anchor - sum(left.anchor < sequence <= last for sequence in told)
    return Salvaged(
        damaged.name, readable=True, recovered=recovered, already=already, waiting=waiting, lost=lost,
        highest=last,
    )  # fmt: skip


_STANDS = "select state from delivery where id = ?"


def look(connection: Connection, signer: Signer, path: Path) -> SetAside:
    """What one database that was set aside still holds, beside what is here. Reads it; long for a large one."""
    state = aside.Aside.SALVAGED if path in aside.salvaged(path.parent) else aside.Aside.DAMAGED
    since = aside.note_of(path).since
    told = SetAside(
        path.name, state, aside.bytes_of(path), None, None, None, since.isoformat() if since else None
    )
    left = _left_in(path, signer)
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


def _left_in(path: Path, signer: Signer) -> _Left | None:
    try:
        with _reading(path) as old:
            old.execute("select count(*) from sqlite_schema").fetchone()
            ends = {table: _ends_of(old, table) for table in _TABLES}
            end = _end_of_chain(old, ends, signer)
            items, settled = (_sequences(old, table, ends[table], end[0]) for table in _TABLES)
            anchor = _one(old, "select anchor_sequence from ledger")
            counted = _one(old, "select taken_in, sequence from ledger")
    except _UNREADABLE:
        return None
    begin = anchor[0] if anchor is not None and type(anchor[0]) is int and 0 <= anchor[0] <= end[0] else 0
    return _Left(items, set(settled), begin, end, _taken_in(counted, end[0]))


def _taken_in(counted: tuple[Any, ...] | None, last: int) -> int:
    """What the ledger counted, and all items behind it; all of them when it cannot be believed."""
    match counted:
        case (int(taken_in), int(sequence)) if 0 <= taken_in <= sequence <= last:
            return taken_in + last - sequence
        case _:
            return last


_TABLES = ("item", "settled")
_HEAD = "select sequence, head_hash, head_signature from ledger"


def _end_of_chain(old: Connection, ends: Mapping[str, _Ends], signer: Signer) -> tuple[int, str]:
    """The highest number that proves itself, or one named close behind it; 0 when nothing does.

    Damage leaves rows that can be read and say nonsense: a chain that went on from that would never come back.
    """
    proved: list[tuple[int, str]] = []
    named: list[tuple[int, str]] = []
    head = _one(old, _HEAD)
    if head is not None and is_an_end(*head):
        named.append(head[:2])
        if is_signed_end(signer.terminal, head, signer.key.public_key()):
            proved.append(head[:2])
    for table in _TABLES:
        has = _columns(old, table)
        attachments = "attachments" if "attachments" in has else "null"
        query = f"select {HEADER_COLUMNS}, null, {attachments}, null from {table} where sequence = ?"  # noqa: S608 - constants
        for sequence in ends[table].falling():
            row = _one(old, query, sequence)
            if row is None:
                continue
            if is_whole_header(signer.terminal, row):
                proved.append((row[5], row[12]))
                break
            if is_an_end(row[5], row[12], b""):
                named.append((row[5], row[12]))
    last = max(proved, default=(0, ""))
    # A terminal signs its head anew after so many items at the latest.
    near = (end for end in named if last[0] and end[0] <= last[0] + intake.UNLISTED_MAX)
    return max(chain([last], near))


@dataclass(slots=True)
class _Ends:
    """The numbers in a table as far as it can be walked: up from the lowest, and down from the highest."""

    up: list[int]
    down: list[int]

    def falling(self) -> Iterator[int]:
        """From the highest."""
        return chain(self.down, (number for number in reversed(self.up) if number not in self.down[-1:]))


def _ends_of(old: Connection, table: str) -> _Ends:
    ends = _Ends([], [])
    for seen, direction, sign in ((ends.up, "asc", 1), (ends.down, "desc", -1)):
        with suppress(*_UNREADABLE):
            for (sequence,) in old.execute(f"select sequence from {table} order by sequence {direction}"):  # noqa: S608 - constants
                if type(sequence) is not int or (seen and (sequence - seen[-1]) * sign <= 0):
                    break  # out of order: the tree is not what it was
                if sign < 0 and ends.up and sequence <= ends.up[-1]:
                    break
                if 1 <= sequence <= LAST_BELIEVED:
                    seen.append(sequence)
    return ends


def _columns(old: Connection, table: str) -> set[str]:
    with suppress(*_UNREADABLE):
        return {name for (name,) in old.execute(f"select name from pragma_table_info('{table}')")}  # noqa: S608 - constants
    return set()


def _one(old: Connection, query: str, *values: object) -> tuple[Any, ...] | None:
    """The first row; None when there is none or its page is damaged."""
    try:
        row: tuple[Any, ...] | None = old.execute(query, values).fetchone()
    except _UNREADABLE:
        return None
    return row


def _sequences(old: Connection, table: str, ends: _Ends, last: int) -> list[int]:
    """The numbers in a table, to `last`: walked from both ends up to the damage, and between asked for one by one."""
    rising = [number for number in ends.up if number <= last]
    falling = [number for number in ends.down if number <= last]
    to = falling[-1] if falling else last + 1
    between = range(max(rising[-1] + 1 if rising else 1, to - _LOOKED_MAX), to)
    one = f"select sequence from {table} where sequence = ?"  # noqa: S608 - a constant
    return [*rising, *(number for number in between if _one(old, one, number)), *reversed(falling)]


def _whole_items(old: Connection, sequences: Iterable[int], terminal: str, last: int) -> Iterator[WholeItem]:
    has = _columns(old, "item")
    added = ", ".join(name if name in has else "null" for name in _ADDED)
    for sequence in sequences:
        row = _one(old, f"select {_OLDEST}, {added}, content_mac from item where sequence = ?", sequence)  # noqa: S608 - constants
        whole = None if row is None else whole_item(terminal, row, last)
        if whole is not None:
            yield whole


def _attachments(old: Connection, item: wire.Item) -> dict[int, bytes] | None:
    """By number; None when one of them is not whole: an item is nothing without what belongs to it."""
    found = {}
    for told in item.enclosed:
        query = "select sealed from attachment where sequence = ? and number = ?"
        row = _one(old, query, item.sequence, told.number)
        sealed = row[0] if row is not None else None
        if not isinstance(sealed, bytes) or hashlib.sha256(sealed).hexdigest() != told.sealed_sha256:
            return None
        found[told.number] = sealed
    return found


def _is_free(connection: Connection, sequence: int) -> bool:
    """Below the end of the present chain, and not the number of another item there."""
    taken = "select 1 from item where sequence = ?1 union all select 1 from delivery where sequence = ?1"
    end = intake.end_of_chain(connection)[0]
    return sequence <= end and connection.execute(taken, (sequence,)).fetchone() is None


def _take(connection: Connection, whole: WholeItem, attachments: Mapping[int, bytes]) -> bool:
    """False when the disk does not take it."""
    try:
        _insert(connection, whole, attachments)
    except sqlcipher3.OperationalError as error:
        if not disk_refuses(error):
            raise
        return False
    return True


def _insert(connection: Connection, whole: WholeItem, attachments: Mapping[int, bytes]) -> None:
    item = whole.item
    size = len(item.sealed) + sum(map(len, attachments.values()))
    values = (
        item.id, item.lane, item.kind.value, item.service, item.definition_version, item.sequence,
        item.previous_hash, item.received_at_kiosk, item.clock_quality.value, item.boot_id, item.monotonic_ns,
        item.sealed_sha256, whole.item_hash, item.sealed, intake.attachments_text(item), whole.erased_by,
        whole.priority, whole.content_mac, size,
    )  # fmt: skip
    with transaction(connection):
        connection.execute(
            f"insert into item ({ITEM_COLUMNS}, priority, content_mac, sealed_bytes) values ({', '.join('?' * 19)})",  # noqa: S608 - constants
            values,
        )
        intake.keep_attachments(connection, item.sequence, attachments)
        intake.index(
            connection, item.sequence, item.id, item.lane, item.kind.value, item.service,
            received_at=item.received_at_kiosk, priority=whole.priority, digest=None,
        )  # fmt: skip
        connection.execute(
            "update ledger set pending = pending + 1, pending_bytes = pending_bytes + ?", (size,)
        )
        if whole.erased_by is not None:
            connection.execute("update delivery set erased = 1 where sequence = ?", (item.sequence,))
        # Who asked for what lay aside is known no more.
        connection.execute("update delivery set vouched = 0 where sequence = ?", (item.sequence,))
        erase_withdrawn(connection, item.lane)  # what was withdrawn while it lay aside
