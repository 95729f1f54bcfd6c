"""The live channel over a bad line: a named reason within its time, and nothing done twice after the answer was lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from central.departments.simulated import Fault
from kiosk.bench.fault_proxy import FaultProxy, Mode
from kiosk.case import new_case_code
from offline_queue import new_item_id
from offline_queue.link import Timeouts
from offline_queue.live import CALLS_MAX, Answered, Live, Reason, Unavailable
from offline_queue.live_wire import DecisionAnswer, PaymentOrder
from tests.central.live.conftest import PATIENT_S, LiveCentre
from tests.central.station import NUMBER, SERVICE
from tests.drivers.waiting import wait_until

PATIENT = Timeouts(connect_s=60.0, read_s=60.0, write_s=60.0)
"""The deadline ends a call here, never the socket."""
SHORT_S = 0.5
"""For calls that are never answered: any time is the same to them."""


@dataclass
class Road:
    """A centre at the end of a line that can be made bad."""

    centre: LiveCentre
    proxy: FaultProxy

    def live(self) -> Live:
        return self.centre.live(url=self.proxy.url, timeouts=PATIENT)


@pytest.fixture
def road(on_sqlite: LiveCentre) -> Iterator[Road]:
    port = int(on_sqlite.url.rsplit(":", 1)[1])
    with FaultProxy(port, delay_s=0.05) as proxy:
        yield Road(on_sqlite, proxy)


def reason_of(told: Answered[DecisionAnswer] | Answered[PaymentOrder] | Unavailable) -> Reason:
    assert isinstance(told, Unavailable), told
    return told.reason


def test_a_line_that_is_down_is_offline_at_once_and_used_again_when_it_is_back(road: Road) -> None:
    item, live = road.centre.registered(), road.live()
    road.proxy.mode = Mode.DOWN
    assert reason_of(live.decide(item.id, item.lane, PATIENT_S)) is Reason.OFFLINE
    road.proxy.mode = Mode.UP
    assert isinstance(live.decide(item.id, item.lane, PATIENT_S), Answered)


def test_a_half_open_line_costs_the_deadline_and_no_more(road: Road) -> None:
    item, live = road.centre.registered(), road.live()
    road.proxy.mode = Mode.HALF_OPEN
    assert reason_of(live.decide(item.id, item.lane, SHORT_S)) is Reason.SLOW
    assert not road.centre.department.asked


def test_calls_left_behind_on_a_half_open_line_do_not_pile_up(road: Road) -> None:
    item, live = road.centre.registered(), road.live()
    road.proxy.mode = Mode.HALF_OPEN
    for _ in range(CALLS_MAX):
        assert reason_of(live.decide(item.id, item.lane, 0.05)) is Reason.SLOW
    assert reason_of(live.decide(item.id, item.lane, 0.05)) is Reason.BUSY
    road.proxy.mode = Mode.DOWN  # what hangs is reset, as a real line does in time
    road.proxy.mode = Mode.UP
    assert wait_until(lambda: isinstance(live.progress(item.lane, PATIENT_S), Answered))


def test_a_slow_line_is_waited_for_as_long_as_there_is_time(road: Road) -> None:
    item, live = road.centre.registered(), road.live()
    road.proxy.mode = Mode.SLOW
    told = live.decide(item.id, item.lane, PATIENT_S)
    assert isinstance(told, Answered)
    assert told.answer.state == "decided"


def test_wherever_the_line_is_cut_the_case_is_decided_once(road: Road) -> None:
    item, live = road.centre.registered(), road.live()
    for cut_after in range(300, 3600, 300):
        road.proxy.cut_after = cut_after
        road.proxy.mode = Mode.TRUNCATED
        told = live.decide(item.id, item.lane, PATIENT_S)
        assert isinstance(told, Answered) or told.reason is Reason.OFFLINE
        road.proxy.mode = Mode.DOWN  # the next call opens a new connection, which is cut elsewhere
    road.proxy.mode = Mode.UP
    assert road.proxy.troubles > 0, "the line made trouble"
    assert isinstance(live.decide(item.id, item.lane, PATIENT_S), Answered)
    assert road.centre.department.asked[item.id] == 1


def test_a_changed_bit_is_no_answer(road: Road) -> None:
    item, live = road.centre.registered(), road.live()
    road.proxy.mode = Mode.CORRUPTED
    told = reason_of(live.decide(item.id, item.lane, 1.0))
    assert told in (Reason.OFFLINE, Reason.UNTRUSTED, Reason.SLOW)
    road.proxy.mode = Mode.UP
    assert isinstance(live.decide(item.id, item.lane, PATIENT_S), Answered)


def test_after_a_lost_answer_the_same_key_gets_the_same_decision(road: Road) -> None:
    item, live = road.centre.registered(), road.live()
    road.proxy.mode = Mode.ANSWER_LOST_ONCE
    assert reason_of(live.decide(item.id, item.lane, PATIENT_S)) is Reason.OFFLINE
    assert road.centre.department.asked[item.id] == 1
    told = live.decide(item.id, item.lane, PATIENT_S)
    assert isinstance(told, Answered)
    assert told.answer.state == "decided"
    assert road.centre.department.asked[item.id] == 1


def test_after_a_lost_answer_the_same_key_gets_the_same_order(road: Road) -> None:
    live, key, code = road.live(), new_item_id(), new_case_code("0142")
    road.proxy.mode = Mode.ANSWER_LOST_ONCE
    assert reason_of(live.payment_order(key, code, SERVICE, 100, PATIENT_S)) is Reason.OFFLINE
    first = live.payment_order(key, code, SERVICE, 100, PATIENT_S)
    assert first == live.payment_order(key, code, SERVICE, 100, PATIENT_S)
    assert isinstance(first, Answered)
    assert road.centre.provider.asked == {first.answer.order: 1}


def test_an_answer_that_comes_too_late_is_thrown_away_and_the_next_call_is_clean(road: Road) -> None:
    live = road.live()
    road.centre.department.fault = Fault.SILENT
    told = live.prefill(SERVICE, NUMBER, ("mobile",), SHORT_S)
    assert isinstance(told, Unavailable)
    road.centre.department.close()
    told_now = live.prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S)
    assert isinstance(told_now, Answered)
    assert [record.name for record in told_now.answer.records] == ["mobile"]


def test_who_closes_leaves_nobody_waiting(road: Road) -> None:
    live = road.live()
    road.proxy.mode = Mode.HALF_OPEN
    came: list[object] = []
    waiter = threading.Thread(target=lambda: came.append(live.progress("0142", PATIENT_S)), daemon=True)
    waiter.start()
    assert wait_until(lambda: live._under_way == 1)
    live.close()
    waiter.join(PATIENT_S / 2)
    assert came == [Unavailable(Reason.CLOSING)]
    assert live.progress("0142", PATIENT_S) == Unavailable(Reason.CLOSING)


def test_a_defect_below_is_an_answer_too(caplog: pytest.LogCaptureFixture) -> None:
    def broken() -> object:
        raise ZeroDivisionError(NUMBER)

    live = Live(broken, "0142")  # type: ignore[arg-type] # a defect opens no link
    for _ in range(CALLS_MAX + 1):
        assert live.progress("0142", PATIENT_S) == Unavailable(Reason.DEFECT)
    assert NUMBER not in caplog.text
    assert "ZeroDivisionError" in caplog.text
