"""The ways beside the face, and acting for another, in the real window: a phone, a clerks' desk and a gateway outside."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from drivers.clerk_line.contract import ClerkWord
from kiosk.bench.gateway import SimulatedGateway
from kiosk.bench.people import PEOPLE
from kiosk.bench.ways_corner import LOOKING, WaysCorner
from kiosk.rehearsal.leftovers import scan
from tests.drivers.waiting import wait_until
from tests.groups import FACES
from tests.journeys.test_visits import PENSION, end_after_result, registered
from tests.journeys.window import Window

pytestmark = [pytest.mark.window, pytest.mark.xdist_group(FACES)]
ALLOWANCE = "action:service:110199-GL-01"
CARD = "zhou"
ACCOUNT = "622848001234567890"


class Hall:
    """A window, and what stands outside of it."""

    def __init__(self, folder: Path) -> None:
        with ExitStack() as stack:
            self.gateway = SimulatedGateway()
            stack.callback(self.gateway.close)
            self.corner = WaysCorner(folder / "issuers")
            stack.callback(self.corner.close)
            self.window = Window(folder, ini=self.corner.settings(), centre_options=self.gateway.options())
            stack.callback(self.window.close)
            self._stack = stack.pop_all()

    def close(self) -> None:
        self._stack.close()

    def to_other_ways(self) -> None:
        """No to the face, and a card."""
        self.window.press("action:begin")
        self.window.press(PENSION)
        self.window.press("action:next")
        self.window.press("action:other_way")
        self.window.until("card")
        self.window.village.put_card(CARD)
        self.window.until("other_way")

    def to_the_end(self) -> None:
        """The pension's form, from its first page to the first screen again."""
        self.window.press("option:lives_at_card_address=yes")
        self.window.press("action:next")
        self.window.press("action:next")
        self.window.press("action:submit")
        self.window.until("result")
        end_after_result(self.window, card=True)
        assert registered(self.window, 1)
        assert len(self.window.village.printer.receipts) == 1

    def nothing_is_left_of(self, *people: str) -> None:
        documents = [PEOPLE[one].document for one in people]
        words = [("name", one.name) for one in documents] + [("number", one.number) for one in documents]
        assert scan(self.window.places, words).found == []


@pytest.fixture
def hall(tmp_path: Path) -> Iterator[Hall]:
    made = Hall(tmp_path)
    try:
        yield made
    finally:
        made.close()


def test_an_e_id_on_a_phone_after_a_neighbours(hall: Hall) -> None:
    window = hall.window
    hall.to_other_ways()
    hall.corner.show_phone("qian")
    window.press("action:qr")
    window.target("action:try_qr")
    hall.corner.show_phone(CARD)
    window.press("action:try_qr")
    window.until("form")
    hall.to_the_end()
    assert window.village.camera.connections == 0, "the camera for faces stayed shut"
    assert wait_until(lambda: hall.corner.phone.watching == 0), "and that for codes is shut again"
    hall.nothing_is_left_of(CARD, "qian")


def test_a_clerk_looks_after_a_second_yes(hall: Hall) -> None:
    window, desk = hall.window, hall.corner.desk
    hall.corner.clerk_says(LOOKING)
    window.village.show_face("zhou_today")
    hall.to_other_ways()
    window.press("action:clerk")
    window.until("clerk_consent")
    assert window.village.camera.connections == 0
    window.press("action:agree")
    assert desk.wait_held(1, 60.0)
    hall.corner.clerk_says(ClerkWord.SAME)
    window.until("form")
    assert desk.wait_held(0, 30.0), "the desk has forgotten the pictures"
    hall.to_the_end()
    hall.nothing_is_left_of(CARD)


def test_a_husband_acts_for_his_wife_by_his_own_phone_and_she_is_told(hall: Hall) -> None:
    window = hall.window
    window.press("action:begin")
    window.press(ALLOWANCE)
    window.press("action:next")
    window.press("action:other_way")
    window.until("card")
    window.village.put_card(CARD)
    window.until("agent")
    window.press("action:for_another:spouse")
    window.until("principal")
    window.village.put_card("qian")
    window.until("other_way")
    hall.corner.show_phone("qian")
    window.press("action:qr")
    window.target("action:try_qr")
    hall.corner.show_phone(CARD)
    window.press("action:try_qr")
    window.press("option:lives_alone=family")
    window.press("action:next")
    window.type("bank_account", *(f"text:{digit}" for digit in ACCOUNT))
    window.press("action:next")
    window.until("review")
    window.press("action:submit")
    window.until("result")
    end_after_result(window, card=True)
    assert registered(window, 1)
    assert wait_until(lambda: len(hall.gateway.messages) == 1), "she is told"
    text = hall.gateway.messages[0].text
    assert "替您办了一件事" in text
    assert "高龄津贴申领" not in text, "the phone may have a new owner"
    hall.nothing_is_left_of(CARD, "qian")


def test_a_child_is_never_looked_at_and_the_window_has_a_slip(hall: Hall) -> None:
    window = hall.window
    window.press("action:begin")
    window.press("action:language")
    window.press(PENSION)
    window.press("action:next")
    window.press("action:face")
    window.until("card")
    window.village.put_card("xiaoyu")
    window.until("other_way")
    window.press("action:window")
    window.press("action:print_slip")
    assert wait_until(lambda: len(window.village.printer.receipts) == 1)
    window.press("action:finish")
    window.until("ended")
    assert "face" not in window.states
    assert window.village.camera.connections == 0
    assert registered(window, 0)
