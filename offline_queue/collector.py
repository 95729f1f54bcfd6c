"""Fetches the inbox on the sender's thread: when the centre hints that something waits, and now and then."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue.inbox import sort_letters
from offline_queue.inbox_wire import InboxRequest
from offline_queue.link import InboxAnswered, Link, Rejected, Unreached
from offline_queue.policy import Policy
from offline_queue.store import Outbox

NS = 1_000_000_000


@dataclass(slots=True)
class Collector:
    """Used by one thread; `last_error` may be read by others."""

    outbox: Outbox
    link: Link
    centre_keys: Mapping[str, Ed25519PublicKey]
    policy: Policy
    chance: random.Random = field(default_factory=random.SystemRandom)
    next_ns: int = 0
    last_error: str = ""

    def begin(self) -> None:
        """The first time after a start; spread, as all terminals of a district start together."""
        self._rest(self.policy.inbox_first_s)

    def hint(self, newest: int) -> None:
        """The centre named the newest number in this terminal's inbox."""
        if newest > (self.outbox.deliveries.inbox_cursor() or 0):
            self.next_ns = time.monotonic_ns()

    def round(self) -> bool:
        """Fetch and apply one answer; True when letters were applied."""
        deliveries = self.outbox.deliveries
        cursor = deliveries.inbox_cursor()
        request = InboxRequest(terminal=self.outbox.terminal, after=cursor)
        match self.link.ask_inbox(request):
            case InboxAnswered(answer):
                found = sort_letters(answer.letters, self.outbox.terminal, cursor, self.centre_keys)
                self.last_error = found.fault
                written = bool(found.good) and deliveries.apply_letters(found.good)
                if found.good and not written:
                    self.last_error = "letters cannot be written"
                if written and not found.fault and answer.more:
                    self.next_ns = time.monotonic_ns()
                else:
                    self._rest(self.policy.inbox_s if not self.last_error else self.policy.inbox_first_s)
                return written
            case Rejected(reason=reason) | Unreached(detail=reason):
                # Items and heartbeats judge the link; an older centre has no inboxes.
                self.last_error = reason
                self._rest(self.policy.inbox_first_s)
                return False

    def _rest(self, seconds: float) -> None:
        self.next_ns = time.monotonic_ns() + int(self.policy.next_heartbeat_s(seconds, self.chance) * NS)
