"""A cabinet's sensors: a sysfs tree written by hand, whose files go away and hold rubbish."""

from __future__ import annotations

from typing import ClassVar

from drivers.sensors.simulated import SimulatedSysfs
from drivers.sensors.sysfs import SysfsCabinet
from tests.drivers.rigs.kernel_files import KernelFilesRig
from tests.drivers.rigs.rig import Verb

TEMPERATURE = "hwmon/temp1_input"


class CabinetRig(KernelFilesRig):
    cannot: ClassVar = KernelFilesRig.cannot | {
        Verb.REPLUG_ELSEWHERE: "kiosk.ini names each sensor by its file, and another file is another sensor"
    }

    def driver(self) -> SysfsCabinet:
        return SysfsCabinet(SimulatedSysfs(self.root).wanted)

    def plug(self) -> None:
        SimulatedSysfs(self.root).restore()

    def unplug(self) -> None:
        """One sensor is enough: what cannot be read is never taken for fine."""
        SimulatedSysfs(self.root).remove(TEMPERATURE)

    def garble(self) -> None:
        SimulatedSysfs(self.root).write(TEMPERATURE, "-127000")
