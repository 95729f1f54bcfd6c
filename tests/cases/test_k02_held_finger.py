"""Case K02: a finger held while a dialog opens or the visit ends does nothing, and nothing stays dark."""

from __future__ import annotations

from typing import Any

import pytest

from screens.press import LET_GO_S, TAKE_OVER_S
from tests.groups import ONE_PROBE
from tests.screens.gallery import all_views
from tests.screens.hand import Hand
from tests.screens.probing import probe

pytestmark = pytest.mark.xdist_group(ONE_PROBE)
REVIEW = all_views("zh", elder=False)["20_review"]


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return probe("tests.screens.touch_probe", "k02", log=tmp_path_factory.mktemp("display") / "display.log")


@pytest.mark.window
def test_a_finger_from_before_the_dialog_does_nothing(found: dict[str, Any]) -> None:
    assert (found["A is held"], found["A is drawn dark"]) == ("action:submit", True)  # the control
    assert found["after A"] == []


@pytest.mark.window
def test_a_tap_beside_the_dialog_does_nothing_and_leaves_it(found: dict[str, Any]) -> None:
    assert found["after B"] == []
    assert found["dialog stands after B"]


@pytest.mark.window
def test_a_finger_from_before_the_end_reaches_nobody(found: dict[str, Any]) -> None:
    assert found["C is held"] == "key:q"  # the control
    assert found["after C"] == []
    assert found["drawn dark after C"] == 0
    assert found["the next resident's field"] == ""


@pytest.mark.window
def test_a_lifting_that_was_lost_blocks_the_next_finger_for_a_second_at_most(found: dict[str, Any]) -> None:
    assert found["after a lost lifting"] == ["Pressed(action='help')"]


def test_a_lost_lifting_gives_way_and_is_dark_no_longer() -> None:
    hand = Hand(REVIEW)
    lost = hand.down(*hand.at("action:submit"))
    hand.now_s += TAKE_OVER_S - 0.01
    assert hand.tap("action:help") == []
    hand.now_s += LET_GO_S - TAKE_OVER_S
    hand.session.tick(hand.now_s)
    before = hand.session.held
    hand.now_s += 0.01
    hand.session.tick(hand.now_s)
    assert (before, hand.session.held) == ("action:submit", None)
    assert hand.session.take_changed()
    hand.up(lost, *hand.at("action:submit"))
    assert hand.sent == []


def test_only_one_of_two_fingers_acts_when_the_first_was_not_lost_after_all() -> None:
    hand = Hand(REVIEW)
    first = hand.down(*hand.at("action:submit"))
    hand.now_s += TAKE_OVER_S
    assert len(hand.tap("action:help")) == 1
    hand.up(first, *hand.at("action:submit"))
    assert len(hand.sent) == 1


def test_a_drag_whose_end_was_lost_gives_way_too() -> None:
    hand = Hand(all_views("zh", elder=False)["review_full"])
    hand.down(500, 900, "lost")
    hand.now_s += TAKE_OVER_S
    hand.down(500, 900, "next")
    assert hand.move("next", 700)
