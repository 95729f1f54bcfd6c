"""Fetches the inbox on the sender's thread: when the centre hints that something waits, and now and then.

And what its letters refer to (definitions, configuration), for a shelf that knows what to do with it.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue.inbox import sort_letters
from offline_queue.inbox_wire import InboxRequest, Reference
from offline_queue.link import InboxAnswered, Link, Rejected, Unreached
from offline_queue.policy import Policy
from offline_queue.publication_wire import PublicationAnswer
from offline_queue.store import Outbox

NS = 1_000_000_000


class Shelf(Protocol):
    """Where publications go. Called on the sender's thread."""

    def lacks(self, reference: Reference) -> bool:
        """Whether this one is worth fetching; not what is here already, or was found bad."""
        ...

    def put(self, reference: Reference, content: str) -> None:
        """Judge and keep it; it has the digest that the letter names. OSError when the disk refuses."""
        ...


@dataclass(slots=True)
class Collector:
    """Used by one thread; `last_error` may be read by others."""

    outbox: Outbox
    link: Link
    centre_keys: Mapping[str, Ed25519PublicKey]
    policy: Policy
    shelf: Shelf | None = None
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
                    fetched = self._fetch()
                    self._rest(self.policy.inbox_s if not self.last_error else self.policy.inbox_first_s)
                    return written or fetched
                return written
            case Rejected(reason=reason) | Unreached(detail=reason):
                # Items and heartbeats judge the link; an older centre has no inboxes.
                self.last_error = reason
                self._rest(self.policy.inbox_first_s)
                return False

    def _fetch(self) -> bool:
        """Bring what the newest letters refer to; True when something was put on the shelf."""
        put, shelf = False, self.shelf
        if shelf is None:
            return False
        for reference in filter(shelf.lacks, self.outbox.deliveries.references()):
            match self.link.fetch(reference.path):
                case PublicationAnswer() as answer if answer.sha256 == reference.sha256:
                    try:
                        shelf.put(reference, answer.content)
                        put = True
                    except OSError as error:
                        self.last_error = f"{reference.subject} cannot be kept: {error.strerror}"
                case PublicationAnswer():
                    self.last_error = f"{reference.subject}: other bytes than the letter names"
                case Rejected(reason=reason) | Unreached(detail=reason):
                    self.last_error = f"{reference.subject}: {reason}"
        return put

    def _rest(self, seconds: float) -> None:
        self.next_ns = time.monotonic_ns() + int(self.policy.next_heartbeat_s(seconds, self.chance) * NS)
