"""A decision on the spot: once, by the department's word, and never at the cost of the case."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import datetime

from central.database import open_database, utc_now
from central.departments.port import Decision, DecisionQuestion
from central.departments.simulated import Fault
from central.live.decisions import settle
from offline_queue.live import Answered, Live, Reason, Unavailable
from offline_queue.live_wire import DecisionAnswer
from offline_queue.wire import Kind
from tests.central.live.conftest import PATIENT_S, LiveCentre
from tests.central.test_inbox import told as told_by_letter
from tests.drivers.waiting import wait_until


def state(asked: LiveCentre, code: str) -> str:
    return str(asked.station.client.get(f"/v1/cases/{code}").json()["state"])


def decided(live: Live, item_id: str, code: str) -> DecisionAnswer:
    told = live.decide(item_id, code, PATIENT_S)
    assert isinstance(told, Answered), told
    return told.answer


def test_a_registered_case_is_decided_at_once_and_its_slip_may_say_so(asked: LiveCentre, live: Live) -> None:
    item = asked.registered()
    told = decided(live, item.id, item.lane)
    assert (told.state, bool(told.words_zh), bool(told.words_en)) == ("decided", True, True)
    assert state(asked, item.lane) == "decided"
    found = asked.station.client.get(f"/v1/cases/{item.lane}").json()
    assert found["accepted_at"] == told.decided_at, "a decided case was accepted first"


def test_other_words_of_the_department_move_the_case_as_far_as_they_say(
    asked: LiveCentre, live: Live
) -> None:
    for outcome in ("accepted", "needs_correction", "needs_clerk"):
        asked.department.outcome = outcome
        item = asked.registered()
        assert decided(live, item.id, item.lane).state == outcome
        assert state(asked, item.lane) == outcome


def test_asking_again_gives_the_first_answer_and_does_not_ask_the_department(
    asked: LiveCentre, live: Live
) -> None:
    item = asked.registered()
    first = decided(live, item.id, item.lane)
    asked.department.outcome = "needs_clerk"
    assert decided(live, item.id, item.lane) == first
    assert asked.department.asked[item.id] == 1


def test_the_same_call_several_times_at_once_asks_the_department_once(asked: LiveCentre) -> None:
    asked.department.fault, asked.department.slow_s = Fault.SLOW, 0.5
    item = asked.registered()
    callers = [asked.live() for _ in range(6)]
    with ThreadPoolExecutor(6) as pool:
        told = list(pool.map(lambda live: decided(live, item.id, item.lane), callers))
    assert asked.department.asked[item.id] == 1
    assert {one.state for one in told} <= {"registered", "decided"}
    assert state(asked, item.lane) == "decided"


def test_a_decision_after_the_deadline_still_moves_the_case(asked: LiveCentre, live: Live) -> None:
    asked.department.fault = Fault.SILENT
    item = asked.registered()
    assert isinstance(live.decide(item.id, item.lane, 0.5), Unavailable)
    assert wait_until(lambda: asked.department.asked[item.id] == 1)
    assert state(asked, item.lane) == "registered", "what is not decided is not called so"
    asked.department.close()  # now it answers
    assert wait_until(lambda: state(asked, item.lane) == "decided")
    assert asked.department.asked[item.id] == 1
    news = told_by_letter(asked.station)[item.lane]
    assert (news.state, bool(news.words_zh)) == ("decided", True), "its terminal can tell it without a line"


def test_the_first_word_of_a_department_is_kept(asked: LiveCentre, live: Live) -> None:
    item = asked.registered()
    first = decided(live, item.id, item.lane)
    engine = open_database(asked.database)
    question = DecisionQuestion(asked.station.terminal, item.id, item.lane, item.service, "", "L1", {})
    other = Decision(kind="decision", outcome="needs_clerk", words_zh="后来的话", words_en="a later word")
    again = settle(engine, question, other, utc_now())
    engine.dispose()
    assert again == first
    assert decided(live, item.id, item.lane) == first


FAILURES = (
    (Fault.ERROR, Reason.DEPARTMENT, None),
    (Fault.GARBAGE, Reason.DEPARTMENT, None),
    (Fault.REFUSES, Reason.REFUSED, None),
    (Fault.OVER_QUOTA, Reason.BUSY, 120.0),
)


def test_what_a_department_cannot_do_leaves_the_case_registered_and_may_be_asked_again(
    asked: LiveCentre, live: Live
) -> None:
    item = asked.registered()
    for fault, reason, retry_after_s in FAILURES:
        asked.department.fault = fault
        assert live.decide(item.id, item.lane, PATIENT_S) == Unavailable(reason, retry_after_s)
        assert state(asked, item.lane) == "registered"
    asked.department.fault = Fault.NONE
    assert decided(live, item.id, item.lane).state == "decided"


def test_a_withdrawn_case_stays_withdrawn_whatever_the_department_says_late(
    asked: LiveCentre, live: Live
) -> None:
    asked.department.fault = Fault.SILENT
    item = asked.registered()
    assert isinstance(live.decide(item.id, item.lane, 0.5), Unavailable)
    assert wait_until(lambda: asked.department.asked[item.id] == 1)
    asked.station.send(asked.station.item(Kind.WITHDRAWAL, item.lane))
    assert state(asked, item.lane) == "withdrawn"
    asked.department.close()

    def is_written_down() -> bool:
        return "部门答复到达时办件已有变化" in asked.station.page(f"/ops/cases/{item.lane}")

    assert wait_until(is_written_down)
    assert state(asked, item.lane) == "withdrawn"


def test_a_case_that_is_not_here_yet_is_not_decided(asked: LiveCentre, live: Live) -> None:
    item = asked.station.item()
    assert live.decide(item.id, item.lane, PATIENT_S) == Unavailable(Reason.UNKNOWN_CASE)
    other = asked.registered()
    assert live.decide(other.id, item.lane, PATIENT_S) == Unavailable(Reason.UNKNOWN_CASE), "whose id?"
    assert not asked.department.asked


def test_another_terminals_case_is_not_decided_on_this_ones_word(asked: LiveCentre) -> None:
    item = asked.registered()
    told = asked.live("0777").decide(item.id, item.lane, PATIENT_S)
    assert told == Unavailable(Reason.UNKNOWN_CASE)
    assert not asked.department.asked


def test_progress_tells_each_step_with_its_time(asked: LiveCentre, live: Live) -> None:
    item = asked.registered()
    before = live.progress(item.lane, PATIENT_S)
    assert isinstance(before, Answered)
    assert (before.answer.state, before.answer.decided_at) == ("registered", None)
    decided(live, item.id, item.lane)
    typed = " ".join(item.lane[i : i + 4] for i in range(0, 16, 4)).lower()
    after = live.progress(typed, PATIENT_S)
    assert isinstance(after, Answered)
    told = after.answer
    assert (told.code, told.state, told.received_at_kiosk) == (item.lane, "decided", item.received_at_kiosk)
    assert told.words_zh
    times = [told.synced_at, told.registered_at, told.accepted_at, told.decided_at, told.centre_time]
    assert all(times)
    assert [datetime.fromisoformat(at) for at in times if at] == sorted(
        datetime.fromisoformat(at) for at in times if at
    )


def test_progress_tells_the_words_of_a_state_that_no_department_spoke_of(on_sqlite: LiveCentre) -> None:
    item = on_sqlite.registered()
    on_sqlite.station.send(on_sqlite.station.item(Kind.WITHDRAWAL, item.lane))
    told = on_sqlite.live().progress(item.lane, PATIENT_S)
    assert isinstance(told, Answered)
    assert (told.answer.words_zh, told.answer.words_en) == ("已按您的申请撤回", "Withdrawn as you asked")


def test_an_unknown_code_is_said_to_be_unknown(on_sqlite: LiveCentre) -> None:
    live = on_sqlite.live()
    for code in ("", "0142K7QF93WDXM2A", "全是汉字", "x" * 32):
        assert live.progress(code, PATIENT_S) == Unavailable(Reason.UNKNOWN_CASE), code


def test_without_a_department_a_case_waits_for_its_clerk_as_before(on_sqlite: LiveCentre) -> None:
    item = on_sqlite.registered("110199-SB-01")
    assert on_sqlite.live().decide(item.id, item.lane, PATIENT_S) == Unavailable(Reason.DEPARTMENT)
    assert state(on_sqlite, item.lane) == "registered"
