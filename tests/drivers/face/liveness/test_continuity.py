from __future__ import annotations

from dataclasses import replace

import pytest

from drivers.camera.contract import Frame
from drivers.face.liveness.continuity import Chain
from drivers.face.liveness.contract import Break, Seen, Sighting
from tests.drivers.face.liveness.sights import STRAIGHT, frame


def fed(*frames: Frame) -> Break | None:
    chain = Chain()
    for one in frames:
        chain.frame(one, 7)
    return chain.broken


def test_an_unbroken_look_is_unbroken() -> None:
    assert fed(*(frame(number) for number in range(1, 40))) is None
    assert fed(frame(1, 0.0), frame(2, 2.9)) is None


@pytest.mark.parametrize(
    ("second", "why"),
    [
        (frame(1, 0.5, value=9), Break.BACKWARDS),
        (frame(3, 0.1, value=9), Break.BACKWARDS),
        (frame(3, 3.3), Break.GAP),
        (frame(3, 0.5, value=1), Break.REPEATED),
    ],
    ids=["number", "time", "gap", "repeated"],
)
def test_what_breaks_it(second: Frame, why: Break) -> None:
    assert fed(frame(1), second) is why


def test_a_picture_that_came_long_before_is_a_repeated_one() -> None:
    """A loop of pictures, each unlike its neighbours."""
    assert fed(*(frame(number, value=number % 5) for number in range(1, 8))) is Break.REPEATED


def test_a_camera_that_was_opened_again_is_not_the_same_look() -> None:
    chain = Chain()
    chain.frame(frame(1), 7)
    assert chain.broken is None
    chain.frame(frame(2), 8)
    assert chain.broken is Break.REOPENED


def sighted(*sightings: tuple[Sighting, float, bool]) -> Break | None:
    chain = Chain()
    for number, (sighting, at_s, same) in enumerate(sightings, 1):
        one = frame(number, at_s)
        chain.frame(one, 1)
        chain.sighting(Seen(sighting, same), one.captured_monotonic_ns)
    return chain.broken


FAR = replace(STRAIGHT, x=0.8)
LARGE = replace(STRAIGHT, size=0.2)


@pytest.mark.parametrize("there", [FAR, LARGE], ids=["place", "size"])
def test_a_face_that_is_elsewhere_at_once_jumped_and_later_did_not(there: Sighting) -> None:
    assert sighted((STRAIGHT, 0.0, True), (there, 0.1, True)) is Break.JUMP
    assert sighted((STRAIGHT, 0.0, True), (there, 1.5, True)) is None


def test_another_person_breaks_it_and_the_first_break_is_kept() -> None:
    assert sighted((STRAIGHT, 0.0, True), (STRAIGHT, 0.1, False)) is Break.OTHER_PERSON
    assert sighted((STRAIGHT, 0.0, True), (FAR, 0.1, True), (STRAIGHT, 0.2, False)) is Break.JUMP
