"""A terminal's chain as the centre sees it: gaps, forks and steps back are made visible, never refused.

Items may come out of order (withdrawals overtake cases), so a gap may close by itself; a fork cannot.
"""

from __future__ import annotations

from cryptography.exceptions import InvalidSignature
from sqlalchemy import Connection, select, update

from central import log
from central.database import as_text, insert_or_skip, upsert
from central.door import Admitted
from central.log import Event
from central.schema import chain_heads, chain_links
from offline_queue.wire import GENESIS_HASH, ChainHead, Item


def take_head(connection: Connection, admitted: Admitted, head: ChainHead, at: str) -> None:
    """Remember the head that the terminal signed, unless it is older than the one that is known."""
    terminal = admitted.terminal
    signed = ChainHead.signed_bytes(terminal, head.sequence, head.hash)
    try:
        admitted.public_key.verify(head.signature, signed)
    except InvalidSignature:
        log.write(connection, at, Event.CHAIN_HEAD_UNSIGNED, terminal, detail=f"sequence {head.sequence}")
        return
    signed_at = as_text(admitted.signed_at)
    known = connection.execute(select(chain_heads).where(chain_heads.c.terminal == terminal)).one_or_none()
    if known is None:
        _new_head(connection, terminal, head, signed_at)
    else:
        if head.sequence == known.head_sequence and head.hash != known.head_hash:
            _fork(connection, terminal, at, f"two heads at {head.sequence}")
        if head.sequence < known.head_sequence and signed_at > known.head_signed_at:
            detail = f"from {known.head_sequence} to {head.sequence}"
            if known.forked_at is None:
                log.write(connection, at, Event.CHAIN_ROLLBACK, terminal, detail=detail)
            _fork(connection, terminal, at, f"head went back {detail}")
        if head.sequence > known.head_sequence:
            values = {"head_sequence": head.sequence, "head_hash": head.hash, "head_signed_at": signed_at}
            connection.execute(update(chain_heads).where(chain_heads.c.terminal == terminal).values(**values))
    links = _hashes(connection, terminal, head.sequence)
    if links and head.hash not in links:
        _fork(connection, terminal, at, f"head and item differ at {head.sequence}")


def take_link(connection: Connection, item: Item, item_hash: str, at: str) -> None:
    """Add an item to its terminal's chain and compare it with its neighbours."""
    terminal, sequence = item.terminal, item.sequence
    same_place = _hashes(connection, terminal, sequence)
    added = insert_or_skip(
        connection,
        chain_links,
        terminal=terminal,
        sequence=sequence,
        item_hash=item_hash,
        previous_hash=item.previous_hash,
        item_id=item.id,
    )
    if not added:
        return
    head = connection.execute(select(chain_heads).where(chain_heads.c.terminal == terminal)).one_or_none()
    if head is None:
        _new_head(connection, terminal, None, at)
    if same_place:
        _fork(connection, terminal, at, f"two items at {sequence}")
    before = {GENESIS_HASH} if sequence == 1 else _hashes(connection, terminal, sequence - 1)
    if before and item.previous_hash not in before:
        _fork(connection, terminal, at, f"item {sequence} does not follow {sequence - 1}")
    after = select(chain_links.c.previous_hash).where(
        chain_links.c.terminal == terminal, chain_links.c.sequence == sequence + 1
    )
    following = set(connection.execute(after).scalars())
    if following and item_hash not in following:
        _fork(connection, terminal, at, f"item {sequence + 1} does not follow {sequence}")
    highest = max(sequence, head.highest_sequence if head else 0)
    links = (head.links if head else 0) + (not same_place)
    values = {"highest_sequence": highest, "links": links}
    connection.execute(update(chain_heads).where(chain_heads.c.terminal == terminal).values(**values))


def missing(connection: Connection, terminal: str) -> int:
    """How many numbers are missing below the highest that has come."""
    query = select(chain_heads.c.highest_sequence - chain_heads.c.links)
    return connection.execute(query.where(chain_heads.c.terminal == terminal)).scalar_one_or_none() or 0


def note_gap(connection: Connection, terminal: str, missing_before: int, at: str) -> None:
    """Write down when a gap opens or closes, once per batch."""
    now = missing(connection, terminal)
    if now > missing_before:
        log.write(connection, at, Event.CHAIN_GAP, terminal, detail=f"missing {now}")
    elif missing_before and not now:
        log.write(connection, at, Event.CHAIN_GAP_CLOSED, terminal)


def _hashes(connection: Connection, terminal: str, sequence: int) -> set[str]:
    query = select(chain_links.c.item_hash).where(
        chain_links.c.terminal == terminal, chain_links.c.sequence == sequence
    )
    return set(connection.execute(query).scalars())


def _new_head(connection: Connection, terminal: str, head: ChainHead | None, signed_at: str) -> None:
    upsert(
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
