"""A terminal's half: keys, drafts and an outbox in a directory. All persons are invented."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from offline_queue import new_item_id, wire
from offline_queue.link import Link, Timeouts
from offline_queue.policy import Policy
from offline_queue.records import Committed
from offline_queue.seal import SealingKey
from offline_queue.sender import Sender
from offline_queue.store import Draft, Outbox
from tests.offline_queue.simulated import Centre

TERMINAL = "0142"
FAST = Policy(
    base_s=0.02,
    cap_s=0.1,
    trust_cap_s=0.1,
    first_spread_s=0.0,
    wake_gap_s=0.0,
    poll_s=0.05,
    unwritable_hold_s=0.1,
)
QUICK = Timeouts(connect_s=5.0, read_s=5.0, write_s=5.0)


def draft(lane: str = "0142AAAA", payload: bytes = b"sealed words", **changes: Any) -> Draft:
    values: dict[str, Any] = {
        "id": new_item_id(),
        "lane": lane,
        "kind": wire.Kind.CASE,
        "service": "sample.certificate",
        "definition_version": "1",
        "payload": payload,
        "received_at": "2026-03-02T01:00:00Z",
        "clock_quality": wire.ClockQuality.SYNCED,
        "boot_id": "boot-1",
        "monotonic_ns": 5_000_000_000,
    }
    return Draft(**{**values, **changes})


@dataclass(slots=True)
class TerminalKit:
    """The keys of one invented terminal."""

    directory: Path
    database_key: bytes = bytes(range(32))
    signing_key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    sealing_private: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    def open(self, **changes: Any) -> Outbox:
        values: dict[str, Any] = {
            "terminal": TERMINAL,
            "database_key": self.database_key,
            "signing_key": self.signing_key,
            "sealing_key": SealingKey("seal-1", self.sealing_private.public_key()),
            "ballast_bytes": 64 * 1024,
        }
        return Outbox.open(self.directory, **{**values, **changes})

    def link(self, centre: Centre, ca_file: Path, **changes: Any) -> Link:
        centre.terminals[TERMINAL] = self.signing_key.public_key()
        values: dict[str, Any] = {
            "terminal": TERMINAL, "signing_key": self.signing_key, "ca_file": ca_file, "timeouts": QUICK,
        }  # fmt: skip
        return Link(centre.url, **{**values, **changes})


class Watched:
    """A sender with a condition to wait on: no test sleeps and hopes."""

    def __init__(self, outbox: Outbox, link: Link, centre: Centre, **changes: Any) -> None:
        self._changed = threading.Condition()
        values: dict[str, Any] = {"policy": FAST, **changes}
        self.sender = Sender(
            outbox, link, centre_keys={centre.key_id: centre.key.public_key()}, on_change=self._note, **values
        )

    def __enter__(self) -> Self:
        self.sender.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self.sender.close()

    def until(self, true: Callable[[], bool], what: str, deadline_s: float = 20.0) -> None:
        """Wait for a change that makes `true` true; AssertionError when it does not come."""
        end = time.monotonic() + deadline_s
        with self._changed:
            while not true():
                assert time.monotonic() < end, f"did not come: {what}; {self.sender.status()}"
                self._changed.wait(0.1)

    def _note(self) -> None:
        with self._changed:
            self._changed.notify_all()


def committed(outbox: Outbox, wanted: Draft) -> Committed:
    answer = outbox.commit(wanted)
    assert isinstance(answer, Committed), answer
    return answer
