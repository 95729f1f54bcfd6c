"""F02: no face, two faces, a bystander, a face half outside: boxes as a detector gives them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers.face.contract import Guidance
from drivers.face.detector import Face
from drivers.face.quality import judge


def scene() -> NDArray[np.uint8]:
    """Well lit and sharp everywhere, so that only the boxes decide."""
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3))
    return np.asarray(noise, np.uint8)


def face(left: int, top: int, right: int, bottom: int) -> Face:
    return Face((left, top, right, bottom), np.zeros((5, 2)), None)


def test_nobody() -> None:
    assert judge(scene(), []) is Guidance.NO_FACE


def test_a_small_bystander_is_not_the_resident() -> None:
    resident, bystander = face(210, 110, 420, 320), face(510, 60, 600, 150)
    assert judge(scene(), [resident, bystander]) is resident


def test_two_comparable_people_are_never_compared() -> None:
    assert judge(scene(), [face(90, 120, 300, 330), face(330, 120, 530, 320)]) is Guidance.ONE_PERSON
    just_over_half = face(330, 120, 480, 270)
    assert judge(scene(), [face(90, 120, 300, 330), just_over_half]) is Guidance.ONE_PERSON


def test_far_away_and_low() -> None:
    assert judge(scene(), [face(280, 190, 325, 235)]) is Guidance.COME_CLOSER
    assert judge(scene(), [face(300, 385, 395, 475)]) is Guidance.COME_CLOSER


def test_a_face_that_is_partly_outside_is_clipped() -> None:
    partly = face(215, -25, 420, 180)
    assert judge(scene(), [partly]) is partly
    assert judge(scene(), [face(-300, -300, -50, -50)]) is Guidance.NO_FACE
