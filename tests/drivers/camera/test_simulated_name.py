"""A camera that is bound by name comes back under another number, and the driver finds it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from drivers.camera.contract import CameraFailure
from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated_name import NamedCamera
from drivers.contract import Cause, DeviceState, Failed, Ok
from tests.drivers.camera.sights import png, room
from tests.drivers.waiting import wait_until


@pytest.fixture
def lens() -> Iterator[NamedCamera]:
    made = NamedCamera(png(room()))
    yield made
    made.close()


@pytest.fixture
def camera(lens: NamedCamera) -> Iterator[OpencvCamera]:
    device = OpencvCamera(lens.address, demo=True)
    yield device
    device.close()


def test_after_a_replug_the_name_leads_to_the_new_number(lens: NamedCamera, camera: OpencvCamera) -> None:
    name, seen = lens.address, lens.connections
    for _ in range(2):
        assert wait_until(lambda: camera.open() == Ok(None))
        assert wait_until(lambda: isinstance(camera.latest(), Ok))
        assert lens.connections == (seen := seen + 1), "the name itself shows no picture"
        lens.replug_elsewhere()
        assert wait_until(lambda: camera.latest() == Failed(CameraFailure.ABSENT)), "the old number is gone"
        camera.stop()
    assert lens.address == name
    assert str(lens.number) not in name


def test_while_it_is_away_nobody_answers_to_its_name(lens: NamedCamera, camera: OpencvCamera) -> None:
    lens.unplug()
    lens.unplug()
    assert wait_until(lambda: camera.probe().cause is Cause.CAMERA_ABSENT)
    lens.plug()
    lens.plug()
    assert wait_until(lambda: camera.probe().state is DeviceState.READY)


def test_what_was_open_goes_on_when_it_is_back(lens: NamedCamera, camera: OpencvCamera) -> None:
    """Nobody stopped it, so nobody has to open it: a resident who aims sees the picture come back."""
    assert wait_until(lambda: camera.open() == Ok(None))
    assert wait_until(lambda: isinstance(camera.latest(), Ok))
    lens.unplug()
    assert wait_until(lambda: camera.probe().cause is Cause.CAMERA_ABSENT)
    opened, camera_saw = camera.open_count, lens.connections
    for _ in range(2):
        assert camera.probe().cause is Cause.CAMERA_ABSENT
    lens.plug()
    assert wait_until(lambda: camera.probe().state is DeviceState.BUSY)
    assert wait_until(lambda: isinstance(camera.latest(), Ok))
    assert (camera.open_count, lens.connections) == (opened + 1, camera_saw + 1)


def test_what_was_stopped_while_it_was_away_stays_shut(lens: NamedCamera, camera: OpencvCamera) -> None:
    assert wait_until(lambda: camera.open() == Ok(None))
    assert wait_until(lambda: isinstance(camera.latest(), Ok))
    lens.unplug()
    assert wait_until(lambda: camera.probe().cause is Cause.CAMERA_ABSENT)
    camera.stop()
    seen = lens.connections
    lens.plug()
    assert wait_until(lambda: camera.probe().state is DeviceState.READY)
    assert lens.connections == seen
