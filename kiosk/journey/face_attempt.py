"""One attempt to recognise: the camera opens, looks for usable frames, decides, closes."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from drivers.camera.contract import Camera, CameraFailure
from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, FaceFailure, FaceVerifier, Guidance
from kiosk.journey.steady import SteadyGuidance

FRAMES_WANTED = 3
ATTEMPT_S = 12.0
"""After this long without enough usable frames the attempt ends with the last guidance."""
FRAME_PAUSE_S = 0.05

Guide = Callable[[Guidance | None, bool], None]
"""What to show now, and whether the other way is to be pointed at."""
Answer = Ok[Comparison] | Failed[FaceFailure | Guidance]


def attempt(
    camera: Camera,
    face: FaceVerifier,
    reference: bytes,
    cancel: Event,
    guide: Guide,
    now: Callable[[], float] = time.monotonic,
) -> Answer | None:
    """The attempt's answer, or None when it was cancelled.

    The reference goes in before the camera opens: without a face on the card's photo the camera
    stays shut. Frames wait in the verifier's process only.
    """
    match face.set_reference(reference):
        case Failed(reason, detail):
            return Failed(FaceFailure.NO_REFERENCE if isinstance(reason, Guidance) else reason, detail)
        case Ok():
            pass
    opened = camera.open()
    if isinstance(opened, Failed):
        return Failed(FaceFailure.TIMED_OUT, f"camera {opened.reason}")
    try:
        return _look(camera, face, cancel, guide, now)
    finally:
        camera.stop()


def _look(
    camera: Camera, face: FaceVerifier, cancel: Event, guide: Guide, now: Callable[[], float]
) -> Answer | None:
    deadline_s = now() + ATTEMPT_S
    usable = 0
    last: Guidance = Guidance.NO_FACE
    steady = SteadyGuidance(now())
    shown, pointing = None, False
    seen = -1
    while now() < deadline_s and not cancel.is_set():
        frame = camera.latest()
        if isinstance(frame, Failed) and frame.reason is CameraFailure.TIMED_OUT:
            return Failed(FaceFailure.TIMED_OUT, "the camera's process ended")  # told at once, no try is lost
        if isinstance(frame, Failed) or frame.value.sequence == seen:
            cancel.wait(FRAME_PAUSE_S)
            continue
        seen = frame.value.sequence
        examined = face.examine(frame.value)
        guidance: Guidance | None = None
        if isinstance(examined, Failed):
            if isinstance(examined.reason, FaceFailure):
                return Failed(examined.reason, examined.detail)
            guidance = last = examined.reason
        else:
            usable += 1
        now_s = now()
        changed, points = steady.see(guidance, now_s), steady.points_elsewhere(now_s)
        if changed:
            shown = guidance
        if changed or points != pointing:
            pointing = points
            guide(shown, points)
        if usable == FRAMES_WANTED:
            decided = face.decide()
            return Ok(decided.value) if isinstance(decided, Ok) else Failed(decided.reason, decided.detail)
    return None if cancel.is_set() else Failed(last)
