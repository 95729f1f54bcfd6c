"""Live calls: what a terminal asks the centre while a resident waits. A call never raises and never overstays.

Each call runs on a thread of its own, since name look-up, TLS and a dripping answer know no common time
limit: at the deadline the caller goes on, and what comes later is thrown away. Nothing is repeated here;
every call may be repeated by its caller, since it only reads or carries a key. Where the centre asked for a pause
(Retry-After), the same question about the same service is answered here until it is over.
"""

from __future__ import annotations

import logging
import queue
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from offline_queue import live_wire
from offline_queue.link import Link, Rejected, Timeouts, Unreached
from offline_queue.link_state import LinkState
from offline_queue.live_wire import LiveCode
from offline_queue.wire import Message

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Message)
M_co = TypeVar("M_co", bound=Message, covariant=True)

CALLS_MAX = 4
"""Under way at once, those left behind at their deadline as well."""
PAUSE_MAX_S = 3600.0
"""A longer pause is asked about again: the centre may have been given more, or been wrong."""
LIVE_TIMEOUTS = Timeouts(
    connect_s=5.0, read_s=live_wire.DECISION_S, write_s=5.0, answer_s=2 * live_wire.DECISION_S
)
"""When a call that was left behind ends at last."""


class Reason(StrEnum):
    """Why there is no answer. None of them costs anything: the outbox has the case."""

    OFFLINE = "offline"
    SLOW = "slow"
    """The deadline passed. The centre may have done it: ask again with the same key."""
    UNTRUSTED = "untrusted"
    """Certificate, clock, signature or revocation: the terminal and the centre do not know each other."""
    BUSY = "busy"
    QUOTA = "quota"
    DEPARTMENT = "department"
    """The centre answers, the department behind it does not."""
    REFUSED = "refused"
    UNKNOWN_CASE = "unknown_case"
    CONFLICT = "conflict"
    UNREADABLE = "unreadable"
    """An answer that is not in the agreed form."""
    DEFECT = "defect"
    CLOSING = "closing"


@dataclass(frozen=True, slots=True)
class Answered(Generic[M_co]):
    """The centre's answer."""

    answer: M_co


@dataclass(frozen=True, slots=True)
class Unavailable:
    """No answer. `retry_after_s`: the centre's wish, if it had one; in a pause, what is left of that."""

    reason: Reason
    retry_after_s: float | None = None


_BY_CODE: dict[str, Reason] = {
    LiveCode.QUOTA: Reason.QUOTA,
    LiveCode.BUSY: Reason.BUSY,
    LiveCode.DEPARTMENT: Reason.DEPARTMENT,
    LiveCode.NO_DEPARTMENT: Reason.DEPARTMENT,
    LiveCode.REFUSED: Reason.REFUSED,
    LiveCode.CONFLICT: Reason.CONFLICT,
    LiveCode.UNKNOWN_CASE: Reason.UNKNOWN_CASE,
}
_BY_STATE: dict[LinkState, Reason] = {
    LinkState.OFFLINE: Reason.OFFLINE,
    LinkState.SLOW: Reason.SLOW,
    LinkState.BUSY: Reason.BUSY,
    LinkState.UNKNOWN: Reason.UNREADABLE,
}
"""Every other state is one of trust."""


class Live:
    """May be called from several threads. `open_link` makes one more signed link to the centre.

    `monotonic_s`: the clock of the pauses.
    """

    def __init__(
        self, open_link: Callable[[], Link], terminal: str, monotonic_s: Callable[[], float] = time.monotonic
    ) -> None:
        self._open_link = open_link
        self._terminal = terminal
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._pauses: dict[tuple[str, str], tuple[Reason, float]] = {}
        """Path and service -> why, and when the pause is over."""
        self._idle: list[Link] = []
        self._under_way = 0
        self._waiting: set[queue.SimpleQueue[Any]] = set()
        self._closed = False

    def prefill(
        self, service: str, number: str, records: tuple[str, ...], within_s: float = live_wire.PREFILL_S
    ) -> Answered[live_wire.PrefillAnswer] | Unavailable:
        """What is on record about this person, each value with its source and its time."""
        asked = live_wire.PrefillRequest(
            terminal=self._terminal, within_s=within_s, service=service, number=number, records=records
        )
        return self._call(live_wire.PREFILL_PATH, service, asked, live_wire.PrefillAnswer)

    def decide(
        self, item_id: str, code: str, within_s: float = live_wire.DECISION_S, service: str = ""
    ) -> Answered[live_wire.DecisionAnswer] | Unavailable:
        """Ask for a decision on a case that the centre has registered; never decided twice.

        `service`: of the case, where it is known: the pauses are kept by it.
        """
        asked = live_wire.DecisionRequest(
            terminal=self._terminal, within_s=within_s, item_id=item_id, code=code
        )
        return self._call(live_wire.DECISION_PATH, service, asked, live_wire.DecisionAnswer)

    def progress(
        self, code: str, within_s: float = live_wire.PROGRESS_S
    ) -> Answered[live_wire.ProgressAnswer] | Unavailable:
        """How far a case is."""
        asked = live_wire.ProgressRequest(terminal=self._terminal, within_s=within_s, code=code)
        return self._call(live_wire.PROGRESS_PATH, "", asked, live_wire.ProgressAnswer)

    def payment_order(
        self, key: str, code: str, service: str, amount_fen: int, within_s: float = live_wire.PAYMENT_S
    ) -> Answered[live_wire.PaymentOrder] | Unavailable:
        """The order of this key, made now or before. Store the key first: after a crash it finds the order."""
        asked = live_wire.PaymentRequest(
            terminal=self._terminal,
            within_s=within_s,
            key=key,
            code=code,
            service=service,
            amount_fen=amount_fen,
        )
        return self._call(live_wire.PAYMENT_PATH, service, asked, live_wire.PaymentOrder)

    def sms_code(
        self, service: str, number: str, code: str, within_s: float = live_wire.SMS_S
    ) -> Answered[live_wire.SmsAnswer] | Unavailable:
        """Send this code to the mobile number that is registered for this person.

        A pause that the centre asks for is one person's, so nobody else is answered by it here.
        """
        asked = live_wire.SmsRequest(
            terminal=self._terminal, within_s=within_s, service=service, number=number, code=code
        )
        return self._call(live_wire.SMS_PATH, "", asked, live_wire.SmsAnswer)

    def close(self) -> None:
        """No call begins any more and nobody waits; links of calls under way close when those end.

        May be called twice.
        """
        with self._lock:
            self._closed = True
            idle, self._idle = self._idle, []
            for came in self._waiting:
                came.put(Unavailable(Reason.CLOSING))
        for link in idle:
            link.close()

    def _call(
        self, path: str, service: str, asked: live_wire.LiveRequest, answer: type[M]
    ) -> Answered[M] | Unavailable:
        came: queue.SimpleQueue[Answered[M] | Unavailable] = queue.SimpleQueue()
        with self._lock:
            paused = None if self._closed else self._paused(path, service)
            if paused is not None:
                return paused
            if self._closed or self._under_way >= CALLS_MAX:
                return Unavailable(Reason.CLOSING if self._closed else Reason.BUSY)
            self._under_way += 1
            self._waiting.add(came)
            link = self._idle.pop() if self._idle else None

        def work() -> None:
            told = self._exchange(link, path, asked, answer)
            self._pause(path, service, told)  # also when nobody waits for the answer any more
            came.put(told)

        threading.Thread(target=work, name="live-call", daemon=True).start()
        try:
            return came.get(timeout=asked.within_s)
        except queue.Empty:
            return Unavailable(Reason.SLOW)
        finally:
            with self._lock:
                self._waiting.discard(came)

    def _paused(self, path: str, service: str) -> Unavailable | None:
        """What is told instead of asking while the pause lasts; with the lock held."""
        reason, ends_s = self._pauses.get((path, service), (Reason.BUSY, 0.0))
        left_s = ends_s - self._monotonic_s()
        if left_s > 0:
            return Unavailable(reason, left_s)
        self._pauses.pop((path, service), None)
        return None

    def _pause(self, path: str, service: str, told: Answered[M] | Unavailable) -> None:
        """The centre's wish, if it had one. Without a service it is nobody's: another one is not silenced by it."""
        if service and isinstance(told, Unavailable) and told.retry_after_s:
            ends_s = self._monotonic_s() + min(told.retry_after_s, PAUSE_MAX_S)
            with self._lock:
                self._pauses[path, service] = told.reason, ends_s

    def _exchange(
        self, link: Link | None, path: str, asked: live_wire.LiveRequest, answer: type[M]
    ) -> Answered[M] | Unavailable:
        try:
            link = link or self._open_link()
            return _told(link.ask(path, asked, answer))
        except Exception as defect:  # noqa: BLE001 - whoever waits on the screen is answered
            log.error("a live call ended by %s", type(defect).__name__)
            return Unavailable(Reason.DEFECT)
        finally:
            self._put_back(link)

    def _put_back(self, link: Link | None) -> None:
        with self._lock:
            self._under_way -= 1
            kept = link is not None and not self._closed
            if link is not None and kept:
                self._idle.append(link)
        if link is not None and not kept:
            link.close()


def _told(came: M | Rejected | Unreached) -> Answered[M] | Unavailable:
    match came:
        case Rejected(code=code):
            return Unavailable(_BY_CODE.get(code, Reason.REFUSED))
        case Unreached(state, _, retry_after_s, code):
            reason = _BY_CODE.get(code) or _BY_STATE.get(state, Reason.UNTRUSTED)
            return Unavailable(reason, retry_after_s)
        case answer:
            return Answered(answer)
