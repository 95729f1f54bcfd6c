"""A touch panel: its name among the kernel's input devices, written by hand."""

from __future__ import annotations

import shutil

from drivers.touch_panel import SysfsTouchPanel
from tests.drivers.rigs.kernel_files import KernelFilesRig

NAME = "ILITEK Multi-Touch-V5000"


class TouchPanelRig(KernelFilesRig):
    def driver(self) -> SysfsTouchPanel:
        return SysfsTouchPanel("ilitek", self.root)

    def plug(self) -> None:
        self._write(3, NAME.encode())

    def unplug(self) -> None:
        for folder in self.root.iterdir():
            shutil.rmtree(folder)

    def replug_elsewhere(self) -> None:
        """The kernel counts on."""
        self.unplug()
        self._write(7, NAME.encode())

    def garble(self) -> None:
        self._write(3, b"\xff\xfe\x00")

    def _write(self, number: int, name: bytes) -> None:
        folder = self.root / f"input{number}"
        folder.mkdir(exist_ok=True)
        (folder / "name").write_bytes(name + b"\n")
