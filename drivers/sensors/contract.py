"""What the cabinet's sensors promise: what they measure, or that they cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from drivers.contract import Device


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which sensors a cabinet has, each by its file; "" where there is none.

    `door`: a file that holds one digit; it equals `door_open_value` while the door is open.
    `temperature`: thousandths of a degree Celsius (hwmon `temp*_input`, thermal_zone `temp`).
    `mains`: 1 while there is mains power (power_supply `online`).
    `battery`: a power_supply directory with `capacity` (per cent) and `status`.
    """

    door: str = ""
    door_open_value: int = 1
    temperature: str = ""
    too_cold_c: int = 0
    too_hot_c: int = 60
    mains: str = ""
    battery: str = ""
    battery_low_percent: int = 20

    @property
    def any(self) -> bool:
        return any((self.door, self.temperature, self.mains, self.battery))


class Cabinet(Device, Protocol):
    """The sensors of one cabinet as one device: READY with what is the matter as `warnings`.

    UNKNOWN with `CABINET_SENSOR_UNREADABLE` as soon as one of them cannot be read: it is never
    taken for fine. What the others say is told beside it.
    """
