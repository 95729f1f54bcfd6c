"""A code goes to the phone that the department has on record, and to no other; not often, and nobody keeps it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from central.command import serve_command
from central.departments.over_http import HttpDepartment
from central.departments.port import Departments
from central.departments.simulated import Fault, SimulatedDepartment
from central.live.sending import DAY_S, FROM_A_TERMINAL, TO_A_PERSON, SendingLimit, masked
from kiosk.bench.centre import Centre
from kiosk.bench.gateway import SimulatedGateway
from offline_queue.link import Link
from offline_queue.live import Answered, Live, Reason, Unavailable
from offline_queue.live_wire import SmsAnswer, SmsRequest
from tests.central.conftest import PROJECT
from tests.central.live.conftest import OTHER_SERVICE, PATIENT_S, LiveCentre
from tests.central.station import NUMBER, SERVICE, centre, signing_key

CODE = "407312"


def sent(live: Live, number: str = NUMBER, service: str = SERVICE) -> SmsAnswer:
    told = live.sms_code(service, number, CODE, PATIENT_S)
    assert isinstance(told, Answered), told
    return told.answer


def registered(live: Live) -> str:
    told = live.prefill(SERVICE, NUMBER, ("mobile",), PATIENT_S)
    assert isinstance(told, Answered), told
    return told.answer.records[0].value


def test_the_code_goes_to_the_phone_on_record_with_a_warning_and_the_terminal_learns_which(
    asked: LiveCentre,
) -> None:
    live = asked.live()
    mobile = registered(live)
    told = sent(live)
    (message,) = asked.gateway.sent
    assert message.mobile == mobile
    assert CODE in message.text
    assert "不要告诉任何人" in message.text
    assert (told.outcome, told.mobile, told.reference) == ("sent", masked(mobile), "message-1")
    assert mobile not in told.model_dump_json(), "the whole number stays at the centre"


def test_without_a_number_on_record_nothing_is_sent(asked: LiveCentre) -> None:
    asked.department.has_mobile = False
    assert sent(asked.live()).outcome == "no_mobile"
    assert asked.gateway.sent == []


def test_a_number_that_is_no_mobile_gets_nothing(asked: LiveCentre, monkeypatch: pytest.MonkeyPatch) -> None:
    def landline(_question: object) -> dict[str, Any]:
        record = {"name": "mobile", "value": "01088886666", "source_zh": "甲", "source_en": "A"}
        return {"kind": "records", "records": [{**record, "as_of": "2026-03-01T09:00:00+08:00"}]}

    monkeypatch.setattr(asked.department, "_answer", landline)
    assert sent(asked.live()).outcome == "no_mobile"
    assert asked.gateway.sent == []


def test_one_phone_is_not_rung_again_at_once_from_whatever_terminal_and_another_is(asked: LiveCentre) -> None:
    sent(asked.live())
    told = sent(asked.live("0777"))
    assert told.outcome == "too_often"
    assert 0 < (told.retry_after_s or 0) <= 60
    assert sent(asked.live(), number="110199194803120016").outcome == "sent", "it is one person's limit"
    assert len(asked.gateway.sent) == 2


@pytest.mark.parametrize(
    ("who", "fault", "reason"),
    [
        ("department", Fault.ERROR, Reason.DEPARTMENT),
        ("department", Fault.GARBAGE, Reason.DEPARTMENT),
        ("gateway", Fault.ERROR, Reason.DEPARTMENT),
        ("gateway", Fault.GARBAGE, Reason.DEPARTMENT),
        ("gateway", Fault.UNREACHABLE, Reason.DEPARTMENT),
        ("gateway", Fault.REFUSES, Reason.REFUSED),
        ("gateway", Fault.OVER_QUOTA, Reason.BUSY),
    ],
)
def test_whoever_fails_behind_the_centre_no_code_is_promised(
    asked: LiveCentre, who: str, fault: Fault, reason: Reason
) -> None:
    getattr(asked, who).fault = fault
    told = asked.live().sms_code(SERVICE, NUMBER, CODE, PATIENT_S)
    assert isinstance(told, Unavailable)
    assert told.reason is reason


@pytest.mark.parametrize("what", ["department", "gateway", "no_mobile"])
def test_what_was_never_handed_on_is_not_counted_as_sent(asked: LiveCentre, what: str) -> None:
    """The next try is sent, and only then the minute begins."""
    if what == "no_mobile":
        asked.department.has_mobile = False
        assert sent(asked.live()).outcome == "no_mobile"
        asked.department.has_mobile = True
    else:
        end = asked.department if what == "department" else asked.gateway
        end.fault = Fault.ERROR if what == "department" else Fault.UNREACHABLE
        assert isinstance(asked.live().sms_code(SERVICE, NUMBER, CODE, PATIENT_S), Unavailable)
        end.fault = Fault.NONE
    assert sent(asked.live()).outcome == "sent"
    assert sent(asked.live()).outcome == "too_often"
    assert len(asked.gateway.sent) == 1


def test_what_the_gateway_may_have_sent_is_counted(asked: LiveCentre) -> None:
    asked.gateway.fault = Fault.GARBAGE
    assert isinstance(asked.live().sms_code(SERVICE, NUMBER, CODE, PATIENT_S), Unavailable)
    asked.gateway.fault = Fault.NONE
    assert sent(asked.live()).outcome == "too_often"


def test_a_silent_gateway_is_left_in_time(asked: LiveCentre) -> None:
    asked.gateway.fault = Fault.SILENT
    told = asked.live().sms_code(SERVICE, NUMBER, CODE, 4.0)
    assert isinstance(told, Unavailable)
    assert told.reason in (Reason.DEPARTMENT, Reason.SLOW)


def live_at(url: str, trust: Path) -> Live:
    def open_link() -> Link:
        key = signing_key(trust, "terminal_0142")
        return Link(url, terminal="0142", signing_key=key, ca_file=trust / "ca.pem")

    return Live(open_link, "0142")


def test_without_a_gateway_or_a_department_it_is_said(database: str, trust: Path) -> None:
    made = SimulatedDepartment()
    with centre(database, trust, departments=Departments({SERVICE: made})) as running:
        live = live_at(running.url, trust)
        try:
            for service in (SERVICE, OTHER_SERVICE):
                told = live.sms_code(service, NUMBER, CODE, PATIENT_S)
                assert isinstance(told, Unavailable)
                assert told.reason is Reason.DEPARTMENT
        finally:
            live.close()
    assert made.asked["records"] == 0, "nobody is looked up for nothing"


def test_the_days_quota_of_the_department_counts_it(make_centre: Callable[..., LiveCentre]) -> None:
    asked = make_centre(daily_quotas={SERVICE: 1})
    sent(asked.live())
    told = asked.live().sms_code(SERVICE, "110199194803120016", CODE, PATIENT_S)
    assert isinstance(told, Unavailable)
    assert told.reason is Reason.QUOTA


def test_neither_code_nor_number_is_in_a_repr_a_log_or_the_database(
    on_sqlite: LiveCentre, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    request = SmsRequest(terminal="0142", within_s=1, service=SERVICE, number=NUMBER, code=CODE)
    assert CODE not in repr(request)
    assert NUMBER not in repr(request)
    with caplog.at_level(logging.DEBUG):
        live = on_sqlite.live()
        mobile = registered(live)
        sent(live)
        on_sqlite.gateway.fault = Fault.ERROR
        live.sms_code(SERVICE, "110199194803120016", CODE, PATIENT_S)
    assert CODE in on_sqlite.gateway.sent[0].text, "it did go through here"
    assert CODE not in repr(on_sqlite.gateway.sent[0])
    for record in caplog.records:
        for secret in (CODE, mobile, NUMBER):
            assert secret not in record.getMessage()
    kept = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"0142" in kept, "the scan finds what is there"
    for secret in (CODE, mobile, NUMBER):
        assert secret.encode() not in kept


class Hand:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


def test_a_person_gets_one_a_minute_and_five_a_day() -> None:
    hand = Hand()
    limit = SendingLimit(hand)
    minute_s, most = TO_A_PERSON[0][0], TO_A_PERSON[1][1]
    for sent_before in range(most):
        assert limit.take("0142", NUMBER) is None
        if sent_before < most - 1:
            assert limit.take("0142", NUMBER) == minute_s
        hand.now_s += minute_s
    assert limit.take("0777", NUMBER) == DAY_S - most * minute_s
    hand.now_s = DAY_S
    assert limit.take("0777", NUMBER) is None


def test_a_terminal_cannot_ring_a_whole_county() -> None:
    limit = SendingLimit(Hand())
    ((_hour_s, most),) = FROM_A_TERMINAL
    assert [limit.take("0142", f"person {n}") for n in range(most)] == [None] * most
    assert limit.take("0142", "another") is not None
    assert limit.take("0777", "another") is None, "what was refused was not counted"


def test_given_back_is_one_of_both_and_no_more() -> None:
    limit = SendingLimit(Hand())
    ((_hour_s, most),) = FROM_A_TERMINAL
    for n in range(most):
        assert limit.take("0142", f"person {n}") is None
    limit.give_back("0142", "person 0")
    assert limit.take("0142", "person 1") is not None, "another's minute goes on"
    assert limit.take("0142", "person 0") is None
    assert limit.take("0142", "another") is not None
    limit.give_back("0777", "nobody")
    assert limit.take("0777", "nobody") is None


def test_the_limit_keeps_no_number() -> None:
    limit = SendingLimit(Hand())
    limit.take("0142", NUMBER)
    assert NUMBER not in repr(vars(limit))


def test_over_a_real_wire_and_by_the_command(tmp_path: Path, trust: Path) -> None:
    gateway = SimulatedGateway()
    running = Centre(PROJECT, tmp_path / "c.sqlite", trust, tmp_path / "log", *gateway.options())

    live = live_at(running.url, trust)
    try:
        told = sent(live)
        (message,) = gateway.messages
        assert (told.mobile, message.code) == (masked(message.mobile), CODE)
        gateway.set("down")
        lost = live.sms_code(SERVICE, "110199194803120016", CODE, PATIENT_S)
        assert isinstance(lost, Unavailable)
        assert lost.reason is Reason.DEPARTMENT
        assert CODE not in (tmp_path / "log").read_text("utf-8")
    finally:
        live.close()
        running.close()
        gateway.close()


@pytest.mark.parametrize("fault", ["error", "garbage", "endless", "over_quota", "silent"])
def test_a_gateway_that_misbehaves_over_the_wire_is_a_department_that_does(
    make_centre: Callable[..., LiveCentre], fault: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    gateway = SimulatedGateway()
    department = HttpDepartment(gateway.address("messages"))
    asked = make_centre()
    monkeypatch.setattr(asked.gateway, "ask", department.ask)
    try:
        gateway.set(fault)
        told = asked.live().sms_code(SERVICE, NUMBER, CODE, 4.0)
        assert isinstance(told, Unavailable)
        assert gateway.messages == []
    finally:
        gateway.close()
        department.close()


def test_in_production_the_gateway_is_asked_over_tls_only(
    trust: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code = serve_command("sqlite://", trust, production=True, sms_gateway="http://127.0.0.1:1/messages")
    assert code != 0
    assert "--sms-gateway" in capsys.readouterr().err
