"""The staff's corner of the first screen, and a PIN that is shown by its length alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiosk.journey.events import Entered, StaffAsked
from kiosk.journey.states import State
from screens.compose.writing import CARET, MASK
from screens.scene import Words
from screens.session import STAFF_HOLD_S
from tests.screens.gallery import all_views
from tests.screens.hand import IDLE, Hand

VIEWS = all_views("zh", elder=False)


def corner_of(hand: Hand) -> tuple[float, float]:
    corner = hand.scene.staff_corner
    assert corner is not None
    return corner.middle


def test_a_long_hold_of_the_corner_asks_for_the_staff_once() -> None:
    hand = Hand(VIEWS["01_attract"])
    touch = hand.down(*corner_of(hand))
    hand.now_s += STAFF_HOLD_S - 0.01
    hand.session.tick(hand.now_s)
    assert hand.sent == []
    hand.now_s += 0.01
    hand.session.tick(hand.now_s)
    hand.session.tick(hand.now_s + STAFF_HOLD_S)
    hand.up(touch, *corner_of(hand))
    assert hand.sent == [StaffAsked()]


@pytest.mark.parametrize("how", ["lifted", "slid away", "beside", "new screen"])
def test_a_hold_that_was_not_one_asks_for_nothing(how: str) -> None:
    hand = Hand(VIEWS["01_attract"])
    x, y = corner_of(hand)
    touch = hand.down(x + (400 if how == "beside" else 0), y)
    match how:
        case "lifted":
            hand.up(touch, x, y)
        case "slid away":
            hand.move(touch, y + 300, x)
            hand.move(touch, y, x)
        case "new screen":
            hand.change(VIEWS["02_home"])
        case _:
            pass
    hand.session.tick(hand.now_s + STAFF_HOLD_S)
    assert hand.sent == []


def test_the_corner_is_on_the_bare_first_screen_alone() -> None:
    asking = {name for name, view in VIEWS.items() if Hand(view).scene.staff_corner is not None}
    assert asking == {name for name, v in VIEWS.items() if v.state is State.ATTRACT and v.dialog is None}
    under = Hand(replace(VIEWS["01_attract"], dialog=IDLE))
    assert under.scene.staff_corner is None


def test_a_pin_is_shown_by_its_length_alone() -> None:
    hand = Hand(VIEWS["staff_door_shut"])
    hand.press("field:pin")
    hand.type("text:2", "text:7", "text:1", "text:8")
    shown = [
        line
        for layer in hand.scene.layers
        for item in layer.items
        if isinstance(item, Words)
        for line in item.lines
    ]
    assert [line for line in shown if MASK in line] == [MASK * 4 + CARET]
    assert not [line for line in shown if "271" in line]
    hand.type("done")
    assert hand.sent == [Entered("pin", "2718")]
