"""Whoever is acted for is told, once: by a message to the phone on record, else by staff. It names nobody."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central import notices as notices_of
from central.contents import newest_case
from central.database import as_text, open_database, utc_now, writing
from central.departments.port import Departments, Question
from central.departments.simulated import Fault, SimulatedDepartment
from central.desk_command import CentreAt
from central.notice_command import told
from central.notices import Outcome
from central.rechecks import published
from central.schema import notices
from central.telling import Telling, text_of
from central.trust import load_trust
from kiosk.case import CasePayload, format_case_code, new_case_code
from offline_queue.wire import Kind
from tests.central.conftest import PROJECT
from tests.central.noticed import AGAIN_S, AGENT_NAME, AGENT_NUMBER, BY_CHILD, Place
from tests.central.station import NAME, NUMBER, SERVICE, Station, case_payload, centre, ready_in
from tests.drivers.waiting import wait_until

DEFINITIONS = PROJECT / "kiosk" / "catalogue" / "definitions"


@pytest.fixture
def place(database: str, trust: Path) -> Iterator[Place]:
    with closing(Place(database, trust)) as made:
        yield made


@pytest.fixture
def local(tmp_path: Path, trust: Path) -> Iterator[Place]:
    """On SQLite only: what is tried does not depend on the database."""
    with closing(Place(ready_in(tmp_path), trust)) as made:
        yield made


def test_the_person_gets_one_message_and_the_case_names_both(place: Place) -> None:
    item = place.acted()
    assert place.ended(item, Outcome.SENT)
    (message,) = place.gateway.sent
    assert message.text.count("12345") == 2
    assert message.text.index("有人") < message.text.index("Somebody")
    code, title = format_case_code(item.lane), "养老待遇资格认证"
    for private in (
        code,
        code[-4:],
        item.lane,
        title,
        SERVICE,
        NAME,
        NUMBER,
        AGENT_NAME,
        AGENT_NUMBER,
        "子女",
        "child",
    ):
        assert private not in message.text
    engine = open_database(place.database)
    keys = load_trust(place.trust, production=False).sealing_keys
    with engine.connect() as connection:
        case = newest_case(connection, keys, {item.lane})[item.lane]
    engine.dispose()
    assert case.person is not None
    assert case.agent is not None
    assert (case.person.number, case.agent.person.number) == (NUMBER, AGENT_NUMBER)
    page = place.station.page(f"/ops/cases/{item.lane}")
    assert "由他人代办" in page
    assert "child" in page
    assert "已给本人登记的手机发了短信" in page
    assert NUMBER not in page
    assert message.mobile not in page
    assert place.untold() == 0


def test_whoever_acts_for_oneself_gets_none(local: Place) -> None:
    own = local.acted(agent=None)
    other = local.acted()
    assert local.ended(other, Outcome.SENT)
    assert own.lane not in local.outcomes()
    assert len(local.gateway.sent) == 1


def test_a_case_that_comes_again_tells_nobody_again(local: Place) -> None:
    item = local.acted()
    assert local.ended(item, Outcome.SENT)
    local.station.send(item)
    local.acted(item.lane)  # completed by the same agent
    later = local.acted()
    assert local.ended(later, Outcome.SENT)
    assert len(local.gateway.sent) == 2


def test_a_doubt_about_the_agent_does_not_keep_the_person_in_the_dark(tmp_path: Path, trust: Path) -> None:
    register = SimulatedDepartment(standing="helper_without_authority")
    gateway = SimulatedDepartment()
    departments = Departments({SERVICE: SimulatedDepartment()}, messages=gateway)
    with (
        centre(
            tmp_path,
            trust,
            departments=departments,
            recheck_again_s=AGAIN_S,
            registers={"agent_authority": register},
        ) as running,
        closing(Station(running.url, trust)) as station,
    ):
        code = new_case_code(station.terminal)
        payload = case_payload(code, agent=BY_CHILD, recheck_at_sync=("agent_authority",))
        (verdict,) = station.send(station.item(code=code, payload=payload))
        assert verdict.case_state == "needs_clerk"
        assert wait_until(lambda: len(gateway.sent) == 1)


def test_without_a_phone_on_record_the_clerk_is_told_and_writes_down_that_it_was_done(local: Place) -> None:
    local.department.has_mobile = False
    item = local.acted()
    assert local.ended(item, Outcome.NO_PHONE)
    assert local.gateway.sent == []
    page = local.station.page(f"/ops/cases/{item.lane}")
    assert "本人没有登记手机，请工作人员告知本人" in page
    assert "central told" in page
    assert format_case_code(item.lane) in local.station.page("/ops/untold")
    assert local.untold() == 1
    at = CentreAt(local.database, local.trust, production=False)
    words = [item.lane, "--by", "clerk 12", "--why", "told at home", "--json"]
    done = CliRunner().invoke(told, words, obj=at)
    assert (done.exit_code, json.loads(done.output)) == (0, {"ok": True})
    assert local.untold() == 0
    assert format_case_code(item.lane) not in local.station.page("/ops/untold")
    page = local.station.page(f"/ops/cases/{item.lane}")
    assert "工作人员已告知本人" in page
    assert "by clerk 12: told at home" in page
    again = CliRunner().invoke(told, words, obj=at)
    assert (again.exit_code, json.loads(again.output)) == (1, {"ok": False})


def test_a_centre_that_sends_no_messages_says_so_to_staff(tmp_path: Path, trust: Path) -> None:
    with (
        centre(tmp_path, trust, recheck_again_s=AGAIN_S) as running,
        closing(Station(running.url, trust)) as station,
    ):
        code = new_case_code(station.terminal)
        station.send(station.item(code=code, payload=case_payload(code, agent=BY_CHILD)))
        assert wait_until(lambda: station.metric("jiujin_persons_untold")[""] == 1)
        assert "本中心发不了这件事的短信" in station.page("/ops/untold")


def test_a_department_that_refuses_for_good_is_not_asked_again(local: Place) -> None:
    local.department.fault = Fault.REFUSES
    item = local.acted()
    assert local.ended(item, Outcome.NO_WAY)
    assert local.untold() == 1
    assert local.department.asked["records"] == 1


@pytest.mark.parametrize(
    ("who", "fault"),
    [
        ("department", Fault.ERROR),
        ("department", Fault.OVER_QUOTA),
        ("department", Fault.GARBAGE),
        ("department", Fault.UNREACHABLE),
        ("gateway", Fault.UNREACHABLE),
        ("gateway", Fault.OVER_QUOTA),
    ],
)
def test_what_was_never_sent_is_tried_until_it_is(local: Place, who: str, fault: Fault) -> None:
    failing: SimulatedDepartment = getattr(local, who)
    failing.fault = fault
    item = local.acted()
    assert wait_until(lambda: _tries(local) > 1)
    # While the gateway is being asked the row says `unknown`, and so does the page: between two tries it waits.
    assert wait_until(lambda: local.outcomes()[item.lane] is None)
    assert wait_until(lambda: "还没有告知本人" in local.station.page(f"/ops/cases/{item.lane}"))
    failing.fault = Fault.NONE
    assert local.ended(item, Outcome.SENT)
    assert len(local.gateway.sent) == 1


@pytest.mark.parametrize(
    ("fault", "outcome"),
    [(Fault.ERROR, Outcome.UNKNOWN), (Fault.GARBAGE, Outcome.UNKNOWN), (Fault.REFUSES, Outcome.REFUSED)],
)
def test_what_may_have_been_sent_is_not_sent_again(local: Place, fault: Fault, outcome: Outcome) -> None:
    local.gateway.fault = fault
    item = local.acted()
    assert local.ended(item, outcome)
    # `unknown` stands there while the gateway is asked, too: its answer has come when the trail tells of it.
    assert wait_until(lambda: local.trail(item) != [])
    local.gateway.fault = Fault.NONE
    later = local.acted()
    assert local.ended(later, Outcome.SENT)
    assert local.outcomes()[item.lane] == outcome
    assert local.gateway.asked["message"] == 2
    assert local.untold() == 1


def test_a_withdrawn_case_is_told_of_no_more(local: Place) -> None:
    local.department.fault = Fault.UNREACHABLE
    item = local.acted()
    local.station.send(local.station.item(Kind.WITHDRAWAL, item.lane))
    # Unreachable until then: a round that looked at the case before it was withdrawn goes on with what it saw.
    assert local.ended(item, Outcome.NOT_NEEDED)
    local.department.fault = Fault.NONE
    assert local.gateway.sent == []


def test_it_is_written_down_before_the_gateway_is_asked(
    local: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So that a centre that is killed there sends nothing twice."""
    seen: list[dict[str, str | None]] = []
    answer = local.gateway._answer

    def looking(question: Question) -> dict[str, Any]:
        seen.append(local.outcomes())
        return answer(question)

    monkeypatch.setattr(local.gateway, "_answer", looking)
    item = local.acted()
    assert local.ended(item, Outcome.SENT)
    assert seen == [{item.lane: Outcome.UNKNOWN}]


def test_what_a_killed_centre_left_is_not_sent_again_and_two_processes_share_the_rest(local: Place) -> None:
    left, waiting = new_case_code("0142"), new_case_code("0142")
    engine = open_database(local.database)
    at = as_text(utc_now() + timedelta(hours=1))  # not yet for the centre that runs here
    with writing(engine).begin() as connection:
        row = {"terminal": "0142", "since": at, "next_at": at, "tries": 1}
        connection.execute(insert(notices).values(**row, code=left, outcome=Outcome.UNKNOWN.value, at=at))
        notices_of.remember(connection, {left, waiting}, at)
        (open_one,) = connection.execute(select(notices).where(notices.c.outcome.is_(None))).all()
    one, other = (Telling(engine, {}, local.departments, {}, AGAIN_S) for _ in range(2))
    assert open_one.code == waiting
    assert one._claim(open_one, utc_now())
    assert not other._claim(open_one, utc_now())
    assert local.gateway.sent == []
    engine.dispose()


def test_the_text_says_a_day_only_where_the_clock_was_sure() -> None:
    case = CasePayload.model_validate_json(case_payload(new_case_code("0142"), agent=BY_CHILD))
    assert text_of(case, {}).startswith("11 月 25 日，有人")
    assert " on 2026-11-25. " in text_of(case, {})
    for changes in ({"clock_quality": "unsynced"}, {"received_at_kiosk": "yesterday"}):
        text = text_of(case.model_copy(update=changes), {})
        assert text.startswith("有人")
        assert "terminal. If" in text


def test_the_text_names_the_number_of_the_service_and_nothing_else_of_it() -> None:
    definitions = published(DEFINITIONS)
    (key,) = [one for one in definitions if one[0] == SERVICE]
    case = CasePayload.model_validate_json(case_payload(new_case_code("0142"), agent=BY_CHILD))
    case = case.model_copy(update={"definition_version": key[1]})
    other = definitions[key].model_copy(update={"hotline": "0999-12333"})
    assert "0999-12333" in text_of(case, {key: other})
    assert text_of(case, {key: other}).replace("0999-12333", "12345") == text_of(case, {})


@pytest.mark.parametrize(
    "error", [PoolTimeoutError(), OperationalError("select", {}, Exception()), RuntimeError()]
)
def test_a_thread_that_gets_no_database_or_has_a_defect_goes_on_and_the_metrics_say_so(
    local: Place, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fails(_self: Telling, _now: datetime) -> int:
        raise error

    assert local.stuck() == {"opening": 0, "rechecks": 0, "notices": 0}
    with monkeypatch.context() as broken:
        broken.setattr(Telling, "round", fails)
        assert wait_until(lambda: local.stuck()["notices"] == 1)
    assert local.ended(local.acted(), Outcome.SENT)
    assert wait_until(lambda: local.stuck()["notices"] == 0)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_thread_that_has_ended_is_told_of(local: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_self: Telling, _now: datetime) -> int:
        raise SystemExit

    monkeypatch.setattr(Telling, "round", fails)
    assert wait_until(lambda: local.stuck()["notices"] == 1)


def _tries(place: Place) -> int:
    engine = open_database(place.database)
    with engine.connect() as connection:
        tries = connection.execute(select(notices.c.tries)).scalar_one()
    engine.dispose()
    return int(tries)
