"""A circuit breaker: who failed several times in a row is left alone for a while, then tried once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

FAILURES_MAX = 5
REST_S = 30.0


class Breaker:
    """Of one process, in memory. Safe from several threads."""

    def __init__(
        self,
        failures_max: int = FAILURES_MAX,
        rest_s: float = REST_S,
        now_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._failures_max = failures_max
        self._rest_s = rest_s
        self._now_s = now_s
        self._lock = threading.Lock()
        self._failures = 0
        self._until_s = 0.0

    def resting_s(self) -> float:
        """Seconds until the next question may be put; 0: put it. The first after a rest is a trial."""
        with self._lock:
            if self._failures < self._failures_max:
                return 0.0
            left_s = self._until_s - self._now_s()
            if left_s > 0:
                return left_s
            self._until_s = self._now_s() + self._rest_s  # whoever comes during the trial still waits
            return 0.0

    def answered(self) -> None:
        with self._lock:
            self._failures = 0

    def failed(self) -> None:
        with self._lock:
            self._failures += 1
            if self._failures >= self._failures_max:
                self._until_s = self._now_s() + self._rest_s
