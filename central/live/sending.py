"""How often a code may be sent: to one person, and from one terminal. Nobody's phone is rung all day.

Only what was handed to the gateway counts. Counted in the memory of one process, by a digest under a key that is drawn at its start: with several processes the
limit is that many times as high, and after a start it begins anew. The gateway has a limit of its own.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from central.departments.port import FoundRecord, Records

RECORD = "mobile"
"""The name of the record that holds a person's registered number."""
DAY_S = 86_400.0
TO_A_PERSON = ((60.0, 1), (DAY_S, 5))
"""(seconds, messages): one a minute, five a day."""
FROM_A_TERMINAL = ((3_600.0, 60),)
REMEMBERED_MAX = 100_000
_MOBILE = re.compile(r"1[3-9]\d{9}")


def text_of(code: str) -> str:
    """What the phone shows. It says where the code is to be written, so that a swindler on the phone is noticed."""
    return (
        f"验证码 {code}，5 分钟内有效。只在您面前的就近政务终端上输入；"
        "如果不是您本人正在办事，请不要理会，也不要告诉任何人。"
    )


def mobile_of(reply: Records) -> str | None:
    """The registered number, if it is one to which messages can go."""
    found: FoundRecord | None = next((one for one in reply.records if one.name == RECORD), None)
    return found.value if found is not None and _MOBILE.fullmatch(found.value) else None


def masked(mobile: str) -> str:
    """138****8000: enough to know which phone."""
    return f"{mobile[:3]}****{mobile[-4:]}"


@dataclass(frozen=True, slots=True)
class _Kind:
    name: str
    windows: tuple[tuple[float, int], ...]


_PERSON, _TERMINAL = _Kind("person", TO_A_PERSON), _Kind("terminal", FROM_A_TERMINAL)


class SendingLimit:
    """Of one process. Safe from several threads."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._now_s = monotonic_s
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._sent: dict[bytes, deque[float]] = {}

    def take(self, terminal: str, number: str) -> int | None:
        """Count a message, or the whole seconds after which one may be sent; None: send it now."""
        asked = ((_PERSON, number), (_TERMINAL, terminal))
        with self._lock:
            now_s = self._now_s()
            self._forget(now_s)
            kept = [(kind, self._sent.setdefault(self._digest(kind, who), deque())) for kind, who in asked]
            waits = [_wait_s(times, kind.windows, now_s) for kind, times in kept]
            if (longest := max(waits)) > 0:
                return math.ceil(longest)
            for _kind, times in kept:
                times.append(now_s)
            return None

    def give_back(self, terminal: str, number: str) -> None:
        """The latest of both was not handed on, so nobody's phone rang by it."""
        with self._lock:
            for kind, who in ((_PERSON, number), (_TERMINAL, terminal)):
                if times := self._sent.get(self._digest(kind, who)):
                    times.pop()

    def _digest(self, kind: _Kind, who: str) -> bytes:
        return hashlib.blake2b(f"{kind.name} {who}".encode(), key=self._key, digest_size=16).digest()

    def _forget(self, now_s: float) -> None:
        if len(self._sent) < REMEMBERED_MAX:
            return
        self._sent = {who: times for who, times in self._sent.items() if times and now_s - times[-1] < DAY_S}


def _wait_s(times: deque[float], windows: tuple[tuple[float, int], ...], now_s: float) -> float:
    while times and now_s - times[0] >= max(length for length, _ in windows):
        times.popleft()
    waits = [0.0]
    for length, most in windows:
        if len(times) >= most:
            waits.append(times[-most] + length - now_s)
    return max(waits)
