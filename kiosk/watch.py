"""Keeps looking at the devices, so that the health is what it is and not what it was.

Each device is looked at by a thread of its own: one that hangs or raises takes nobody else's turn,
and what it said before is not believed any longer. A driver answers a look at once while a
resident uses it, with what it knows from that.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from drivers.contract import Device, DeviceState, DeviceStatus

LOOK_EVERY_S = 2.0
"""From the beginning of one look to that of the next."""
SILENT_AFTER_S = 2.3
"""A look that takes longer is not believed; `told_within_s` has the sum that it is a part of."""
LOOK_AGAIN_S = 0.7
"""Instead of `LOOK_EVERY_S`, at a device that does not work: it may have come back."""
REST_S = 0.2
"""The least between two looks, so that whoever wants to use a slow device gets it."""
JOIN_S = 2.0


def pause_after_s(took_s: float, every_s: float = LOOK_EVERY_S, *, working: bool = True) -> float:
    """From the end of a look that took `took_s` to the beginning of the next, in seconds."""
    period_s = every_s if working else min(LOOK_AGAIN_S, every_s)
    return max(min(REST_S, every_s), period_s - took_s)


def told_within_s() -> float:
    """The longest that a change of a device can stay untold, in seconds.

    The worst is one that comes just after a look has asked: that look still ends well, a pause follows,
    and the next look tells it or is given up. A look of more than `SILENT_AFTER_S` is not believed, so it
    adds nothing.
    """
    return max(took_s + pause_after_s(took_s) for took_s in (0.0, SILENT_AFTER_S)) + SILENT_AFTER_S


log = logging.getLogger(__name__)


class _Watched:
    """What the watch knows of one device."""

    def __init__(self, device: Device) -> None:
        self.device = device
        self.asked_at_s: float | None = None
        """When the look began that goes on now."""
        self.late = False
        """The last look took too long: what it asked may have been so at its beginning only."""
        self.took_s = 0.0
        self.defect = ""

    def status(self, silent_after_s: float) -> DeviceStatus:
        """The device's own word, unless it cannot be believed. A cause that it gave itself is kept."""
        try:
            own = self.device.status()
        except Exception as defect:  # noqa: BLE001 - whatever a driver does, the terminal serves on
            return DeviceStatus(DeviceState.UNKNOWN, detail=type(defect).__name__)
        if not own.usable:
            return own
        if self.defect:
            return DeviceStatus(DeviceState.UNKNOWN, detail=self.defect)
        asked_at_s = self.asked_at_s
        silent = asked_at_s is not None and time.monotonic() - asked_at_s > silent_after_s
        if silent or self.late:
            return DeviceStatus(DeviceState.UNKNOWN, detail="does not answer")
        return own

    def look(self, silent_after_s: float) -> None:
        self.asked_at_s = began_s = time.monotonic()
        try:
            self.device.probe()
            self.defect = ""
        except Exception as defect:  # noqa: BLE001 - a defect of this driver, which is told as such
            if not self.defect:
                log.error("a look at %s ended by %s", type(self.device).__name__, type(defect).__name__)
            self.defect = self.defect or type(defect).__name__
        finally:
            self.took_s = time.monotonic() - began_s
            self.late = self.took_s > silent_after_s
            self.asked_at_s = None


class Watch:
    """Begins a look at each device every `every_s`, from `start` to `close`.

    A look that takes longer than `silent_after_s` makes its device unknown until one ends in time.
    """

    def __init__(
        self,
        devices: tuple[Device, ...],
        changed: Callable[[], None],
        every_s: float = LOOK_EVERY_S,
        silent_after_s: float = SILENT_AFTER_S,
    ) -> None:
        self._watched = {id(device): _Watched(device) for device in devices}
        self._changed = changed
        self._every_s = every_s
        self._silent_after_s = silent_after_s
        self._ending = threading.Event()
        self._threads = [
            threading.Thread(
                target=self._run, args=(watched,), name=f"watch-{type(watched.device).__name__}", daemon=True
            )
            for watched in self._watched.values()
        ]

    def status(self, device: Device) -> DeviceStatus:
        """What is known of a device now; never blocks. KeyError for one that is not watched."""
        return self._watched[id(device)].status(self._silent_after_s)

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def close(self) -> None:
        self._ending.set()
        end_s = time.monotonic() + JOIN_S
        for thread in self._threads:
            if thread.is_alive():
                thread.join(max(0.0, end_s - time.monotonic()))

    def _run(self, watched: _Watched) -> None:
        told = watched.status(self._silent_after_s)
        while True:
            watched.look(self._silent_after_s)
            now = watched.status(self._silent_after_s)
            if now != told:
                told = now
                self._changed()
            if self._ending.wait(pause_after_s(watched.took_s, self._every_s, working=now.usable)):
                return
