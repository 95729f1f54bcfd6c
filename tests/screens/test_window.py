"""What only a real window can show: pictures, textures, and what is left of a visit in them."""

from __future__ import annotations

from typing import Any

import pytest

from tests.screens.probing import probe

pytestmark = pytest.mark.window


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return probe("tests.screens.window_probe", log=tmp_path_factory.mktemp("display") / "display.log")


def test_the_live_picture_does_not_blink_when_the_screen_is_drawn_again(found: dict[str, Any]) -> None:
    assert found["preview runs on the face screen"]
    assert found["live picture right after a redraw"] == 1.0


def test_a_photo_that_is_taken_again_replaces_the_first(found: dict[str, Any]) -> None:
    assert found["photo of grey 40"] == pytest.approx(40, abs=3)
    assert found["photo of grey 200"] == pytest.approx(200, abs=3)


def test_nothing_of_a_visit_is_left_in_the_window(found: dict[str, Any]) -> None:
    assert found["name while it is shown"] == ["textures", "view", "widths"]  # the control
    assert found["name afterwards"] == []
    assert found["pictures afterwards"] == [False, False, False, False]


def test_what_a_finger_holds_stays_dark_when_the_screen_is_drawn_again(found: dict[str, Any]) -> None:
    assert found["pressed shade"] > 0
    assert found["pressed shade after a redraw"] == found["pressed shade"]
    assert found["sent"] == ["Touched", "Pressed"]
