"""What the centre refused is settled there by staff, or by an item in its place; the terminal hears of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from central.corrections import ForResident, NotCorrected, Wish, correct_item, settle_case
from central.database import open_database
from central.enrolment import enrol
from central.log import EVENT_TEXTS, Event
from central.rechecks import RESIDENT_WORDS, Doubt
from central.staff_words import Signed
from central.trust import TerminalEntry
from kiosk.case import CasePayload, CaseState, ReturnedPayload, new_case_code
from offline_queue.inbox_wire import Correction, read_content
from offline_queue.wire import Item, Kind, VerdictKind
from tests.central.station import Station, case_payload, centre
from tests.central.test_inbox import ask, told

S = CaseState
BY = Signed("clerk 12", "slip seen")
REGISTERED = Wish("registered", BY, ForResident("已按凭条登记", "Registered from the slip"))
RETURNED = Wish("returned", BY, ForResident("材料不全，已退回", "Given back, papers are missing"))


def refuse_one(station: Station, code: str = "") -> Item:
    """A header that the door does not take."""
    item = station.item(code=code, received_at_kiosk="yesterday")
    (verdict,) = station.send(item)
    assert verdict.kind is VerdictKind.REFUSED
    return item


def correct(database: str, item: Item, wish: Wish) -> CaseState | NotCorrected:
    engine = open_database(database)
    try:
        return correct_item(engine, item.terminal, item.id, wish)
    finally:
        engine.dispose()


def state_of(station: Station, code: str) -> str:
    response = station.client.get(f"/v1/cases/{code}")
    return str(response.json()["state"]) if response.status_code == 200 else ""


def test_staff_register_a_refused_case_and_its_terminal_is_told_once(database: str, trust: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        item = refuse_one(station)
        assert item.id in station.page("/ops/export/refused.csv")
        assert correct(database, item, REGISTERED) is CaseState.REGISTERED
        assert correct(database, item, REGISTERED) is CaseState.REGISTERED, "a second time is the same answer"
        assert correct(database, item, RETURNED) is NotCorrected.STATE
        assert state_of(station, item.lane) == "registered"
        (letter,) = ask(station).letters
        correction = read_content(letter.content)
        assert isinstance(correction, Correction)
        assert (correction.item_id, correction.item_hash) == (item.id, item.chain_hash())
        assert correction.news.words_zh == REGISTERED.words.zh
        assert "工作人员已更正并登记" in station.page(f"/ops/cases/{item.lane}")
        assert item.id not in station.page("/ops/export/refused.csv")


def test_staff_give_a_refused_case_back(database: str, trust: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        item = refuse_one(station)
        assert correct(database, item, RETURNED) is CaseState.NOT_ACCEPTED
        assert state_of(station, item.lane) == "not_accepted"


def test_what_never_came_or_cannot_be_named_is_not_corrected(database: str, trust: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        assert correct(database, station.item(), REGISTERED) is NotCorrected.UNKNOWN
        wrong_code = refuse_one(station, code="0142NOTACODE")
        assert correct(database, wrong_code, REGISTERED) is NotCorrected.HEADER
        assert ask(station).letters == ()


def test_a_case_whose_content_cannot_be_used_is_settled_by_its_code(database: str, trust: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        item = station.item(payload=b"not a case")
        station.send(item)
        assert state_of(station, item.lane) == "needs_clerk"
        engine = open_database(database)
        words = REGISTERED.words
        assert settle_case(engine, item.lane, S.REGISTERED, BY, words) is S.REGISTERED
        assert settle_case(engine, item.lane, S.REGISTERED, BY, words) is NotCorrected.STATE
        assert settle_case(engine, station.item().lane, S.REGISTERED, BY, words) is NotCorrected.UNKNOWN
        engine.dispose()
        assert told(station)[item.lane].words_zh == words.zh


def test_a_refused_item_of_a_case_that_went_on_moves_it_nowhere(database: str, trust: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        good = station.item()
        station.send(good, station.item())
        bad = refuse_one(station, code=good.lane)
        assert correct(database, bad, RETURNED) is CaseState.REGISTERED
        assert state_of(station, good.lane) == "registered"


def test_an_item_in_the_place_of_a_refused_one_registers_the_case(station: Station) -> None:
    bad = refuse_one(station)
    payload = CasePayload.model_validate_json(case_payload(bad.lane))
    better = payload.model_copy(update={"supersedes": bad.id}).model_dump_json(by_alias=True).encode()
    good = station.item(code=bad.lane, payload=better)
    (verdict,) = station.send(good)
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "registered")
    assert bad.id not in station.page("/ops/export/refused.csv"), "nobody need look after it any more"


def given_back(station: Station, code: str) -> Item:
    """The tombstone by which a terminal tells that its technician gave a refused item back."""
    content = json.dumps({"case_code": code, "reason": "returned"}).encode()
    return station.item(Kind.WITHDRAWAL, code, content)


def test_what_the_terminal_gave_back_waits_for_no_staff(station: Station, other_station: Station) -> None:
    mine, other, elsewhere = refuse_one(station), refuse_one(station), refuse_one(other_station)
    rating = station.item(Kind.EVALUATION, mine.lane, received_at_kiosk="yesterday")
    station.send(rating)
    assert station.metric("jiujin_refused_items") == {"": 4}
    (verdict,) = station.send(given_back(station, mine.lane))
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "withdrawn")
    page = station.client.post("/case", data={"code": mine.lane}).text
    assert RESIDENT_WORDS[Doubt.GIVEN_BACK][0] in page
    assert "按您的申请" not in page, "the resident asked for nothing"
    assert told(station)[mine.lane].words_zh == RESIDENT_WORDS[Doubt.GIVEN_BACK][0]
    left = station.page("/ops/export/refused.csv")
    assert (mine.id in left, other.id in left, elsewhere.id in left) == (False, True, True)
    assert rating.id in left, "the terminal still holds it"
    assert station.metric("jiujin_refused_items") == {"": 3}


def returned(station: Station, refused: Item) -> Item:
    """The tombstone of one refused item of a case."""
    content = ReturnedPayload(case_code=refused.lane, item_id=refused.id).model_dump_json(by_alias=True)
    return station.item(Kind.EVALUATION, refused.lane, content.encode())


@pytest.mark.parametrize("tombstone", [given_back, returned])
def test_a_case_that_is_here_stays_when_its_second_item_is_given_back(
    station: Station, tombstone: Callable[..., Item]
) -> None:
    good = station.item()
    station.send(good)
    completion = refuse_one(station, code=good.lane)
    assert station.metric("jiujin_refused_items") == {"": 1}
    (verdict,) = station.send(tombstone(station, good.lane if tombstone is given_back else completion))
    assert verdict.kind is VerdictKind.REGISTERED
    assert state_of(station, good.lane) == "registered"
    assert station.metric("jiujin_refused_items") == {"": 0}
    page = station.page(f"/ops/cases/{good.lane}")
    assert EVENT_TEXTS[Event.ITEM_GIVEN_BACK][0] in page
    assert EVENT_TEXTS[Event.CASE_WITHDRAWN][0] not in page
    assert good.lane not in told(station), "nothing moved"


@pytest.mark.parametrize("kind", [Kind.EVALUATION, Kind.WITHDRAWAL])
def test_a_refused_evaluation_or_withdrawal_that_was_given_back_waits_for_no_staff(
    station: Station, kind: Kind
) -> None:
    good = station.item()
    station.send(good)
    bad = station.item(kind, good.lane, received_at_kiosk="yesterday")
    other = station.item(Kind.EVALUATION, good.lane, received_at_kiosk="yesterday")
    station.send(bad, other)
    station.send(returned(station, bad))
    left = station.page("/ops/export/refused.csv")
    assert (bad.id in left, other.id in left) == (False, True), "that one alone"
    assert state_of(station, good.lane) == "registered"


def test_the_tombstone_of_one_item_has_to_be_of_its_case(station: Station) -> None:
    bad = refuse_one(station)
    content = ReturnedPayload(case_code=new_case_code("0142"), item_id=bad.id).model_dump_json(by_alias=True)
    station.send(station.item(Kind.EVALUATION, bad.lane, content.encode()))
    assert bad.id in station.page("/ops/export/refused.csv")


def test_a_conflict_is_given_back_by_no_tombstone(station: Station) -> None:
    first = station.item()
    other = station.item(id=first.id, code=first.lane, payload=case_payload(first.lane, name="测试乙"))
    station.send(first)
    station.send(other)
    station.send(given_back(station, first.lane), returned(station, other))
    assert first.id in station.page("/ops/export/refused.csv"), "staff's to settle"


@pytest.mark.parametrize("clerk", [False, True])
def test_a_case_of_which_only_the_header_came_ends_as_given_back(
    database: str, trust: Path, *, clerk: bool
) -> None:
    """The tombstone erased it, and it came so before; what a clerk took up meanwhile stays."""
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        case = station.item()
        station.send(case.model_copy(update={"sealed": b"", "erased": True}))
        assert state_of(station, case.lane) == "needs_clerk"
        if clerk:
            engine = open_database(database)
            settle_case(engine, case.lane, S.REGISTERED, BY, REGISTERED.words)
            engine.dispose()
        station.send(given_back(station, case.lane))
        assert state_of(station, case.lane) == ("registered" if clerk else "withdrawn")


def test_nobody_gives_back_what_another_terminal_holds(station: Station, other_station: Station) -> None:
    held = refuse_one(station)
    other_station.send(given_back(other_station, held.lane))
    assert held.id in station.page("/ops/export/refused.csv")


def test_what_staff_settled_stays_as_they_settled_it(database: str, trust: Path) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        item = refuse_one(station)
        assert correct(database, item, REGISTERED) is CaseState.REGISTERED
        station.send(given_back(station, item.lane))
        assert correct(database, item, REGISTERED) is CaseState.REGISTERED, (
            "the same answer as the first time"
        )
        assert state_of(station, item.lane) == "registered"


def test_what_came_again_after_the_centre_was_put_right_waits_for_no_staff(
    database: str, trust: Path
) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        foreign = station.item(code=new_case_code("0999"), terminal="0999")
        (verdict,) = station.send(foreign)
        assert verdict.kind is VerdictKind.REFUSED, "its issuer is not enrolled"
        assert foreign.id in station.page("/ops/export/refused.csv")
        engine = open_database(database)
        key = Ed25519PrivateKey.generate().public_key().public_bytes_raw()
        enrol(engine, {"0999": TerminalEntry(name="新站", public_key=key)})
        engine.dispose()
        (verdict,) = station.send(foreign)
        assert verdict.kind is VerdictKind.REGISTERED
        assert foreign.id not in station.page("/ops/export/refused.csv")
        assert station.metric("jiujin_refused_items") == {"": 0}


def test_a_conflict_waits_for_staff_whatever_was_registered(database: str, trust: Path) -> None:
    """Both come in one batch, so the refusal is there when the first one is opened."""
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        first = station.item()
        other = station.item(id=first.id, code=first.lane, payload=case_payload(first.lane, name="测试乙"))
        taken, refused = station.send(first, other)
        assert (taken.kind, refused.kind) == (VerdictKind.REGISTERED, VerdictKind.CONFLICT)
        assert first.id in station.page("/ops/export/refused.csv")
