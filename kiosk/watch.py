"""Keeps looking at the devices, so that the health is what it is and not what it was.

Each look goes through the device's lane, and only when the lane is idle: a resident comes first.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from drivers.contract import Device
from kiosk.lanes import Lane

LOOK_EVERY_S = 4.0
"""Health is truthful within 5 s of a change (issue of the drivers, line 1)."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A device and the lane that owns it."""

    device: Device
    lane: Lane


class Watch:
    """One thread that asks each device in turn."""

    def __init__(
        self, watched: tuple[Watched, ...], changed: Callable[[], None], every_s: float = LOOK_EVERY_S
    ) -> None:
        self._watched = watched
        self._changed = changed
        self._every_s = every_s
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watch", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(2.0)

    def _run(self) -> None:
        while True:
            idle = {item.lane for item in self._watched if item.lane.idle}
            for item in self._watched:
                if item.lane in idle:
                    item.lane.do(partial(self._look, item.device))
            if self._ending.wait(self._every_s):
                return

    def _look(self, device: Device, _cancel: threading.Event) -> None:
        before = device.status()
        if device.probe() != before:
            self._changed()
