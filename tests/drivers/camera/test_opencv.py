"""The real driver: OpenCV in its child process, a camera at the far end of HTTP or a file."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from drivers.camera.contract import CameraFailure, Frame
from drivers.camera.opencv import OpencvCamera
from drivers.camera.simulated import CameraFault, SimulatedCamera
from drivers.contract import Cause, DeviceState, Failed, Ok
from tests.drivers.camera.sights import clip, one_colour, png, room
from tests.drivers.camera.usb_tree import UsbTree
from tests.drivers.waiting import PATIENCE_S, wait_until


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """The driver's own time for the start of a child is for a terminal that shares its machine with nobody."""
    monkeypatch.setattr("drivers.camera.opencv.OPEN_DEADLINE_S", PATIENCE_S)


@pytest.fixture
def lens() -> Iterator[SimulatedCamera]:
    camera = SimulatedCamera(png(room()))
    yield camera
    camera.close()


@pytest.fixture
def camera(lens: SimulatedCamera) -> Iterator[OpencvCamera]:
    device = OpencvCamera(lens.address, demo=True)
    yield device
    device.close()


def first_frame(camera: OpencvCamera) -> Frame:
    """The first one that is handed out: a second look might come when it is too old."""
    seen: list[Frame] = []

    def came() -> bool:
        asked_ns = time.monotonic_ns()
        answer = camera.latest()
        if isinstance(answer, Ok):
            assert asked_ns - answer.value.captured_monotonic_ns < 1_000_000_000, (
                "no older than was asked for"
            )
            seen.append(answer.value)
        return bool(seen)

    assert wait_until(came)
    return seen[0]


def reason(camera: OpencvCamera, max_age_s: float = 1.0) -> CameraFailure | None:
    answer = camera.latest(max_age_s)
    return answer.reason if isinstance(answer, Failed) else None


def test_frames_are_fresh_and_follow_each_other(camera: OpencvCamera) -> None:
    assert camera.open() == Ok(None)
    frame = first_frame(camera)
    assert frame.pixels.shape == (240, 320, 3)
    assert wait_until(lambda: first_frame(camera).sequence > frame.sequence)
    assert camera.probe().state is DeviceState.BUSY


def test_what_stands_before_the_lens_now_is_what_is_seen(lens: SimulatedCamera, camera: OpencvCamera) -> None:
    camera.open()
    assert first_frame(camera).pixels.mean() < 150
    lens.show(png(room(200)))
    assert wait_until(lambda: first_frame(camera).pixels.mean() > 180)


def test_nothing_is_captured_before_open_and_after_stop(camera: OpencvCamera) -> None:
    assert wait_until(lambda: camera.probe().state is DeviceState.READY)
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


WRONG = {
    CameraFault.FREEZE: (CameraFailure.STALE, Cause.CAMERA_STALE),
    CameraFault.REPEAT: (CameraFailure.FROZEN, Cause.CAMERA_FROZEN),
    CameraFault.BLACK: (CameraFailure.BLANK, Cause.CAMERA_DARK),
    CameraFault.GREEN: (CameraFailure.GREEN, Cause.CAMERA_GREEN),
    CameraFault.HALF_GREEN: (CameraFailure.GREEN, Cause.CAMERA_GREEN),
    CameraFault.WRONG_SIZE: (CameraFailure.WRONG_SIZE, Cause.CAMERA_WRONG_SIZE),
    CameraFault.TRUNCATED: (CameraFailure.GARBLED, Cause.CAMERA_GARBLED),
    CameraFault.LEFT_OVER: (CameraFailure.GARBLED, Cause.CAMERA_GARBLED),
    CameraFault.GARBAGE: (CameraFailure.GARBLED, Cause.CAMERA_GARBLED),
}


@pytest.mark.parametrize("fault", WRONG)
def test_a_wrong_picture_is_never_handed_out_and_its_cause_is_told(
    lens: SimulatedCamera, camera: OpencvCamera, fault: CameraFault
) -> None:
    """Each in mid-stream: the camera was right a moment ago."""
    failure, cause = WRONG[fault]
    camera.open()
    first_frame(camera)
    lens.misbehave(fault)
    assert wait_until(lambda: reason(camera, 0.3) is failure)
    spoilt_from_ns = time.monotonic_ns()
    camera._opened_ns = spoilt_from_ns  # what is older counts no more: what is left is the fault's own
    assert wait_until(lambda: camera.probe().cause is cause)
    assert camera._slot.captured_monotonic_ns < spoilt_from_ns
    lens.misbehave(CameraFault.NONE)
    first_frame(camera)
    assert wait_until(lambda: camera.probe().cause is None)


def test_one_damaged_picture_among_right_ones_costs_nothing(
    lens: SimulatedCamera, camera: OpencvCamera
) -> None:
    camera.open()
    before = first_frame(camera).sequence
    lens.play((CameraFault.TRUNCATED, 1), (CameraFault.NONE, 2), (CameraFault.HALF_GREEN, 1))
    assert wait_until(lambda: first_frame(camera).sequence > before + 6)


@pytest.mark.parametrize(
    ("size_px", "known"), [((320, 240), None), ((640, 480), Cause.CAMERA_WRONG_SIZE), (None, None)]
)
def test_another_size_than_asked_is_no_picture(
    lens: SimulatedCamera, size_px: tuple[int, int] | None, known: Cause | None
) -> None:
    camera = OpencvCamera(lens.address, demo=True, size_px=size_px)
    try:
        camera.open()
        if known is None:
            first_frame(camera)
        else:
            assert wait_until(lambda: reason(camera) is CameraFailure.WRONG_SIZE)
        assert wait_until(lambda: camera.probe().cause is known)
    finally:
        camera.close()


def test_a_slow_camera_has_no_frame_between_its_pictures(lens: SimulatedCamera, camera: OpencvCamera) -> None:
    camera.open()
    first_frame(camera)
    lens.misbehave(CameraFault.SLOW)
    assert wait_until(lambda: reason(camera) is CameraFailure.STALE)


def test_one_colour_is_no_picture(lens: SimulatedCamera, camera: OpencvCamera) -> None:
    lens.show(png(one_colour(255, 255, 255)))
    camera.open()
    assert wait_until(lambda: reason(camera) is CameraFailure.BLANK)
    assert camera.probe().cause is Cause.CAMERA_DARK
    lens.show(png(room()))
    first_frame(camera)


def test_what_was_wrong_stays_a_warning_until_a_right_picture_was_seen(
    lens: SimulatedCamera, camera: OpencvCamera
) -> None:
    """Shut, nobody may look; that the source is there does not make its picture right."""
    lens.misbehave(CameraFault.GREEN)
    camera.open()
    assert wait_until(lambda: reason(camera) is CameraFailure.GREEN)
    camera.stop()
    for status in (camera.status(), camera.probe()):
        assert (status.state, status.warnings) == (DeviceState.READY, (Cause.CAMERA_GREEN,))
    lens.misbehave(CameraFault.NONE)
    camera.open()
    first_frame(camera)
    camera.stop()
    assert (camera.status().state, camera.status().warnings) == (DeviceState.READY, ())


def test_stopping_makes_nothing_ready_that_is_not_known_to_be(
    lens: SimulatedCamera, camera: OpencvCamera
) -> None:
    camera.open()
    first_frame(camera)
    lens.unplug()
    assert wait_until(lambda: reason(camera) is CameraFailure.ABSENT)
    camera.stop()
    assert (camera.status().state, camera.status().cause) == (DeviceState.ABSENT, Cause.CAMERA_ABSENT)
    lens.plug()
    assert camera.open() == Ok(None)
    first_frame(camera)
    assert camera._worker.pid is not None
    os.kill(camera._worker.pid, signal.SIGKILL)
    assert wait_until(lambda: reason(camera) is CameraFailure.TIMED_OUT)
    camera.stop()
    assert (camera.status().state, camera.status().cause) == (DeviceState.UNKNOWN, Cause.CAMERA_RESTARTING)
    assert wait_until(lambda: camera.probe().state is DeviceState.READY)


def test_looking_whether_it_is_there_takes_no_picture(lens: SimulatedCamera, camera: OpencvCamera) -> None:
    for _ in range(3):
        assert wait_until(lambda: camera.probe().state is DeviceState.READY)
    assert (lens.connections, camera.open_count) == (0, 0)
    camera.open()
    first_frame(camera)
    camera.probe()
    assert (lens.connections, camera.open_count) == (1, 1)
    camera.stop()
    camera.probe()
    assert (lens.connections, camera.open_count) == (1, 1)
    lens.replug_elsewhere()
    assert camera.probe().cause is Cause.CAMERA_ABSENT


def test_an_address_or_a_film_is_refused_where_residents_are_served(
    lens: SimulatedCamera, tmp_path: Path
) -> None:
    for source in (lens.address, str(clip(tmp_path / "clip.avi", 2))):
        camera = OpencvCamera(source)
        try:
            assert camera.open() == Failed(CameraFailure.REFUSED)
            assert camera.probe().cause is Cause.CAMERA_REFUSED
            assert not camera.status().usable
        finally:
            camera.close()
    assert lens.connections == 0


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
    camera = OpencvCamera(str(tmp_path / "no such clip.avi"), demo=True)
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
    assert wait_until(lambda: reason(camera) in (CameraFailure.STALE, CameraFailure.TIMED_OUT))
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


def test_a_clip_loops(tmp_path: Path) -> None:
    camera = OpencvCamera(str(clip(tmp_path / "clip.avi", 8)), demo=True)
    try:
        assert camera.open() == Ok(None)
        assert wait_until(lambda: first_frame(camera).sequence > 16)
    finally:
        camera.close()


def test_a_camera_that_is_mounted_on_its_side_is_turned(lens: SimulatedCamera) -> None:
    camera = OpencvCamera(lens.address, rotation_degrees=90, demo=True)
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
        camera = OpencvCamera(lens.address, demo=True)
        camera.open()
        first_frame(camera)
        block = Path("/dev/shm") / camera._slot.name  # noqa: S108 - where Linux shows shared memory
        assert block.exists()
        camera.close()
        camera.close()
        assert not block.exists()

    one_life()
    # The far end may still hold its side of the last connection: one more at most.
    descriptors, children = this.num_fds(), len(this.children())
    for _ in range(3):
        one_life()
    assert wait_until(lambda: this.num_fds() <= descriptors and len(this.children()) <= children)


def test_the_camera_of_these_ids_is_opened_whatever_its_number_is(tmp_path: Path) -> None:
    """Plugged in again elsewhere: another number, and its old one is another camera's. Films as devices."""
    tree = UsbTree(tmp_path)
    ours, theirs = (
        clip(tmp_path / f"{name}.avi", 8, brightness=level).read_bytes()
        for name, level in (("a", 60), ("b", 200))
    )
    tree.plug(0, usb=("0c45", "6366", "SN1"), content=ours)
    camera = OpencvCamera("usb:0c45:6366:SN1", demo=True, roots=tree.roots)
    try:
        assert camera.open() == Ok(None)
        assert first_frame(camera).pixels.mean() < 100
        camera.stop()
        tree.unplug(0)
        assert camera.probe().cause is Cause.CAMERA_ABSENT
        tree.plug(0, usb=("046d", "0825", "X"), port="1-4", content=theirs)
        assert camera.open() == Failed(CameraFailure.ABSENT)
        tree.plug(3, usb=("0c45", "6366", "SN1"), port="2-1", content=ours)
        assert camera.probe().state is DeviceState.READY
        assert camera.open() == Ok(None)
        assert first_frame(camera).pixels.mean() < 100
    finally:
        camera.close()
