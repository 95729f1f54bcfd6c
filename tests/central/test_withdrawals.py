"""A case is withdrawn by its own person, at any terminal, before the department begins (rule F12); nobody else's word does it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import update

from central.database import open_database, writing
from central.rechecks import RESIDENT_WORDS, Doubt
from central.schema import cases
from kiosk.case import CaseState, Person, is_same_person, new_case_code
from offline_queue.inbox_wire import CaseNews
from offline_queue.wire import Item, Kind
from tests.central.conftest import database_of
from tests.central.station import NUMBER, RECEIVED, Station, case_payload, person, withdrawal_payload
from tests.central.test_inbox import told

OTHER = "110199198502020003"


@pytest.fixture
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """One of SQLite, unless a test names others: what is asked here hardly hangs on the database."""
    with database_of(getattr(request, "param", "sqlite"), request, tmp_path) as address:
        yield address


EVERY_DATABASE = pytest.mark.parametrize(
    "database", ["sqlite", "postgresql", "hash_partitioned"], indirect=True
)


def state(station: Station, code: str) -> str:
    return str(station.client.get(f"/v1/cases/{code}").json().get("state"))


def words(station: Station, code: str) -> tuple[str, str]:
    answer = station.client.get(f"/v1/cases/{code}").json()
    return answer["words_zh"], answer["words_en"]


def withdraw(station: Station, code: str, who: Person | None = None, assurance: str = "L2") -> str:
    """What the verdict says of the case."""
    item = station.item(Kind.WITHDRAWAL, code, withdrawal_payload(code, who, assurance), service="")
    (verdict,) = station.send(item)
    return verdict.case_state


def filed(station: Station, **changes: object) -> str:
    """A registered case; its code."""
    code = new_case_code(station.terminal)
    (verdict,) = station.send(station.item(code=code, payload=case_payload(code, **changes)))  # type: ignore[arg-type] # fields of a payload
    assert verdict.case_state == "registered"
    return code


@pytest.fixture(params=["home", "elsewhere"])
def here(request: pytest.FixtureRequest, station: Station, other_station: Station) -> Station:
    """The terminal that the resident comes back to."""
    return station if request.param == "home" else other_station


@EVERY_DATABASE
def test_the_person_of_the_case_withdraws_it_at_any_terminal(station: Station, here: Station) -> None:
    code = filed(station)
    assert withdraw(here, code) == "withdrawn"
    assert words(station, code) == ("已按您的申请撤回", "Withdrawn as you asked")
    if here is not station:
        assert told(station)[code].state == "withdrawn", "the case's own terminal hears of it"


def test_another_document_of_the_same_citizen_will_do(station: Station, here: Station) -> None:
    code = filed(station)
    assert withdraw(here, code, person(NUMBER.lower(), kind="social_security")) == "withdrawn"


@pytest.mark.parametrize(
    ("who", "assurance"),
    [(person(OTHER), "L2"), (person(), "L1"), (person(NUMBER, kind="passport"), "L2")],
    ids=["another person", "a card alone", "another kind of number"],
)
def test_whoever_is_not_surely_the_person_withdraws_nothing_and_a_clerk_looks(
    station: Station, here: Station, who: Person, assurance: str
) -> None:
    code = filed(station)
    assert withdraw(here, code, who, assurance) == "needs_clerk"
    assert words(station, code) == RESIDENT_WORDS[Doubt.WITHDRAWAL_UNPROVEN]
    assert "未能确认是本人" in station.page(f"/ops/cases/{code}")
    assert withdraw(station, code) == "withdrawn", "it is still the person's own to withdraw"


def test_a_case_without_a_name_is_left_to_a_clerk(station: Station, here: Station) -> None:
    code = filed(station, person=None, assurance="L0")
    assert withdraw(here, code) == "needs_clerk"


@EVERY_DATABASE
def test_who_asks_before_the_case_arrives_has_it_withdrawn_when_it_comes(
    station: Station, here: Station
) -> None:
    code = new_case_code(station.terminal)
    assert withdraw(here, code) == ""
    assert station.client.get(f"/v1/cases/{code}").status_code == 404, "nobody knows yet whose it is"
    (verdict,) = station.send(station.item(code=code, payload=case_payload(code)))
    assert verdict.case_state == "withdrawn"
    assert "撤回申请先到" in station.page(f"/ops/cases/{code}")
    if here is not station:
        assert told(here)[code].state == "withdrawn", "where it was asked for it is told as well"


def test_a_stranger_who_asks_before_the_case_arrives_does_not_stop_it(
    station: Station, here: Station
) -> None:
    code = new_case_code(station.terminal)
    withdraw(here, code, person(OTHER))
    (verdict,) = station.send(station.item(code=code, payload=case_payload(code)))
    assert verdict.case_state == "needs_clerk"
    assert told(station)[code].words_zh == RESIDENT_WORDS[Doubt.WITHDRAWAL_UNPROVEN][0]


def test_of_a_stranger_and_the_person_who_both_asked_before_it_the_person_is_heard(
    station: Station, here: Station
) -> None:
    code = new_case_code(station.terminal)
    withdraw(here, code, person(OTHER))
    withdraw(here, code)
    (verdict,) = station.send(station.item(code=code, payload=case_payload(code)))
    assert verdict.case_state == "withdrawn"


def test_a_case_and_its_withdrawal_in_one_batch_are_applied_in_their_order(station: Station) -> None:
    code, strange = new_case_code(station.terminal), new_case_code(station.terminal)
    verdicts = station.send(
        station.item(code=code, payload=case_payload(code)),
        station.item(Kind.WITHDRAWAL, code, withdrawal_payload(code)),
        station.item(code=strange, payload=case_payload(strange)),
        station.item(Kind.WITHDRAWAL, strange, withdrawal_payload(strange, person(OTHER))),
    )
    assert [verdict.case_state for verdict in verdicts] == [*["withdrawn"] * 2, *["needs_clerk"] * 2]


@pytest.fixture
def moved(database: str) -> Callable[[str, CaseState], None]:
    """What a department does."""

    def move(code: str, to: CaseState) -> None:
        engine = open_database(database)
        with writing(engine).begin() as connection:
            connection.execute(update(cases).where(cases.c.code == code).values(state=to.value))
        engine.dispose()

    return move


@pytest.mark.parametrize("begun", [CaseState.ACCEPTED, CaseState.DECIDED])
def test_too_late_leaves_the_case_and_is_told_in_words(
    station: Station, here: Station, moved: Callable[[str, CaseState], None], begun: CaseState
) -> None:
    code = filed(station)
    moved(code, begun)
    assert withdraw(here, code) == begun.value
    assert words(station, code) == RESIDENT_WORDS[Doubt.WITHDRAWAL_LATE]
    news: CaseNews = told(here)[code]
    assert (news.state, news.words_zh) == (begun.value, RESIDENT_WORDS[Doubt.WITHDRAWAL_LATE][0])


def test_a_stranger_who_comes_too_late_changes_no_word(
    station: Station, here: Station, moved: Callable[[str, CaseState], None]
) -> None:
    code = filed(station)
    moved(code, CaseState.ACCEPTED)
    assert withdraw(here, code, person(OTHER)) == "accepted"
    assert words(station, code) == ("", "")


def test_withdrawn_twice_is_withdrawn(station: Station, here: Station) -> None:
    code = filed(station)
    withdraw(station, code)
    assert withdraw(here, code) == "withdrawn"
    assert words(station, code)[0] == "已按您的申请撤回"


def test_a_withdrawal_that_speaks_for_another_terminal_proves_nothing(
    station: Station, other_station: Station
) -> None:
    """Sealed is anybody's: what counts is that the terminal at which the person stood sends it itself."""
    code = filed(station)
    forged = station.item(Kind.WITHDRAWAL, code, withdrawal_payload(code))
    (verdict,) = other_station.send(forged)
    assert verdict.case_state == "needs_clerk"


def test_a_forged_case_carried_in_first_does_not_let_its_forger_withdraw_the_true_one(
    station: Station, other_station: Station
) -> None:
    code = new_case_code(station.terminal)
    false_one = station.item(code=code, payload=case_payload(code, person=person(OTHER)))
    other_station.send(false_one)
    assert withdraw(other_station, code, person(OTHER)) == "needs_clerk"
    station.sequence, station.head_hash = 0, "0" * 64
    station.send(station.item(code=code, payload=case_payload(code)))
    assert state(station, code) == "needs_clerk"
    assert withdraw(other_station, code) == "withdrawn", "the true person's word counts"


@pytest.mark.parametrize(
    "broken",
    [
        b'{"schema": "jiujin.withdrawal/1", "case_code": "%s"}',
        b'{"schema": "jiujin.withdrawal/2", "case_code": "%s"}',
    ],
)
def test_evidence_that_cannot_be_read_is_no_withdrawal_without_evidence(
    station: Station, broken: bytes
) -> None:
    code = filed(station)
    station.send(station.item(Kind.WITHDRAWAL, code, broken % code.encode()))
    assert state(station, code) == "needs_clerk"


def test_without_evidence_only_the_cases_own_terminal_is_heard(
    station: Station, other_station: Station
) -> None:
    code, other = filed(station), filed(station)
    station.send(station.item(Kind.WITHDRAWAL, code))
    other_station.send(other_station.item(Kind.WITHDRAWAL, other))
    assert (state(station, code), state(station, other)) == ("withdrawn", "registered")


# Erased before it was sent


def erased(item: Item) -> Item:
    return item.model_copy(update={"sealed": b"", "erased": True})


def test_what_its_terminal_erased_is_withdrawn_by_that_terminals_word(station: Station) -> None:
    """The terminal erases for the person who filed it alone; the centre has nothing left to compare."""
    case = station.item()
    station.send(erased(case))
    assert state(station, case.lane) == "needs_clerk"
    assert withdraw(station, case.lane) == "withdrawn"


def test_what_was_erased_is_not_withdrawn_by_another_terminals_word(
    station: Station, other_station: Station
) -> None:
    case = station.item()
    station.send(erased(case))
    assert withdraw(other_station, case.lane, person(OTHER)) == "needs_clerk"


def test_who_waited_elsewhere_for_a_case_that_comes_erased_is_heard_by_the_case(
    station: Station, other_station: Station
) -> None:
    case = station.item()
    withdraw(other_station, case.lane)
    withdrawal = station.item(Kind.WITHDRAWAL, case.lane, withdrawal_payload(case.lane))
    verdicts = station.send(erased(case), withdrawal)
    assert [verdict.case_state for verdict in verdicts] == ["withdrawn"] * 2
    assert told(other_station)[case.lane].state in ("needs_clerk", "withdrawn")


def test_an_erased_header_that_somebody_carried_in_lets_nobody_withdraw(
    station: Station, other_station: Station
) -> None:
    case = station.item()
    other_station.send(erased(case))
    assert withdraw(station, case.lane) == "needs_clerk"


# Completing a case (rule F11)


@pytest.fixture
def lacking(station: Station, moved: Callable[[str, CaseState], None]) -> str:
    code = filed(station)
    moved(code, CaseState.NEEDS_CORRECTION)
    return code


def complete(station: Station, code: str, **changes: object) -> Item:
    item = station.item(code=code, payload=case_payload(code, **{"assurance": "L2", **changes}))  # type: ignore[arg-type] # as above
    station.send(item)
    return item


def test_the_person_completes_a_case_at_any_terminal_and_the_time_is_the_first_ones(
    station: Station, here: Station, lacking: str
) -> None:
    before = station.client.get(f"/v1/cases/{lacking}").json()
    complete(here, lacking)
    after = station.client.get(f"/v1/cases/{lacking}").json()
    assert after["state"] == "registered"
    assert after["received_at_kiosk"] == before["received_at_kiosk"]


def test_elsewhere_a_card_alone_completes_nothing(other_station: Station, lacking: str) -> None:
    complete(other_station, lacking, assurance="L1")
    assert state(other_station, lacking) == "needs_clerk"


def test_another_persons_completion_is_checked_by_a_clerk(here: Station, lacking: str) -> None:
    complete(here, lacking, person=person(OTHER))
    assert state(here, lacking) == "needs_clerk"
    assert words(here, lacking) == RESIDENT_WORDS[Doubt.OTHER_PERSON]


def test_who_completed_a_case_elsewhere_did_not_make_it_theirs(other_station: Station, lacking: str) -> None:
    complete(other_station, lacking, person=person(OTHER))
    assert withdraw(other_station, lacking, person(OTHER)) == "needs_clerk"
    assert withdraw(other_station, lacking) == "withdrawn"


def test_who_files_again_what_was_refused_came_when_the_first_was_filed(station: Station) -> None:
    code = new_case_code(station.terminal)
    refused = station.item(code=code, received_at_kiosk="2026-11-20T08:00:00Z")
    refused = refused.model_copy(update={"sealed_sha256": "f" * 64})
    (verdict,) = station.send(refused)
    assert verdict.kind.value == "refused"
    complete(station, code, supersedes=refused.id)
    told_of = station.client.get(f"/v1/cases/{code}").json()
    assert (told_of["state"], told_of["received_at_kiosk"]) == ("registered", "2026-11-20T08:00:00Z")
    other = new_case_code(station.terminal)
    complete(station, other, supersedes=refused.id)
    assert station.client.get(f"/v1/cases/{other}").json()["received_at_kiosk"] == RECEIVED, "not its own"


def test_documents_of_one_person() -> None:
    passport = person("E12345678", kind="passport").model_copy(update={"birth_date": "1960-01-01"})
    assert is_same_person(person(), person(name="别名"))
    assert is_same_person(passport, passport)
    assert not is_same_person(passport, passport.model_copy(update={"birth_date": "1960-01-02"}))
    assert not is_same_person(person(), person(OTHER))
