"""One attempt before the camera: what the resident is told meanwhile, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from threading import Event
from typing import Any

import numpy as np

from drivers.camera.contract import Frame
from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, FaceFailure, Guidance, Score
from drivers.face.liveness.checks import NoCheck, PromptCheck
from drivers.face.liveness.contract import LivenessCheck, Prompt, Seen
from kiosk.journey.face_attempt import ATTEMPT_S, NS, RETURN_S, SPACED_S, attempt
from kiosk.journey.steady import POINT_S
from tests.drivers.face.liveness.sights import SHOWING, STRAIGHT, Order

EXAMINED_S, FRAME_S = 0.25, 1 / 30
ACCEPTED = Comparison(accepted=True, scores=(Score("dlib", 0.4, 0.6),), calibration_id="c", frames_used=3)


class Clock:
    now_s = 0.0


class Camera:
    """Another frame every `FRAME_S`, each another picture."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.sequence = 0
        self.open_count = 0
        self.is_open = False
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while it opens."""

    def open(self) -> Ok[None]:
        self.meanwhile()
        self.open_count += 1
        self.is_open = True
        return Ok(None)

    def latest(self) -> Ok[Frame]:
        self.sequence += 1
        self.clock.now_s += FRAME_S
        captured_ns = round(self.clock.now_s * NS)
        pixels = np.frombuffer(self.sequence.to_bytes(48), np.uint8).reshape(4, 4, 3)
        return Ok(Frame(pixels, self.sequence, captured_ns))

    def stop(self) -> None:
        self.is_open = False


class Face:
    """Says what the test tells it to, frame by frame, the last for ever; each frame takes its time."""

    def __init__(self, answers: Sequence[Guidance | None], clock: Clock) -> None:
        self.answers = list(answers)
        self.clock = clock
        self.examined: list[float] = []
        """When each frame that was looked at was captured."""
        self.usable: list[float] = []
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while the card's photo is looked at."""

    def set_reference(self, picture: bytes) -> Ok[None] | Failed[Guidance]:
        self.meanwhile()
        return Ok(None) if picture else Failed(Guidance.NO_FACE)

    def examine(self, frame: Frame) -> Ok[None] | Failed[Guidance]:
        self.clock.now_s += EXAMINED_S
        self.examined.append(frame.captured_monotonic_ns / NS)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if answer is not None:
            return Failed(answer)
        self.usable.append(frame.captured_monotonic_ns / NS)
        return Ok(None)

    def decide(self) -> Ok[Comparison]:
        return Ok(ACCEPTED)


def made(
    answers: Sequence[Guidance | None],
    picture: bytes = b"card",
    *,
    leaves: str = "",
    check: LivenessCheck | None = None,
) -> tuple[Any, list[Any], Camera, Face]:
    """`leaves`: the resident goes while the card's photo is looked at, or while the camera opens."""
    clock, told, cancel = Clock(), [], Event()
    camera, face = Camera(clock), Face(answers, clock)
    if leaves == "photo":
        face.meanwhile = cancel.set
    elif leaves == "opening":
        camera.meanwhile = cancel.set
    result = attempt(
        camera,  # type: ignore[arg-type]
        face,  # type: ignore[arg-type]
        picture,
        cancel,
        lambda words, points, _prompt: told.append((words, points)),
        check or NoCheck(),
        lambda: clock.now_s,
    )
    return result, told, camera, face


def test_a_frame_that_stays_unusable_ends_with_its_words_and_points_elsewhere_before() -> None:
    result, told, camera, face = made([Guidance.FACE_COVERED])
    assert result == Failed(Guidance.FACE_COVERED)
    assert told == [(Guidance.FACE_COVERED, False), (Guidance.FACE_COVERED, True)]
    assert POINT_S < ATTEMPT_S <= face.clock.now_s < ATTEMPT_S + 1
    assert not camera.is_open


def test_words_are_said_once_and_a_good_face_is_told_so() -> None:
    result, told, _, _ = made([Guidance.TOO_DARK] * 8 + [None])
    assert result == Ok(ACCEPTED)
    assert told == [(Guidance.TOO_DARK, False), (None, False)]


def test_two_defects_that_take_turns_are_one_request() -> None:
    _, told, _, _ = made([Guidance.GLARE, Guidance.HOLD_STILL] * 200)
    assert [words for words, _ in told] == [Guidance.GLARE, Guidance.GLARE]


def test_a_card_photo_without_a_face_leaves_the_camera_shut() -> None:
    result, told, camera, _ = made([None], b"")
    assert result == Failed(FaceFailure.NO_REFERENCE)
    assert (told, camera.sequence) == ([], 0)


def test_who_left_while_the_card_photo_was_looked_at_finds_the_camera_shut() -> None:
    result, told, camera, _ = made([None], leaves="photo")
    assert result is None
    assert (told, camera.open_count, camera.sequence) == ([], 0, 0)


def test_who_left_while_the_camera_opened_is_not_looked_at_and_it_is_shut_again() -> None:
    result, told, camera, face = made([None], leaves="opening")
    assert result is None
    assert (told, camera.open_count, camera.is_open, camera.sequence, face.examined) == ([], 1, False, 0, [])


def test_compared_frames_lie_apart_and_three_of_them_fit_into_the_time_of_a_decision() -> None:
    """The camera has a new frame 30 times a second, and none is compared that is the last one's neighbour."""
    result, _, _, face = made([None])
    assert result == Ok(ACCEPTED)
    first, second, third = face.usable
    for before, after in ((first, second), (second, third)):
        assert SPACED_S <= after - before < SPACED_S + EXAMINED_S + FRAME_S
    assert third - first < 1.0
    assert face.clock.now_s - first < 1.5


def test_an_unusable_frame_is_followed_by_the_next_one_at_once() -> None:
    """Only compared frames have to lie apart: nobody is guided more slowly for it."""
    _, _, _, face = made([Guidance.TOO_DARK] * 4 + [None])
    dark = face.examined[:5]
    assert all(after - before <= EXAMINED_S + 2 * FRAME_S for before, after in pairwise(dark))


class Resident:
    """Implements `Eyes`: stands straight, makes each movement that is asked, and comes back."""

    def __init__(self) -> None:
        self.check = PromptCheck(self, prompt_s=40.0, chance=lambda: Order(Prompt.TURN_LEFT, Prompt.LOOK_UP))
        self.sightings_first = 3
        """How often a movement is asked in vain before it is made."""
        self.seen: list[tuple[float, Prompt | None]] = []
        """When a frame was captured, and which movement was asked then."""
        self.replaced_at_s = ATTEMPT_S
        """Somebody else stands there from so long after the last movement on."""

    def sight(self, frame: Frame, *, passive: bool = False) -> Ok[Seen]:
        del passive
        at_s, asked = frame.captured_monotonic_ns / NS, self.check.asks
        self.seen.append((at_s, asked))
        if asked is None:
            return Ok(Seen(STRAIGHT, at_s - self.moved_at_s < self.replaced_at_s))
        times = sum(before is asked for _, before in self.seen)
        return Ok(Seen(SHOWING[asked] if times > self.sightings_first else STRAIGHT, same_person=True))

    @property
    def moved_at_s(self) -> float:
        return max((at_s for at_s, asked in self.seen if asked is not None), default=0.0)


def test_after_the_movements_the_head_may_come_back_before_the_frame_that_has_to_match_by_itself() -> None:
    resident = Resident()
    result, told, _, face = made([None], check=resident.check)
    assert result == Ok(ACCEPTED)
    assert len(face.usable) == 3
    assert RETURN_S <= face.usable[2] - resident.moved_at_s < RETURN_S + 2 * FRAME_S
    followed = [at_s for at_s, _ in resident.seen if resident.moved_at_s < at_s < face.usable[2]]
    assert len(followed) > 20, "who stands there is looked at on the way back too"
    assert told[-1] == (Guidance.LOOK_HERE, False), "and told where to look"


def test_who_takes_anothers_place_after_the_movements_is_not_compared() -> None:
    resident = Resident()
    resident.replaced_at_s = 0.5
    result, _, camera, face = made([None], check=resident.check)
    assert result == Failed(FaceFailure.MOVEMENT_NOT_SEEN)
    assert len(face.usable) == 2
    assert not camera.is_open


def test_the_longest_look_follows_from_the_movements_and_their_time() -> None:
    """Both movements late, and each within its 40 s: nobody is told after a minute that nothing was seen."""
    resident = Resident()
    resident.sightings_first = round(35 / FRAME_S)
    result, _, _, face = made([None], check=resident.check)
    assert result == Ok(ACCEPTED)
    assert resident.moved_at_s > 2 * 35
    assert len(face.usable) == 3


class Endless(NoCheck):
    """Asks one movement for ever."""

    asks: Prompt | None = Prompt.TURN_LEFT
    finished = False
    moving_s = 30.0


def test_a_look_ends_also_where_a_movement_does_not() -> None:
    result, _, camera, face = made([None], check=Endless())
    assert result == Failed(Guidance.NO_FACE)
    assert 0 <= face.clock.now_s - (2 * ATTEMPT_S + 30.0) < 2 * FRAME_S
    assert not camera.is_open


def test_a_last_frame_of_somebody_else_is_seen_when_it_is_compared() -> None:
    """It passes the quality gate, and nothing was wrong until then."""
    resident = Resident()
    resident.replaced_at_s = RETURN_S
    result, _, camera, face = made([None], check=resident.check)
    assert len(face.usable) == 3
    assert result == Failed(FaceFailure.MOVEMENT_NOT_SEEN)
    assert not camera.is_open
