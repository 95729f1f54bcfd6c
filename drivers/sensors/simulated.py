"""The far end of a cabinet's sensors: the files that the kernel would show, written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drivers.sensors.contract import Wanted

IN_ORDER = {
    "gpio/value": "0",
    "hwmon/temp1_input": "31500",
    "power_supply/AC/online": "1",
    "power_supply/BAT0/capacity": "100",
    "power_supply/BAT0/status": "Full",
}


@dataclass(frozen=True, slots=True)
class SimulatedSysfs:
    """A cabinet in good order: shut, 31.5 degrees, on mains, battery full."""

    root: Path

    @classmethod
    def grown(cls, root: Path) -> SimulatedSysfs:
        tree = cls(root)
        tree.restore()
        return tree

    def restore(self) -> None:
        """All in good order again."""
        for name, value in IN_ORDER.items():
            self.write(name, value)

    @property
    def wanted(self) -> Wanted:
        return Wanted(
            door=str(self.root / "gpio/value"),
            temperature=str(self.root / "hwmon/temp1_input"),
            mains=str(self.root / "power_supply/AC/online"),
            battery=str(self.root / "power_supply/BAT0"),
        )

    def write(self, name: str, value: str) -> None:
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{value}\n", "ascii")

    def remove(self, name: str) -> None:
        (self.root / name).unlink()
