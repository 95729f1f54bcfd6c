"""A camera by OpenCV in a child process: never blocks the terminal, never passes on an old picture."""

from __future__ import annotations

import threading
import time
from typing import assert_never

from drivers.camera import binding
from drivers.camera.binding import THIS_MACHINE, Roots
from drivers.camera.capture import Options, Phase
from drivers.camera.contract import CameraFailure, Frame
from drivers.camera.slot import PICTURE_BYTES_MAX, Slot
from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Nameplate, Ok
from drivers.worker import Worker, WorkerFailure

OPEN_DEADLINE_S = 6.0
STOP_DEADLINE_S = 3.0
PROBE_DEADLINE_S = 2.0
STALE_S = 3.0
"""Without a new frame for so long an open camera is at fault (case C01)."""
NS = 1_000_000_000

FAILURE_OF: dict[int, CameraFailure] = {
    Phase.LIVE: CameraFailure.STALE,
    Phase.BLANK: CameraFailure.BLANK,
    Phase.FROZEN: CameraFailure.FROZEN,
    Phase.GREEN: CameraFailure.GREEN,
    Phase.WRONG_SIZE: CameraFailure.WRONG_SIZE,
    Phase.GARBLED: CameraFailure.GARBLED,
}
"""What is said of an open camera when its last usable picture is too old."""


class OpencvCamera:
    """Implements `Camera`. `source`, `demo`: see `binding.resolve`; `size_px`: see `Options`."""

    def __init__(
        self,
        source: str,
        *,
        demo: bool = False,
        rotation_degrees: int = 0,
        size_px: tuple[int, int] | None = None,
        roots: Roots = THIS_MACHINE,
    ) -> None:
        bytes_asked = 0 if size_px is None else size_px[0] * size_px[1] * 3
        self._slot = Slot(picture_bytes_max=max(PICTURE_BYTES_MAX, bytes_asked))
        self._worker = Worker(
            "drivers.camera.capture:Capture",
            (self._slot.name, Options(source, demo, rotation_degrees, size_px, roots)),
            start_deadline_s=20.0,
            is_private=True,
        )
        self._source, self._roots = source, roots
        self._open = False
        self._generation = 0
        self._opened_ns = 0
        self._open_count = 0
        self._turn = threading.Lock()
        self._known = DeviceStatus(DeviceState.OPENING)
        self._known_generation = 0
        self._last_trouble: Cause | None = None
        self._unopenable: frozenset[tuple[str, int, int]] | None = None
        self._closed = False

    @property
    def open_count(self) -> int:
        return self._open_count

    def status(self) -> DeviceStatus:
        """What the child that lives now was last known to see; of a dead one nothing is believed."""
        if self._closed:
            return DeviceStatus(DeviceState.UNKNOWN, detail="closed")
        generation, alive = self._worker.generation, self._worker.pid is not None
        if alive and generation == self._known_generation:
            return self._known
        if generation > alive or self._worker.last_failure:
            return DeviceStatus(DeviceState.UNKNOWN, Cause.CAMERA_RESTARTING, self._worker.last_failure)
        return DeviceStatus(DeviceState.OPENING)

    def nameplate(self) -> Nameplate:
        """See `binding.nameplate`; a camera on the network tells nothing."""
        return binding.nameplate(self._source, self._roots)

    def _note(self, status: DeviceStatus) -> None:
        self._known, self._known_generation = status, self._worker.generation

    def probe(self) -> DeviceStatus:
        """While open, the age of the picture tells; while shut, whether the source is there.

        A picture that was wrong when it was last looked at stays a warning until a right one was
        seen: that the source is there does not mend it, and looking needs the resident's knowledge.
        One that could not be opened is at fault until it could, or is plugged in anew.
        While somebody opens or stops it, the last status: who does that will know better.
        """
        if self._turn.acquire(blocking=False):
            try:
                self._look()
            finally:
                self._turn.release()
        return self.status()

    def _look(self) -> None:
        if self._open:
            match self._trouble(STALE_S):
                case None | CameraFailure.WARMING_UP:
                    self._note(DeviceStatus(DeviceState.BUSY))
                case CameraFailure.TIMED_OUT | CameraFailure.ABSENT as gone if self._worker.pid is not None:
                    self._go_on(gone)
                case trouble:
                    self._note(_status_of(trouble))
            return
        self._worker.wait_ready(PROBE_DEADLINE_S)
        match self._worker.call("probe", deadline_s=PROBE_DEADLINE_S):
            case Ok(None):
                self._note(self._shut())
            case Ok(failure):
                if failure is CameraFailure.ABSENT:
                    self._unopenable = None
                self._note(_status_of(failure))
            case Failed(WorkerFailure.NOT_RUNNING):
                pass  # `status` says so
            case Failed(_, detail):
                self._note(DeviceStatus(DeviceState.UNKNOWN, Cause.CAMERA_RESTARTING, detail))

    def _go_on(self, gone: CameraFailure) -> None:
        """Whoever opened it has not stopped it: a new child, or a camera that is back, takes up where it was."""
        back = self._worker.call("probe", deadline_s=PROBE_DEADLINE_S) == Ok(None)
        if back and isinstance(self._start(), Ok):
            self._open_count += 1
        elif not back:
            self._note(_status_of(gone))

    def open(self) -> Ok[None] | Failed[CameraFailure]:
        with self._turn:
            self._stop()
            self._open_count += 1
            return self._start()

    def _start(self) -> Ok[None] | Failed[CameraFailure]:
        if not self._worker.wait_ready(OPEN_DEADLINE_S):
            return Failed(CameraFailure.TIMED_OUT)
        match self._worker.call("open", deadline_s=OPEN_DEADLINE_S):
            case Ok(None):
                self._open, self._opened_ns = True, time.monotonic_ns()
                self._generation = self._worker.generation
                self._unopenable = None
                self._note(DeviceStatus(DeviceState.BUSY))
                return Ok(None)
            case Ok(failure):
                if failure is CameraFailure.UNOPENABLE:
                    self._unopenable = binding.plugged(self._source, self._roots)
                self._note(_status_of(failure))
                return Failed(failure)
            case Failed(why, detail):
                if why is WorkerFailure.TIMED_OUT:
                    self._last_trouble = Cause.CAMERA_STALE
                self._note(DeviceStatus(DeviceState.FAULT, Cause.CAMERA_STALE, detail))
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
        with self._turn:
            self._stop()

    def _stop(self) -> None:
        if not self._open:
            return
        trouble = self._trouble(STALE_S)
        self._open = False
        stopped = self._worker.call("stop", deadline_s=STOP_DEADLINE_S)
        ended = isinstance(stopped, Ok) and stopped.value
        if not ended:
            self._worker.restart()
        self._slot.forget()
        match trouble:
            case CameraFailure.WARMING_UP | CameraFailure.TIMED_OUT:
                pass  # nothing was learnt of its pictures
            case None:
                self._last_trouble = None
            case _:
                self._last_trouble = _status_of(trouble).cause
        if trouble is CameraFailure.ABSENT:
            self._note(_status_of(trouble))
        elif not ended or trouble is CameraFailure.TIMED_OUT:
            self._note(DeviceStatus(DeviceState.UNKNOWN, Cause.CAMERA_RESTARTING))
        else:
            self._note(self._shut())

    def restart(self) -> None:
        """A new process for the camera. That it could not be opened becomes a warning: it may be tried again."""
        self.stop()
        with self._turn:
            if self._unopenable is not None:
                self._unopenable, self._last_trouble = None, Cause.CAMERA_UNOPENABLE
        self._worker.restart()

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._open = False
        self._worker.close()
        self._slot.forget()
        self._slot.close()

    def _shut(self) -> DeviceStatus:
        """The source is there, the camera shut: it could not be opened, or its last pictures were wrong, or right."""
        if self._unopenable is not None:
            if self._unopenable == binding.plugged(self._source, self._roots):
                return _status_of(CameraFailure.UNOPENABLE)
            self._unopenable = None
        warnings = () if self._last_trouble is None else (self._last_trouble,)
        return DeviceStatus(DeviceState.READY, warnings=warnings)

    def _trouble(self, max_age_s: float) -> CameraFailure | None:
        """Why there is no usable picture of at most this age; None when there is one."""
        if not self._worker.still_answers(self._generation):
            return CameraFailure.TIMED_OUT
        now_ns, captured_ns, phase = time.monotonic_ns(), self._slot.captured_monotonic_ns, self._slot.state
        if phase in (Phase.LOST, Phase.CLOSED):
            return CameraFailure.ABSENT
        if captured_ns >= self._opened_ns and (now_ns - captured_ns) / NS <= max_age_s:
            return None
        if phase == Phase.WARMING:
            waited_s = (now_ns - self._opened_ns) / NS
            return CameraFailure.WARMING_UP if waited_s < STALE_S else CameraFailure.STALE
        return FAILURE_OF[phase]


def _status_of(failure: CameraFailure) -> DeviceStatus:
    """A failure as the state that it puts the device in."""
    match failure:
        case CameraFailure.ABSENT:
            return DeviceStatus(DeviceState.ABSENT, Cause.CAMERA_ABSENT)
        case CameraFailure.STALE:
            cause = Cause.CAMERA_STALE
        case CameraFailure.FROZEN:
            cause = Cause.CAMERA_FROZEN
        case CameraFailure.BLANK:
            cause = Cause.CAMERA_DARK
        case CameraFailure.GREEN:
            cause = Cause.CAMERA_GREEN
        case CameraFailure.WRONG_SIZE:
            cause = Cause.CAMERA_WRONG_SIZE
        case CameraFailure.GARBLED:
            cause = Cause.CAMERA_GARBLED
        case CameraFailure.REFUSED:
            cause = Cause.CAMERA_REFUSED
        case CameraFailure.AMBIGUOUS:
            cause = Cause.CAMERA_AMBIGUOUS
        case CameraFailure.DENIED:
            cause = Cause.CAMERA_DENIED
        case CameraFailure.BUSY:
            cause = Cause.CAMERA_BUSY
        case CameraFailure.UNOPENABLE:
            cause = Cause.CAMERA_UNOPENABLE
        case CameraFailure.TIMED_OUT | CameraFailure.CLOSED | CameraFailure.WARMING_UP:
            return DeviceStatus(DeviceState.UNKNOWN, Cause.CAMERA_RESTARTING)
        case _:
            assert_never(failure)
    return DeviceStatus(DeviceState.FAULT, cause)
