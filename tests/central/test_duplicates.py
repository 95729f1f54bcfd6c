"""Rule F5 at the centre: the second case about the same business waits for a clerk, wherever both were received."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import func, select

from central.database import open_database, utc_now
from central.duplicates import Businesses
from central.inbox import WORDS
from central.retention import Retention, sweep
from central.schema import businesses
from central.trust import load_trust
from kiosk.case import CasePayload, CaseState, new_case_code
from kiosk.catalogue.load import read
from kiosk.catalogue.model import Definition
from offline_queue.wire import Item, Kind
from tests.central.conftest import PROJECT
from tests.central.station import NUMBER, Station, case_payload, centre
from tests.central.test_corrections import state_of
from tests.central.test_inbox import told

DEFINITIONS = PROJECT / "kiosk" / "catalogue" / "definitions"
EARLY, LATE, NEXT_YEAR = "2026-03-02T01:00:00Z", "2026-03-02T09:00:00Z", "2027-03-02T01:00:00Z"
OTHER_PERSON = "11019919510723003X"


@pytest.fixture(scope="module")
def pension() -> Definition:
    found = read(DEFINITIONS / "pension_confirmation.json")
    assert isinstance(found, Definition)
    return found


@dataclass
class Place:
    """A centre with the published definitions, and two terminals that know nothing of each other."""

    one: Station
    other: Station
    pension: Definition
    database: str

    def confirm(self, station: Station, received_at: str, number: str = NUMBER) -> Item:
        """A pension confirmation of this person."""
        code = new_case_code(station.terminal)
        payload = CasePayload.model_validate_json(case_payload(code, service=self.pension.code))
        assert payload.person is not None
        changes = {
            "person": payload.person.model_copy(update={"number": number}),
            "definition_version": self.pension.definition_version,
            "definition_hash": self.pension.content_hash,
            "answers": {"lives_at_card_address": "yes"},
        }
        body = payload.model_copy(update=changes).model_dump_json(by_alias=True).encode()
        version = self.pension.definition_version
        return station.item(
            code=code, payload=body, service=self.pension.code, definition_version=version, received_at_kiosk=received_at
        )  # fmt: skip

    def state(self, item: Item) -> str:
        return state_of(self.one, item.lane)


@pytest.fixture
def place(database: str, trust: Path, pension: Definition) -> Iterator[Place]:
    with ExitStack() as stack:
        running = stack.enter_context(centre(database, trust, catalogue=DEFINITIONS))
        one, other = (
            stack.enter_context(closing(Station(running.url, trust, name))) for name in ("0142", "0777")
        )
        yield Place(one, other, pension, database)


def test_the_second_by_time_of_receipt_is_suspected_and_its_resident_is_told(place: Place) -> None:
    first, second = place.confirm(place.one, EARLY), place.confirm(place.other, LATE)
    (verdict,) = place.one.send(first)
    assert verdict.case_state == "registered"
    (verdict,) = place.other.send(second)
    assert verdict.case_state == "duplicate_suspected"
    assert place.state(first) == "registered"
    found = place.one.client.get(f"/v1/cases/{second.lane}").json()
    assert (found["words_zh"], found["words_en"]) == WORDS[CaseState.DUPLICATE_SUSPECTED]
    assert first.lane in place.one.page(f"/ops/cases/{second.lane}")


def test_one_that_was_received_earlier_and_came_later_makes_the_other_the_second(place: Place) -> None:
    late, early = place.confirm(place.one, LATE), place.confirm(place.other, EARLY)
    place.one.send(late)
    (verdict,) = place.other.send(early)
    assert verdict.case_state == "registered"
    assert place.state(late) == "duplicate_suspected"
    assert told(place.one)[late.lane].words_zh == WORDS[CaseState.DUPLICATE_SUSPECTED][0]


def test_another_person_another_cycle_and_a_case_that_is_over_are_not_the_same(place: Place) -> None:
    first = place.confirm(place.one, EARLY)
    place.one.send(first)
    others = place.confirm(place.one, LATE, OTHER_PERSON), place.confirm(place.one, NEXT_YEAR)
    assert [one.case_state for one in place.one.send(*others)] == ["registered"] * 2
    place.one.send(place.one.item(Kind.WITHDRAWAL, first.lane))
    (verdict,) = place.one.send(place.confirm(place.one, LATE))
    assert verdict.case_state == "registered", "the first was withdrawn: this one is the only one"


def test_two_in_one_batch_and_one_sent_again(place: Place) -> None:
    first, second = place.confirm(place.one, EARLY), place.confirm(place.one, LATE)
    assert [one.case_state for one in place.one.send(second, first)] == ["duplicate_suspected", "registered"]
    assert [one.kind for one in place.one.send(second, first)] == ["duplicate", "duplicate"]
    assert (place.state(first), place.state(second)) == ("registered", "duplicate_suspected")


def test_of_many_that_arrive_at_once_exactly_one_is_not_suspected(place: Place) -> None:
    """From two terminals at the same moment: each transaction sees the other's, or waits for it."""
    items = [place.confirm(station, LATE) for _ in range(4) for station in (place.one, place.other)]
    with ThreadPoolExecutor(2) as pool:
        halves = [(place.one, items[0::2]), (place.other, items[1::2])]
        list(pool.map(lambda half: [half[0].send(item) for item in half[1]], halves))
    states = sorted(place.state(item) for item in items)
    assert states == ["duplicate_suspected"] * 7 + ["registered"]


def test_the_digest_is_keyed_and_outlives_a_change_of_keys(place: Place, trust: Path) -> None:
    known = load_trust(trust, production=False)
    definitions = {(place.pension.code, place.pension.definition_version): place.pension}
    payload = CasePayload.model_validate_json(case_payload("0142AAAAAAAAAAAA", service=place.pension.code))
    payload = payload.model_copy(update={"definition_version": place.pension.definition_version})
    old = Businesses(known.business_keys, definitions).claim(payload, EARLY)
    new = Businesses((bytes(32), *known.business_keys), definitions).claim(payload, EARLY)
    assert old is not None
    assert new is not None
    assert old.digests[0] in new.digests
    assert old.digests[0] != new.digests[0]
    assert NUMBER not in repr(new)


def test_who_has_no_number_has_no_business(pension: Definition, trust: Path) -> None:
    known = load_trust(trust, production=False)
    definitions = {(pension.code, pension.definition_version): pension}
    payload = CasePayload.model_validate_json(case_payload("0142AAAAAAAAAAAA", service=pension.code))
    nobody = payload.model_copy(update={"person": None, "definition_version": pension.definition_version})
    assert Businesses(known.business_keys, definitions).claim(nobody, EARLY) is None


def test_it_goes_when_the_content_goes(place: Place) -> None:
    place.one.send(place.confirm(place.one, EARLY))
    engine = open_database(place.database)
    count = select(func.count()).select_from(businesses)
    with engine.connect() as connection:
        assert connection.execute(count).scalar_one() == 1
    sweep(engine, utc_now(), Retention(case=-1))
    with engine.connect() as connection:
        assert connection.execute(count).scalar_one() == 0
    engine.dispose()
