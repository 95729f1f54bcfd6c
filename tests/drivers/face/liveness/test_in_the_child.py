"""A sighting through the verifier's real child: whose face it is, is judged by the signed calibration alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.camera.contract import Frame
from drivers.camera.simulated_motion import MOVEMENTS, head
from drivers.contract import DeviceState, Failed, Ok
from drivers.face.contract import FaceFailure, Guidance
from drivers.face.liveness.checks import PromptCheck
from drivers.face.liveness.continuity import NS
from drivers.face.liveness.contract import Break, Outcome, Prompt
from drivers.face.verifier import ProcessFaceVerifier
from tests.drivers.face.calibrations import signed
from tests.drivers.face.liveness.sights import Order
from tests.drivers.face.liveness.test_heads_and_prints import BOX
from tests.drivers.face.portraits import card_photo, frame, live, two
from tests.drivers.face.test_verifier import built
from tests.drivers.waiting import wait_until


@pytest.fixture(scope="module")
def verifier(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ProcessFaceVerifier]:
    made = built(tmp_path_factory.mktemp("calibration"))
    assert wait_until(lambda: made.probe().state is DeviceState.READY)
    yield made
    made.close()


def same(verifier: ProcessFaceVerifier, name: str, number: int) -> bool:
    seen = verifier.sight(frame(live(name, 180 - number), number))  # a camera gives no picture twice
    assert isinstance(seen, Ok)
    return seen.value.same_person


def test_who_is_seen_is_held_against_the_frame_that_is_compared(verifier: ProcessFaceVerifier) -> None:
    assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
    assert verifier.examine(frame(live("obama2.jpg"), 1)) == Ok(None)
    assert same(verifier, "obama2.jpg", 2)
    assert not same(verifier, "biden.jpg", 3)
    assert same(verifier, "obama2.jpg", 4), "the compared frame is still there"


def test_a_swap_between_movement_and_comparison_breaks_the_look(verifier: ProcessFaceVerifier) -> None:
    """Somebody holds the right photograph up for the comparison and makes the movements himself."""
    assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
    check = PromptCheck(verifier)
    check.begin(again=False)
    assert verifier.examine(frame(live("obama2.jpg"), 1)) == Ok(None)
    assert check.usable(frame(live("obama2.jpg"), 1), 1) is None
    assert check.record().broken is None
    check.watch(frame(live("biden.jpg"), 2), 1)
    assert check.record().broken is Break.OTHER_PERSON
    assert not check.record().lets_pass


class Look:
    """Frames a tenth of a second apart, each another picture, before a check whose eyes are the real child."""

    def __init__(self, verifier: ProcessFaceVerifier) -> None:
        assert verifier.set_reference(card_photo("obama.jpg")) == Ok(None)
        self.verifier, self.number = verifier, 0
        self.check = PromptCheck(verifier, chance=lambda: Order(Prompt.TURN_LEFT, Prompt.LOOK_UP))

    def next(self, pixels: NDArray[np.uint8]) -> Frame:
        self.number += 1
        pixels = pixels.copy()
        pixels[0, self.number] ^= 255
        return Frame(pixels, self.number, self.number * NS // 10)

    def compare(self, name: str) -> None:
        shown = self.next(live(name, 200))
        assert self.verifier.examine(shown) == Ok(None)
        assert self.check.usable(shown, 1) is None

    def move(self, name: str) -> None:
        """Whatever is asked, by the head on this portrait, and back."""
        prompt = self.check.asks
        assert prompt is not None
        for share in (0.0, 0.0, 0.5, 1.0, 1.0, 1.0):
            bent = head(live(name, 200), BOX, MOVEMENTS[prompt.value].part(share))
            self.check.watch(self.next(bent), 1)
        assert self.check.asks is not prompt, "it was shown"


@pytest.mark.parametrize(("last", "broken"), [("obama2.jpg", None), ("biden.jpg", Break.OTHER_PERSON)])
def test_who_takes_the_place_of_the_one_who_moved_for_the_last_compared_frame_is_seen(
    verifier: ProcessFaceVerifier, last: str, broken: Break | None
) -> None:
    look = Look(verifier)
    look.compare("obama2.jpg")
    look.compare("obama2.jpg")
    look.move("obama2.jpg")
    look.move("obama2.jpg")
    assert look.check.finished
    look.check.watch(look.next(live("obama2.jpg", 196)), 1)
    assert look.check.record().outcome is Outcome.SHOWN
    look.compare(last)
    assert look.check.record().broken is broken
    assert look.check.record().lets_pass is (broken is None)
    decided = verifier.decide()
    assert isinstance(decided, Ok)
    assert decided.value.frames_used == 3
    assert decided.value.accepted is (broken is None), "and by itself the frame does not match"


def test_words_that_help_and_no_sight_without_a_calibration(
    verifier: ProcessFaceVerifier, tmp_path: Path
) -> None:
    assert verifier.sight(frame(two("obama2.jpg", "biden.jpg", 150))) == Failed(Guidance.ONE_PERSON)
    file, key = signed(tmp_path)
    file.unlink()
    blind = ProcessFaceVerifier(tmp_path, file, key)
    try:
        assert blind.sight(frame(live("obama.jpg"))) == Failed(FaceFailure.UNCALIBRATED)
    finally:
        blind.close()


def test_the_passive_number_comes_only_when_it_is_asked_for(verifier: ProcessFaceVerifier) -> None:
    without = verifier.sight(frame(live("obama.jpg"), 1))
    asked = verifier.sight(frame(live("obama.jpg"), 2), passive=True)
    assert isinstance(without, Ok)
    assert isinstance(asked, Ok)
    assert without.value.sighting.passive is None
    assert asked.value.sighting.passive is not None
