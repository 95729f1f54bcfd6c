"""What the camera or a slow terminal does not give is nobody's try; and what presence says is asked of every look."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event
from typing import Any

import pytest

from drivers.camera.contract import CameraFailure, Frame
from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, FaceFailure, Guidance
from drivers.face.liveness.checks import NoCheck
from drivers.face.liveness.contract import Break, LivenessCheck, LivenessRecord, Method, Outcome
from kiosk.journey.face_attempt import FRAMES_WANTED, NS, SILENT_S, attempt
from kiosk.journey.visit import MACHINE_FAILURES
from tests.kiosk.journey.test_face_attempt import ACCEPTED, Camera, Clock, Face, Resident

Faults = Callable[[float], CameraFailure | None]


class Faulty(Camera):
    """Gives no frame while `faults` says why, by the clock's seconds."""

    def __init__(self, clock: Clock, faults: Faults) -> None:
        super().__init__(clock)
        self.faults = faults

    def latest(self) -> Ok[Frame] | Failed[CameraFailure]:  # type: ignore[override]  # more than the base's
        fault = self.faults(self.clock.now_s)
        return Failed(fault) if fault is not None else super().latest()


class Deciding(Face):
    decided = 0

    def decide(self) -> Ok[Comparison]:
        self.decided += 1
        return super().decide()


class Waiting(Event):
    """Waits on the test's clock."""

    def __init__(self, clock: Clock) -> None:
        super().__init__()
        self.clock = clock

    def wait(self, timeout: float | None = None) -> bool:
        self.clock.now_s += timeout or 0.0
        return self.is_set()


def looked(
    answers: list[Guidance | None], faults: Faults = lambda _now_s: None, check: LivenessCheck | None = None
) -> tuple[Any, Deciding]:
    face = Deciding(answers, Clock())
    return looked_by(face, faults, check or NoCheck()), face


def looked_by(face: Deciding, faults: Faults, check: LivenessCheck) -> Any:
    clock = face.clock
    camera = Faulty(clock, faults)
    result = attempt(
        camera,  # type: ignore[arg-type]  # as far as an attempt needs it
        face,  # type: ignore[arg-type]  # as above
        b"card",
        Waiting(clock),
        lambda _words, _points, _prompt: None,
        check,
        lambda: clock.now_s,
    )
    assert not camera.is_open
    return result


@pytest.mark.parametrize("fault", CameraFailure)
@pytest.mark.parametrize("from_s", [0.0, 4.0], ids=["from the beginning", "after nobody was seen"])
def test_a_camera_that_gives_no_frame_is_no_try_of_the_resident(fault: CameraFailure, from_s: float) -> None:
    result, face = looked([Guidance.NO_FACE], lambda now_s: fault if now_s >= from_s else None)
    assert isinstance(result, Failed)
    assert result.reason is FaceFailure.TIMED_OUT
    assert result.reason in MACHINE_FAILURES
    assert fault is CameraFailure.TIMED_OUT or fault.value in result.detail, "and the log says what it was"
    assert bool(face.examined) is (from_s > 0)


@pytest.mark.parametrize("silent_s", [0.0, SILENT_S / 2])
def test_who_is_not_seen_by_a_camera_that_works_is_told_what_to_do(silent_s: float) -> None:
    """Also where a frame is late now and then."""
    result, _ = looked(
        [Guidance.TOO_DARK], lambda now_s: CameraFailure.STALE if now_s % 2.0 < silent_s else None
    )
    assert result == Failed(Guidance.TOO_DARK)


def test_a_frame_that_takes_long_to_examine_is_no_silent_camera(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.kiosk.journey.test_face_attempt.EXAMINED_S", 5 * SILENT_S)
    assert looked([Guidance.TOO_DARK])[0] == Failed(Guidance.TOO_DARK)


def test_a_hole_of_the_camera_between_the_movements_is_the_machines() -> None:
    """3.4 s without a frame break the look at one person, and it is nobody's try."""
    resident = Resident()
    holes: list[float] = []

    def hole(now_s: float) -> CameraFailure | None:
        if resident.check.asks is not None and not holes:
            holes.append(now_s)
        return CameraFailure.STALE if holes and now_s < holes[0] + 3.4 else None

    result, face = looked([None], hole, resident.check)
    assert result == Failed(FaceFailure.TIMED_OUT)
    assert resident.check.record().broken is Break.GAP
    assert face.decided == 0


NEIGHBOUR_S = 3.4
"""More than presence allows between two frames that it sees."""


class Beside(Resident):
    """Somebody stands beside the resident for `NEIGHBOUR_S`: after the first compared frame, or after the movements."""

    def __init__(self, *, at_the_end: bool) -> None:
        super().__init__()
        self.at_the_end = at_the_end
        self.came_s: float | None = None

    def refuses(self, now_s: float) -> Guidance | None:
        if self.came_s is None and self.seen and (self.check.finished or not self.at_the_end):
            self.came_s = now_s
        beside = self.came_s is not None and now_s < self.came_s + NEIGHBOUR_S
        return Guidance.ONE_PERSON if beside else None


class Judging(Deciding):
    """Refuses frames as long as somebody stands beside the resident."""

    def __init__(self, clock: Clock, resident: Beside) -> None:
        super().__init__([None], clock)
        self.resident = resident

    def examine(self, frame: Frame) -> Ok[None] | Failed[Guidance]:
        self.answers = [self.resident.refuses(frame.captured_monotonic_ns / NS)]
        return super().examine(frame)


@pytest.mark.parametrize("at_the_end", [False, True], ids=["before the movements", "after the last one"])
@pytest.mark.parametrize("silent", [False, True], ids=["a camera that works", "a camera that gives no frame"])
def test_a_gap_in_which_every_frame_was_refused_is_not_the_machines(at_the_end: bool, silent: bool) -> None:
    """No word of a slow machine where a neighbour stood in the picture; but where the camera was silent as well."""
    resident = Beside(at_the_end=at_the_end)
    face = Judging(Clock(), resident)

    def faults(now_s: float) -> CameraFailure | None:
        since_s = 0.0 if resident.came_s is None else now_s - resident.came_s
        return CameraFailure.STALE if silent and 0.3 < since_s < NEIGHBOUR_S + 0.3 else None

    result = looked_by(face, faults, resident.check)
    assert resident.check.record().broken is Break.GAP
    assert face.decided == 0
    assert result == Failed(FaceFailure.TIMED_OUT if silent else Guidance.ONE_PERSON)
    asked = [movement for _, movement in resident.seen if movement is not None]
    assert bool(asked) is at_the_end


class Found(NoCheck):
    """What a method says in the end, of frames that it was shown."""

    def __init__(self, record: LivenessRecord, ends: FaceFailure | None = None) -> None:
        self._record, self._ends = record, ends
        self.shown: list[tuple[int, int]] = []

    def usable(self, frame: Frame, opening: int, /) -> FaceFailure | None:
        self.shown.append((frame.captured_monotonic_ns, opening))
        return self._ends

    def record(self) -> LivenessRecord:
        return self._record


def not_shown(broken: Break | None) -> LivenessRecord:
    return LivenessRecord(Method.PROMPT, Outcome.NOT_SHOWN, broken=broken)


@pytest.mark.parametrize(
    ("record", "failure"),
    [
        (not_shown(None), FaceFailure.MOVEMENT_NOT_SEEN),
        *(
            (not_shown(broken), FaceFailure.MOVEMENT_NOT_SEEN)
            for broken in Break
            if broken not in (Break.GAP, Break.REOPENED)
        ),
        (not_shown(Break.GAP), FaceFailure.TIMED_OUT),
        (not_shown(Break.REOPENED), FaceFailure.TIMED_OUT),
        (LivenessRecord(Method.PROMPT, Outcome.NOT_DONE), FaceFailure.MOVEMENT_DECLINED),
        (LivenessRecord(Method.INFRARED, Outcome.UNAVAILABLE), FaceFailure.LIVENESS_UNAVAILABLE),
        (LivenessRecord(Method.PROMPT, Outcome.SHOWN), None),
        (LivenessRecord(Method.INFRARED, Outcome.SHOWN), None),
        (LivenessRecord(Method.OFF, Outcome.NOT_DONE), None),
        (LivenessRecord(Method.PASSIVE, Outcome.UNAVAILABLE), None),
    ],
)
def test_nothing_is_compared_that_presence_does_not_let_pass_also_after_the_last_frame(
    record: LivenessRecord, failure: FaceFailure | None
) -> None:
    """What the last compared frame broke is known only then."""
    result, face = looked([None], check=Found(record))
    assert result == (Ok(ACCEPTED) if failure is None else Failed(failure))
    assert face.decided == (failure is None)


def test_presence_sees_every_frame_that_is_compared_and_no_other() -> None:
    check = Found(LivenessRecord(Method.PASSIVE, Outcome.NOT_DONE))
    _, face = looked([Guidance.TOO_DARK, None], check=check)
    assert [captured_ns / NS for captured_ns, _ in check.shown] == face.usable
    assert {opening for _, opening in check.shown} == {1}, "the camera's one opening"
    assert len(check.shown) == FRAMES_WANTED


def test_what_presence_cannot_look_at_any_more_ends_the_look() -> None:
    check = Found(LivenessRecord(Method.PASSIVE, Outcome.NOT_DONE), ends=FaceFailure.CRASHED)
    result, face = looked([None], check=check)
    assert result == Failed(FaceFailure.CRASHED)
    assert (len(check.shown), face.decided) == (1, 0)
