"""A code by SMS: right once, three tries, five minutes, one visit; and it stands nowhere in clear."""

from __future__ import annotations

import pickle
from dataclasses import replace

import pytest

from drivers.contract import Failed, Ok
from kiosk.journey import events as ev
from kiosk.journey.proof import CodeFailure, CodeSent
from kiosk.journey.states import State
from kiosk.recognition.codes import VALID_S, CodeDesk
from offline_queue.live import Answered, Reason, Unavailable
from offline_queue.live_wire import SmsAnswer
from tests.kiosk.journey.visits import NUMBER, definition, visit

SMS = visit(State.SMS)
SENT = SmsAnswer(outcome="sent", mobile="138****8000", reference="r-1")


class Centre:
    """Says what it is told to say, and shows what the phone would."""

    def __init__(self, says: Answered[SmsAnswer] | Unavailable | None = None) -> None:
        self.says = says or Answered(SENT)
        self.asked: list[tuple[str, str, str]] = []

    def sms_code(self, service: str, number: str, code: str) -> Answered[SmsAnswer] | Unavailable:
        self.asked.append((service, number, code))
        return self.says

    @property
    def code(self) -> str:
        return self.asked[-1][2]

    @property
    def another(self) -> str:
        return f"{(int(self.code) + 1) % 10**6:06d}"


class Desk:
    def __init__(self) -> None:
        self.centre, self.now_s = Centre(), 0.0
        self.made = CodeDesk(self.centre, lambda: self.now_s)
        assert self.made.send(SMS) == ev.CodeAnswered(Ok(CodeSent("138****8000", "r-1")))

    def check(self, code: str, visit_id: str = SMS.id) -> ev.CodeChecked:
        return self.made.check(visit_id, code)


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_it_is_sent_for_the_number_of_the_card_and_is_right_once(desk: Desk) -> None:
    assert desk.centre.asked == [(definition().code, NUMBER, desk.centre.code)]
    assert len(desk.centre.code) == 6
    assert desk.check(desk.centre.code) == ev.CodeChecked(right=True)
    assert desk.check(desk.centre.code).failure is CodeFailure.EXPIRED, "and no second time"


def test_three_wrong_ones_end_it_also_for_the_right_one(desk: Desk) -> None:
    assert desk.check(desk.centre.another) == ev.CodeChecked(right=False, left=2)
    assert desk.check(desk.centre.another) == ev.CodeChecked(right=False, left=1)
    assert desk.check(desk.centre.another).failure is CodeFailure.USED_UP
    assert not desk.check(desk.centre.code).right


def test_the_third_try_may_still_be_right(desk: Desk) -> None:
    desk.check(desk.centre.another)
    desk.check(desk.centre.another)
    assert desk.check(desk.centre.code).right


def test_it_is_good_for_five_minutes(desk: Desk) -> None:
    desk.now_s = VALID_S - 0.1
    assert desk.check(desk.centre.another).left == 2
    desk.now_s = VALID_S
    assert desk.check(desk.centre.code).failure is CodeFailure.EXPIRED


def test_it_is_of_its_visit_alone_and_a_new_one_ends_the_old(desk: Desk) -> None:
    assert not desk.check(desk.centre.code, "another visit").right
    old = desk.centre.code
    while desk.centre.code == old:
        desk.made.send(SMS)
    assert not desk.check(old).right
    desk.made.forget()
    assert not desk.check(desk.centre.code).right


def test_who_withdraws_is_looked_up_where_the_case_belongs() -> None:
    centre = Centre()
    CodeDesk(centre).send(replace(SMS, about="110199-SB-01"))
    assert centre.asked[0][0] == "110199-SB-01"


@pytest.mark.parametrize(
    ("says", "failure"),
    [
        (Answered(SmsAnswer(outcome="no_mobile")), CodeFailure.NO_MOBILE),
        (Answered(SmsAnswer(outcome="too_often", retry_after_s=60)), CodeFailure.TOO_OFTEN),
        (Unavailable(Reason.OFFLINE), CodeFailure.OFFLINE),
        (Unavailable(Reason.SLOW), CodeFailure.OFFLINE),
        (Unavailable(Reason.DEPARTMENT), CodeFailure.NOT_SENT),
        (Unavailable(Reason.DEFECT), CodeFailure.NOT_SENT),
    ],
)
def test_what_was_not_sent_is_never_right(
    says: Answered[SmsAnswer] | Unavailable, failure: CodeFailure
) -> None:
    centre = Centre(says)
    desk = CodeDesk(centre)
    assert desk.send(SMS) == ev.CodeAnswered(Failed(failure))
    assert not desk.check(SMS.id, centre.code).right, "whoever saw it pass by gains nothing"


def test_the_code_is_drawn_over_the_whole_range_and_stands_nowhere_in_clear(desk: Desk) -> None:
    drawn = set()
    for _ in range(200):
        desk.made.send(SMS)
        drawn.add(desk.centre.code)
    assert len(drawn) > 150
    assert len({code[0] for code in drawn}) == 10, "a leading nought as well"
    held = desk.made._held
    assert held is not None
    assert desk.centre.code not in repr(held)
    assert desk.centre.code.encode() not in pickle.dumps((held.key, held.digest, held.visit_id))
    assert desk.check(desk.centre.code).right, "it was the one that is held"
