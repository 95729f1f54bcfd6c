"""What counts against a department's day: the questions that may have reached it, and no others."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import create_engine, func, select

from central.departments.breaker import FAILURES_MAX, REST_S
from central.departments.line import AT_ONCE_MAX, BUSY_RETRY_S
from central.departments.simulated import Fault
from central.schema import department_questions
from offline_queue.live import Answered, Live, Reason, Unavailable
from offline_queue.live_wire import DecisionAnswer, PrefillAnswer
from offline_queue.wire import Item
from tests.central.live.conftest import PATIENT_S, LiveCentre
from tests.central.station import NUMBER, SERVICE
from tests.drivers.waiting import wait_until

Asked = Callable[..., LiveCentre]


def counted(asked: LiveCentre) -> int:
    engine = create_engine(asked.database)
    with engine.connect() as connection:
        total = connection.execute(
            select(func.coalesce(func.sum(department_questions.c.asked), 0))
        ).scalar_one()
    engine.dispose()
    return int(total)


def prefill(live: Live) -> Answered[PrefillAnswer] | Unavailable:
    return live.prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S)


def decide(live: Live, item: Item) -> Answered[DecisionAnswer] | Unavailable:
    return live.decide(item.id, item.lane, PATIENT_S)


def test_a_question_that_found_no_connection_costs_nothing_of_the_day(make_centre: Asked) -> None:
    asked = make_centre(daily_quotas={SERVICE: 2})
    live, item = asked.live(), asked.registered()
    asked.department.fault = Fault.UNREACHABLE
    assert prefill(live) == Unavailable(Reason.DEPARTMENT)
    assert decide(live, item) == Unavailable(Reason.DEPARTMENT)
    assert counted(asked) == 0
    asked.department.fault = Fault.NONE
    assert isinstance(prefill(live), Answered)
    told = decide(live, item)
    assert isinstance(told, Answered)
    assert told.answer.state == "decided"
    over = prefill(live)
    assert isinstance(over, Unavailable)
    assert over.reason is Reason.QUOTA


@pytest.mark.parametrize("fault", [Fault.ERROR, Fault.GARBAGE, Fault.REFUSES, Fault.OVER_QUOTA])
def test_a_question_that_got_there_counts_whatever_came_back(make_centre: Asked, fault: Fault) -> None:
    asked = make_centre(daily_quotas={SERVICE: 1})
    asked.department.fault = fault
    assert isinstance(prefill(asked.live()), Unavailable)
    over = prefill(asked.live())
    assert isinstance(over, Unavailable)
    assert over.reason is Reason.QUOTA
    assert (asked.department.asked["records"], counted(asked)) == (1, 1)


def test_a_question_without_an_answer_in_time_counts(make_centre: Asked) -> None:
    asked = make_centre(daily_quotas={SERVICE: 9})
    asked.department.fault = Fault.SILENT
    assert isinstance(asked.live().prefill(SERVICE, NUMBER, ("mobile",), 0.5), Unavailable)
    assert wait_until(lambda: asked.department.asked["records"] == 1)
    assert counted(asked) == 1


def test_while_the_line_rests_nothing_counts_and_a_case_is_free_to_be_asked_again(make_centre: Asked) -> None:
    asked = make_centre(daily_quotas={SERVICE: 99})
    live, item = asked.live(), asked.registered()
    asked.department.fault = Fault.ERROR
    for _ in range(FAILURES_MAX):
        prefill(live)
    for told in (prefill(live), decide(live, item)):
        assert isinstance(told, Unavailable)
        assert told.reason is Reason.DEPARTMENT
        rests_s = told.retry_after_s or 0.0
        assert 0 < rests_s <= REST_S
        assert rests_s.is_integer(), "whole seconds"
    assert counted(asked) == FAILURES_MAX
    assert asked.department.asked == {"records": FAILURES_MAX}


def test_a_case_whose_question_found_no_free_thread_is_decided_when_there_is_one(make_centre: Asked) -> None:
    asked = make_centre(daily_quotas={SERVICE: 99})
    item, live = asked.registered(), asked.live()
    asked.department.fault = Fault.SILENT
    callers = [asked.live() for _ in range(AT_ONCE_MAX)]
    with ThreadPoolExecutor(AT_ONCE_MAX) as pool:
        waiting = [pool.submit(prefill, caller) for caller in callers]
        assert wait_until(lambda: asked.department.asked["records"] == AT_ONCE_MAX)
        assert decide(live, item) == Unavailable(Reason.BUSY, BUSY_RETRY_S)
        assert counted(asked) == AT_ONCE_MAX
        asked.department.close()
        assert all(isinstance(one.result(), Answered) for one in waiting)
    told = decide(live, item)
    assert isinstance(told, Answered)
    assert told.answer.state == "decided", "it came back when it was told to"
