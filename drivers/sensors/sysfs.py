"""Door, temperature and power as Linux shows them in files: hwmon, thermal_zone, power_supply, gpio.

Values of the kernel's sysfs ABI (Documentation/hwmon/sysfs-interface, ABI/testing/sysfs-class-power).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from drivers.contract import Cause, DeviceState, DeviceStatus
from drivers.sensors.contract import Wanted

READ_BYTES = 64
PLAUSIBLE_MILLI_C = range(-40_000, 125_001)
"""What a board's sensor can measure; a loose one reads far outside."""
STATUSES = {"Charging": False, "Full": False, "Not charging": False, "Discharging": True}
"""`status` of a battery -> whether it feeds the terminal. "Unknown" is no answer."""


class UnreadableError(Exception):
    """A sensor that says nothing of use; caught beside the reading."""


class SysfsCabinet:
    """Implements `Cabinet`. Reads when it is probed and holds nothing open in between."""

    def __init__(self, wanted: Wanted) -> None:
        self._wanted = wanted
        self._closed = False
        self._status = DeviceStatus(DeviceState.OPENING)

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.UNKNOWN, detail="closed") if self._closed else self._status

    def probe(self) -> DeviceStatus:
        """Read every sensor. A driver of the kernel may hold a read up: the watch then says unknown."""
        warnings: list[Cause] = []
        unreadable: list[str] = []
        for name, read in self._sensors():
            try:
                warnings += read()
            except UnreadableError as error:
                unreadable.append(f"{name}: {error}")
        if unreadable:
            self._status = DeviceStatus(
                DeviceState.UNKNOWN, Cause.CABINET_SENSOR_UNREADABLE, "; ".join(unreadable), tuple(warnings)
            )
        else:
            self._status = DeviceStatus(DeviceState.READY, warnings=tuple(warnings))
        return self.status()

    def close(self) -> None:
        self._closed = True

    def _sensors(self) -> Iterator[tuple[str, Callable[[], list[Cause]]]]:
        if self._wanted.door:
            yield "door", self._door
        if self._wanted.temperature:
            yield "temperature", self._temperature
        if self._wanted.mains:
            yield "mains", self._mains
        if self._wanted.battery:
            yield "battery", self._battery

    def _door(self) -> list[Cause]:
        value = _number(self._wanted.door)
        if value not in (0, 1):
            raise UnreadableError("neither 0 nor 1")
        return [Cause.CABINET_DOOR_OPEN] if value == self._wanted.door_open_value else []

    def _temperature(self) -> list[Cause]:
        milli_c = _number(self._wanted.temperature)
        if milli_c not in PLAUSIBLE_MILLI_C:
            raise UnreadableError("not a temperature")
        if milli_c >= self._wanted.too_hot_c * 1000:
            return [Cause.CABINET_TOO_HOT]
        return [Cause.CABINET_TOO_COLD] if milli_c < self._wanted.too_cold_c * 1000 else []

    def _mains(self) -> list[Cause]:
        value = _number(self._wanted.mains)
        if value not in (0, 1, 2):  # 2: programmable, as USB-C supplies are
            raise UnreadableError("neither on nor off")
        return [] if value else [Cause.CABINET_ON_BATTERY]

    def _battery(self) -> list[Cause]:
        """Low is told only while it feeds the terminal: one that charges is on its way up."""
        percent = _number(f"{self._wanted.battery}/capacity")
        feeds = STATUSES.get(_text(f"{self._wanted.battery}/status"))
        if feeds is None or percent not in range(101):
            raise UnreadableError("no state of charge")
        if not feeds:
            return []
        low = percent <= self._wanted.battery_low_percent
        told = [] if self._wanted.mains else [Cause.CABINET_ON_BATTERY]
        return [*told, Cause.CABINET_BATTERY_LOW] if low else told


def _text(path: str) -> str:
    try:
        with Path(path).open("rb") as file:
            return file.read(READ_BYTES).decode("ascii", "replace").strip()
    except OSError as error:
        raise UnreadableError(error.strerror or type(error).__name__) from error


def _number(path: str) -> int:
    text = _text(path)
    try:
        return int(text)
    except ValueError as error:
        raise UnreadableError("no number") from error
