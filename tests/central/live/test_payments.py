"""A payment order: one a key, whatever is lost on the way."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError
from sqlalchemy import create_engine, delete, update

from central.database import as_text, utc_now
from central.departments.line import Failure, Line, NoReply
from central.departments.port import Order, OrderQuestion
from central.departments.simulated import Fault
from central.live.payments import settle
from central.schema import payment_orders
from kiosk.case import new_case_code
from offline_queue import new_item_id
from offline_queue.live import Answered, Live, Reason, Unavailable
from offline_queue.live_wire import PaymentOrder, PaymentRequest
from tests.central.live.conftest import PATIENT_S, LiveCentre

SERVICE = "110199-JF-01"
CODE = new_case_code("0142")


def ordered(live: Live, key: str, amount_fen: int = 35_000) -> PaymentOrder:
    told = live.payment_order(key, CODE, SERVICE, amount_fen, PATIENT_S)
    assert isinstance(told, Answered), told
    return told.answer


def test_a_key_has_one_order_and_another_key_another(live: Live) -> None:
    key = new_item_id()
    first = ordered(live, key)
    assert (first.key, first.amount_fen, first.state) == (key, 35_000, "open")
    assert "35000" in first.pay_text
    assert ordered(live, key) == first
    assert ordered(live, new_item_id()).order != first.order


def test_another_content_under_the_same_key_is_a_conflict_and_the_first_stays(live: Live) -> None:
    key = new_item_id()
    first = ordered(live, key)
    conflict = Unavailable(Reason.CONFLICT)
    assert live.payment_order(key, CODE, SERVICE, 1, PATIENT_S) == conflict
    assert live.payment_order(key, new_case_code("0142"), SERVICE, 35_000, PATIENT_S) == conflict
    assert live.payment_order(key, CODE, "110199-JF-02", 35_000, PATIENT_S) == conflict
    assert ordered(live, key) == first


def test_the_same_key_of_another_terminal_is_another_order(asked: LiveCentre, live: Live) -> None:
    key = new_item_id()
    mine, code = ordered(live, key), new_case_code("0777")
    other = asked.live("0777").payment_order(key, code, SERVICE, 35_000, PATIENT_S)
    assert isinstance(other, Answered)
    assert other.answer.order != mine.order


def test_asked_several_times_at_once_there_is_still_one_order(asked: LiveCentre) -> None:
    key = new_item_id()
    callers = [asked.live() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        orders = list(pool.map(lambda live: ordered(live, key), callers))
    assert len({one.order for one in orders}) == len({one.pay_text for one in orders}) == 1
    assert len(asked.provider.asked) == 1, "the provider knows one number only"


def test_what_the_provider_says_first_is_kept(asked: LiveCentre, live: Live) -> None:
    """Two processes may have asked at once; the resident who scanned the first code shall have paid this order."""
    key = new_item_id()
    first = ordered(live, key)
    again = PaymentRequest(
        terminal="0142", within_s=1, key=key, code=CODE, service=SERVICE, amount_fen=35_000
    )
    other = Order(kind="order", pay_text="another", expires_at=datetime(2026, 12, 1, tzinfo=UTC))
    engine = create_engine(asked.database)
    assert settle(engine, again, other, utc_now()) == first
    engine.dispose()


def test_a_provider_that_fails_is_asked_again_under_the_same_number(asked: LiveCentre, live: Live) -> None:
    key = new_item_id()
    asked.provider.fault = Fault.ERROR
    failed = live.payment_order(key, CODE, SERVICE, 35_000, PATIENT_S)
    assert failed == Unavailable(Reason.DEPARTMENT)
    asked.provider.fault = Fault.NONE
    order = ordered(live, key)
    assert asked.provider.asked == {order.order: 2}


def test_a_centre_restored_from_before_the_order_asks_for_the_same_one(asked: LiveCentre, live: Live) -> None:
    key = new_item_id()
    first = ordered(live, key)
    engine = create_engine(asked.database)
    with engine.begin() as connection:
        connection.execute(delete(payment_orders))
    engine.dispose()
    assert ordered(live, key).order == first.order
    assert asked.provider.asked == {first.order: 2}


def test_no_order_is_made_for_another_terminals_code(on_sqlite: LiveCentre) -> None:
    told = on_sqlite.live().payment_order(new_item_id(), new_case_code("0777"), SERVICE, 1, PATIENT_S)
    assert told == Unavailable(Reason.UNKNOWN_CASE)
    assert not on_sqlite.provider.asked


def test_an_order_past_its_time_is_the_keys_order_still_and_has_nothing_to_pay_with(
    asked: LiveCentre, live: Live
) -> None:
    key = new_item_id()
    first = ordered(live, key)
    past = as_text(utc_now() - timedelta(seconds=1))
    engine = create_engine(asked.database)
    with engine.begin() as connection:
        connection.execute(update(payment_orders).values(expires_at=past))
    engine.dispose()
    late = ordered(live, key)
    assert (late.state, late.pay_text, late.expires_at) == ("expired", "", past)
    assert (late.order, late.amount_fen) == (first.order, first.amount_fen)
    assert asked.provider.asked == {first.order: 1}, "it may have been paid: no second one under this key"
    assert ordered(live, new_item_id()).state == "open"


def test_an_order_that_the_provider_knows_as_expired_is_told_so_at_once(
    asked: LiveCentre, live: Live
) -> None:
    """A centre restored from a backup asks for an order that was made days ago."""
    asked.provider.order_open_s = -60
    order = ordered(live, new_item_id())
    assert (order.state, order.pay_text) == ("expired", "")


@pytest.mark.parametrize(("state", "pay_text"), [("open", ""), ("expired", "https://pay.example.invalid/1")])
def test_a_dead_order_has_no_text_and_an_open_one_always(state: str, pay_text: str) -> None:
    told = {"key": new_item_id(), "order": "1", "amount_fen": 1, "expires_at": "2026-11-26T08:00:00.000Z"}
    with pytest.raises(ValidationError):
        PaymentOrder.model_validate({**told, "state": state, "pay_text": pay_text})


@pytest.mark.parametrize(
    "expires_at",
    [
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "2026-06-30T23:59:60Z",
        "2026-11-26T08:00:00",
        "soon",
    ],
)
def test_a_time_that_cannot_be_reckoned_with_is_garbage(expires_at: str) -> None:
    class Provider:
        def ask(self, _question: object, _deadline_s: float) -> bytes:
            return json.dumps({"kind": "order", "pay_text": "p", "expires_at": expires_at}).encode()

    told = Line("payments", Provider()).ask(OrderQuestion("1", SERVICE, 1), Order, 1.0)
    assert told == NoReply(Failure.GARBAGE)
