"""One round to the centre: take a batch, send it, write the verdicts down. No thread, no waiting.

Time is monotonic nanoseconds. What has to wait (a lane that the centre put off, a session in
back-off) is held in memory: after a restart it is only tried earlier.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http import HTTPStatus

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue import wire
from offline_queue.acknowledgement import fault_of
from offline_queue.link import Answered, Link, Rejected, Unreached
from offline_queue.link_state import CUT_SHORT_BY_WAKE, TRUST_STATES, LinkState
from offline_queue.policy import Policy
from offline_queue.records import ItemState, Settlement
from offline_queue.store import Outbox
from offline_queue.transactions import DAMAGED
from offline_queue.uploader import Damaged, Moved, Stuck, Uploader

NS = 1_000_000_000


@dataclass(slots=True)
class _Hold:
    until_ns: int
    failures: int


@dataclass(slots=True)
class Courier:
    """Used by one thread. `link_state`, `last_error` and the times may be read by others."""

    outbox: Outbox
    link: Link
    centre_keys: Mapping[str, Ed25519PublicKey]
    policy: Policy
    chance: random.Random = field(default_factory=random.SystemRandom)
    now_ns: Callable[[], int] = time.monotonic_ns
    link_state: LinkState = LinkState.UNKNOWN
    last_contact_ns: int | None = None
    last_error: str = ""
    session_until_ns: int = 0
    next_round_ns: int = 0
    _session_failures: int = 0
    _attempted_ns: int = 0
    _may_be_cut: bool = True
    _holds: dict[str, _Hold] = field(default_factory=dict)
    _batch_items: int = 0
    _refused_alone: set[str] = field(default_factory=set)
    _passed_over: set[str] = field(default_factory=set)
    _forget_ns: int = 0
    uploader: Uploader = field(init=False)

    def __post_init__(self) -> None:
        self.uploader = Uploader(self.outbox.terminal, self.outbox.deliveries, self.link)

    def round(self) -> bool:
        """True when something was sent and answered, so that another round may follow at once."""
        began = self.now_ns()
        progress = self._round()
        now = self.now_ns()
        if progress:
            self.next_round_ns = now
        elif self.session_until_ns > now:
            self.next_round_ns = self.session_until_ns
        else:
            poll = now + int(self.policy.poll_s * NS)
            # A hold that ended during the round was still one for it: its lane goes next, not with the next hold.
            self.next_round_ns = min(
                (h.until_ns for h in self._holds.values() if h.until_ns > began), default=poll
            )
        return progress

    def _round(self) -> bool:
        now = self.now_ns()
        if now < self.session_until_ns:
            return False
        held = {lane for lane, hold in self._holds.items() if hold.until_ns > now} | self._passed_over
        items_max = self._batch_items or self.policy.batch_items
        whole = self.uploader.whole
        items = self.outbox.deliveries.next_batch(
            held_lanes=held, items_max=items_max, bytes_max=self.policy.batch_sealed_bytes, whole=whole
        )
        # One batch and one part in turns: neither keeps the other waiting for more than one request.
        sent = bool(items) and self._send(items)
        lacking = self.outbox.deliveries.next_to_upload(held_lanes=held, whole=whole)
        if lacking is None and not items:
            self._passed_over.clear()  # each was tried once: from the first again
        if lacking is None or self.session_until_ns > self.now_ns():
            return sent
        return self._upload(lacking) or sent

    def _send(self, items: tuple[wire.Item, ...]) -> bool:
        self.outbox.deliveries.note_attempt([item.sequence for item in items])
        self._attempted_ns = self.now_ns()
        batch = wire.Batch(terminal=self.outbox.terminal, head=self.outbox.head(), items=items)
        match self.link.send_batch(batch):
            case Answered(answer):
                self._settle(items, answer)
                return True
            case Rejected() as rejected:
                return self._isolate(items, rejected)
            case Unreached() as unreached:
                self.unreached(unreached)
                return False

    def _upload(self, item: wire.Item) -> bool:
        """One step towards the centre having all that belongs to this item."""
        self._attempted_ns = self.now_ns()
        match self.uploader.step(item):
            case Moved():
                self.reached()
                return True
            case Damaged():
                words = Settlement(item.sequence, ItemState.QUARANTINED, "damaged", DAMAGED)
                if self.outbox.deliveries.settle([words]):
                    return True
            case Stuck(reason):
                self.reached()
                self.last_error = reason
            case Rejected() as rejected:
                return self._isolate((item,), rejected)
            case Unreached(code=wire.TOO_MANY_UPLOADS) as full:
                # A limit on attachments keeps no other case waiting.
                self.reached()
                self.last_error = full.detail
                self._hold(item.lane, full.retry_after_s)
                return False
            case Unreached(LinkState.UNKNOWN, detail):
                # An older centre does not know attachments: other cases go on.
                self.last_error = f"attachment: {detail}"
            case Unreached() as unreached:
                self.unreached(unreached)
                return False
        self._hold(item.lane, None)
        return False

    def wake(self) -> None:
        """An edge: end a back-off that it may have made pointless, but never one that the centre asked for."""
        if self._may_be_cut:
            earliest = self._attempted_ns + int(self.policy.wake_gap_s * NS)
            self.session_until_ns = min(self.session_until_ns, earliest)
        self.next_round_ns = self.session_until_ns

    def reached(self) -> None:
        """The centre answered: the session is well."""
        self.link_state, self.last_error = LinkState.ONLINE, ""
        self.last_contact_ns = self.now_ns()
        self._session_failures, self.session_until_ns, self._may_be_cut = 0, 0, True

    def heard(self) -> None:
        """A heartbeat was answered; that says nothing about a wrong acknowledgement, nor about items."""
        if self._refuses_everything():
            self.last_contact_ns = self.now_ns()
            return
        before = (self.link_state, self.last_error)
        self.reached()
        if before[0] is LinkState.ACKNOWLEDGEMENT_INVALID:
            self.link_state, self.last_error = before

    def may_speak(self) -> bool:
        """Whether a heartbeat may go out now: not while the centre has asked for silence."""
        return self._may_be_cut or self.now_ns() >= self.session_until_ns

    def unreached(self, failure: Unreached) -> None:
        """The session as a whole must wait; the items stay as they are."""
        self.link_state, self.last_error = failure.state, failure.detail
        self._session_failures += 1
        self._may_be_cut = failure.state in CUT_SHORT_BY_WAKE and failure.retry_after_s is None
        cap = self.policy.trust_cap_s if failure.state in TRUST_STATES else None
        delay = self.policy.delay_s(self._session_failures, self.chance, cap_s=cap)
        if failure.retry_after_s is not None:
            delay += self.policy.obeyed_s(failure.retry_after_s)
        self.session_until_ns = self.now_ns() + int(delay * NS)

    def _settle(self, items: tuple[wire.Item, ...], answer: wire.BatchAnswer) -> None:
        self.reached()
        self._batch_items = min(2 * self._batch_items, self.policy.batch_items)
        self._refused_alone.clear()
        self._passed_over.clear()
        verdicts = {verdict.item_id: verdict for verdict in answer.verdicts}
        judged = [(item, self._judge(item, verdicts.get(item.id))) for item in items]
        settlements = [settlement for _item, settlement in judged if settlement is not None]
        for lane in {item.lane for item in items} - {
            item.lane for item, settlement in judged if settlement is None
        }:
            self._holds.pop(lane, None)
        if not settlements or self.outbox.deliveries.settle(settlements):
            self.forget_the_old(answer.centre_time)
            return
        # The centre has them but the disk does not take that: sending again at once would never end.
        self.last_error = "verdicts cannot be written"
        until = self.now_ns() + int(self.policy.unwritable_hold_s * NS)
        for item in items:
            self._holds[item.lane] = _Hold(until, 1)

    def forget_the_old(self, centre_time: str) -> None:
        """Once an hour, by the centre's clock: the terminal's own may be years off."""
        if self.now_ns() < self._forget_ns:
            return
        self._forget_ns = self.now_ns() + 3600 * NS
        try:
            told = datetime.fromisoformat(centre_time)
            now = told.replace(tzinfo=told.tzinfo or UTC)
            before = now - timedelta(days=self.policy.index_days)
        except (ValueError, OverflowError):
            self.last_error = "the centre's time cannot be read"
            return
        self.outbox.deliveries.forget(before.isoformat())
        self.outbox.sweep_set_aside(now, self.policy.salvaged_days)

    def _judge(self, item: wire.Item, verdict: wire.Verdict | None) -> Settlement | None:
        """What to write down; None leaves the item pending and holds its lane."""
        self.uploader.forget(item.sequence)
        if verdict is None:
            self._hold(item.lane, None)
            self.last_error = "an item was not answered"
            return None
        match verdict.kind:
            case wire.VerdictKind.REGISTERED | wire.VerdictKind.DUPLICATE:
                acknowledgement = verdict.acknowledgement
                fault = fault_of(acknowledgement, item.id, item.chain_hash(), self.centre_keys)
                if fault or acknowledgement is None:
                    self.link_state, self.last_error = LinkState.ACKNOWLEDGEMENT_INVALID, fault
                    self._hold(item.lane, None)
                    return None
                return Settlement(
                    item.sequence,
                    ItemState.ACKNOWLEDGED,
                    verdict.kind.value,
                    verdict.reason,
                    acknowledgement.registered_at,
                    verdict.case_state,
                )
            case wire.VerdictKind.CONFLICT | wire.VerdictKind.REFUSED:
                return Settlement(
                    item.sequence,
                    ItemState.QUARANTINED,
                    verdict.kind.value,
                    verdict.reason,
                    case_state=verdict.case_state,
                    erased=item.erased,
                )
            case wire.VerdictKind.LATER:
                self._hold(item.lane, verdict.retry_after_s)
                return None

    def _hold(self, lane: str, retry_after_s: float | None) -> None:
        failures = self._holds[lane].failures + 1 if lane in self._holds else 1
        delay = self.policy.delay_s(failures, self.chance)
        if retry_after_s is not None:
            delay = self.policy.obeyed_s(retry_after_s) + self.chance.uniform(0.0, self.policy.base_s)
        self._holds[lane] = _Hold(self.now_ns() + int(delay * NS), failures)

    def _refuses_everything(self) -> bool:
        """More cases refused by the request's status than can be their own fault, and none taken since."""
        return len(self._refused_alone) > self.policy.lone_rejections_max

    def _isolate(self, items: tuple[wire.Item, ...], rejected: Rejected) -> bool:
        """Halve the batch until the item to blame stands alone; then it waits or goes to quarantine."""
        self.last_contact_ns = self.now_ns()
        self.last_error = rejected.reason
        if len(items) > 1:
            self._batch_items = len(items) // 2
            return True
        (item,) = items
        self._refused_alone.add(item.lane)
        if self._refuses_everything():
            # The centre is at fault, until it has taken one. Another is tried next time: one of them may be good.
            self._passed_over.add(item.lane)
            self.unreached(Unreached(LinkState.UNKNOWN, rejected.reason))
            return False
        # A size limit may be the word of a proxy; any other refusal counts only from the centre itself.
        if rejected.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE or (
            rejected.spoken and rejected.status < 500
        ):
            words = Settlement(
                item.sequence,
                ItemState.QUARANTINED,
                f"http {rejected.status}",
                rejected.reason,
                erased=item.erased,
            )
            if self.outbox.deliveries.settle([words]):
                return True
        self._hold(item.lane, None)
        return True
