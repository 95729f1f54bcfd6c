"""What is told of the terminal itself: one line each, by counts and names of a closed set."""

from __future__ import annotations

import logging

import pytest

from kiosk.events import (
    KEYBOARD_SHOWN_S,
    Noticed,
    StaffDid,
    StaffTried,
    TwoTouchProviders,
    UnexpectedKeyboard,
)
from kiosk.health import CAUSES
from kiosk.staff.answers import DoorAnswer, StaffAction


def test_each_event_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture) -> None:
    noticed = Noticed()
    with caplog.at_level(logging.INFO):
        noticed.tell(UnexpectedKeyboard(2000))
        noticed.tell(TwoTouchProviders(("mouse", "event2")))
        noticed.tell(StaffTried(DoorAnswer.WRONG, 5, 60))
        noticed.tell(StaffDid(StaffAction.EXIT))
    assert [record.getMessage() for record in caplog.records] == [
        "event UnexpectedKeyboard keys=2000",
        "event TwoTouchProviders devices=('mouse', 'event2')",
        "event StaffTried answer=wrong failed=5 locked_s=60",
        "event StaffDid action=exit failure=None",
    ]


def test_the_health_tells_two_providers_until_the_end_and_a_keyboard_for_an_hour() -> None:
    now_s = 100.0
    noticed = Noticed(lambda: now_s)
    assert noticed.causes() == []
    noticed.tell(UnexpectedKeyboard(1))
    noticed.tell(TwoTouchProviders(("mouse", "event2")))
    assert noticed.causes() == ["touch.two_providers", "keyboard.unexpected"]
    assert set(noticed.causes()) <= set(CAUSES)
    now_s += KEYBOARD_SHOWN_S
    assert noticed.causes() == ["touch.two_providers"]
