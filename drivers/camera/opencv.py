"""A camera by OpenCV in a child process: never blocks the terminal, never passes on an old picture."""

from __future__ import annotations

import time

from drivers.camera.capture import Phase
from drivers.camera.contract import CameraFailure, Frame
from drivers.camera.slot import Slot
from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok
from drivers.worker import Worker

OPEN_DEADLINE_S = 6.0
STOP_DEADLINE_S = 3.0
PROBE_DEADLINE_S = 2.0
STALE_S = 3.0
"""Without a new frame for so long an open camera is at fault (case C01)."""
NS = 1_000_000_000


class OpencvCamera:
    """Implements `Camera`. `source`: device path or number, file, or an MJPEG address."""

    def __init__(self, source: str, *, rotation_degrees: int = 0) -> None:
        self._slot = Slot()
        self._worker = Worker(
            "drivers.camera.capture:Capture",
            (self._slot.name, source, rotation_degrees),
            start_deadline_s=20.0,
        )
        self._open = False
        self._generation = 0
        self._opened_ns = 0
        self._open_count = 0
        self._status = DeviceStatus(DeviceState.OPENING)
        self._closed = False

    @property
    def open_count(self) -> int:
        return self._open_count

    def status(self) -> DeviceStatus:
        return self._status

    def probe(self) -> DeviceStatus:
        """While open, the age of the picture tells; while shut, whether the source is there."""
        if self._open:
            failed = self._trouble(STALE_S)
            match failed:
                case CameraFailure.STALE | CameraFailure.TIMED_OUT:
                    self._status = DeviceStatus(DeviceState.FAULT, Cause.CAMERA_STALE)
                case CameraFailure.BLANK:
                    self._status = DeviceStatus(DeviceState.FAULT, Cause.CAMERA_DARK)
                case CameraFailure.ABSENT:
                    self._status = DeviceStatus(DeviceState.ABSENT, Cause.CAMERA_ABSENT)
                case _:
                    self._status = DeviceStatus(DeviceState.BUSY)
            return self._status
        if self._worker.pid is None and not self._worker.wait_ready(PROBE_DEADLINE_S):
            return self._status
        match self._worker.call("probe", deadline_s=PROBE_DEADLINE_S):
            case Ok(True):
                self._status = DeviceStatus(DeviceState.READY)
            case Ok(_):
                self._status = DeviceStatus(DeviceState.ABSENT, Cause.CAMERA_ABSENT)
            case Failed(_, detail):
                self._status = DeviceStatus(DeviceState.UNKNOWN, Cause.CAMERA_STALE, detail)
        return self._status

    def open(self) -> Ok[None] | Failed[CameraFailure]:
        self.stop()
        if not self._worker.wait_ready(OPEN_DEADLINE_S):
            return Failed(CameraFailure.TIMED_OUT)
        self._open_count += 1
        match self._worker.call("open", deadline_s=OPEN_DEADLINE_S):
            case Ok(True):
                self._open, self._opened_ns = True, time.monotonic_ns()
                self._generation = self._worker.generation
                self._status = DeviceStatus(DeviceState.BUSY)
                return Ok(None)
            case Ok(_):
                self._status = DeviceStatus(DeviceState.ABSENT, Cause.CAMERA_ABSENT)
                return Failed(CameraFailure.ABSENT)
            case Failed(_, detail):
                self._status = DeviceStatus(DeviceState.FAULT, Cause.CAMERA_STALE, detail)
                return Failed(CameraFailure.TIMED_OUT, detail)

    def latest(self, max_age_s: float = 1.0) -> Ok[Frame] | Failed[CameraFailure]:
        if not self._open:
            return Failed(CameraFailure.CLOSED)
        trouble = self._trouble(max_age_s)
        if trouble is not None:
            return Failed(trouble)
        snapshot = self._slot.read()
        if snapshot is None or snapshot.captured_monotonic_ns < self._opened_ns:
            return Failed(CameraFailure.WARMING_UP)
        return Ok(Frame(snapshot.pixels, snapshot.sequence, snapshot.captured_monotonic_ns))

    def stop(self) -> None:
        """A capture that hangs is ended with its process; every picture is overwritten."""
        if not self._open:
            return
        self._open = False
        stopped = self._worker.call("stop", deadline_s=STOP_DEADLINE_S)
        if not (isinstance(stopped, Ok) and stopped.value):
            self._worker.restart()
        self._slot.forget()
        self._status = DeviceStatus(DeviceState.READY)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._open = False
        self._worker.close()
        self._slot.forget()
        self._slot.close()

    def _trouble(self, max_age_s: float) -> CameraFailure | None:
        if self._worker.generation != self._generation or self._worker.pid is None:
            return CameraFailure.TIMED_OUT
        match self._slot.state:
            case Phase.LOST | Phase.CLOSED:
                return CameraFailure.ABSENT
            case Phase.BLANK:
                return CameraFailure.BLANK
            case Phase.WARMING:
                waited_s = (time.monotonic_ns() - self._opened_ns) / NS
                return CameraFailure.WARMING_UP if waited_s < STALE_S else CameraFailure.STALE
            case _:
                age_s = (time.monotonic_ns() - self._slot.captured_monotonic_ns) / NS
                return CameraFailure.STALE if age_s > max_age_s else None
