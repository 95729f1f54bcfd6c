"""The real driver: OpenCV in its child process, a camera at the far end of HTTP or a file."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import psutil
import pytest

from drivers.camera.contract import CameraFailure, Frame
from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import CameraFault, SimulatedCamera
from drivers.contract import Cause, DeviceState, Failed, Ok
from tests.drivers.camera.sights import one_colour, png, room
from tests.drivers.waiting import wait_until


@pytest.fixture
def lens() -> Iterator[SimulatedCamera]:
    camera = SimulatedCamera(png(room()))
    yield camera
    camera.close()


@pytest.fixture
def camera(lens: SimulatedCamera) -> Iterator[OpencvCamera]:
    device = OpencvCamera(lens.address)
    yield device
    device.close()


def first_frame(camera: OpencvCamera) -> Frame:
    assert wait_until(lambda: isinstance(camera.latest(), Ok))
    answer = camera.latest()
    assert isinstance(answer, Ok)
    return answer.value


def reason(camera: OpencvCamera) -> CameraFailure | None:
    answer = camera.latest()
    return answer.reason if isinstance(answer, Failed) else None


def test_frames_are_fresh_and_follow_each_other(camera: OpencvCamera) -> None:
    assert camera.open() == Ok(None)
    frame = first_frame(camera)
    assert frame.pixels.shape == (240, 320, 3)
    assert time.monotonic_ns() - frame.captured_monotonic_ns < 1_000_000_000
    assert wait_until(lambda: first_frame(camera).sequence > frame.sequence)
    assert camera.probe().state is DeviceState.BUSY


def test_what_stands_before_the_lens_now_is_what_is_seen(lens: SimulatedCamera, camera: OpencvCamera) -> None:
    camera.open()
    assert first_frame(camera).pixels.mean() < 150
    lens.show(png(room(200)))
    assert wait_until(lambda: first_frame(camera).pixels.mean() > 180)


def test_nothing_is_captured_before_open_and_after_stop(camera: OpencvCamera) -> None:
    assert camera.probe().state is DeviceState.READY
    assert reason(camera) is CameraFailure.CLOSED
    assert camera.open_count == 0
    camera.open()
    first_frame(camera)
    camera.stop()
    assert reason(camera) is CameraFailure.CLOSED
    assert camera.open_count == 1
    assert camera._slot.read() is None
    assert camera.open() == Ok(None)
    first_frame(camera)
    assert camera.open_count == 2


@pytest.mark.parametrize("fault", [CameraFault.FREEZE, CameraFault.REPEAT])
def test_an_old_picture_is_never_handed_out(
    lens: SimulatedCamera, camera: OpencvCamera, fault: CameraFault
) -> None:
    camera.open()
    first_frame(camera)
    lens.misbehave(fault)
    assert wait_until(lambda: reason(camera) is CameraFailure.STALE)
    assert wait_until(lambda: camera.probe().cause is Cause.CAMERA_STALE)
    lens.misbehave(CameraFault.NONE)
    first_frame(camera)


def test_a_slow_camera_has_no_frame_between_its_pictures(lens: SimulatedCamera, camera: OpencvCamera) -> None:
    camera.open()
    first_frame(camera)
    lens.misbehave(CameraFault.SLOW)
    assert wait_until(lambda: reason(camera) is CameraFailure.STALE)


@pytest.mark.parametrize("sight", [one_colour(0, 0, 0), one_colour(0, 135, 0), one_colour(255, 255, 255)])
def test_one_colour_is_no_picture(lens: SimulatedCamera, camera: OpencvCamera, sight: np.ndarray) -> None:
    lens.show(png(sight))
    camera.open()
    assert wait_until(lambda: reason(camera) is CameraFailure.BLANK)
    assert camera.probe().cause is Cause.CAMERA_DARK
    lens.show(png(room()))
    first_frame(camera)


def test_a_camera_that_vanishes_is_told_and_found_again(lens: SimulatedCamera, camera: OpencvCamera) -> None:
    camera.open()
    first_frame(camera)
    lens.misbehave(CameraFault.VANISH)
    assert wait_until(lambda: reason(camera) in (CameraFailure.ABSENT, CameraFailure.STALE))
    lens.misbehave(CameraFault.NONE)
    camera.stop()
    assert camera.open() == Ok(None)
    first_frame(camera)


def test_a_source_that_is_not_there(tmp_path: Path) -> None:
    camera = OpencvCamera(str(tmp_path / "no such clip.avi"))
    try:
        assert camera.open() == Failed(CameraFailure.ABSENT)
        assert camera.probe().cause is Cause.CAMERA_ABSENT
    finally:
        camera.close()


def test_a_hanging_child_holds_up_neither_latest_nor_the_next_visit(camera: OpencvCamera) -> None:
    camera.open()
    first_frame(camera)
    pid = camera._worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    assert wait_until(lambda: reason(camera) is CameraFailure.STALE)
    camera.stop()
    assert wait_until(lambda: not psutil.pid_exists(pid))
    assert camera.open() == Ok(None)
    first_frame(camera)


def test_a_killed_child_is_a_reason_not_an_old_picture(camera: OpencvCamera) -> None:
    camera.open()
    first_frame(camera)
    pid = camera._worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: reason(camera) is CameraFailure.TIMED_OUT)
    camera.stop()
    assert camera.open() == Ok(None)
    first_frame(camera)


def clip(path: Path, frames: int) -> Path:
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (320, 240))
    assert writer.isOpened()
    for count in range(frames):
        writer.write(np.roll(room(), 7 * count, axis=1))
    writer.release()
    return path


def test_a_clip_loops(tmp_path: Path) -> None:
    camera = OpencvCamera(str(clip(tmp_path / "clip.avi", 8)))
    try:
        assert camera.open() == Ok(None)
        assert wait_until(lambda: first_frame(camera).sequence > 16)
    finally:
        camera.close()


def test_a_camera_that_is_mounted_on_its_side_is_turned(lens: SimulatedCamera) -> None:
    camera = OpencvCamera(lens.address, rotation_degrees=90)
    try:
        camera.open()
        assert first_frame(camera).pixels.shape == (320, 240, 3)
    finally:
        camera.close()


def test_a_frame_shows_nothing_of_itself_in_a_log() -> None:
    assert repr(Frame(room(), 7, 1)) == "Frame(320x240, sequence=7)"


def test_close_leaves_no_process_no_descriptor_no_shared_memory(lens: SimulatedCamera) -> None:
    this = psutil.Process()

    def one_life() -> None:
        camera = OpencvCamera(lens.address)
        camera.open()
        first_frame(camera)
        block = Path("/dev/shm") / camera._slot.name  # noqa: S108 - where Linux shows shared memory
        assert block.exists()
        camera.close()
        camera.close()
        assert not block.exists()

    one_life()
    before = (this.num_fds(), len(this.children()))
    for _ in range(3):
        one_life()
    assert wait_until(lambda: (this.num_fds(), len(this.children())) == before)
