"""One attempt to recognise: the camera opens, looks for usable frames, decides, closes."""

from __future__ import annotations

import time
from collections.abc import Callable
from threading import Event

from drivers.camera.contract import Camera, CameraFailure, Frame
from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, FaceFailure, FaceVerifier, Guidance
from drivers.face.liveness.continuity import GAP_MAX_S
from drivers.face.liveness.contract import Break, LivenessCheck, Outcome, Prompt
from kiosk.journey.steady import SteadyGuidance

FRAMES_WANTED = 3
SPACED_S = 0.4
"""At least, from one compared frame to the next: neighbours of a camera's 15 or 30 a second are nearly one
picture, and several of them say no more than one. Three frames so span 0.8 s, and the last of them is examined
and compared within the 1.5 s from the first usable frame that a resident waits at most (0.2 s on a free core,
0.5 s at a load of 7 to 10 on two); half a second each would leave a loaded terminal nothing.
"""
RETURN_S = 1.0
"""From the last movement to the last compared frame, which has to match by itself: the words have to be read and
the head to come back.
"""
ATTEMPT_S = 12.0
"""After this long without enough usable frames the attempt ends with the last guidance. So before movements and
again after them; what they may take in all is the check's to say, by how many are asked.
"""
SILENT_S = 1.0
"""Who is not seen at the end was before a camera that gave no frame for so long: older ones it does not give out."""
FRAME_PAUSE_S = 0.05
NS = 1_000_000_000

THE_MACHINES = frozenset({Break.GAP, Break.REOPENED})
"""A look that the camera or a slow terminal interrupted: no try is lost by it. A gap in which frames came and were
refused is not of these: somebody else stood in the picture, or a hand was before it.
"""

Guide = Callable[[Guidance | None, bool, Prompt | None], None]
"""What to show now, whether the other way is to be pointed at, and which movement is asked."""
Answer = Ok[Comparison] | Failed[FaceFailure | Guidance]


def attempt(
    camera: Camera,
    face: FaceVerifier,
    reference: bytes,
    cancel: Event,
    guide: Guide,
    check: LivenessCheck,
    now: Callable[[], float] = time.monotonic,
) -> Answer | None:
    """The attempt's answer, or None when it was cancelled. `check` has begun; whoever began it reads its record
    afterwards and ends it.

    The reference goes in before the camera opens: without a face on the card's photo the camera
    stays shut. Frames wait in the verifier's process only.
    """
    match face.set_reference(reference):
        case Failed(reason, detail):
            return Failed(FaceFailure.NO_REFERENCE if isinstance(reason, Guidance) else reason, detail)
        case Ok():
            pass
    if cancel.is_set():
        # The resident left, or took the consent back, while the photo was looked at.
        return None
    check.open()
    opened = camera.open()
    if isinstance(opened, Failed):
        return Failed(FaceFailure.TIMED_OUT, f"camera {opened.reason}")
    try:
        return _Look(camera, face, cancel, guide, check, now).answer()
    finally:
        camera.stop()


class _Look:
    """One look: usable frames, then the movements, then the last usable frame, so that they lie between."""

    def __init__(
        self,
        camera: Camera,
        face: FaceVerifier,
        cancel: Event,
        guide: Guide,
        check: LivenessCheck,
        now: Callable[[], float],
    ) -> None:
        self._now = now
        self._camera, self._face, self._cancel, self._guide, self._check = camera, face, cancel, guide, check
        self._usable, self._seen = 0, -1
        self._compares_from_ns = 0
        """No frame captured earlier is compared."""
        self._last: Guidance = Guidance.NO_FACE
        self._steady = SteadyGuidance(self._now())
        self._shown: Guidance | None = None
        self._pointing = False
        self._asked: Prompt | None = None
        self._asked_to_move = False
        self._taken_ns = 0
        """When the last frame was captured that the camera gave, usable or not."""
        self._hole = False
        """Since the first usable frame the camera or the machine left out more than presence allows."""
        self._refused = False
        """A frame was refused since the first usable one."""

    def answer(self) -> Answer | None:
        begun_s = frame_at_s = self._now()
        deadline_s, fault = begun_s + ATTEMPT_S, "the same frame"
        while self._now() < deadline_s and not self._cancel.is_set():
            frame = self._camera.latest()
            if isinstance(frame, Failed) and frame.reason is CameraFailure.TIMED_OUT:
                # Told at once, no try is lost.
                return Failed(FaceFailure.TIMED_OUT, "the camera's process ended")
            if isinstance(frame, Failed) or frame.value.sequence == self._seen:
                fault = frame.reason.value if isinstance(frame, Failed) else fault
                self._cancel.wait(FRAME_PAUSE_S)
                continue
            ended: FaceFailure | Guidance | None
            self._seen = frame.value.sequence
            self._note(frame.value)
            if self._moves:
                ended = self._watch(frame.value)
                deadline_s = min(self._now() + ATTEMPT_S, begun_s + 2 * ATTEMPT_S + self._check.moving_s)
            elif frame.value.captured_monotonic_ns < self._compares_from_ns:
                ended = self._pass(frame.value)
            else:
                ended = self._examine(frame.value)
            if ended is not None:
                return Failed(ended)
            if self._usable == FRAMES_WANTED:
                return self._decide()
            frame_at_s = self._now()
        if self._cancel.is_set():
            return None
        if self._now() - frame_at_s >= SILENT_S:
            return Failed(FaceFailure.TIMED_OUT, f"no frame came any more: {fault}")
        return Failed(self._last)

    @property
    def _moves(self) -> bool:
        return self._usable == FRAMES_WANTED - 1 and not self._check.finished

    def _note(self, frame: Frame) -> None:
        if self._usable and frame.captured_monotonic_ns - self._taken_ns > GAP_MAX_S * NS:
            self._hole = True
        self._taken_ns = frame.captured_monotonic_ns

    def _examine(self, frame: Frame) -> FaceFailure | None:
        examined = self._face.examine(frame)
        guidance: Guidance | None = None
        if isinstance(examined, Failed):
            if isinstance(examined.reason, FaceFailure):
                return examined.reason
            guidance = self._last = examined.reason
            self._refused = self._usable > 0
        else:
            self._usable += 1
            self._compares_from_ns = frame.captured_monotonic_ns + int(SPACED_S * NS)
            if (ended := self._check.usable(frame, self._camera.open_count)) is not None:
                return ended
        self._say(guidance)
        return None

    def _watch(self, frame: Frame) -> FaceFailure | Guidance | None:
        """A frame while a movement is asked; one that is not shown ends the attempt before anything is compared."""
        found = self._check.watch(frame, self._camera.open_count)
        if isinstance(found, FaceFailure):
            return found
        if self._check.finished:
            self._compares_from_ns = frame.captured_monotonic_ns + int(RETURN_S * NS)
            self._asked_to_move = True
            return self._why_not()
        self._say(found)
        return None

    def _pass(self, frame: Frame) -> FaceFailure | Guidance | None:
        """A frame too soon to be compared. After movements the look goes on, so that nobody takes another's place."""
        if not self._asked_to_move:
            return None
        found = self._check.watch(frame, self._camera.open_count)
        if isinstance(found, FaceFailure):
            return found
        self._say(found or Guidance.LOOK_HERE)
        return self._why_not()

    def _say(self, guidance: Guidance | None) -> None:
        now_s = self._now()
        changed, points = self._steady.see(guidance, now_s), self._steady.points_elsewhere(now_s)
        if changed:
            self._shown = guidance
        asked = self._check.asks if self._moves else None
        if changed or points != self._pointing or asked is not self._asked:
            self._pointing, self._asked = points, asked
            self._guide(self._shown, points, asked)

    def _decide(self) -> Answer:
        if (failed := self._why_not()) is not None:
            return Failed(failed)
        decided = self._face.decide()
        return Ok(decided.value) if isinstance(decided, Ok) else Failed(decided.reason, decided.detail)

    def _why_not(self) -> FaceFailure | Guidance | None:
        record = self._check.record()
        if record.lets_pass:
            return None
        if record.broken is Break.GAP and self._refused and not self._hole:
            return self._last
        if record.broken in THE_MACHINES:
            return FaceFailure.TIMED_OUT
        match record.outcome:
            case Outcome.UNAVAILABLE:
                return FaceFailure.LIVENESS_UNAVAILABLE
            case Outcome.NOT_DONE:
                return FaceFailure.MOVEMENT_DECLINED
            case _:
                return FaceFailure.MOVEMENT_NOT_SEEN
