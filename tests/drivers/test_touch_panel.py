"""The touch panel's plug, as the kernel's folder tells of it."""

from __future__ import annotations

import shutil
from pathlib import Path

from drivers.contract import Cause, DeviceState
from drivers.touch_panel import SysfsTouchPanel


def plug(sysfs: Path, number: int, name: str) -> None:
    (sysfs / f"input{number}").mkdir(parents=True)
    (sysfs / f"input{number}" / "name").write_text(name + "\n", "utf-8")


def test_unplugged_and_plugged_in_elsewhere(tmp_path: Path) -> None:
    plug(tmp_path, 0, "Power Button")
    plug(tmp_path, 3, "ILITEK Multi-Touch-V5000")
    panel = SysfsTouchPanel("ilitek", tmp_path)
    assert panel.status().state is DeviceState.UNKNOWN  # nobody looked yet: never fine
    assert panel.probe().state is DeviceState.READY
    shutil.rmtree(tmp_path / "input3")
    assert panel.probe().state is DeviceState.ABSENT
    assert panel.status().cause is Cause.TOUCH_PANEL_ABSENT
    plug(tmp_path, 7, "ILITEK Multi-Touch-V5000")
    assert panel.probe().usable


def test_a_folder_that_is_not_there_is_no_panel(tmp_path: Path) -> None:
    (tmp_path / "input1").mkdir()
    (tmp_path / "input1" / "name").mkdir()  # cannot be read
    assert SysfsTouchPanel("ilitek", tmp_path).probe().state is DeviceState.ABSENT
    assert SysfsTouchPanel("ilitek", tmp_path / "nowhere").probe().state is DeviceState.ABSENT
