"""The seam where a device's traffic can be recorded: one shape for every wire.

A link that offers a tap takes it as an optional argument and calls it for each piece as it passes.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import TypeAlias


class Direction(StrEnum):
    """Which way a piece went. `LINE` is the wire itself: its bytes are `opened`, `lost` or `closed`;
    with a smart card how a conversation began (`T=0 social_security`) and ended (`failed wrong_card`).
    """

    TO_DEVICE = "to_device"
    FROM_DEVICE = "from_device"
    LINE = "line"


Tap: TypeAlias = Callable[[Direction, bytes, int], None]
"""(direction, bytes, `time.monotonic_ns()` when they passed).

The driver redacts first: no byte that a tap gets says anything about a person, and lengths are
kept. Called in the thread that owns the wire, so it returns at once, and never raises.
"""
