"""Who stands before the camera of an assembled terminal: one person, two, or one and a passer-by."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.drivers.face.portraits import two
from tests.groups import FACES
from tests.kiosk.terminal.hall import PENSION, Hall, hall

pytestmark = [pytest.mark.xdist_group(FACES), pytest.mark.usefixtures("unhurried_camera")]


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Hall]:
    # Drawn scenes do not move.
    with hall(tmp_path, settings={("face", "liveness"): "off"}) as made:
        yield made


def png(pixels: NDArray[np.uint8]) -> bytes:
    return cv2.imencode(".png", pixels)[1].tobytes()


def to_the_camera(running: Hall, pixels: NDArray[np.uint8]) -> None:
    running.village.camera.show(png(pixels))
    running.press("begin", f"service:{PENSION}", "next", "face")
    running.village.put_card("zhou")


def test_two_comparable_people_are_asked_to_be_one_and_then_it_goes_on(running: Hall) -> None:
    to_the_camera(running, two("obama2.jpg", "biden.jpg", 150))
    running.play(screen_has=["镜头前请只留一个人"], wait_state="face")
    running.village.show_face("zhou_today")
    running.play(wait_state="form")


def test_a_clearly_smaller_passer_by_is_ignored(running: Hall) -> None:
    said: list[str] = []
    running.terminal.subscribe(lambda: said.append(running.words))
    to_the_camera(running, two("obama2.jpg", "biden.jpg", 100))
    running.play(wait_state="form")
    assert any("请看镜头" in words for words in said)
    assert not any("请只留一个人" in words for words in said)
