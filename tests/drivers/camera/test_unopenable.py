"""A camera that is there and cannot be had: never said to work, told by its cause, found again by itself."""

from __future__ import annotations

import errno
import os
import signal
from pathlib import Path

import pytest

from drivers.camera.capture import Capture, Options
from drivers.camera.contract import CameraFailure
from drivers.camera.opencv import OpencvCamera, _status_of
from drivers.camera.slot import Slot
from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok
from tests.drivers.camera.sights import clip
from tests.drivers.camera.usb_tree import UsbTree
from tests.drivers.waiting import PATIENCE_S, wait_until


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine that stands still for a moment makes no picture too old, and no opening too slow."""
    monkeypatch.setattr("drivers.camera.opencv.STALE_S", 60.0)
    monkeypatch.setattr("drivers.camera.opencv.OPEN_DEADLINE_S", PATIENCE_S)


def test_a_camera_that_could_not_be_opened_is_at_fault_until_it_could(tmp_path: Path) -> None:
    """A look sees a node that is there; that opening it failed is not forgotten for it."""
    tree = UsbTree(tmp_path)
    tree.plug(0, usb=("0c45", "6366", "SN1"))
    node = tree.roots.dev / "video0"
    camera = OpencvCamera("usb:0c45:6366", demo=True, roots=tree.roots)
    try:
        assert camera.open() == Failed(CameraFailure.UNOPENABLE)
        for _ in range(2):
            status = camera.probe()
            assert (status.state, status.cause) == (DeviceState.FAULT, Cause.CAMERA_UNOPENABLE)
        node.write_bytes(clip(tmp_path / "clip.avi", 8).read_bytes())
        assert camera.open() == Ok(None)
        assert wait_until(lambda: isinstance(camera.latest(), Ok))
        camera.stop()
        assert camera.probe() == DeviceStatus(DeviceState.READY)
    finally:
        camera.close()


def test_plugged_in_anew_a_camera_gets_another_chance(tmp_path: Path) -> None:
    tree = UsbTree(tmp_path)
    tree.plug(0, usb=("0c45", "6366", "SN1"))
    camera = OpencvCamera("usb:0c45:6366", demo=True, roots=tree.roots)
    try:
        assert camera.open() == Failed(CameraFailure.UNOPENABLE)
        tree.unplug(0)
        tree.plug(0, usb=("0c45", "6366", "SN1"))
        assert camera.probe() == DeviceStatus(DeviceState.READY)
        assert camera.open() == Failed(CameraFailure.UNOPENABLE)
        camera.restart()
        tried_again = DeviceStatus(DeviceState.READY, warnings=(Cause.CAMERA_UNOPENABLE,))
        assert wait_until(lambda: camera.probe() == tried_again)
    finally:
        camera.close()


def test_an_opening_that_hung_stays_a_warning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The process is a new one and the source is there: the next visit may try, and staff are told."""
    film = clip(tmp_path / "clip.avi", 8)
    camera = OpencvCamera(str(film), demo=True)
    try:
        assert wait_until(lambda: camera.probe().state is DeviceState.READY)
        assert camera._worker.pid is not None
        os.kill(camera._worker.pid, signal.SIGSTOP)
        with monkeypatch.context() as impatient:
            impatient.setattr("drivers.camera.opencv.OPEN_DEADLINE_S", 0.5)
            opened = camera.open()
        assert isinstance(opened, Failed)
        assert opened.reason is CameraFailure.TIMED_OUT
        warned = DeviceStatus(DeviceState.READY, warnings=(Cause.CAMERA_STALE,))
        assert wait_until(lambda: camera.probe() == warned)
        assert camera.open() == Ok(None)
        assert wait_until(lambda: isinstance(camera.latest(), Ok))
        camera.stop()
        assert camera.probe() == DeviceStatus(DeviceState.READY)
    finally:
        camera.close()


@pytest.mark.parametrize(
    ("error", "failure", "cause"),
    [
        (errno.EACCES, CameraFailure.DENIED, Cause.CAMERA_DENIED),
        (errno.EBUSY, CameraFailure.BUSY, Cause.CAMERA_BUSY),
    ],
)
def test_what_keeps_a_camera_shut_is_told_by_a_look_and_by_an_opening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: int, failure: CameraFailure, cause: Cause
) -> None:
    """The child's half, in this process: the kernel's answer can be given here."""
    tree = UsbTree(tmp_path)
    tree.plug(0, usb=("0c45", "6366", "SN1"), content=clip(tmp_path / "clip.avi", 8).read_bytes())
    slot = Slot()
    capture = Capture(slot.name, Options("usb:0c45:6366", demo=True, roots=tree.roots))

    def refuse(_path: Path, _flags: int) -> int:
        raise OSError(error, os.strerror(error))

    try:
        with monkeypatch.context() as kernel:
            kernel.setattr(os, "open", refuse)
            assert capture.probe() is failure
            assert capture.open() is failure
        assert (_status_of(failure).state, _status_of(failure).cause) == (DeviceState.FAULT, cause)
        assert capture.probe() is None
        assert capture.open() is None
    finally:
        capture.stop()
        slot.close()
