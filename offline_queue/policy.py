"""When to try again and how much at once. Numbers only; no I/O."""

from __future__ import annotations

import random
from dataclasses import dataclass

from offline_queue.wire import BATCH_ITEMS_MAX

BATCH_SEALED_BYTES_MAX = 256 * 1024
"""Sealed bytes of one batch; a lone item may be larger."""


@dataclass(frozen=True, slots=True)
class Policy:
    """Times in seconds. Defaults are for a village line and 600,000 terminals waking together.

    `base_s`, `cap_s`: full-jitter back-off, `uniform(0, min(cap, base * 2 ** failures))`.
    `trust_cap_s`: the cap while the certificate or the clock is in doubt, so that a clock that
    was stepped right is noticed within a minute.
    `first_spread_s`: the first try after a start waits `uniform(0, first_spread_s)`; without
    jitter before the first try a simulated herd of 60,000 was 5 % done after an hour.
    `wake_gap_s`: the least time between two tries when `wake()` cuts a back-off short.
    `poll_s`: how often an idle sender looks by itself, should a `wake()` be forgotten.
    `unwritable_hold_s`: how long a lane rests when the centre's answer could not be written down.
    `reconcile_s`: how often the centre is asked what it holds, with the heartbeats' spread (domain rule F25);
    `reconcile_first_s`: the first time after a start waits half of it to all of it.
    `inbox_s`: how often the inbox is asked when no heartbeat's answer hints at a letter; `inbox_first_s`: after a
    start and after a failure.
    `index_days`: how long a settled case can be looked up by its code here (domain rule F14).
    `salvaged_days`: how long a salvaged database is kept of which something was lost, for whoever may still read it.
    `lone_rejections_max`: lone items of more cases than this refused in a row by the request's status, with no
    success between, are taken for a fault of the centre and not of the items: none goes to quarantine any
    more, and one is tried at each end of the back-off, until one is taken.
    """

    base_s: float = 2.0
    cap_s: float = 600.0
    trust_cap_s: float = 45.0
    first_spread_s: float = 20.0
    wake_gap_s: float = 1.0
    poll_s: float = 5.0
    heartbeat_s: float = 300.0
    heartbeat_spread: float = 0.2
    reconcile_s: float = 86_400.0
    reconcile_first_s: float = 1800.0
    inbox_s: float = 3600.0
    inbox_first_s: float = 60.0
    index_days: float = 30.0
    salvaged_days: float = 90.0
    unwritable_hold_s: float = 60.0
    retry_after_max_s: float = 3600.0
    lone_rejections_max: int = 5
    batch_items: int = BATCH_ITEMS_MAX
    batch_sealed_bytes: int = BATCH_SEALED_BYTES_MAX

    def delay_s(self, failures: int, chance: random.Random, *, cap_s: float | None = None) -> float:
        """Full jitter after `failures` failures in a row (1 or more)."""
        ceiling = min(cap_s or self.cap_s, self.base_s * 2.0 ** min(failures - 1, 30))
        return chance.uniform(0.0, ceiling)

    def obeyed_s(self, retry_after_s: float) -> float:
        """The centre's wish, bounded, so that a wrong header cannot silence a terminal for days."""
        return min(max(retry_after_s, 0.0), self.retry_after_max_s)

    def next_heartbeat_s(self, interval_s: float, chance: random.Random) -> float:
        """`interval_s` with its spread, so that terminals do not beat together."""
        return interval_s * chance.uniform(1.0 - self.heartbeat_spread, 1.0 + self.heartbeat_spread)


DEFAULT_POLICY = Policy()
