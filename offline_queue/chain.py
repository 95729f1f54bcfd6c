"""The terminal's chain: every item names its predecessor's hash, the newest hash is signed.

A cut, an edit, a swap or a dropped tail shows here; a disk set back as a whole shows at the
centre, which remembers the last head that it saw.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_queue import wire
from offline_queue.records import Broken, BrokenLink, ChainReport

HEADER_COLUMNS = (
    "id, lane, kind, service, definition_version, sequence, previous_hash, received_at, clock_quality, "
    "boot_id, monotonic_ns, sealed_sha256, item_hash"
)
ITEM_COLUMNS = HEADER_COLUMNS + ", sealed, attachments, erased_by"
"""Of `item`; a row of `settled` has null in the place of `sealed` and of `erased_by`."""
WHOLE_CHAIN = (
    f"select {ITEM_COLUMNS} from item where sequence > ?1 and sequence <= ?2 union all "  # noqa: S608 - constants
    f"select {HEADER_COLUMNS}, null, attachments, null from settled where sequence > ?1 and sequence <= ?2 order by sequence"
)


def sign_head(terminal: str, sequence: int, hash_: str, key: Ed25519PrivateKey) -> wire.ChainHead:
    """The chain's end as sent with each batch and heartbeat."""
    signature = key.sign(wire.ChainHead.signed_bytes(terminal, sequence, hash_))
    return wire.ChainHead(sequence=sequence, hash=hash_, signature=signature)


def head_is_signed(terminal: str, head: wire.ChainHead, key: Ed25519PublicKey) -> bool:
    """Whether the holder of the terminal's key signed exactly this end."""
    try:
        key.verify(head.signature, wire.ChainHead.signed_bytes(terminal, head.sequence, head.hash))
    except InvalidSignature:
        return False
    return True


def item_of(terminal: str, row: tuple[Any, ...]) -> wire.Item | None:
    """The message of a row selected by `ITEM_COLUMNS`; None when the row is damaged."""
    try:
        return wire.Item(
            terminal=terminal,
            id=row[0],
            lane=row[1],
            kind=row[2],
            service=row[3],
            definition_version=row[4],
            sequence=row[5],
            previous_hash=row[6],
            received_at_kiosk=row[7],
            clock_quality=row[8],
            boot_id=row[9],
            monotonic_ns=row[10],
            sealed_sha256=row[11],
            sealed=row[13] if row[13] is not None else b"",
            attachments=json.loads(row[14]) if row[14] else (),
            erased=row[15] is not None,
        )
    except (ValueError, TypeError, RecursionError):
        # pydantic's and json's errors are ValueErrors; a damaged row may hold a number for the attachments, or be
        # nested deeper than json goes.
        return None


def _first_broken(
    terminal: str, rows: Iterable[tuple[Any, ...]], anchor: tuple[int, str], head: wire.ChainHead
) -> Iterator[BrokenLink | None]:
    """None for each row that holds, then at the first that does not, what is broken."""
    previous, expected = anchor[1], anchor[0] + 1
    # Where a withdrawal must follow -> the items that it erased, with their lane.
    withdrawn: dict[int, list[tuple[int, str]]] = {}
    for row in rows:
        sequence, item = int(row[5]), item_of(terminal, row)
        if sequence != expected:
            yield BrokenLink(expected, Broken.GAP)
        if item is None or item.chain_hash() != row[12]:
            yield BrokenLink(sequence, Broken.HEADER)
        elif item.previous_hash != previous:
            yield BrokenLink(sequence, Broken.LINK)
        elif row[13] is not None and not item.body_matches():
            yield BrokenLink(sequence, Broken.BODY)
        if row[15] is not None:
            withdrawn.setdefault(row[15], []).append((sequence, row[1]))
        for erased, lane in withdrawn.pop(sequence, ()):
            if (row[1], row[2]) != (lane, wire.Kind.WITHDRAWAL):
                yield BrokenLink(erased, Broken.BODY)
        yield None
        previous, expected = row[12], expected + 1
    if (expected - 1, previous) != (head.sequence, head.hash):
        yield BrokenLink(expected, Broken.HEAD)
    if withdrawn:
        yield BrokenLink(min(withdrawn.values())[0][0], Broken.BODY)


def verify_chain(
    terminal: str,
    rows: Iterable[tuple[Any, ...]],
    anchor: tuple[int, str],
    head: wire.ChainHead,
    key: Ed25519PublicKey,
) -> ChainReport:
    """Walk the rows in the order of their sequence, from the anchor, and compare the end with the signed head."""
    checked = 0
    for broken in _first_broken(terminal, rows, anchor, head):
        if broken is not None:
            return ChainReport(checked, broken)
        checked += 1
    if head.sequence and not head_is_signed(terminal, head, key):
        return ChainReport(checked, BrokenLink(head.sequence, Broken.SIGNATURE))
    return ChainReport(checked, None)
