"""Taking an item in, cheaply and for good; and the index rows that follow it. Run by the owner thread only.

A commit appends one row and nothing else. What looks items up (`delivery` with its indices, the
counters, the signed head) follows in `catch_up`, for many items in one transaction, before anybody
reads it. An item without its row yet is as durable as any other.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_queue import wire
from offline_queue.chain import HEADER_COLUMNS, sign_head
from offline_queue.erasure import erase_withdrawn
from offline_queue.records import (
    PRIORITY_OF_KIND,
    Committed,
    Draft,
    ItemState,
    NotCommitted,
    Received,
    Refused,
)
from offline_queue.schema import MAC_BYTES, Connection
from offline_queue.transactions import HOLDS_ITS_LANE, free_next, transaction

UNLISTED_MAX = 64
"""So many items may be without their index row; the commit after that writes them all."""


@dataclass(frozen=True, slots=True)
class Signer:
    """Whose chain it is."""

    terminal: str
    key: Ed25519PrivateKey


@dataclass(frozen=True, slots=True)
class Wanted:
    """A draft as it is stored: sealed, with the MAC of its content and the digest of its business."""

    draft: Draft
    sealed: bytes
    content_mac: bytes
    digest: bytes | None = None
    attachments: tuple[tuple[wire.Attachment, bytes], ...] = ()
    mine: Callable[[int], bool] | None = None
    """Whether the draft's person filed the item of this sequence; None: the caller answers for it."""

    @property
    def sealed_bytes(self) -> int:
        """Of the body and the attachments."""
        return len(self.sealed) + sum(told.sealed_bytes for told, _ in self.attachments)


def content_mac(key: bytes, draft: Draft, aad: bytes) -> bytes:
    """By which the same draft is known again: `MAC_BYTES`, the first of them telling that a nonce went in.

    The key lies beside the database, and many a content can be guessed (five levels of an evaluation): what cannot is
    the nonce. `aad`: the header that is sealed with the payload.
    """
    contents = [draft.payload, *(one.content for one in draft.attachments)]
    told = '","'.join([aad.hex(), *(hashlib.sha256(content).hexdigest() for content in contents)])
    return b"\x01" + hmac.digest(key, draft.nonce + f'["{told}"]'.encode(), "sha256")


def insert(
    connection: Connection, wanted: Wanted, signer: Signer, on_step: Callable[[str], None]
) -> Committed | NotCommitted:
    """Append one item to the chain, or find that it is there already; inside a transaction."""
    draft = wanted.draft
    before = known(connection, draft.id)
    if before is not None:
        if bytes(before[2]) == wanted.content_mac:
            return Committed(before[0], before[1], already=True)
        known_again = len(before[2]) == MAC_BYTES
        taken_by = "other content" if known_again else "an item of before, which cannot be compared any more"
        return NotCommitted(Refused.CONFLICT, f"the id is taken by {taken_by}")
    if draft.supersedes is not None and not _may_supersede(connection, draft):
        return NotCommitted(Refused.CONFLICT, "there is no refused item in whose place this one could go")
    last, previous = end_of_chain(connection)
    item = wire.Item(
        id=draft.id,
        terminal=signer.terminal,
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
        sealed_sha256=hashlib.sha256(wanted.sealed).hexdigest(),
        sealed=wanted.sealed,
        attachments=tuple(told for told, _ in wanted.attachments),
    )
    item_hash = item.chain_hash()
    connection.execute(
        f"insert into item ({HEADER_COLUMNS}, content_mac, sealed_bytes, sealed, priority, attachments) values ({', '.join('?' * 18)})",  # noqa: S608 - constants
        (
            item.id, item.lane, item.kind.value, item.service, item.definition_version, item.sequence, previous,
            item.received_at_kiosk, item.clock_quality.value, item.boot_id, item.monotonic_ns,
            item.sealed_sha256, item_hash, wanted.content_mac, wanted.sealed_bytes, wanted.sealed,
            draft.priority, attachments_text(item),
        ),
    )  # fmt: skip
    keep_attachments(connection, item.sequence, {told.number: sealed for told, sealed in wanted.attachments})
    unlisted = item.sequence - _listed(connection)
    withdraws = draft.kind is wire.Kind.WITHDRAWAL
    if wanted.digest is not None or unlisted >= UNLISTED_MAX or draft.supersedes is not None or withdraws:
        _list(connection, signer, {item.sequence: wanted.digest})
    erased = 0
    if draft.supersedes is not None:
        _vouch(connection, item, wanted.mine, draft.supersedes)
        _supersede(connection, draft.supersedes, item)
    if withdraws and wanted.mine is None:
        erased = erase_withdrawn(connection, draft.lane)
    elif withdraws:
        connection.execute("update delivery set vouched = 0 where sequence = ?", (item.sequence,))
        erased = erase_withdrawn(connection, draft.lane, item.sequence, wanted.mine)
        _step_aside(connection, item)
    on_step("inserted")
    return Committed(item.sequence, item_hash, already=False, erased=erased)


def attachments_text(item: wire.Item) -> str | None:
    """As the header's column holds them."""
    told = [attachment.model_dump() for attachment in item.attachments]
    return json.dumps(told) if told else None


def keep_attachments(connection: Connection, sequence: int, sealed: Mapping[int, bytes]) -> None:
    """Inside the item's transaction: an item is promised only with all that belongs to it."""
    rows = [(sequence, number, body) for number, body in sealed.items()]
    connection.executemany("insert into attachment (sequence, number, sealed) values (?, ?, ?)", rows)


def _may_supersede(connection: Connection, draft: Draft) -> bool:
    query = (
        "select 1 from delivery where id = ? and lane = ? and state = 'quarantined' and erased = 0 "
        "and superseded_by is null"
    )
    return connection.execute(query, (draft.supersedes, draft.lane)).fetchone() is not None


def _supersede(connection: Connection, replaced: str, item: wire.Item) -> None:
    """The refused item stays until the new one is acknowledged, and holds its lane up no longer."""
    connection.execute("update delivery set superseded_by = ?, is_next = 0 where id = ?", (item.id, replaced))
    free_next(connection, item.sequence)


def _vouch(
    connection: Connection, item: wire.Item, mine: Callable[[int], bool] | None, replaced: str
) -> None:
    """Note where it is not sure that what the item replaces was filed by its person."""
    (sequence,) = connection.execute("select sequence from delivery where id = ?", (replaced,)).fetchone()
    if mine is not None and not mine(sequence):
        connection.execute("update delivery set vouched = 0 where sequence = ?", (item.sequence,))


def _step_aside(connection: Connection, withdrawal: wire.Item) -> None:
    """What was refused and is not surely this person's stays for staff; the withdrawal does not wait behind it."""
    refused = connection.execute(
        "select id from delivery where lane = ? and kind = 'case' and state = 'quarantined' and superseded_by is null",
        (withdrawal.lane,),
    ).fetchall()
    for (id_,) in refused:
        _supersede(connection, id_, withdrawal)


def catch_up(connection: Connection, signer: Signer) -> None:
    """Give every item its index row; one transaction, or none when nothing is new."""
    if end_of_chain(connection)[0] > _listed(connection):
        with transaction(connection):
            _list(connection, signer, {})


def end_of_chain(connection: Connection) -> tuple[int, str]:
    """Sequence and hash of the newest item. A tail that somebody cut off does not set the counter back."""
    listed: tuple[int, str] = connection.execute("select sequence, head_hash from ledger").fetchone()
    newest = connection.execute(
        "select sequence, item_hash from item order by sequence desc limit 1"
    ).fetchone()
    return newest if newest is not None and newest[0] > listed[0] else listed


_RECEIVED = "select received_at, clock_quality, boot_id, monotonic_ns from item where sequence = "


def oldest(connection: Connection, state: ItemState) -> Received | None:
    """When the first of the items in this state was taken in, as far as they have an index row."""
    first = "(select sequence from delivery where state = '{}' order by sequence limit 1)"
    return _received(connection.execute(_RECEIVED + first.format(state.value)).fetchone())


def _received(row: tuple[Any, ...] | None) -> Received | None:
    if row is None:
        return None
    # A damaged row is told apart when it is sent; here it only says nothing that can be trusted.
    said = row[1] if row[1] in set(wire.ClockQuality) else wire.ClockQuality.JUMPED
    return Received(row[0], wire.ClockQuality(said), row[2], row[3])


def unlisted(connection: Connection) -> tuple[int, int, int, Received | None]:
    """Of the items without an index row: how many, their sealed bytes, how many get a slip, when the oldest was taken in."""
    count, size, with_slip, first = connection.execute(
        "select count(*), coalesce(sum(sealed_bytes), 0), coalesce(sum(kind <> 'evaluation'), 0), min(sequence) "
        "from item where sequence > (select sequence from ledger)"
    ).fetchone()
    return count, size, with_slip, _received(connection.execute(_RECEIVED + "?", (first,)).fetchone())


def _listed(connection: Connection) -> int:
    return int(connection.execute("select sequence from ledger").fetchone()[0])


def known(connection: Connection, item_id: str) -> tuple[int, str, bytes] | None:
    """Sequence, hash and content MAC of the item with this id."""
    columns = "sequence, item_hash, content_mac"
    listed = "sequence = (select sequence from delivery where id = ?1)"
    found: tuple[int, str, bytes] | None = connection.execute(
        f"select {columns} from item where {listed} union all select {columns} from settled where {listed} "  # noqa: S608 - constants
        f"union all select {columns} from item where sequence > (select sequence from ledger) and id = ?1",
        (item_id,),
    ).fetchone()
    return found


def _list(connection: Connection, signer: Signer, digests: dict[int, bytes | None]) -> None:
    """Index rows, counters and signed head for what is new; inside a transaction."""
    new: list[tuple[Any, ...]] = connection.execute(
        "select sequence, id, lane, kind, service, received_at, priority, sealed_bytes, item_hash from item "
        "where sequence > (select sequence from ledger) order by sequence"
    ).fetchall()
    for sequence, id_, lane, kind, service, received_at, priority, _size, _hash in new:
        wanted = {"received_at": received_at, "priority": priority, "digest": digests.get(sequence)}
        index(connection, sequence, id_, lane, kind, service, **wanted)
    last, hash_ = new[-1][0], new[-1][8]
    with_slip = sum(row[3] != wire.Kind.EVALUATION for row in new)
    head = sign_head(signer.terminal, last, hash_, signer.key)
    connection.execute(
        "update ledger set pending = pending + ?, pending_bytes = pending_bytes + ?, taken_in = taken_in + ?, "
        "sequence = ?, head_hash = ?, head_signature = ?",
        (len(new), sum(row[7] for row in new), with_slip, last, hash_, head.signature),
    )


def index(
    connection: Connection, sequence: int, id_: str, lane: str, kind: str, service: str, *, received_at: str,
    priority: int | None, digest: bytes | None,
) -> None:  # fmt: skip
    """The index row of one pending item; inside a transaction. A salvaged item may come before others of its lane."""
    sending_class = PRIORITY_OF_KIND[wire.Kind(kind)] if priority is None else priority
    # What goes before it in its lane has to go as early.
    connection.execute(
        "update delivery set sending_class = ?1 where lane = ?2 and sequence < ?3 "  # noqa: S608 - constants
        f"and {HOLDS_ITS_LANE} and sending_class > ?1",
        (sending_class, lane, sequence),
    )
    before = f"select 1 from delivery where lane = ?3 and {HOLDS_ITS_LANE} and sequence < ?1"  # noqa: S608 - constants
    connection.execute(
        "insert into delivery (sequence, id, lane, kind, service, received_at, state, is_next, sending_class, "  # noqa: S608 - constants
        f"duplicate_digest) values (?1, ?2, ?3, ?4, ?5, ?6, 'pending', not exists ({before}), "
        "min(?7, ifnull((select min(sending_class) from delivery where lane = ?3 and sequence > ?1 "
        f"and {HOLDS_ITS_LANE}), ?7)), ?8)",
        (sequence, id_, lane, kind, service, received_at, sending_class, digest),
    )
    connection.execute(
        "update delivery set is_next = 0 where lane = ? and sequence > ? and is_next = 1", (lane, sequence)
    )
