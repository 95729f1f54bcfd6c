"""Each way to be recognised on real drivers and real wires, with a centre, a phone, an issuer and a clerks' desk."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import cv2
import numpy as np
import pytest

from drivers.camera.simulated import SimulatedCamera
from drivers.clerk_line.contract import ClerkWord
from drivers.clerk_line.simulated import SimulatedDesk
from drivers.eid.simulated import SimulatedIssuer
from kiosk.bench.centre import Centre
from kiosk.bench.gateway import SimulatedGateway
from kiosk.bench.people import PEOPLE
from kiosk.bench.ways_corner import WaysCorner
from kiosk.case import CasePayload
from kiosk.catalogue.model import Method
from kiosk.filing import payload_of
from kiosk.journey import events as ev
from kiosk.journey.proving import CODE_FIELD
from tests.drivers.waiting import wait_until
from tests.kiosk.terminal.hall import PENSION, PROJECT, TRUST, Hall, hall

PERSON = "zhou"
NUMBER = PEOPLE[PERSON].document.number


@dataclass(slots=True)
class Village:
    """A hall and what stands outside of it."""

    hall: Hall
    centre: Centre
    gateway: SimulatedGateway
    corner: WaysCorner

    @property
    def phone(self) -> SimulatedCamera:
        """The camera for codes, and the phone that somebody holds under it."""
        return self.corner.phone

    @property
    def desk(self) -> SimulatedDesk:
        return self.corner.desk

    def to_other_ways(self) -> None:
        """No to the face, and a card."""
        self.hall.press("begin", f"service:{PENSION}", "next", "other_way")
        self.hall.village.put_card(PERSON)
        self.hall.play(wait_state="other_way")

    def to_the_end(self) -> None:
        """The form and the slip; the centre takes the case in."""
        self.hall.play(answer_form={"lives_at_card_address": "yes"})
        self.hall.press("submit")
        self.hall.play(wait_enabled="finish")
        assert wait_until(lambda: self.centre.metric("jiujin_cases") == 1)

    @property
    def case(self) -> CasePayload:
        visit = self.hall.terminal.journey._visit
        return payload_of(visit, received_at="2026-11-25T01:12:00Z", clock_quality="synced")


@pytest.fixture
def village(tmp_path: Path) -> Iterator[Village]:
    with ExitStack() as stack:
        gateway = SimulatedGateway()
        stack.callback(gateway.close)
        centre = Centre(PROJECT, tmp_path / "c.sqlite", TRUST, tmp_path / "centre.log", *gateway.options())
        stack.callback(centre.close)
        corner = WaysCorner(tmp_path / "issuers")
        stack.callback(corner.close)
        running = stack.enter_context(
            hall(tmp_path / "hall", centre_port=centre.port, settings=corner.settings())
        )
        made = Village(running, centre, gateway, corner)

        def works() -> bool:
            around = running.terminal.surroundings.world()
            return around.online and around.camera_ready and {Method.QR, Method.CLERK} <= around.working

        assert wait_until(works), "the ways stand open"
        yield made


def test_a_code_by_sms(village: Village) -> None:
    village.to_other_ways()
    village.hall.press("sms")
    village.hall.play(screen_has=["已发到"])
    (message,) = village.gateway.messages
    wrong = f"{(int(message.code) + 1) % 10**6:06d}"
    village.hall.terminal.send(ev.Entered(CODE_FIELD, wrong))
    village.hall.play(screen_has=["还可以试 2 次"])
    village.hall.terminal.send(ev.Entered(CODE_FIELD, message.code))
    village.hall.play(wait_state="form")
    assert village.case.recognised_by == "sms"
    village.to_the_end()
    assert village.hall.village.camera.connections == 0, "no camera opened for it"
    assert village.phone.connections == 0
    logged = (village.hall.ini.parent.parent / "centre.log").read_text("utf-8")
    for secret in (message.code, message.mobile, NUMBER):
        assert secret not in logged


def test_without_the_network_the_code_is_not_offered_and_the_others_are(village: Village) -> None:
    village.to_other_ways()
    village.hall.village.set("network", "down")
    village.hall.terminal.sender.wake()
    village.hall.wait(lambda _view: not village.hall.offered("sms").enabled, "the code to go")
    assert "要联网才能用" in village.hall.offered("sms").reason
    assert village.hall.offered("qr").enabled, "what needs no network stays"
    assert village.hall.offered("window").enabled


def test_an_e_id_on_a_phone_and_only_the_camera_for_codes_opens(village: Village) -> None:
    village.to_other_ways()
    village.hall.press("qr")
    village.hall.play(screen_has=["请把二维码给镜头看"])
    village.corner.show_phone(PERSON)
    village.hall.play(wait_state="form")
    assert village.case.recognised_by == "qr"
    assert village.hall.village.camera.connections == 0, "the one that looks at faces stayed shut"
    assert village.phone.connections == 1
    assert wait_until(lambda: village.phone.watching == 0), "and the other is shut again"
    village.to_the_end()


def test_somebody_elses_phone_a_foreign_code_and_one_shown_before_prove_nothing(village: Village) -> None:
    village.to_other_ways()
    village.corner.show_phone("qian")
    village.hall.press("qr")
    village.hall.play(screen_has=["不是同一个号码"])
    village.corner.show_code(SimulatedIssuer().show(NUMBER, datetime.now(UTC)))
    village.hall.press("try_qr")
    village.hall.play(screen_has=["还不认识这种电子身份"])
    village.corner.show_phone(PERSON, life_s=120)
    village.hall.press("try_qr")
    village.hall.play(wait_state="form")
    village.hall.press("cancel", "leave")
    village.hall.terminal.send(ev.IdleExpired())
    village.hall.play(wait_state="attract")
    village.hall.village.take_card()
    village.to_other_ways()
    village.hall.press("qr")
    village.hall.play(screen_has=["已经用过一次"])


def leave_by_other_way(running: Hall) -> None:
    running.press("other_way")


def leave_by_time(running: Hall) -> None:
    running.terminal.send(ev.IdleExpired())


@pytest.mark.parametrize("leave", [leave_by_other_way, leave_by_time])
def test_whoever_leaves_shuts_the_camera_for_codes(village: Village, leave: Callable[[Hall], None]) -> None:
    village.to_other_ways()
    village.hall.press("qr")
    assert wait_until(lambda: village.phone.watching == 1)
    leave(village.hall)
    assert wait_until(lambda: village.phone.watching == 0)


def test_a_clerk_sees_two_pictures_after_the_second_yes_and_the_desk_forgets_them(village: Village) -> None:
    village.desk.says = None
    village.hall.village.show_face("zhou_today")
    village.to_other_ways()
    village.hall.press("clerk")
    village.hall.play(wait_state="clerk_consent")
    assert village.desk.asked == 0
    assert village.hall.village.camera.connections == 0, "nothing is opened before the second yes"
    village.hall.press("agree")
    assert village.desk.wait_held(1, 30.0)
    (question,) = village.desk.held
    for picture in (question.card_photo, question.live_picture):
        assert cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR) is not None
    assert village.hall.village.camera.connections == 1
    assert wait_until(lambda: village.hall.village.camera.watching == 0), "shut while the clerk looks"
    village.desk.says = ClerkWord.SAME
    village.hall.play(wait_state="form")
    assert village.case.recognised_by == "clerk"
    assert wait_until(lambda: village.desk.held == ())
    village.to_the_end()


def test_whoever_does_not_wait_for_the_clerk_takes_the_pictures_back(village: Village) -> None:
    village.desk.says = None
    village.hall.village.show_face("zhou_today")
    village.to_other_ways()
    village.hall.press("clerk", "agree")
    assert village.desk.wait_held(1, 30.0)
    village.hall.press("other_way")
    village.hall.play(wait_state="other_way")
    assert village.desk.wait_held(0, 30.0), "the desk is told to forget"
    time_left = village.hall.offered("clerk")
    assert time_left.enabled, "nobody said no"


def test_a_clerk_who_cannot_say_leads_to_the_other_ways(village: Village) -> None:
    village.desk.says = ClerkWord.CANNOT_SAY
    village.to_other_ways()
    village.hall.press("clerk", "agree")
    village.hall.wait(lambda view: view.state.value == "other_way", "the other ways")
    assert not village.hall.offered("clerk").enabled
    assert village.hall.offered("window").enabled
