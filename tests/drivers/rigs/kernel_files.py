"""Devices that are looked at in the kernel's files: they hold nothing open and are asked again and again."""

from __future__ import annotations

import tempfile
import threading
import time
from pathlib import Path
from typing import ClassVar

from drivers.contract import Device
from tests.drivers.rigs.rig import NOTHING_BETWEEN, Rig, Verb
from tests.drivers.waiting import PATIENCE_S

A_FILE = "a file is read or cannot be read: it keeps nobody waiting"


class KernelFilesRig(Rig):
    """`root` is the folder that the kernel would show."""

    cannot: ClassVar = {Verb.RESTART_SERVICE: NOTHING_BETWEEN, Verb.SLOW: A_FILE, Verb.SILENCE: A_FILE}

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="kernel-files-rig-")
        self.root = Path(self._folder.name)
        self._busy = threading.Event()
        self.plug()

    def operate(self, device: Device, *, long: bool = False) -> bool:
        """Look; the long one looks until there is nothing to see, as a watch does."""
        end_s = time.monotonic() + PATIENCE_S
        seen = device.probe().usable
        while long and seen and time.monotonic() < end_s:
            self._busy.set()
            time.sleep(0.02)
            seen = device.probe().usable
        return seen

    def wait_busy(self) -> bool:
        return self._busy.wait(PATIENCE_S)

    def heal(self) -> None:
        self.plug()

    def close(self) -> None:
        self._folder.cleanup()
