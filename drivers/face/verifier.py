"""Face verification in a child process, under a signed calibration."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from drivers.camera.contract import Frame
from drivers.camera.slot import PICTURE_BYTES_MAX, Slot
from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok
from drivers.face import calibration, decision
from drivers.face.calibration.against import before_models, with_models
from drivers.face.calibration.card_class import SMALL, CardClass
from drivers.face.calibration.faults import CalibrationFault, in_words
from drivers.face.contract import Comparison, FaceFailure, Guidance
from drivers.face.liveness.contract import Seen, Sighting
from drivers.face.matchers import ONNX_MODEL
from drivers.worker import Worker, WorkerFailure

DEADLINE_S = 1.5
"""For one request after the models are loaded; a request takes 0.1 to 0.3 s on one core."""
REFERENCE_S = 5.0
"""For the card's photo, which is searched enlarged, before the camera opens: nobody is kept waiting in front of it."""
START_S = 40.0
RESTART_S = 8.0
"""How long a new visit waits for the child that replaces the last visit's (0.7 s on a free core)."""
FORGET_S = 0.5


def _today() -> date:
    return datetime.now(UTC).date()


class ProcessFaceVerifier:
    """Implements `FaceVerifier`. Without models or a fitting calibration it is in assist mode.

    A frame is handed to the child in one slot of shared memory, as large as `size_px` (width and
    height) or Full HD: the newest frame alone, never a queue of them.

    `no_earlier_than`: a day that today cannot precede, as far as somebody vouched for it: a clock that
    nobody vouches for neither ends a calibration nor brings one back. `cards`: what the terminal's own
    card reader may hand over; without limits for all of them it is in assist mode. `demo`: a calibration
    with a lax target, or whose data could not show its target, counts too; elsewhere it recognises nobody by itself.
    """

    def __init__(
        self,
        models: Path,
        calibration_file: Path,
        calibration_key: Path,
        *,
        engine: str = "",
        deadline_s: float = DEADLINE_S,
        size_px: tuple[int, int] | None = None,
        no_earlier_than: Callable[[], date] = _today,
        cards: Collection[CardClass] = SMALL,
        demo: bool = False,
    ) -> None:
        """`engine`: `module:Class` of a licensed engine in the place of the second model."""
        self._deadline_s = deadline_s
        self._models_there = bool(engine) or (models / ONNX_MODEL).is_file()
        self._calibration_files = calibration_file, calibration_key
        self._calibration = calibration.load(*self._calibration_files)
        self._demo = demo
        self._no_earlier_than = no_earlier_than
        self._cards = cards
        self._checked: tuple[int, CalibrationFault | None] = (0, None)
        self._limits: Mapping[str, float] | None = None
        self._reference_generation = -1
        self._used = False
        self._asking = threading.Lock()
        self._closed = False
        bytes_asked = 0 if size_px is None else size_px[0] * size_px[1] * 3
        self._slot = Slot(picture_bytes_max=max(PICTURE_BYTES_MAX, bytes_asked))
        self._worker = (
            Worker(
                "drivers.face.child:FaceChild",
                (str(models), self._slot.name, engine),
                start_deadline_s=START_S,
                is_private=True,
                ends_with_visit=True,
            )
            if self._models_there
            else None
        )

    def probe(self) -> DeviceStatus:
        """Ask a child that is new which models it has; who is asked once, is known."""
        worker = self._worker
        loaded = self._calibration  # once: a restart may put another in its place meanwhile
        if worker is not None and isinstance(loaded, Ok) and worker.pid is not None:
            generation = worker.generation
            if self._checked[0] != generation:
                models = worker.call("model_hashes", deadline_s=self._deadline_s)
                pipeline = worker.call("pipeline", deadline_s=self._deadline_s)
                if isinstance(models, Ok) and isinstance(pipeline, Ok):
                    misfits = with_models(loaded.value, models.value, pipeline.value)
                    self._checked = (generation, misfits[0][0] if misfits else None)
        return self.status()

    def status(self) -> DeviceStatus:
        """Of the child that lives now: of a dead one nothing is believed."""
        if self._closed:
            return DeviceStatus(DeviceState.UNKNOWN, detail="closed")
        if self._worker is None:
            return DeviceStatus(DeviceState.FAULT, Cause.FACE_MODEL_MISSING)
        against = self._against()
        if against is not None:
            return _uncalibrated(*against)
        checked, misfit = self._checked
        if not self._worker.still_answers(checked):
            if self._worker.last_failure:
                return DeviceStatus(DeviceState.FAULT, Cause.FACE_RESTARTING, self._worker.last_failure)
            return DeviceStatus(DeviceState.OPENING, Cause.FACE_RESTARTING)
        if misfit is not None:
            return _uncalibrated(misfit, self._named())
        return DeviceStatus(DeviceState.READY, detail=self._named(), warnings=self._warnings())

    def _against(self) -> tuple[CalibrationFault, str] | None:
        """What stands against the calibration before any model is asked, today."""
        match self._calibration:
            case Failed(reason, detail):
                return reason, detail
            case Ok(value):
                today = self._no_earlier_than()
                found = before_models(value, today=today, cards=self._cards, demo=self._demo)
                return (found[0][0], self._named()) if found else None

    def _warnings(self) -> tuple[Cause, ...]:
        loaded = self._calibration
        ending = isinstance(loaded, Ok) and loaded.value.ends_soon(self._no_earlier_than())
        return (Cause.FACE_CALIBRATION_ENDING,) if ending else ()

    def _named(self) -> str:
        loaded = self._calibration
        if isinstance(loaded, Failed):
            return ""
        document = loaded.value.document
        unproved = " not shown by its data" if document.unmeasurable_accepted else ""
        target = f"target FMR {document.target_fmr:g}{unproved}"
        return f"calibration {document.id} until {document.valid_until.isoformat()}, {target}"

    def set_reference(self, picture: bytes) -> Ok[None] | Failed[FaceFailure | Guidance]:
        if self._worker is not None and isinstance(self._calibration, Ok):
            self._worker.wait_ready(RESTART_S)  # the visit before may have ended a moment ago
        self._limits, self._reference_generation = None, -1  # the card before says nothing of this one
        ready = self._usable()
        if isinstance(ready, Failed):
            return Failed(ready.reason, ready.detail)
        answered = self._ask("set_reference", picture, deadline_s=max(REFERENCE_S, self._deadline_s))
        if isinstance(answered, Failed):
            return Failed(answered.reason, answered.detail)
        if isinstance(answered.value, Guidance):
            return Failed(answered.value)
        of_class = self._ask("card_classes")
        if isinstance(of_class, Failed):
            return Failed(of_class.reason, of_class.detail)
        loaded = self._calibration
        if isinstance(loaded, Ok):
            self._limits = loaded.value.limits_for([CardClass(name) for name in of_class.value])
        if self._limits is None:
            return Failed(FaceFailure.UNCALIBRATED, in_words(CalibrationFault.CARD_CLASS, self._named()))
        self._reference_generation = ready.value.generation
        return Ok(None)

    def examine(self, frame: Frame) -> Ok[None] | Failed[FaceFailure | Guidance]:
        """Raises ValueError for a frame larger than the slot: the camera was set up larger than the verifier."""
        with self._asking:  # else another thread's frame could take this one's place before the child looks
            self._slot.write(frame.pixels, frame.captured_monotonic_ns)
            answered = self._ask("examine")
        if isinstance(answered, Failed):
            return Failed(answered.reason, answered.detail)
        return Ok(None) if answered.value is None else Failed(answered.value)

    def sight(self, frame: Frame, *, passive: bool = False) -> Ok[Seen] | Failed[FaceFailure | Guidance]:
        """See `liveness.contract.Eyes`: the same person by the limit of the calibration, and by no other."""
        loaded = self._calibration
        if isinstance(loaded, Failed) or self._against() is not None:
            return Failed(FaceFailure.UNCALIBRATED)
        with self._asking:
            self._slot.write(frame.pixels, frame.captured_monotonic_ns)
            answered = self._ask("sight", passive)
        if isinstance(answered, Failed):
            return Failed(answered.reason, answered.detail)
        found: Sighting | Guidance = answered.value
        if isinstance(found, Guidance):
            return Failed(found)
        limit = loaded.value.limits.get(found.matcher, 0.0)
        return Ok(Seen(found, found.apart is None or found.apart <= limit))

    def decide(self) -> Ok[Comparison] | Failed[FaceFailure]:
        ready = self._usable()
        if isinstance(ready, Failed):
            return ready
        loaded = self._calibration
        if isinstance(loaded, Failed):
            return Failed(FaceFailure.UNCALIBRATED)
        if ready.value.generation != self._reference_generation:
            return Failed(FaceFailure.CRASHED, "the process was started again")
        limits = self._limits
        if limits is None:
            return Failed(FaceFailure.NO_REFERENCE)
        answered = self._ask("scores", dict(limits))
        if isinstance(answered, Failed):
            return answered
        if answered.value is None:
            return Failed(FaceFailure.NO_REFERENCE)
        scores, frames = answered.value
        every = {score.matcher for score in scores} == set(limits)
        accepted = every and decision.accepted(scores)
        return Ok(Comparison(accepted, scores, loaded.value.id, frames))

    def forget(self) -> None:
        """The child overwrites what it knows and is ended, so that its memory goes back to the system."""
        used, self._used = self._used, False
        self._limits, self._reference_generation = None, -1
        if used and self._worker is not None:
            self._worker.call("forget", deadline_s=FORGET_S)
            self._worker.restart()
            self._slot.forget()

    def restart(self) -> None:
        """A new process for the models, awaited, and the calibration as it lies there now."""
        self._calibration = calibration.load(*self._calibration_files)
        self._checked = (0, None)
        if self._worker is not None:
            self._reference_generation = -1
            self._worker.restart()
            self._worker.wait_ready(RESTART_S)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        if self._worker is not None:
            self._worker.close()
        self._slot.forget()
        self._slot.close()

    def _usable(self) -> Ok[Worker] | Failed[FaceFailure]:
        status = self.probe()
        if self._worker is not None and status.usable:
            return Ok(self._worker)
        match status.cause:
            case Cause.FACE_MODEL_MISSING:
                return Failed(FaceFailure.MODEL_MISSING)
            case Cause.FACE_UNCALIBRATED:
                return Failed(FaceFailure.UNCALIBRATED, status.detail)
            case _:
                return Failed(FaceFailure.CRASHED, status.detail)

    def _ask(
        self, method: str, *args: object, deadline_s: float | None = None
    ) -> Ok[Any] | Failed[FaceFailure]:
        if self._worker is None:
            return Failed(FaceFailure.MODEL_MISSING)
        self._used = True
        answered = self._worker.call(method, *args, deadline_s=deadline_s or self._deadline_s)
        match answered:
            case Ok(value):
                return Ok(value)
            case Failed(WorkerFailure.TIMED_OUT, detail):
                return Failed(FaceFailure.TIMED_OUT, detail)
            case Failed(_, detail):
                return Failed(FaceFailure.CRASHED, detail)


def _uncalibrated(fault: CalibrationFault, detail: str) -> DeviceStatus:
    return DeviceStatus(DeviceState.FAULT, Cause.FACE_UNCALIBRATED, in_words(fault, detail))
