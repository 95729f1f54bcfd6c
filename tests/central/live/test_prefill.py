"""What is on record about a person: bounded, counted, and nothing of a bad department goes on to a screen."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest

from central.departments.line import AT_ONCE_MAX
from central.departments.port import Question
from central.departments.simulated import Fault
from central.live.quota import seconds_of_day_left
from central.staff_words import Signed
from kiosk.bench.centre import Centre
from offline_queue.link import Link
from offline_queue.live import Answered, Live, Reason, Unavailable
from offline_queue.live_wire import PREFILL_PATH, LiveCode, PrefillRequest, Record
from offline_queue.wire import Problem
from tests.central.conftest import PROJECT
from tests.central.live.conftest import PATIENT_S, LiveCentre
from tests.central.station import NUMBER, SERVICE, signing_key
from tests.drivers.waiting import wait_until


def records(live: Live, *names: str) -> tuple[Record, ...]:
    told = live.prefill(SERVICE, NUMBER, names or ("mobile",), PATIENT_S)
    assert isinstance(told, Answered), told
    return told.answer.records


def test_a_record_comes_with_whose_it_is_and_when_it_was_true(asked: LiveCentre) -> None:
    (mobile,) = records(asked.live(), "mobile", "unheard_of")
    assert (mobile.name, mobile.source_zh) == ("mobile", "县社会保险中心")
    assert datetime.fromisoformat(mobile.as_of).tzinfo is not None
    assert records(asked.live()) == (mobile,), "the same question gets the same answer"


def test_nobody_reads_a_number_or_a_value_in_a_repr() -> None:
    request = PrefillRequest(terminal="0142", within_s=1, service=SERVICE, number=NUMBER, records=("mobile",))
    value = "13900000000"
    record = Record(name="mobile", value=value, source_zh="甲", source_en="A", as_of="2026-01-01T00:00:00Z")
    assert NUMBER not in repr(request)
    assert value not in repr(record)


def test_the_days_quota_holds_over_all_terminals_and_says_when_to_come_again(
    make_centre: Callable[..., LiveCentre],
) -> None:
    asked = make_centre(daily_quotas={SERVICE: 3})
    first, other = asked.live(), asked.live("0777")
    records(first)
    records(other)
    item = asked.registered()
    assert isinstance(first.decide(item.id, item.lane, PATIENT_S), Answered)
    for told in (
        other.prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S),
        first.prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S),
    ):
        assert isinstance(told, Unavailable)
        assert told.reason is Reason.QUOTA
        assert 0 < (told.retry_after_s or 0) <= 86400
    again = first.decide(item.id, item.lane, PATIENT_S)
    assert isinstance(again, Answered), "what is decided already needs no question"
    assert asked.department.asked["records"] == 2


def test_the_command_takes_a_quota_and_its_departments_are_the_demos(tmp_path: Path, trust: Path) -> None:
    running = Centre(PROJECT, tmp_path / "c.sqlite", trust, tmp_path / "log", "--daily-quota", SERVICE, "1")
    live = Live(
        lambda: Link(
            running.url,
            terminal="0142",
            signing_key=signing_key(trust, "terminal_0142"),
            ca_file=trust / "ca.pem",
        ),
        "0142",
    )
    try:
        assert records(live)
        told = live.prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S)
    finally:
        live.close()
        running.close()
    assert isinstance(told, Unavailable)
    assert told.reason is Reason.QUOTA


@pytest.mark.parametrize(
    ("at", "left_s"),
    [
        (datetime(2026, 11, 26, 15, 59, 59, tzinfo=UTC), 1),
        (datetime(2026, 11, 26, 16, 0, 0, tzinfo=UTC), 86400),
    ],
)
def test_a_day_ends_at_midnight_in_china(at: datetime, left_s: float) -> None:
    assert seconds_of_day_left(at) == left_s


def test_a_department_that_cannot_answer_has_a_name_on_the_terminal(on_sqlite: LiveCentre) -> None:
    live = on_sqlite.live()
    for fault, reason in (
        (Fault.ERROR, Reason.DEPARTMENT),
        (Fault.GARBAGE, Reason.DEPARTMENT),
        (Fault.REFUSES, Reason.REFUSED),
        (Fault.OVER_QUOTA, Reason.BUSY),
    ):
        on_sqlite.department.fault = fault
        told = live.prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S)
        assert isinstance(told, Unavailable)
        assert told.reason is reason
    assert live.prefill("110199-XX-99", NUMBER, ("mobile",), PATIENT_S) == Unavailable(Reason.DEPARTMENT)


def test_a_silent_department_gets_its_time_and_the_centre_says_so_itself(on_sqlite: LiveCentre) -> None:
    """The centre's word comes before the terminal's own deadline: 503 and not a broken line."""
    on_sqlite.department.fault = Fault.SILENT
    request = PrefillRequest(
        terminal="0142", within_s=0.5, service=SERVICE, number=NUMBER, records=("mobile",)
    )
    response = on_sqlite.station.post(PREFILL_PATH, request.model_dump_json().encode())
    assert response.status_code == 503
    problem = Problem.model_validate_json(response.content)
    assert problem.code == LiveCode.DEPARTMENT
    assert problem.message_zh
    assert NUMBER not in response.text


def test_a_silent_department_never_keeps_the_intake_waiting(on_sqlite: LiveCentre) -> None:
    on_sqlite.department.fault = Fault.SILENT
    callers = [on_sqlite.live() for _ in range(AT_ONCE_MAX)]
    with ThreadPoolExecutor(AT_ONCE_MAX) as pool:
        waiting = [pool.submit(live.prefill, SERVICE, NUMBER, ("mobile",), PATIENT_S) for live in callers]
        assert wait_until(lambda: on_sqlite.department.asked["records"] == AT_ONCE_MAX)
        on_sqlite.registered()
        one_more = on_sqlite.live().prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S)
        assert one_more == Unavailable(Reason.BUSY, 5.0), "a seventeenth does not pile up"
        assert not any(one.done() for one in waiting)
        on_sqlite.department.close()
        assert all(isinstance(one.result(), Answered) for one in waiting)


class Hostile:
    """A department that answers what it is given."""

    def __init__(self) -> None:
        self.says: object = b""

    def ask(self, _question: Question, _deadline_s: float) -> bytes:
        return self.says  # type: ignore[return-value] # a bad neighbour keeps no promise


GOOD = {
    "name": "mobile", "value": "13900000000", "source_zh": "甲局", "source_en": "A",
    "as_of": "2026-01-01T00:00:00Z",
}  # fmt: skip


def reply(*found: Mapping[str, object], **changes: object) -> bytes:
    return json.dumps({"kind": "records", "records": found, **changes}).encode()


@pytest.mark.parametrize(
    "says",
    [
        None,
        b"",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"kind": "records"}',
        reply(GOOD, extra=1),
        reply({**GOOD, "value": ""}),
        reply({**GOOD, "value": "x" * 201}),
        reply({**GOOD, "as_of": "yesterday"}),
        reply({**GOOD, "as_of": "2026-01-01T00:00:00"}),
        reply({**GOOD, "as_of": "0001-01-01T00:00:00+14:00"}),
        reply({**GOOD, "as_of": "2026-06-30T23:59:60Z"}),
        reply({**GOOD, "name": "<script>"}),
        reply(*[GOOD] * 17),
        reply(GOOD)[:-1] + b", " + b" " * 70_000 + b"}",
        json.dumps({"kind": "turned_down", "retry_after_s": -1}).encode(),
        json.dumps({"kind": "decision", "outcome": "granted"}).encode(),
    ],
    ids=range(17),
)
def test_whatever_is_not_a_reply_is_garbage(says: object) -> None:
    from central.departments.line import Failure, Line, NoReply
    from central.departments.port import RecordQuestion, Records

    hostile = Hostile()
    hostile.says = says
    question = RecordQuestion(SERVICE, NUMBER, ("mobile",))
    assert Line("hostile", hostile).ask(question, Records, 1.0) == NoReply(Failure.GARBAGE)
    hostile.says = reply(GOOD)
    assert isinstance(Line("hostile", hostile).ask(question, Records, 1.0), Records)


def test_only_what_was_asked_for_is_handed_on(on_sqlite: LiveCentre) -> None:
    hostile = Hostile()
    hostile.says = reply({**GOOD, "name": "diagnosis", "value": "甲"}, GOOD, {**GOOD, "value": "139"})
    on_sqlite.department.ask = hostile.ask  # type: ignore[method-assign,assignment] # another neighbour at the same door
    (found,) = records(on_sqlite.live())
    assert (found.name, found.value) == ("mobile", "13900000000")


def test_a_request_that_is_not_in_the_agreed_form_is_not_understood(on_sqlite: LiveCentre) -> None:
    for content in (b"", b"{}", b'{"terminal": "0142", "within_s": 1e9}'):
        response = on_sqlite.station.post(PREFILL_PATH, content)
        assert response.status_code == 422
        assert Problem.model_validate_json(response.content).code == "malformed"


def test_a_revoked_terminal_is_told_nothing(on_sqlite: LiveCentre) -> None:
    from sqlalchemy import create_engine

    from central.enrolment import revoke

    engine = create_engine(on_sqlite.database)
    revoke(engine, "0142", Signed("ops 7", "stolen"))
    engine.dispose()
    told = on_sqlite.live().prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S)
    assert told == Unavailable(Reason.UNTRUSTED)
    assert not on_sqlite.department.asked


def test_a_terminal_cannot_ask_in_anothers_name(on_sqlite: LiveCentre) -> None:
    request = PrefillRequest(terminal="0777", within_s=1, service=SERVICE, number=NUMBER, records=("mobile",))
    response = on_sqlite.station.post(PREFILL_PATH, request.model_dump_json().encode())
    assert response.status_code == 401
    assert not on_sqlite.department.asked


def test_the_department_is_asked_before_the_terminal_gives_up() -> None:
    from central.live.desk import department_s

    request = PrefillRequest(terminal="0142", within_s=5, service=SERVICE, number=NUMBER, records=("mobile",))
    assert 0 < department_s(request) < request.within_s
