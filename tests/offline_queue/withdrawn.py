"""A case and its withdrawal, and how to look for what was sealed. Of nobody: the content is chance."""

from __future__ import annotations

import os
from typing import Any

from offline_queue import wire
from offline_queue.records import Attached, Draft, ItemState, ItemSummary, Settlement
from offline_queue.store import Outbox
from tests.offline_queue.stolen import every_byte
from tests.offline_queue.terminal import TerminalKit, draft

LANE = "0142WITHDRAWN"
OTHER = "0142OTHER"
PICTURE = Attached("image/jpeg", os.urandom(30_000))
AT = "2026-11-26T08:00:00Z"
PIECE = 24
"""Bytes of a sealed body that no chance repeats."""


def case(lane: str = LANE, **changes: Any) -> Draft:
    return draft(lane, payload=os.urandom(2000), **changes)


def withdrawal(lane: str = LANE, **changes: Any) -> Draft:
    return draft(lane, kind=wire.Kind.WITHDRAWAL, payload=b'{"case_code": "%s"}' % lane.encode(), **changes)


def ask(outbox: Outbox, query: str, *values: object) -> list[Any]:
    return outbox._owner.ask(lambda connection: connection.execute(query, values).fetchall())


def sealed_of(outbox: Outbox, sequence: int) -> list[bytes]:
    """Body and attachments as they lie on the disk."""
    query = "select sealed from item where sequence = ?1 union all select sealed from attachment where sequence = ?1"
    return [bytes(sealed) for (sealed,) in ask(outbox, query, sequence)]


def pieces(sealed: list[bytes]) -> int:
    """How many these bodies have."""
    return sum(len(range(0, len(body) - PIECE, PIECE)) for body in sealed)


def pieces_left(kit: TerminalKit, sealed: list[bytes]) -> int:
    """How many pieces of these bodies lie anywhere in the outbox's directory, in use or not."""
    found = b"\0".join(every_byte(kit.directory).values())
    starts = [(body, start) for body in sealed for start in range(0, len(body) - PIECE, PIECE)]
    return sum(body[start : start + PIECE] in found for body, start in starts)


def only(outbox: Outbox, lane: str = LANE, kind: wire.Kind = wire.Kind.CASE) -> ItemSummary:
    [found] = [item for item in outbox.find(lane) if item.kind is kind]
    return found


def next_items(outbox: Outbox) -> list[wire.Item]:
    return list(outbox.deliveries.next_batch(held_lanes=(), items_max=99, bytes_max=10**7))


def settle(outbox: Outbox, item: wire.Item, state: ItemState, verdict: str = "", reason: str = "") -> None:
    assert outbox.deliveries.settle(
        [Settlement(item.sequence, state, verdict or "registered", reason, AT, erased=item.erased)]
    )
