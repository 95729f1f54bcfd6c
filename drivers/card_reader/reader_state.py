"""What both reader drivers keep: the last status with its first cause, and whose turn it is."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from threading import Event, Lock

from drivers.contract import Cause, DeviceState, DeviceStatus

_SLICE_S = 0.1


class Patience:
    """How long a call may still take, and whether anybody wants it to stop."""

    def __init__(self, deadline_s: float, *stops: Event) -> None:
        self._ends_s = time.monotonic() + deadline_s
        self._stops = stops

    @property
    def left_s(self) -> float:
        return max(0.0, self._ends_s - time.monotonic())

    @property
    def over(self) -> bool:
        return self.left_s == 0.0

    @property
    def cancelled(self) -> bool:
        return any(stop.is_set() for stop in self._stops)

    def at_most(self, seconds: float) -> Patience:
        """The same stops and a deadline that is not later."""
        return Patience(min(seconds, self.left_s), *self._stops)

    def pause(self, seconds: float) -> None:
        """Wait, but end within 0.1 s of a stop and never after the deadline."""
        rest = self.at_most(seconds)
        while not rest.over and not rest.cancelled:
            time.sleep(min(_SLICE_S, rest.left_s))


class ReaderState:
    """A status that any thread may ask for, and one turn at the device at a time."""

    def __init__(self) -> None:
        self._turn = Lock()
        self._status = DeviceStatus(DeviceState.UNKNOWN, detail="not asked yet")
        self.closing = Event()

    @property
    def status(self) -> DeviceStatus:
        return self._status

    def ready(self, detail: str = "", warnings: tuple[Cause, ...] = ()) -> None:
        self._status = DeviceStatus(DeviceState.READY, detail=detail, warnings=warnings)

    def busy(self) -> None:
        self._status = replace(self._status, state=DeviceState.BUSY, cause=None)

    def opening(self) -> None:
        """Only from a state without a fault: a fault stays visible until the device answers."""
        if self._status.cause is None:
            self._status = DeviceStatus(DeviceState.OPENING)

    def fault(self, cause: Cause, detail: str, state: DeviceState = DeviceState.FAULT) -> None:
        """Enter a fault; one that stands already keeps its cause and its detail."""
        if self._status.cause is None:
            self._status = DeviceStatus(state, cause, detail)

    def replace_fault(self, cause: Cause, detail: str, state: DeviceState = DeviceState.FAULT) -> None:
        """The other side answered and named a fault itself: what was wrong before is over."""
        if self._status.cause is not cause:
            self._status = DeviceStatus(state, cause, detail)

    def closed(self) -> None:
        self._status = DeviceStatus(DeviceState.UNKNOWN, detail="closed")

    @contextmanager
    def turn(self, patience: Patience) -> Iterator[bool]:
        """Wait for the turn; False when it did not come in time."""
        mine = self._turn.acquire(blocking=False)
        while not mine and not patience.over and not patience.cancelled:
            mine = self._turn.acquire(timeout=min(_SLICE_S, patience.left_s))
        try:
            yield mine
        finally:
            if mine:
                self._turn.release()
