"""Taking the card back: seen where the reader can see it, asked where it cannot (design 11.2)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from drivers.contract import DeviceState, DeviceStatus
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.hands import DeviceHands
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.table import step
from kiosk.journey.view import action
from tests.drivers.waiting import wait_until
from tests.kiosk.journey.test_hands import Answers, built
from tests.kiosk.journey.visits import visit, world


class Pad:
    """A reader whose pad can be looked at; it counts the looks."""

    def __init__(self, *, can_detect_removal: bool) -> None:
        self.can_detect_removal = can_detect_removal
        self.present: bool | None = True
        self.looks = 0

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.READY)

    def card_present(self) -> bool | None:
        self.looks += 1
        return self.present


@pytest.mark.parametrize("seen", [True, False])
def test_the_screen_asks_only_where_the_reader_does_not_see_it(seen: bool) -> None:
    here = replace(world(), removal_is_seen=seen)
    asked = action(present(visit(State.TAKE_CARD), here), "card_taken")
    assert (asked is None) is seen


@pytest.mark.parametrize("event", [ev.CardRemoved(), ev.Pressed("card_taken")])
def test_both_ways_lead_on(event: ev.Event) -> None:
    assert step(visit(State.TAKE_CARD), event, world())[0].state is not State.TAKE_CARD


def watched(pad: Any) -> tuple[DeviceHands, Answers]:
    answers = Answers()
    hands = built(answers, pad)
    hands.do(fx.WatchRemoval(), visit(State.TAKE_CARD))
    return hands, answers


def test_a_reader_that_sees_it_is_watched_until_the_card_is_gone() -> None:
    pad = Pad(can_detect_removal=True)
    hands, answers = watched(pad)
    try:
        assert wait_until(lambda: pad.looks > 0)
        assert answers.came == []
        pad.present = None  # not known: no card was seen to leave
        looks = pad.looks
        assert wait_until(lambda: pad.looks > looks + 1)
        assert answers.came == []
        pad.present = False
        assert wait_until(lambda: answers.came == [("v1", ev.CardRemoved())])
    finally:
        hands.close()


def test_a_reader_that_does_not_see_it_is_not_even_asked() -> None:
    pad = Pad(can_detect_removal=False)
    pad.present = False
    hands, answers = watched(pad)
    try:
        assert wait_until(lambda: hands.lanes.card.idle)
        assert (pad.looks, answers.came) == (0, [])
    finally:
        hands.close()
