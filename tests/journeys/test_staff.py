"""The staff menu in the real window: hidden, behind a PIN, with a lock that a kill and a restart do not shorten."""

from __future__ import annotations

import json

import pytest

from kiosk.staff.door import TRIES_FILE, StaffDoor
from kiosk.staff.tries import FREE_TRIES
from tests.drivers.waiting import wait_until
from tests.journeys.window import Window

pytestmark = pytest.mark.window
PIN, WRONG = "271828", "314159"


def test_the_staff_come_in_by_corner_and_pin_and_may_close_the_window(window: Window) -> None:
    StaffDoor(window.state, lambda _event: None).set_pin(PIN)
    window.until("attract")
    corner = window.wait("the corner", lambda scene: scene["staff_corner"] is not None)["staff_corner"]
    window.click(corner[0] + 20, corner[1] + 20)  # a tap is not a hold
    window.hold_staff_corner()
    assert window.states == ["attract", "staff_door"]
    window.request_close()
    window.try_pin(PIN)
    window.until("staff_menu")
    assert window.village.printer.receipts == []
    window.press("action:staff:test_print")
    window.wait("the print", lambda _scene: len(window.village.printer.receipts) == 1)
    window.target("action:staff:out_of_service")
    window.press("action:staff:out_of_service")
    window.target("action:staff:into_service")
    window.request_close()
    assert wait_until(lambda: window.child.poll() is not None)
    assert window.child.poll() == 0
    log = (window.log / "terminal.log").read_text("utf-8")
    assert "event StaffTried answer=opened failed=0" in log
    assert "event StaffDid action=test_print failure=None" in log
    assert "event StaffDid action=out_of_service failure=None" in log
    assert PIN not in log
    assert "Traceback" not in log
    window.restart()
    window.until("attract")
    assert [
        t["key"] for t in window.wait("no way in", lambda _: True)["targets"] if "begin" in t["key"]
    ] == []


def test_a_lock_survives_kill_and_restart(window: Window) -> None:
    door = StaffDoor(window.state, lambda _event: None)
    door.set_pin(PIN)
    for _ in range(FREE_TRIES - 1):
        door.attempt(WRONG)
    window.hold_staff_corner()
    window.try_pin(WRONG)
    window.target("action:look")
    window.kill()
    assert json.loads((window.state / TRIES_FILE).read_text("ascii"))["failed"] == FREE_TRIES
    window.restart()
    window.hold_staff_corner()
    window.target("action:look")
    log = (window.log / "terminal.log").read_text("utf-8")
    assert f"event StaffTried answer=wrong failed={FREE_TRIES} locked_s=60" in log
