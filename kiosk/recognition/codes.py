"""A code by SMS: drawn here, sent by the centre to the phone on record, compared here. Nobody keeps it.

What is held is a digest under a key of this code alone, in memory, for five minutes and three tries.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from drivers.contract import Failed, Ok
from kiosk.journey import events as ev
from kiosk.journey.proof import CODE_DIGITS, CODE_TRIES_MAX, CodeFailure, CodeSent
from kiosk.journey.visit import Visit
from offline_queue.live import Answered, Reason, Unavailable
from offline_queue.live_wire import SmsAnswer

log = logging.getLogger(__name__)

VALID_S = 300.0
"""From when it was handed on; the message says the same."""
OFFLINE = frozenset({Reason.OFFLINE, Reason.SLOW, Reason.UNTRUSTED})


class Sends(Protocol):
    """`offline_queue.live.Live`, as far as a code needs it."""

    def sms_code(self, service: str, number: str, code: str) -> Answered[SmsAnswer] | Unavailable: ...


@dataclass(frozen=True, slots=True, repr=False)
class _Held:
    visit_id: str
    key: bytes
    digest: bytes
    until_s: float
    left: int = CODE_TRIES_MAX

    def fits(self, code: str) -> bool:
        return hmac.compare_digest(self.digest, _digest(self.key, code))


class CodeDesk:
    """Of one terminal: one code at a time. May be used from any thread; `send` waits for the centre."""

    def __init__(self, live: Sends, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._live = live
        self._now_s = monotonic_s
        self._lock = threading.Lock()
        self._held: _Held | None = None

    def send(self, visit: Visit) -> ev.CodeAnswered:
        """A new code in place of the last one."""
        self.forget()
        if visit.card is None:
            return ev.CodeAnswered(Failed(CodeFailure.NOT_SENT))
        code = f"{secrets.randbelow(10**CODE_DIGITS):0{CODE_DIGITS}}"
        key = secrets.token_bytes(32)
        told = self._live.sms_code(visit.about or visit.service.code, visit.card.document.number, code)
        match told:
            case Answered(SmsAnswer(outcome="sent") as answer):
                held = _Held(visit.id, key, _digest(key, code), self._now_s() + VALID_S)
                with self._lock:
                    self._held = held
                return ev.CodeAnswered(Ok(CodeSent(answer.mobile, answer.reference)))
            case Answered(SmsAnswer(outcome="no_mobile")):
                return ev.CodeAnswered(Failed(CodeFailure.NO_MOBILE))
            case Answered():
                return ev.CodeAnswered(Failed(CodeFailure.TOO_OFTEN))
            case Unavailable(reason):
                log.info("no code was sent: %s", reason.value)
                offline = reason in OFFLINE
                return ev.CodeAnswered(Failed(CodeFailure.OFFLINE if offline else CodeFailure.NOT_SENT))

    def check(self, visit_id: str, code: str) -> ev.CodeChecked:
        """The right one is right once; the third wrong one ends it."""
        with self._lock:
            held = self._held
            if held is None or held.visit_id != visit_id:
                return ev.CodeChecked(right=False, failure=CodeFailure.EXPIRED)
            self._held = None
            if self._now_s() >= held.until_s:
                return ev.CodeChecked(right=False, failure=CodeFailure.EXPIRED)
            if held.fits(code):
                return ev.CodeChecked(right=True)
            left = held.left - 1
            if left == 0:
                return ev.CodeChecked(right=False, failure=CodeFailure.USED_UP)
            self._held = replace(held, left=left)
            return ev.CodeChecked(right=False, left=left)

    def forget(self) -> None:
        with self._lock:
            self._held = None


def _digest(key: bytes, code: str) -> bytes:
    return hmac.new(key, code.encode(), hashlib.sha256).digest()
