"""Whether what a database says can be believed: a damaged one may be sound as a file and hold nonsense all the same.

An outbox is opened only if everything that a commit, a look-up or a start uses without asking can be used; else it is
set aside, as any damaged one. A single row of an item that can be told apart later (its hash says so) is no reason for
that. What is believed of a database that was set aside proves itself: the head by the terminal's signature, an item
by the hash that its header has.
"""

from __future__ import annotations

import hashlib
from contextlib import closing
from dataclasses import dataclass
from functools import cache
from typing import Any

import sqlcipher3
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue import inbox, reconcile, wire
from offline_queue.chain import head_is_signed, item_of
from offline_queue.records import Priority
from offline_queue.schema import MAC_BYTES, NEWEST, Connection, migrate

LAST_BELIEVED = 2**48
"""No terminal comes near this number in its life, and from here a counter still has far to go."""
_MAC_BYTES = (32, MAC_BYTES)
"""The first without a nonce, of items from before."""


def is_usable(connection: Connection) -> bool:
    """Of a database of the newest version, whose pages are sound: whether an outbox can be run on it."""
    return _tables(connection) >= _expected() and all(test(connection) for test in _TESTS)


def _tables(connection: Connection) -> frozenset[tuple[str, str]]:
    """Each table, index, trigger with its kind, and each column with its table."""
    query = """select type, name from sqlite_schema where name not like 'sqlite~_%' escape '~' union all
        select t.name, c.name from sqlite_schema t, pragma_table_info(t.name) c where t.type = 'table'"""
    return frozenset(connection.execute(query).fetchall())


@cache
def _expected() -> frozenset[tuple[str, str]]:
    with closing(sqlcipher3.connect(":memory:", isolation_level=None)) as connection:
        migrate(connection, NEWEST)
        return _tables(connection)


def _ledger(connection: Connection) -> bool:
    rows = connection.execute(
        "select sequence, head_hash, anchor_sequence, anchor_hash, head_signature, "
        "min(pending, pending_bytes, quarantined, acknowledged, taken_in), "
        "max(pending, pending_bytes, quarantined, acknowledged, taken_in) from ledger"
    ).fetchall()
    if len(rows) != 1:
        return False
    sequence, head_hash, anchor, anchor_hash, signature, least, most = rows[0]
    return (
        is_an_end(sequence, head_hash, signature)
        and is_an_end(anchor, anchor_hash, b"")
        and anchor <= sequence
        and 0 <= least <= most <= LAST_BELIEVED
    )


def _single_rows(connection: Connection) -> bool:
    (rows, letters, least) = connection.execute(
        "select count(*), max(ifnull(cursor, 0), unread), min(ifnull(cursor, 0), unread) from inbox"
    ).fetchone()
    if rows != 1 or not 0 <= least <= letters <= LAST_BELIEVED:
        return False
    return bool(connection.execute("select count(*) = 1 from reconciliation").fetchone()[0])


def _centres_words(connection: Connection) -> bool:
    try:
        reconcile.kept(connection)
        inbox.references(connection)
        for (lane,) in connection.execute("select lane from case_news").fetchall():
            inbox.news_of(connection, lane)
    except ValueError:
        return False
    return True


def _index_rows(connection: Connection) -> bool:
    kinds = ", ".join(f"'{kind.value}'" for kind in wire.Kind)
    query = (
        f"select 1 from delivery where kind not in ({kinds}) or sequence not between 1 and ?1 "  # noqa: S608 - constants
        "or attempts not between 0 and ?1 or sending_class not between 0 and ?2 limit 1"
    )
    return connection.execute(query, (LAST_BELIEVED, max(Priority))).fetchone() is None


def _numbers(connection: Connection) -> bool:
    highest = "select max(ifnull((select max(sequence) from item), 0), ifnull((select max(sequence) from settled), 0))"
    lowest = "select min(ifnull((select min(sequence) from item), 1), ifnull((select min(sequence) from settled), 1))"
    last, first = (connection.execute(query).fetchone()[0] for query in (highest, lowest))
    return bool(first >= 1 and last <= LAST_BELIEVED)


def _not_yet_indexed(connection: Connection) -> bool:
    """The chain goes on from the last of these, and each gets its index row from what it says."""
    query = (
        "select sequence, item_hash, kind from item where sequence > (select sequence from ledger) "
        "order by sequence"
    )
    rows = connection.execute(query).fetchall()
    kinds = set(wire.Kind)
    return all(kind in kinds for _, _, kind in rows) and all(
        is_an_end(sequence, hash_, b"") for sequence, hash_, _ in rows[-1:]
    )


_TESTS = (_ledger, _numbers, _single_rows, _centres_words, _index_rows, _not_yet_indexed)


def is_an_end(sequence: object, hash_: object, signature: object) -> bool:
    """Whether these have the form of a chain's end."""
    if not (type(sequence) is int and isinstance(hash_, str) and isinstance(signature, bytes)):
        return False
    try:
        wire.ChainHead(sequence=sequence, hash=hash_, signature=signature)
    except ValueError:
        return False
    return sequence <= LAST_BELIEVED


def is_signed_end(terminal: str, row: tuple[Any, ...], key: Ed25519PublicKey) -> bool:
    """Whether `(sequence, hash, signature)` is an end that this terminal signed."""
    return is_an_end(*row) and head_is_signed(
        terminal, wire.ChainHead(sequence=row[0], hash=row[1], signature=row[2]), key
    )


def is_whole_header(terminal: str, row: tuple[Any, ...]) -> bool:
    """Whether a row by `ITEM_COLUMNS`, be it without its body, has the hash that it names."""
    item = item_of(terminal, row)
    return item is not None and item.sequence <= LAST_BELIEVED and item.chain_hash() == row[12]


@dataclass(frozen=True, slots=True)
class WholeItem:
    """An item that proved itself, and what its row says beside it, if that can be believed."""

    item: wire.Item
    item_hash: str
    erased_by: int | None
    priority: int | None
    content_mac: bytes
    """Empty when it was lost: then nothing is taken for the same content."""


def whole_item(terminal: str, row: tuple[Any, ...], last: int) -> WholeItem | None:
    """Of a row by `ITEM_COLUMNS`, then priority and content MAC; `last`: the end of its chain. None when damaged."""
    sealed, erased_by, priority, mac = row[13], row[15], row[16], row[17]
    if not isinstance(sealed, bytes):
        return None
    if hashlib.sha256(sealed).hexdigest() == row[11]:
        erased_by = None  # whatever it says: here is the body
    elif not (type(erased_by) is int and type(row[5]) is int and row[5] < erased_by <= last):
        return None
    item = item_of(terminal, (*row[:15], erased_by))
    if item is None or item.chain_hash() != row[12] or not item.body_matches():
        return None
    return WholeItem(
        item,
        str(row[12]),
        erased_by,
        priority if type(priority) is int and priority in set(Priority) else None,
        mac if isinstance(mac, bytes) and len(mac) in _MAC_BYTES else b"",
    )
