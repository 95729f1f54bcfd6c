"""F02: no face, two faces, a bystander, a face half outside: boxes as a detector gives them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.face.contract import Guidance
from drivers.face.detector import Face
from drivers.face.quality import Gate, choose


def scene() -> NDArray[np.uint8]:
    noise = np.random.default_rng(3).integers(0, 256, (480, 640, 3))
    return np.asarray(noise, np.uint8)


def face(left: int, top: int, right: int, bottom: int) -> Face:
    """The box, and the five points where they lie in a face that looks here."""
    size = right - left
    shares = np.array([(0.75, 0.35), (0.61, 0.35), (0.25, 0.35), (0.39, 0.35), (0.5, 0.62)])
    return Face((left, top, right, bottom), np.array((left, top)) + shares * size, None)


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Without models: boxes decide."""
    return Gate(tmp_path)


def test_nobody(gate: Gate) -> None:
    assert gate.judge(scene(), []) is Guidance.NO_FACE
    assert gate.judge(np.zeros((480, 640, 3), np.uint8), []) is Guidance.TOO_DARK


def test_a_small_bystander_is_not_the_resident() -> None:
    resident, bystander = face(210, 110, 420, 320), face(510, 60, 600, 150)
    assert choose(scene(), [resident, bystander]) is resident


def test_two_comparable_people_are_never_compared(gate: Gate) -> None:
    for pair in (
        [face(90, 120, 300, 330), face(330, 120, 530, 320)],
        [face(90, 120, 300, 330), face(330, 120, 480, 270)],  # just over half
    ):
        assert gate.judge(scene(), pair) is Guidance.ONE_PERSON


def test_far_away_and_low(gate: Gate) -> None:
    assert gate.judge(scene(), [face(280, 190, 325, 235)]) is Guidance.COME_CLOSER
    assert gate.judge(scene(), [face(300, 385, 395, 475)]) is Guidance.COME_CLOSER


def test_a_face_that_is_partly_outside_is_clipped(gate: Gate) -> None:
    """A tenth outside is nothing that the resident must mend; a quarter is, and no picture is an error."""
    words = {limit for limit in Guidance if limit is not Guidance.TO_THE_MIDDLE}
    little = gate.judge(scene(), [face(215, -25, 420, 180)])
    assert isinstance(little, Face) or little in words - {Guidance.NO_FACE, Guidance.COME_CLOSER}
    assert gate.judge(scene(), [face(215, -55, 420, 150)]) is Guidance.TO_THE_MIDDLE
    assert gate.judge(scene(), [face(-300, -300, -50, -50)]) is Guidance.NO_FACE
