"""What `--hardware` opens, tried on far ends that stand in for the real thing."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.sensors.simulated import SimulatedSysfs
from tests.drivers.rigs.hardware import FAMILIES, cannot_do
from tests.drivers.rigs.pcsc import SocialSecurityRig
from tests.drivers.rigs.rig import Verb
from tests.drivers.rigs.token import TokenRig
from tests.drivers.test_contract import RIGS
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER

NOTHING_TO_PLUG = {"face": "models are files", "code-reader": "it sees through the camera"}
FAMILY_OF = {"cabinet": "sensors", "touch-panel": "touch", "sdt-usb": "sdt"}


def works(family: str, address: str) -> bool:
    device = FAMILIES[family].open(address)
    try:
        assert wait_until(lambda: device.probe().usable), device.status()
        return FAMILIES[family].use(device)
    finally:
        device.close()


def test_every_device_of_the_contract_can_be_tried_on_hardware_or_has_no_plug() -> None:
    kinds = {
        FAMILY_OF.get(rig, "printer" if rig.startswith("printer-") else rig)
        for rig in RIGS
        if rig not in NOTHING_TO_PLUG
    }
    assert kinds == set(FAMILIES)


@pytest.mark.xdist_group(ONE_READER)
def test_a_social_security_card_is_read_as_a_real_one_would_be() -> None:
    rig = SocialSecurityRig()
    try:
        rig.put()
        assert works("pcsc", "")
    finally:
        rig.close()


def test_a_token_is_listed_through_its_module_without_a_pin() -> None:
    rig = TokenRig()
    try:
        assert works("token", str(rig.module))
    finally:
        rig.close()


def test_sensors_are_named_as_in_the_settings(tmp_path: Path) -> None:
    wanted = SimulatedSysfs.grown(tmp_path).wanted
    address = f"door={wanted.door},temperature={wanted.temperature},mains={wanted.mains}"
    assert works("sensors", address)
    SimulatedSysfs(tmp_path).write("gpio/value", "rubbish")
    device = FAMILIES["sensors"].open(address)
    assert not FAMILIES["sensors"].use(device)
    device.close()


def test_nobody_is_asked_to_pull_what_cannot_be_missed() -> None:
    assert Verb.UNPLUG in cannot_do("token:/usr/lib/module.so")
    assert Verb.UNPLUG in cannot_do("sensors:door=/nowhere")
    assert Verb.UNPLUG not in cannot_do("a4:office")
