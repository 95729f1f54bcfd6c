"""A durable outbox and its link: for any program that must not lose a record.

The names below are the whole public face; README.md tells what they promise. Each is loaded when it
is first asked for, so that `offline_queue.wire` stays light for its other user, the centre.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

import uuid_utils

if TYPE_CHECKING:
    from offline_queue.link import Link, LinkState
    from offline_queue.policy import Policy
    from offline_queue.records import (
        ChainReport,
        Committed,
        Counters,
        Draft,
        ItemState,
        ItemSummary,
        NotCommitted,
        Priority,
        Refused,
        StoreError,
    )
    from offline_queue.seal import SealingKey
    from offline_queue.sender import Sender
    from offline_queue.store import Outbox
    from offline_queue.wire import ClockQuality, Item, Kind, Verdict, VerdictKind

_ROOMS = {
    "link": ("Link", "LinkState"),
    "policy": ("Policy",),
    "records": (
        "ChainReport", "Committed", "Counters", "Draft", "ItemState", "ItemSummary", "NotCommitted", "Priority",
        "Refused",        "StoreError",
    ),
    "seal": ("SealingKey",),
    "sender": ("Sender",),
    "store": ("Outbox",),
    "wire": ("ClockQuality", "Item", "Kind", "Verdict", "VerdictKind"),
}  # fmt: skip
_ROOM_OF = {name: room for room, names in _ROOMS.items() for name in names}

__all__ = [
    "ChainReport",
    "ClockQuality",
    "Committed",
    "Counters",
    "Draft",
    "Item",
    "ItemState",
    "ItemSummary",
    "Kind",
    "Link",
    "LinkState",
    "NotCommitted",
    "Outbox",
    "Policy",
    "Priority",
    "Refused",
    "SealingKey",
    "Sender",
    "StoreError",
    "Verdict",
    "VerdictKind",
    "new_item_id",
]


def new_item_id() -> str:
    """A UUIDv7: the idempotency key, made once when a visit begins and kept through everything."""
    return str(uuid_utils.uuid7())


def __getattr__(name: str) -> object:
    if name not in _ROOM_OF:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_ROOM_OF[name]}"), name)
