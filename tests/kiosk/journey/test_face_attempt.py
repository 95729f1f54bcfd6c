"""One attempt before the camera: what the resident is told meanwhile, and how it ends."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from threading import Event
from typing import Any

import numpy as np

from drivers.camera.contract import Frame
from drivers.contract import Failed, Ok
from drivers.face.contract import Comparison, FaceFailure, Guidance, Score
from drivers.face.liveness.checks import NoCheck
from kiosk.journey.face_attempt import ATTEMPT_S, attempt
from kiosk.journey.steady import POINT_S

EXAMINED_S = 0.25
ACCEPTED = Comparison(accepted=True, scores=(Score("dlib", 0.4, 0.6),), calibration_id="c", frames_used=3)


class Camera:
    """Always another frame."""

    def __init__(self) -> None:
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
        return Ok(Frame(np.zeros((4, 4, 3), np.uint8), self.sequence, self.sequence))

    def stop(self) -> None:
        self.is_open = False


class Face:
    """Says what the test tells it to, frame by frame, the last for ever; each frame takes its time."""

    def __init__(self, answers: Sequence[Guidance | None]) -> None:
        self.answers = list(answers)
        self.now_s = 0.0
        self.examined = 0
        self.meanwhile: Callable[[], None] = lambda: None
        """What happens while the card's photo is looked at."""

    def set_reference(self, picture: bytes) -> Ok[None] | Failed[Guidance]:
        self.meanwhile()
        return Ok(None) if picture else Failed(Guidance.NO_FACE)

    def examine(self, _frame: Frame) -> Ok[None] | Failed[Guidance]:
        self.now_s += EXAMINED_S
        self.examined += 1
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return Ok(None) if answer is None else Failed(answer)

    def decide(self) -> Ok[Comparison]:
        return Ok(ACCEPTED)


def made(
    answers: Sequence[Guidance | None],
    picture: bytes = b"card",
    *,
    leaves: str = "",
) -> tuple[Any, list[Any], Camera, Face]:
    """`leaves`: the resident goes while the card's photo is looked at, or while the camera opens."""
    camera, face, told, cancel = Camera(), Face(answers), [], Event()
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
        NoCheck(),
        lambda: face.now_s,
    )
    return result, told, camera, face


def test_a_frame_that_stays_unusable_ends_with_its_words_and_points_elsewhere_before() -> None:
    result, told, camera, face = made([Guidance.FACE_COVERED])
    assert result == Failed(Guidance.FACE_COVERED)
    assert told == [(Guidance.FACE_COVERED, False), (Guidance.FACE_COVERED, True)]
    assert POINT_S < ATTEMPT_S <= face.now_s < ATTEMPT_S + 1
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
    assert (told, camera.open_count, camera.is_open, camera.sequence, face.examined) == ([], 1, False, 0, 0)
