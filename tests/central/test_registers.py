"""The registers that a case is checked against: asked outside the transaction, over a real line, never waited for long."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from pathlib import Path

import pytest

from central.departments.over_http import HttpDepartment
from central.departments.port import Department, StandingQuestion
from central.departments.simulated import Fault, SimulatedDepartment
from central.inbox import NOT_RECHECKED
from central.rechecks import RESIDENT_WORDS, Doubt, Silence
from central.registers import Registers
from kiosk.bench.registers import FAULTS, NAMES, STANDING, SimulatedRegisters
from kiosk.case import CasePayload, new_case_code
from offline_queue.wire import Item, Kind
from tests.central.station import Station, case_payload, centre, ready_in
from tests.central.test_corrections import state_of
from tests.central.test_inbox import told
from tests.drivers.waiting import wait_until

AGAIN_S = 0.1
NAME = NAMES[0]


def checked(station: Station, *names: str) -> Item:
    """A case that is to be checked against these registers."""
    code = new_case_code(station.terminal)
    payload = CasePayload.model_validate_json(case_payload(code))
    body = payload.model_copy(update={"recheck_at_sync": names}).model_dump_json(by_alias=True)
    return station.item(code=code, payload=body.encode())


class Attached:
    """A centre with registers, and a terminal."""

    def __init__(self, database: str, trust: Path, registers: dict[str, Department]) -> None:
        with ExitStack() as stack:
            running = stack.enter_context(
                centre(database, trust, registers=registers, recheck_again_s=AGAIN_S)
            )
            self.station = stack.enter_context(closing(Station(running.url, trust)))
            self._stack = stack.pop_all()

    def close(self) -> None:
        self._stack.close()

    def words(self, item: Item) -> tuple[str, str]:
        found = self.station.client.get(f"/v1/cases/{item.lane}").json()
        return found["words_zh"], found["words_en"]

    def open_rechecks(self) -> float:
        return self.station.metric("jiujin_open_rechecks")[""]


def test_a_lost_card_waits_for_a_clerk_and_its_trail_says_what_nobody_can_check(
    database: str, trust: Path
) -> None:
    register = SimulatedDepartment(standing="card_lost")
    with closing(Attached(database, trust, {NAME: register})) as place:
        item = checked(place.station, NAME, "cycle_state")
        (verdict,) = place.station.send(item)
        assert verdict.case_state == "needs_clerk"
        assert told(place.station)[item.lane].words_zh == RESIDENT_WORDS[Doubt.CARD_LOST][0]
        assert place.words(item) == RESIDENT_WORDS[Doubt.CARD_LOST]
        page = place.station.page(f"/ops/cases/{item.lane}")
        assert "card.lost" in page
        assert "本中心没有接这个登记簿" in page
        assert "cycle_state" in page
        assert place.open_rechecks() == 0


def test_a_silent_register_holds_nothing_up_and_what_it_says_later_moves_the_case(
    database: str, trust: Path
) -> None:
    register = SimulatedDepartment(fault=Fault.SILENT, standing="not_eligible")
    with closing(Attached(database, trust, {NAME: register})) as place:
        item = checked(place.station, NAME)
        (verdict,) = place.station.send(item)  # the station waits 20 s, the register is silent for 60
        assert verdict.case_state == "registered"
        page = place.station.page(f"/ops/cases/{item.lane}")
        assert "还未复核" in page
        assert NAME in page
        assert place.words(item) == NOT_RECHECKED
        assert place.open_rechecks() == 1
        register.fault = Fault.NONE
        register.close()  # whoever waits is answered now
        assert wait_until(lambda: state_of(place.station, item.lane) == "needs_clerk")
        assert place.words(item) == RESIDENT_WORDS[Doubt.NOT_ELIGIBLE]
        assert told(place.station)[item.lane].words_zh == RESIDENT_WORDS[Doubt.NOT_ELIGIBLE][0]
        assert wait_until(lambda: place.open_rechecks() == 0)
        page = place.station.page(f"/ops/cases/{item.lane}")
        assert "复核补做了" in page
        assert "还未复核，登记簿没有答复，会再问" not in page


def test_a_register_that_comes_back_without_a_doubt_leaves_the_case_where_it_is(
    tmp_path: Path, trust: Path
) -> None:
    register = SimulatedDepartment(fault=Fault.ERROR)
    with closing(Attached(ready_in(tmp_path), trust, {NAME: register})) as place:
        item = checked(place.station, NAME)
        place.station.send(item)
        assert wait_until(lambda: register.asked[NAME] > 1), "it is asked again"
        register.fault = Fault.NONE
        assert wait_until(lambda: place.open_rechecks() == 0)
        assert state_of(place.station, item.lane) == "registered"
        assert place.words(item) == ("", "")
        assert told(place.station) == {}


def test_a_withdrawn_case_is_asked_about_no_more(tmp_path: Path, trust: Path) -> None:
    register = SimulatedDepartment(fault=Fault.ERROR, standing="card_lost")
    with closing(Attached(ready_in(tmp_path), trust, {NAME: register})) as place:
        item = checked(place.station, NAME)
        place.station.send(item)
        place.station.send(place.station.item(Kind.WITHDRAWAL, item.lane))
        register.fault = Fault.NONE
        assert wait_until(lambda: place.open_rechecks() == 0)
        assert state_of(place.station, item.lane) == "withdrawn"


@pytest.fixture
def far_end() -> Iterator[SimulatedRegisters]:
    with closing(SimulatedRegisters()) as made:
        yield made


def asked_of(far_end: SimulatedRegisters, within_s: float) -> object:
    registers = Registers({NAME: HttpDepartment(far_end.address(NAME))})
    payload = CasePayload.model_validate_json(case_payload(new_case_code("0142")))
    case = payload.model_copy(update={"recheck_at_sync": (NAME,)})
    return registers.ask({"a": case}, within_s)["a"][NAME]


@pytest.mark.parametrize("fault", sorted({*FAULTS} - {"slow"}))
def test_each_fault_of_the_wire_is_no_answer_and_never_a_standing(
    far_end: SimulatedRegisters, fault: str
) -> None:
    far_end.set(fault)
    assert asked_of(far_end, 0.5) is Silence.UNANSWERED
    far_end.set("ok")
    assert asked_of(far_end, 30) is None, "and it heals"


def test_what_is_on_record_comes_over_the_wire(far_end: SimulatedRegisters) -> None:
    far_end.set("lost")
    assert asked_of(far_end, 30) is Doubt.CARD_LOST
    far_end.set("slow")
    assert asked_of(far_end, 30) is None, "slow is an answer where there is time"
    assert far_end.asked[NAME] == 2
    assert set(STANDING) & set(FAULTS) == set()


def test_many_cases_share_the_time_of_one(far_end: SimulatedRegisters) -> None:
    """More than the line has threads for: those that had no turn are open, none has another's answer."""
    far_end.set("silent")
    registers = Registers({NAME: HttpDepartment(far_end.address(NAME))})
    payload = CasePayload.model_validate_json(case_payload(new_case_code("0142")))
    case = payload.model_copy(update={"recheck_at_sync": (NAME,)})
    told = registers.ask(dict.fromkeys(range(100), case), 0.5)
    assert {said[NAME] for said in told.values()} == {Silence.UNANSWERED}
    assert len(told) == 100
    assert far_end.asked[NAME] <= 16, "the line's threads"


def test_a_question_never_shows_a_number() -> None:
    question = StandingQuestion("r", "s", "110199199001019998", "resident", "11019919510723003X", "t")
    assert "1101" not in repr(question)
