"""The sender: one thread that carries the outbox to the centre and beats in between.

At least once, in order within a lane, never in a hurry that the centre did not ask for.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue import wire
from offline_queue.collector import Collector, Shelf
from offline_queue.courier import NS, Courier
from offline_queue.link import HeartbeatAnswered, Link, ManifestAnswered, Rejected, Unreached
from offline_queue.link_state import LinkState
from offline_queue.policy import DEFAULT_POLICY, Policy
from offline_queue.reconcile import fault_of
from offline_queue.records import ItemState, ItemSummary, StoreError
from offline_queue.store import Outbox

log = logging.getLogger(__name__)

LONGEST_REST_S = 5.0
"""The loop moves at least this often, so that a watchdog can tell a resting sender from a dead one."""
SLACK_S = 60.0
"""For the disk, between two requests."""
_INTERVAL_BOUNDS_S = (10.0, 3600.0)


@dataclass(frozen=True, slots=True)
class SenderStatus:
    """`clock_offset_s`: what must be added to the wall clock to please the centre; 0 when never needed.

    `last_moved_monotonic_ns`: the last rest or the beginning of the last request. `stopped`: started and not closed,
    its thread is dead, or has not moved for longer than the longest request and the disk may take; `link_state` is
    then unknown. Feed a watchdog only while it is not.
    """

    link_state: LinkState
    last_contact_monotonic_ns: int | None
    last_error: str
    clock_offset_s: float
    last_moved_monotonic_ns: int
    alive: bool
    stopped: bool


def _unheard() -> None:
    """The default `on_change`: nobody listens."""


def _unheard_time(_centre_time: datetime) -> None:
    """The default `on_centre_time`."""


class Sender:
    """Start once, close before the outbox. `on_change` runs on the sender's thread and must be quick.

    `heartbeat_body`: called on the sender's thread for each regular heartbeat; None sends none.
    `on_centre_time`: told the centre's time (aware) with each answered heartbeat, on the same thread.
    `shelf`: takes what the centre publishes; None fetches nothing.
    """

    def __init__(
        self,
        outbox: Outbox,
        link: Link,
        *,
        centre_keys: Mapping[str, Ed25519PublicKey],
        policy: Policy = DEFAULT_POLICY,
        on_change: Callable[[], None] = _unheard,
        heartbeat_body: Callable[[], dict[str, Any]] | None = None,
        on_centre_time: Callable[[datetime], object] = _unheard_time,
        shelf: Shelf | None = None,
    ) -> None:
        self._outbox = outbox
        self._link = link
        self._policy = policy
        self._on_change = on_change
        self._heartbeat_body = heartbeat_body
        self._on_centre_time = on_centre_time
        self._centre_keys = centre_keys
        self._courier = Courier(outbox, link, centre_keys, policy)
        self._collector = Collector(outbox, link, centre_keys, policy, shelf)
        self._changed = threading.Condition()
        self._woken = False
        self._closing = False
        self._asked_beat: dict[str, Any] | None = None
        self._interval_s = policy.heartbeat_s
        self._next_beat_ns = time.monotonic_ns()
        self._next_reconciling_ns = time.monotonic_ns()
        self._moved_ns = time.monotonic_ns()
        self._thread = threading.Thread(target=self._run, name="outbox-sender", daemon=True)

    def start(self) -> None:
        """Begin; the first try is spread, so that a district that wakes together does not knock together."""
        spread = self._courier.chance.uniform(0.0, self._policy.first_spread_s)
        self._courier.session_until_ns = time.monotonic_ns() + int(spread * NS)
        self._courier.next_round_ns = self._courier.session_until_ns
        self._next_beat_ns = self._courier.session_until_ns
        first_s = self._courier.chance.uniform(0.5, 1.0) * self._policy.reconcile_first_s
        self._next_reconciling_ns = time.monotonic_ns() + int(first_s * NS)
        self._collector.begin()
        self._moved_ns = time.monotonic_ns()
        self._thread.start()

    def wake(self) -> None:
        """An edge: a new item, the network back, the clock stepped."""
        with self._changed:
            self._woken = True
            self._changed.notify_all()

    def beat(self, body: dict[str, Any]) -> None:
        """Send this heartbeat now (an alarm); the newest wins when several wait."""
        with self._changed:
            self._asked_beat = body
            self._changed.notify_all()

    def reconcile(self) -> None:
        """Have the centre compare what it holds as soon as it can be asked; `Deliveries.reconciliation` tells."""
        with self._changed:
            self._next_reconciling_ns = time.monotonic_ns()
            self._changed.notify_all()

    def close(self) -> None:
        """Finish the request under way and stop. May be called twice."""
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread.ident is not None:
            self._thread.join()
        self._link.close()

    def status(self) -> SenderStatus:
        """Never blocks."""
        courier, alive = self._courier, self._thread.is_alive()
        moved_ns = max(self._moved_ns, self._link.begun_ns)
        still_s = (time.monotonic_ns() - moved_ns) / NS
        supposed_to_live = self._thread.ident is not None and not self._closing
        stopped = supposed_to_live and (not alive or still_s > self._link.longest_s + SLACK_S)
        return SenderStatus(
            link_state=LinkState.UNKNOWN if stopped else courier.link_state,
            last_contact_monotonic_ns=courier.last_contact_ns,
            last_error=courier.last_error,
            clock_offset_s=self._link.clock_offset_s,
            last_moved_monotonic_ns=moved_ns,
            alive=alive,
            stopped=stopped,
        )

    def wait_settled(self, lane: str, timeout_s: float) -> ItemSummary | None:
        """The newest item of a case once the centre has spoken about it; None when time is up."""
        deadline = time.monotonic() + timeout_s
        with self._changed:
            while True:
                items = self._outbox.find(lane)
                if items and items[-1].state is not ItemState.PENDING:
                    return items[-1]
                left = deadline - time.monotonic()
                if left <= 0 or self._closing:
                    return None
                self._changed.wait(left)

    def _run(self) -> None:
        try:
            while self._rest():
                try:
                    moved = self._turn()
                except StoreError:
                    raise
                except Exception as defect:  # noqa: BLE001 - one defect must not keep every case on the disk
                    self._hold_after(defect)
                    moved = True
                if moved:
                    self._tell()
        except BaseException as error:
            # A store that failed: the thread ends, and `alive` and the state say so.
            self._courier.link_state, self._courier.last_error = LinkState.UNKNOWN, type(error).__name__
            raise
        finally:
            self._tell()

    def _turn(self) -> bool:
        """Do what is due; whether anything changed that others should look at."""
        before = (self._courier.link_state, self._courier.last_error)
        beaten = self._beat_if_due()
        sent = self._courier.round()
        compared = not sent and self._reconcile_if_due()
        # After each batch or part, not after the last: what the centre has to say outweighs a long backlog.
        told = self._fetch_if_due()
        after = (self._courier.link_state, self._courier.last_error)
        return sent or beaten or compared or told or before != after

    def _hold_after(self, defect: Exception) -> None:
        """Back off as from any failure, and go on: what failed may be the heartbeat only, or one answer."""
        kind = type(defect).__name__
        log.error("the sender goes on after a defect: %s", kind)  # its text may quote a record
        self._courier.unreached(Unreached(LinkState.UNKNOWN, kind))
        until = self._courier.session_until_ns
        self._courier.next_round_ns = until
        self._next_beat_ns = max(self._next_beat_ns, until)

    def _tell(self) -> None:
        with self._changed:
            self._changed.notify_all()
        self._on_change()

    def _tell_time(self, centre_time: str) -> None:
        try:
            told = datetime.fromisoformat(centre_time)
        except ValueError:
            self._courier.last_error = "the centre's time cannot be read"
            return
        if told.tzinfo is not None:
            self._on_centre_time(told)

    def _rest(self) -> bool:
        """Wait until something is due; False when closing."""
        with self._changed:
            while not self._closing:
                self._moved_ns = now = time.monotonic_ns()
                if self._woken:
                    self._woken = False
                    self._courier.wake()
                    return True
                if self._beat_is_due(now):
                    return True
                if (
                    self._courier.next_round_ns <= now
                    or self._reconciling_is_due(now)
                    or self._fetch_is_due(now)
                ):
                    return True
                errands = (self._next_reconciling_ns, self._collector.next_ns)
                moments = [self._courier.next_round_ns, *(moment for moment in errands if moment > now)]
                if self._heartbeat_body is not None and self._next_beat_ns > now:
                    moments.append(self._next_beat_ns)
                self._changed.wait(min(LONGEST_REST_S, (min(moments) - now) / NS))
        return False

    def _beat_is_due(self, now: int) -> bool:
        regular = self._heartbeat_body is not None and self._next_beat_ns <= now
        return (regular or self._asked_beat is not None) and self._courier.may_speak()

    def _beat_if_due(self) -> bool:
        with self._changed:
            if not self._beat_is_due(time.monotonic_ns()):
                return False
            body, self._asked_beat = self._asked_beat, None
        # Before the body is made: one with a defect would be due again with each round, and before it.
        self._next_beat_ns = self._a_beat_later_ns()
        if body is None and self._heartbeat_body is not None:
            body = self._heartbeat_body()
        heartbeat = wire.Heartbeat(terminal=self._outbox.terminal, head=self._outbox.head(), body=body or {})
        match self._link.send_heartbeat(heartbeat):
            case HeartbeatAnswered(answer):
                self._courier.heard()
                self._tell_time(answer.centre_time)
                self._collector.hint(answer.inbox)
                self._courier.forget_the_old(answer.centre_time)
                self._interval_s = min(max(answer.interval_s, _INTERVAL_BOUNDS_S[0]), _INTERVAL_BOUNDS_S[1])
            case Rejected(reason=reason):
                self._courier.last_error = f"heartbeat: {reason}"
            case Unreached() as unreached:
                self._courier.unreached(unreached)
        self._next_beat_ns = self._a_beat_later_ns()
        return True

    def _a_beat_later_ns(self) -> int:
        wait_s = self._policy.next_heartbeat_s(self._interval_s, self._courier.chance)
        return time.monotonic_ns() + int(wait_s * NS)

    def _fetch_is_due(self, now: int) -> bool:
        return self._collector.next_ns <= now and self._courier.link_state is LinkState.ONLINE

    def _fetch_if_due(self) -> bool:
        if not self._fetch_is_due(time.monotonic_ns()):
            return False
        applied = self._collector.round()
        if self._collector.last_error:
            self._courier.last_error = f"inbox: {self._collector.last_error}"
        return applied

    def _reconciling_is_due(self, now: int) -> bool:
        """Only while the centre answers: a comparison is never worth a try of its own."""
        return self._next_reconciling_ns <= now and self._courier.link_state is LinkState.ONLINE

    def _reconcile_if_due(self) -> bool:
        if not self._reconciling_is_due(time.monotonic_ns()):
            return False
        deliveries, wait_s = self._outbox.deliveries, self._policy.reconcile_s
        manifest = deliveries.manifest(self._outbox.head())
        match self._link.send_manifest(manifest):
            case ManifestAnswered(answer):
                if fault := fault_of(answer, manifest, self._centre_keys):
                    self._courier.last_error = f"manifest: {fault}"
                elif not deliveries.keep_reconciliation(answer):
                    self._courier.last_error = "the centre's word cannot be written"
            case Rejected(reason=reason) | Unreached(detail=reason):
                # Items and heartbeats judge the link; an older centre does not know manifests.
                self._courier.last_error = f"manifest: {reason}"
                wait_s = self._policy.reconcile_first_s
        wait_s = self._policy.next_heartbeat_s(wait_s, self._courier.chance)
        self._next_reconciling_ns = time.monotonic_ns() + int(wait_s * NS)
        return True
