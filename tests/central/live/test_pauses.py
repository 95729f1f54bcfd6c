"""A pause that the centre asked for (Retry-After) is kept at the terminal, for that question about that service."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import Any

from central.departments.simulated import Fault
from offline_queue.link_state import LinkState, Unreached
from offline_queue.live import CALLS_MAX, PAUSE_MAX_S, Answered, Live, Reason, Unavailable
from offline_queue.live_wire import DECISION_PATH, PREFILL_PATH, PROGRESS_PATH, LiveCode
from tests.central.live.conftest import OTHER_SERVICE, PATIENT_S, LiveCentre
from tests.central.station import NUMBER, SERVICE
from tests.drivers.waiting import wait_until

DAY_S = 86_400.0
ITEM = "01900000-0000-7000-8000-000000000000"
CODE = "0142"


@dataclass
class Clock:
    """A monotonic one."""

    at_s: float = 1000.0

    def __call__(self) -> float:
        return self.at_s


@dataclass
class Busy:
    """A link whose centre asks for a pause; `paths` are the requests that were made."""

    pause_s: float = 60.0
    code: str = LiveCode.QUOTA.value
    paths: list[str] = field(default_factory=list)
    answers: threading.Event = field(default_factory=threading.Event)

    def ask(self, path: str, *_: object) -> Any:
        self.paths.append(path)
        self.answers.wait(PATIENT_S)
        return Unreached(LinkState.BUSY, "busy", self.pause_s, self.code)

    def close(self) -> None:
        self.answers.set()


def at_once(pause_s: float = 60.0) -> Busy:
    made = Busy(pause_s)
    made.answers.set()
    return made


def on(link: Busy, clock: Clock) -> Live:
    return Live(lambda: link, "0142", clock)  # type: ignore[arg-type, return-value] # all of a link that is used


def records(live: Live, service: str = SERVICE, within_s: float = PATIENT_S) -> object:
    return live.prefill(service, NUMBER, ("mobile",), within_s)


def test_in_a_pause_nobody_asks_and_after_it_there_is_an_answer(on_sqlite: LiveCentre) -> None:
    clock, department = Clock(), on_sqlite.department
    live = on_sqlite.live(monotonic_s=clock)
    department.fault = Fault.OVER_QUOTA
    assert records(live) == Unavailable(Reason.BUSY, department.retry_after_s)
    department.fault = Fault.NONE
    clock.at_s += 20.0
    assert records(live) == Unavailable(Reason.BUSY, department.retry_after_s - 20.0)
    assert department.asked["records"] == 1
    clock.at_s += department.retry_after_s - 20.0
    assert isinstance(records(live), Answered)
    assert department.asked["records"] == 2


def test_the_pause_of_one_service_silences_no_other_and_no_other_question(on_sqlite: LiveCentre) -> None:
    live, item = on_sqlite.live(), on_sqlite.registered()
    on_sqlite.department.fault = Fault.OVER_QUOTA
    assert isinstance(records(live), Unavailable)
    on_sqlite.department.fault = Fault.NONE
    assert isinstance(records(live), Unavailable), "in its pause"
    assert isinstance(records(live, OTHER_SERVICE), Answered)
    assert isinstance(live.decide(item.id, item.lane, PATIENT_S, SERVICE), Answered)
    assert isinstance(live.progress(item.lane, PATIENT_S), Answered)
    assert isinstance(records(live), Unavailable), "still"


def test_a_quota_is_asked_about_again_after_an_hour() -> None:
    link, clock = at_once(DAY_S), Clock()
    live = on(link, clock)
    assert records(live) == Unavailable(Reason.QUOTA, DAY_S), "the centre's own word"
    assert records(live) == Unavailable(Reason.QUOTA, PAUSE_MAX_S)
    clock.at_s += PAUSE_MAX_S - 1.0
    assert records(live) == Unavailable(Reason.QUOTA, 1.0)
    assert link.paths == [PREFILL_PATH]
    clock.at_s += 1.0
    records(live)
    assert link.paths == [PREFILL_PATH] * 2


def test_a_decision_has_pauses_by_its_service() -> None:
    link = at_once()
    live = on(link, Clock())
    for _ in range(2):
        assert live.decide(ITEM, CODE, PATIENT_S, SERVICE) == Unavailable(Reason.QUOTA, 60.0)
    assert link.paths == [DECISION_PATH]


def test_without_a_service_nobody_is_silenced() -> None:
    link = at_once()
    live = on(link, Clock())
    for _ in range(2):
        live.progress(CODE, PATIENT_S)
        live.decide(ITEM, CODE, PATIENT_S)
    assert sorted(link.paths) == sorted([PROGRESS_PATH, DECISION_PATH] * 2)


def test_a_pause_of_no_seconds_is_none() -> None:
    link = at_once(0.0)
    live = on(link, Clock())
    for _ in range(2):
        records(live)
    assert link.paths == [PREFILL_PATH] * 2


def test_a_pause_that_is_told_after_the_deadline_is_kept_and_takes_no_place() -> None:
    link, clock = Busy(), Clock()
    live = on(link, clock)
    assert records(live, within_s=0.05) == Unavailable(Reason.SLOW)
    link.answers.set()
    assert wait_until(lambda: bool(live._pauses))
    for _ in range(CALLS_MAX + 1):
        assert records(live) == Unavailable(Reason.QUOTA, 60.0)
    assert link.paths == [PREFILL_PATH]


def test_a_closed_line_says_so_in_a_pause_too() -> None:
    live = on(at_once(), Clock())
    records(live)
    live.close()
    assert records(live) == Unavailable(Reason.CLOSING)
