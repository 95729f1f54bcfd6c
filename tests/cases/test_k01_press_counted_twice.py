"""Case K01: one finger that two providers tell, and an impatient one, act once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from screens.providers import ECHO_S, OneProvider
from tests.groups import ONE_PROBE
from tests.screens.probing import probe

pytestmark = [pytest.mark.window, pytest.mark.xdist_group(ONE_PROBE)]
SUBMIT = ["Pressed(action='submit')"]


@pytest.fixture(scope="module", params=["shipped", "two"])
def found(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """With the shipped Kivy settings and a second device beside them; and with two providers in them."""
    words = ["k01"] if request.param == "shipped" else ["k01", "two"]
    log: Path = tmp_path_factory.mktemp("display") / "display.log"
    return {"two": request.param == "two"} | probe("tests.screens.touch_probe", *words, log=log)


def test_one_finger_told_by_two_providers_is_one_press_and_one_character(found: dict[str, Any]) -> None:
    assert found["one finger, two providers"] == SUBMIT
    assert found["letters on the keyboard"] == "q"


def test_three_quick_taps_submit_once(found: dict[str, Any]) -> None:
    assert found["three quick taps"] == SUBMIT


def test_one_provider_is_shipped_and_a_second_one_is_told_once_with_both_names(found: dict[str, Any]) -> None:
    if found["two"]:
        assert found["providers"] == ["mouse", "mouse2"]
        assert found["told"] == [["mouse", "mouse2"]]  # at the start, before any finger
    else:
        assert found["providers"] == ["mouse"]
        assert found["told"] == [["event2", "mouse"]]  # by the finger that came twice
    assert found["told in all"] == ["TwoTouchProviders"]


def test_another_device_counts_again_when_the_first_has_rested() -> None:
    one = OneProvider()
    assert one.counts("mouse", 10.0)
    one.seen("mouse", 10.4)
    assert not one.counts("event2", 10.4 + ECHO_S - 0.01)
    one.seen("event2", 20.0)  # the echo's lifting does not make it the one
    assert one.counts("event2", 10.4 + ECHO_S)
    assert not one.counts("mouse", 10.5 + ECHO_S)
    assert one.doubled == {"mouse", "event2"}
