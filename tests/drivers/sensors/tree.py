"""A simulated sysfs: the files that the kernel would show, written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drivers.sensors.contract import Wanted


@dataclass(frozen=True, slots=True)
class Tree:
    """A cabinet in good order: shut, 31.5 degrees, on mains, battery full."""

    root: Path

    @classmethod
    def grown(cls, root: Path) -> Tree:
        tree = cls(root)
        tree.write("gpio/value", "0")
        tree.write("hwmon/temp1_input", "31500")
        tree.write("power_supply/AC/online", "1")
        tree.write("power_supply/BAT0/capacity", "100")
        tree.write("power_supply/BAT0/status", "Full")
        return tree

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
