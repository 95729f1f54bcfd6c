"""A terminal's chain as the centre sees it: gaps, forks and steps back are made visible, never refused.

Items may come out of order (withdrawals overtake cases), so a gap may close by itself; a fork cannot.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection, Row, bindparam, select, update

from central import log
from central.bulk import insert_new, not_there
from central.database import as_text, insert_or_skip
from central.door import Admitted
from central.log import Event
from central.schema import chain_heads, chain_links
from offline_queue.wire import GENESIS_HASH, ChainHead

_FORWARD = (
    update(chain_heads)
    .where(chain_heads.c.terminal == bindparam("of"), chain_heads.c.head_sequence < bindparam("sequence"))
    .values(
        head_sequence=bindparam("sequence"),
        head_hash=bindparam("hash"),
        head_signed_at=bindparam("signed_at"),
    )
    .returning(chain_heads.c.highest_sequence)
)
"""Take a newer head, which nearly every one is; the last place of the chain that an opened item has, or no row."""


@dataclass(frozen=True, slots=True)
class ToldHead:
    """A head as a request brought it; `genuine` when the terminal's own key signed it."""

    terminal: str
    head: ChainHead
    signed_at: str
    genuine: bool


def told_head(admitted: Admitted, head: ChainHead) -> ToldHead:
    """Check the signature, so that no transaction is open meanwhile."""
    signed = ChainHead.signed_bytes(admitted.terminal, head.sequence, head.hash)
    try:
        admitted.public_key.verify(head.signature, signed)
    except InvalidSignature:
        return ToldHead(admitted.terminal, head, "", genuine=False)
    return ToldHead(admitted.terminal, head, as_text(admitted.signed_at), genuine=True)


def take_heads(connection: Connection, heads: Sequence[ToldHead], at: str) -> None:
    """The same for many terminals: one question, and nothing more for those whose head is known already."""
    rows = [
        {"terminal": told.terminal, "head_sequence": told.head.sequence, "head_hash": told.head.hash}
        for told in heads
    ]
    changed = not_there(connection, chain_heads, rows)
    for told in heads:
        if not told.genuine or (told.terminal,) in changed:
            take_head(connection, told, at)


def take_head(connection: Connection, told: ToldHead, at: str) -> None:
    """Remember the head that the terminal signed, unless it is older than the one that is known."""
    terminal, head, signed_at = told.terminal, told.head, told.signed_at
    if not told.genuine:
        log.write(connection, at, Event.CHAIN_HEAD_UNSIGNED, terminal, detail=f"sequence {head.sequence}")
        return
    told_now = {"of": terminal, "sequence": head.sequence, "hash": head.hash, "signed_at": signed_at}
    linked = connection.execute(_FORWARD, told_now).scalar_one_or_none()
    if linked is not None and linked < head.sequence:
        return  # it only went on, and no item at its place has been opened yet
    if linked is None:
        _compare_head(connection, told, at)
    links = _hashes(connection, terminal, head.sequence)
    if links and head.hash not in links:
        _fork(connection, terminal, at, f"head and item differ at {head.sequence}")


def _compare_head(connection: Connection, told: ToldHead, at: str) -> None:
    """A first head, or one that is not newer than the known one."""
    terminal, head, signed_at = told.terminal, told.head, told.signed_at
    query = select(chain_heads).where(chain_heads.c.terminal == terminal)
    known = connection.execute(query.with_for_update()).one_or_none()
    if known is None:
        _new_head(connection, terminal, head, signed_at)
        return
    if head.sequence == known.head_sequence and head.hash != known.head_hash:
        _fork(connection, terminal, at, f"two heads at {head.sequence}")
    if head.sequence < known.head_sequence and signed_at > known.head_signed_at:
        detail = f"from {known.head_sequence} to {head.sequence}"
        if known.forked_at is None:
            log.write(connection, at, Event.CHAIN_ROLLBACK, terminal, detail=detail)
        _fork(connection, terminal, at, f"head went back {detail}")


@dataclass(frozen=True, slots=True)
class Link:
    """An item's place in its terminal's chain."""

    sequence: int
    item_hash: str
    previous_hash: str
    item_id: str


def take_links(connection: Connection, terminal: str, links: Sequence[Link], at: str) -> None:
    """Add items to their terminal's chain, compare them with their neighbours, write down what opens or closes."""
    head = _locked_head(connection, terminal, at)
    rows = [{"terminal": terminal, **asdict(link)} for link in links]
    keys = insert_new(connection, chain_links, rows)
    added = [link for link in links if (terminal, link.sequence, link.item_hash) in keys]
    if not added:
        return
    around = _around(connection, terminal, {link.sequence for link in added})
    for link in sorted(added, key=lambda one: one.sequence):
        if detail := _contradiction(link, around, head):
            _fork(connection, terminal, at, detail)
            break
    new_hashes = {link.item_hash for link in added}
    places = {link.sequence for link in added}
    filled = sum({hash_ for hash_, _ in around[place]} <= new_hashes for place in places)
    highest = max(head.highest_sequence, *places)
    values = {"highest_sequence": highest, "links": head.links + filled}
    connection.execute(update(chain_heads).where(chain_heads.c.terminal == terminal).values(**values))
    missing_before, missing = head.highest_sequence - head.links, highest - head.links - filled
    if missing > missing_before:
        log.write(connection, at, Event.CHAIN_GAP, terminal, detail=f"missing {missing}")
    elif missing_before and not missing:
        log.write(connection, at, Event.CHAIN_GAP_CLOSED, terminal)


_Around = Mapping[int, set[tuple[str, str]]]
"""Sequence -> (item hash, previous hash) of every item that claims this place."""


def _around(connection: Connection, terminal: str, places: set[int]) -> _Around:
    found: dict[int, set[tuple[str, str]]] = defaultdict(set)
    wanted = sorted(places | {place - 1 for place in places} | {place + 1 for place in places})
    columns = (chain_links.c.sequence, chain_links.c.item_hash, chain_links.c.previous_hash)
    here = (chain_links.c.terminal == terminal) & chain_links.c.sequence.in_(wanted)
    for sequence, item_hash, previous_hash in connection.execute(select(*columns).where(here)):
        found[sequence].add((item_hash, previous_hash))
    return found


def _contradiction(link: Link, around: _Around, head: Row[Any]) -> str:
    """What this item says against its neighbours or the signed head; empty when nothing."""
    sequence = link.sequence
    here = {hash_ for hash_, _ in around[sequence]}
    before = {GENESIS_HASH} if sequence == 1 else {hash_ for hash_, _ in around[sequence - 1]}
    after = {previous for _, previous in around[sequence + 1]}
    if len(here) > 1:
        return f"two items at {sequence}"
    if before and link.previous_hash not in before:
        return f"item {sequence} does not follow {sequence - 1}"
    if after and link.item_hash not in after:
        return f"item {sequence + 1} does not follow {sequence}"
    if head.head_sequence == sequence and head.head_hash not in here:
        return f"head and item differ at {sequence}"
    return ""


def _locked_head(connection: Connection, terminal: str, at: str) -> Row[Any]:
    """The terminal's row; until the transaction ends nobody else changes it."""
    query = select(chain_heads).where(chain_heads.c.terminal == terminal).with_for_update()
    head = connection.execute(query).one_or_none()
    if head is None:
        _new_head(connection, terminal, None, at)
        head = connection.execute(query).one()
    return head


def _hashes(connection: Connection, terminal: str, sequence: int) -> set[str]:
    query = select(chain_links.c.item_hash).where(
        chain_links.c.terminal == terminal, chain_links.c.sequence == sequence
    )
    return set(connection.execute(query).scalars())


def _new_head(connection: Connection, terminal: str, head: ChainHead | None, signed_at: str) -> None:
    insert_or_skip(
        connection,
        chain_heads,
        terminal=terminal,
        head_sequence=head.sequence if head else 0,
        head_hash=head.hash if head else GENESIS_HASH,
        head_signed_at=signed_at,
        highest_sequence=0,
        links=0,
    )


def _fork(connection: Connection, terminal: str, at: str, detail: str) -> None:
    """The first contradiction is written down and stays until staff clear it; later ones would flood the log."""
    first = connection.execute(
        update(chain_heads)
        .where(chain_heads.c.terminal == terminal, chain_heads.c.forked_at.is_(None))
        .values(forked_at=at, fork_detail=detail)
    )
    if first.rowcount:
        log.write(connection, at, Event.CHAIN_FORK, terminal, detail=detail)
