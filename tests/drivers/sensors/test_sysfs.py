"""The cabinet's sensors on a simulated sysfs: told when something is the matter, never fine when unread."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.contract import Cause, DeviceState, DeviceStatus
from drivers.sensors.contract import Wanted
from drivers.sensors.simulated import SimulatedSysfs
from drivers.sensors.sysfs import SysfsCabinet

READY = DeviceStatus(DeviceState.READY)
OPEN, HOT, COLD = Cause.CABINET_DOOR_OPEN, Cause.CABINET_TOO_HOT, Cause.CABINET_TOO_COLD
ON_BATTERY, LOW = Cause.CABINET_ON_BATTERY, Cause.CABINET_BATTERY_LOW
CAPACITY, STATUS = "power_supply/BAT0/capacity", "power_supply/BAT0/status"


@pytest.fixture
def tree(tmp_path: Path) -> SimulatedSysfs:
    return SimulatedSysfs.grown(tmp_path)


def test_a_cabinet_in_good_order_is_ready_and_warns_of_nothing(tree: SimulatedSysfs) -> None:
    cabinet = SysfsCabinet(tree.wanted)
    assert not cabinet.status().usable, "nothing is known before it was read"
    assert cabinet.probe() == READY
    assert cabinet.status() == READY


@pytest.mark.parametrize(
    ("values", "warnings"),
    [
        ({"gpio/value": "1"}, (OPEN,)),
        ({"hwmon/temp1_input": "59999"}, ()),
        ({"hwmon/temp1_input": "60000"}, (HOT,)),
        ({"hwmon/temp1_input": "0"}, ()),
        ({"hwmon/temp1_input": "-1"}, (COLD,)),
        ({"power_supply/AC/online": "0"}, (ON_BATTERY,)),
        ({"power_supply/AC/online": "0", CAPACITY: "21", STATUS: "Discharging"}, (ON_BATTERY,)),
        ({"power_supply/AC/online": "0", CAPACITY: "20", STATUS: "Discharging"}, (ON_BATTERY, LOW)),
        ({CAPACITY: "3", STATUS: "Charging"}, ()),
        ({"gpio/value": "1", "hwmon/temp1_input": "70000"}, (OPEN, HOT)),
    ],
)
def test_what_is_the_matter_is_a_warning(
    tree: SimulatedSysfs, values: dict[str, str], warnings: tuple[Cause, ...]
) -> None:
    for name, value in values.items():
        tree.write(name, value)
    assert SysfsCabinet(tree.wanted).probe() == DeviceStatus(DeviceState.READY, warnings=warnings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("gpio/value", "2"),
        ("gpio/value", ""),
        ("hwmon/temp1_input", "fault"),
        ("hwmon/temp1_input", "-127000"),
        ("hwmon/temp1_input", "9" * 80),
        ("power_supply/AC/online", "-1"),
        (CAPACITY, "101"),
        (STATUS, "Unknown"),
    ],
)
def test_rubbish_is_unknown_and_never_fine(tree: SimulatedSysfs, name: str, value: str) -> None:
    tree.write(name, value)
    status = SysfsCabinet(tree.wanted).probe()
    assert (status.state, status.cause) == (DeviceState.UNKNOWN, Cause.CABINET_SENSOR_UNREADABLE)
    assert not status.usable


@pytest.mark.parametrize(
    "name", ["gpio/value", "hwmon/temp1_input", "power_supply/AC/online", CAPACITY, STATUS]
)
def test_a_sensor_that_is_gone_is_unknown_and_the_others_are_told_beside_it(
    tree: SimulatedSysfs, name: str
) -> None:
    tree.write("hwmon/temp1_input", "70000")
    tree.remove(name)
    cabinet = SysfsCabinet(tree.wanted)
    status = cabinet.probe()
    assert (status.state, status.cause) == (DeviceState.UNKNOWN, Cause.CABINET_SENSOR_UNREADABLE)
    assert status.warnings == (() if name.startswith("hwmon") else (HOT,))
    assert str(tree.root) not in status.detail
    tree.write(name, "Full" if name == STATUS else "0")
    assert cabinet.probe().usable, "it recovers by itself"


def test_without_a_mains_sensor_the_battery_says_that_it_feeds(tree: SimulatedSysfs) -> None:
    tree.write(STATUS, "Discharging")
    assert SysfsCabinet(replace(tree.wanted, mains="")).probe().warnings == (ON_BATTERY,)


def test_a_door_switch_the_other_way_round(tree: SimulatedSysfs) -> None:
    wanted = replace(tree.wanted, door_open_value=0)
    assert SysfsCabinet(wanted).probe().warnings == (OPEN,)


def test_no_sensor_at_all_is_no_cabinet() -> None:
    assert not Wanted().any
    assert Wanted(battery="/sys/class/power_supply/BAT0").any


def test_after_closing_nothing_is_known(tree: SimulatedSysfs) -> None:
    cabinet = SysfsCabinet(tree.wanted)
    cabinet.probe()
    cabinet.close()
    cabinet.close()
    assert cabinet.status().state is DeviceState.UNKNOWN
    assert not cabinet.probe().usable
