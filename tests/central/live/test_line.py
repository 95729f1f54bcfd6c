"""The breaker: who failed in a row is left alone, tried once after a while, and trusted again when it answers."""

from __future__ import annotations

import asyncio
import threading

import pytest

from central.departments.breaker import Breaker
from central.departments.line import Failure, Line, NoReply
from central.departments.port import OrderQuestion
from central.departments.simulated import SimulatedDepartment
from tests.drivers.waiting import PATIENCE_S, wait_until

QUESTION = OrderQuestion("o", "s", 1)


class Watch:
    """A clock moved by hand, in seconds."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_after_failures_in_a_row_it_rests_and_then_one_question_is_a_trial() -> None:
    watch = Watch()
    breaker = Breaker(failures_max=3, rest_s=30, now_s=watch)
    for _ in range(2):
        breaker.failed()
        assert breaker.resting_s() == 0
    breaker.failed()
    assert breaker.resting_s() == 30
    watch.now_s = 31
    assert breaker.resting_s() == 0, "the trial"
    assert breaker.resting_s() == 30, "others wait for its outcome"
    breaker.answered()
    assert breaker.resting_s() == 0


def test_a_success_between_failures_ends_the_row() -> None:
    breaker = Breaker(failures_max=2)
    for _ in range(5):
        breaker.failed()
        breaker.answered()
    assert breaker.resting_s() == 0


def test_who_rests_is_not_asked() -> None:
    department = SimulatedDepartment()
    breaker = Breaker(failures_max=1, rest_s=30, now_s=Watch())
    line = Line("d", department, breaker=breaker)
    breaker.failed()
    told = asyncio.run(line.within(lambda: department.ask(QUESTION, 1), 1))
    assert told == NoReply(Failure.RESTING, 30)
    assert not department.asked


def test_a_line_takes_so_many_and_frees_each_when_its_job_ends() -> None:
    line = Line("d", SimulatedDepartment(), at_once_max=1)
    go = threading.Event()

    async def three() -> tuple[object, object]:
        late = await line.within(lambda: go.wait(PATIENCE_S), 0.01)
        busy = await line.within(lambda: True, PATIENCE_S)
        go.set()
        return late, busy

    assert asyncio.run(three()) == (NoReply(Failure.SILENT), NoReply(Failure.BUSY, 5.0))
    assert wait_until(lambda: asyncio.run(line.within(lambda: True, PATIENCE_S)) is True)


def test_a_defect_of_a_job_reaches_who_waits_for_it() -> None:
    line = Line("d", SimulatedDepartment())
    with pytest.raises(ZeroDivisionError):
        asyncio.run(line.within(lambda: 1 // 0, PATIENCE_S))
