"""Whole visits in the real window, by real pointer input, online and offline (issue: first resident)."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.bench.people import HELPERS, PEOPLE
from kiosk.rehearsal.leftovers import scan
from tests.groups import FACES, ONE_READER
from tests.journeys.window import Window

pytestmark = pytest.mark.window
PENSION, REPORT = "action:service:110199-YL-01", "action:service:110199-SB-01"
ZHOU = PEOPLE["zhou"].document


def pension_with_card_and_face(window: Window) -> None:
    """Until the card's owner stands before the camera."""
    window.press("action:begin")
    window.press(PENSION)
    window.press("action:next")
    window.press("action:face")
    window.until("card")
    window.village.show_face("zhou_today")
    window.village.put_card("zhou")


def pension_until_result(window: Window, *, on_record: bool) -> None:
    """`on_record`: with the network a mobile number stands in the form already, and is replaced."""
    pension_with_card_and_face(window)
    window.recognised()
    window.press("option:lives_at_card_address=yes")
    window.press("action:next")
    emptied = ["backspace"] * 11 if on_record else []
    window.type("mobile", *emptied, *(f"text:{digit}" for digit in "13800001234"))
    window.press("action:next")
    window.until("review")
    window.press("action:submit")
    window.until("result")


def end_after_result(window: Window, *, card: bool) -> None:
    window.press("action:finish")
    if card:
        window.until("take_card")
        window.village.take_card()
        window.press("action:card_taken")
    window.press("action:level:5")
    window.until("ended")
    window.press("action:begin")
    window.until("attract")


def report_until_result(window: Window) -> None:
    window.press("action:begin")
    window.press(REPORT)
    window.press("action:next")
    window.press("action:take_photo")
    window.press("action:shutter")
    window.press("action:next")
    window.press("option:category=road")
    window.press("action:next")
    window.press("option:place_village=110199001001")
    window.press("action:next")
    window.type("description", *"lumian", "candidate:0", *"you", "candidate:0", *"keng", "candidate:0")
    window.press("action:next")
    window.until("review")
    window.press("action:submit", taps=3)  # one case all the same (K01)
    window.until("result")


def registered(window: Window, cases: int, timeout_s: float = 30.0) -> bool:
    """Wait until the centre has registered so many, then see that no more come."""
    deadline_s = time.monotonic() + timeout_s
    while window.centre.metric("jiujin_cases") < cases and time.monotonic() < deadline_s:
        time.sleep(0.2)
    return window.centre.metric("jiujin_cases") == cases


@pytest.mark.xdist_group(FACES)
def test_pension_online(window: Window) -> None:
    pension_until_result(window, on_record=True)
    end_after_result(window, card=True)
    assert registered(window, 1)
    assert len(window.village.printer.receipts) == 1
    # `submitting` and `prefill` are often over before a frame is drawn.
    assert [state for state in window.states if state not in ("attract", "submitting", "prefill")] == [
        "home", "notice", "consent", "card", "face", "form", "review", "result",
        "take_card", "evaluate", "ended",
    ]  # fmt: skip
    words = [("name", ZHOU.name), ("number", ZHOU.number), ("mobile", "13800001234")]
    left = scan(window.places, words)
    assert left.found == []
    assert min(left.files["state"], left.files["log"]) > 0


@pytest.mark.xdist_group(FACES)
def test_pension_offline_is_kept_and_registered_once(window: Window) -> None:
    window.village.set("network", "down")
    pension_until_result(window, on_record=False)
    window.target("action:finish")
    assert window.centre.metric("jiujin_cases") == 0
    end_after_result(window, card=True)
    window.village.set("network", "up")
    assert registered(window, 1)
    assert len(window.village.printer.receipts) == 1


def test_report_online(window: Window) -> None:
    report_until_result(window)
    end_after_result(window, card=False)
    assert registered(window, 1)
    assert len(window.village.printer.receipts) == 1
    assert "card" not in window.states


def test_report_offline_is_kept_and_registered_once(window: Window) -> None:
    window.village.set("network", "down")
    report_until_result(window)
    end_after_result(window, card=False)
    assert window.centre.metric("jiujin_cases") == 0
    window.village.set("network", "up")
    assert registered(window, 1)


@pytest.fixture
def window_with_slot(tmp_path: Path) -> Iterator[Window]:
    made = Window(tmp_path, use_helper_slot=True)
    try:
        yield made
    finally:
        made.close()


@pytest.mark.xdist_group(ONE_READER)
def test_pension_by_the_helpers_card_without_a_face(window_with_slot: Window) -> None:
    window = window_with_slot
    window.press("action:begin")
    window.press(PENSION)
    window.press("action:next")
    window.press("action:other_way")
    window.until("card")
    window.village.put_card("zhou")
    window.press("action:helper")
    window.until("helper")
    window.village.put_helper_card(next(iter(HELPERS)))
    window.press("action:confirm")
    window.press("option:lives_at_card_address=yes")
    window.press("action:next")
    window.press("action:next")
    window.press("action:submit")
    window.until("result")
    window.village.take_helper_card()
    end_after_result(window, card=True)
    assert registered(window, 1)
    assert "face" not in window.states
