"""What a bad line does to a piece of data: late, throttled, cut off, changed, out of order.

Numbers only, no sockets: `fault_proxy` does what is said here. Times are the line's own; the proxy may
let them pass faster (`pace`), so that three days of a slow line fit into an afternoon.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from enum import StrEnum

PACKET_BYTES = 1400
"""What one lost packet costs is counted for packets of this size."""
RETRANSMIT_S = 0.2
"""The least that a lost packet is late besides a round trip (the smallest RTO of Linux)."""
REORDER_WAIT_S = 0.05
"""How long a piece is held back for a next one to overtake it."""


class Mode(StrEnum):
    """What the line does."""

    UP = "up"
    DOWN = "down"
    """Connections are refused, open ones are reset."""
    HALF_OPEN = "half_open"
    """Connections are accepted, then nothing moves."""
    SLOW = "slow"
    """Each piece of data is late by `delay_s` in both directions."""
    THROTTLED = "throttled"
    """As wide, as late and as lossy as `Line` says."""
    TRUNCATED = "truncated"
    """Each connection ends, with a reset, after `cut_after` more bytes of one direction."""
    CORRUPTED = "corrupted"
    """One bit of each piece is turned."""
    REORDERED = "reordered"
    """A piece is overtaken by the one after it."""
    ANSWER_LOST_ONCE = "answer_lost_once"
    """The next request reaches the centre, its answer is dropped and the line reset; then `up`."""
    ANSWER_LOST = "answer_lost"
    """As before, for every request."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a village: 64 kbit/s, 0.8 s there and back, one packet in twenty lost."""

    bytes_per_s: float = 8000.0
    round_trip_s: float = 0.8
    loss: float = 0.05

    def seconds(self, size: int, chance: random.Random, *, turned: bool) -> float:
        """How long `size` bytes are on the way. `turned`: the other side spoke last, so the way is empty.

        A lost packet is sent again after the retransmission time-out and keeps back all behind it.
        """
        packets = -(-size // PACKET_BYTES)
        lost = sum(chance.random() < self.loss for _packet in range(packets))
        way = self.round_trip_s / 2 if turned else 0.0
        return way + size / self.bytes_per_s + lost * (RETRANSMIT_S + self.round_trip_s)


VILLAGE_LINE = Line()


def corrupted(data: bytes, chance: random.Random) -> bytes:
    """One bit turned, anywhere."""
    changed = bytearray(data)
    changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
    return bytes(changed)
