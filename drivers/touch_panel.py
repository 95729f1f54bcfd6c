"""Whether the touch panel is plugged in, as the kernel tells: /sys/class/input/input*/name.

The window gets its touches from the X server and cannot know that the panel behind it went away.
"""

from __future__ import annotations

from pathlib import Path

from drivers.contract import Cause, DeviceState, DeviceStatus, Nameplate

SYSFS = Path("/sys/class/input")


class SysfsTouchPanel:
    """Implements `Device`. `name` is a part of the kernel's name of the panel, in any case."""

    def __init__(self, name: str, sysfs: Path = SYSFS) -> None:
        self._name = name.casefold()
        self._sysfs = sysfs
        self._closed = False
        self._status = DeviceStatus(DeviceState.UNKNOWN, detail="not asked yet")

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.UNKNOWN, detail="closed") if self._closed else self._status

    def probe(self) -> DeviceStatus:
        there = any(self._name in found.casefold() for found in self._names())
        self._status = (
            DeviceStatus(DeviceState.READY)
            if there
            else DeviceStatus(DeviceState.ABSENT, Cause.TOUCH_PANEL_ABSENT)
        )
        return self.status()

    def nameplate(self) -> Nameplate:
        """The kernel's name of the panel."""
        return Nameplate(next((name for name in self._names() if self._name in name.casefold()), ""))

    def close(self) -> None:
        """Nothing is held; nobody looks any more, so nothing is known."""
        self._closed = True

    def _names(self) -> list[str]:
        names = []
        for file in self._sysfs.glob("input*/name"):
            try:
                names.append(file.read_text("utf-8", "replace").strip())
            except OSError:
                continue  # unplugged between the list and the look
        return names
