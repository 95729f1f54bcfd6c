"""What a round of notices does while others do something too: staff, another process, a sweep. Begun by hand."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update

from central import notices as notices_of
from central import telling as telling_of
from central.database import as_text, open_database, utc_now, writing
from central.departments.simulated import Fault
from central.log import Event
from central.notices import Outcome
from central.schema import items, notices
from kiosk.case import new_case_code
from tests.central.noticed import Alone, Place, later
from tests.central.station import ready_in
from tests.drivers.waiting import wait_until


@pytest.fixture
def alone(tmp_path: Path, trust: Path) -> Iterator[Alone]:
    """On SQLite only: what is tried does not depend on the database."""
    with closing(Place(ready_in(tmp_path), trust)) as local:
        local.department.fault = Fault.UNREACHABLE
        item = local.acted()
        assert wait_until(lambda: item.lane in local.outcomes())
    local.department.fault = Fault.NONE
    engine = open_database(local.database)
    yield Alone(local, engine, item)
    engine.dispose()


@pytest.mark.parametrize(
    ("who", "fault", "has_mobile"),
    [
        ("department", Fault.ERROR, True),
        ("department", Fault.NONE, False),
        ("gateway", Fault.UNREACHABLE, True),
        ("gateway", Fault.ERROR, True),
        ("gateway", Fault.REFUSES, True),
        ("gateway", Fault.NONE, True),
    ],
)
def test_what_staff_write_down_while_others_are_asked_stands(
    alone: Alone, who: str, fault: Fault, has_mobile: bool
) -> None:
    getattr(alone.place, who).fault = fault
    alone.place.department.has_mobile = has_mobile
    assert alone.telling({who: alone.told_by_staff}).round(later()) == 1
    assert alone.row().outcome == Outcome.BY_STAFF
    assert alone.events() == [Event.PERSON_TOLD]
    sent = len(alone.place.gateway.sent)
    alone.place.department.fault = alone.place.gateway.fault = Fault.NONE
    assert alone.telling({}).round(later()) == 0
    assert len(alone.place.gateway.sent) == sent


def test_a_process_that_was_slow_undoes_nothing_of_the_one_that_took_over(alone: Alone) -> None:
    other = alone.telling({})

    def meanwhile() -> None:
        """So late that the claim has passed; and the answer does not come."""
        assert other.round(later()) == 1
        alone.place.department.fault = Fault.ERROR

    assert alone.telling({"department": meanwhile}).round(later()) == 1
    assert alone.row().outcome == Outcome.SENT
    alone.place.department.fault = Fault.NONE
    assert alone.telling({}).round(later()) == 0
    assert len(alone.place.gateway.sent) == 1


def test_a_claim_is_of_one_row_and_from_the_hour_when_its_turn_comes(alone: Alone) -> None:
    """So that the last of a long round is nobody else's meanwhile, and the first keeps no other process waiting."""
    second, due = new_case_code("0142"), utc_now() - timedelta(hours=2)
    with writing(alone.engine).begin() as connection:
        notices_of.remember(connection, {second}, as_text(due + timedelta(minutes=1)))
        connection.execute(
            update(notices).where(notices.c.code != second).values(next_at=as_text(due), tries=0)
        )
    seen: list[dict[str, tuple[int, bool]]] = []

    def meanwhile() -> None:
        with alone.engine.connect() as connection:
            rows = connection.execute(select(notices)).all()
        seen.append({row.code: (row.tries, row.next_at > as_text(utc_now())) for row in rows})

    assert alone.telling({"department": meanwhile}).round(utc_now() - timedelta(hours=1)) == 2
    assert seen == [{alone.item.lane: (1, True), second: (0, False)}]


def test_what_waits_again_has_no_outcome_and_no_hour_of_one(alone: Alone) -> None:
    alone.place.gateway.fault = Fault.UNREACHABLE
    assert alone.telling({}).round(later()) == 1
    assert (alone.row().outcome, alone.row().at) == (None, None)


def test_a_case_that_is_swept_between_two_looks_needs_nobody_told(
    alone: Alone, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(telling_of, "states_of", lambda *_args: {})
    assert alone.telling({}).round(later()) == 1
    assert alone.row().outcome == Outcome.NOT_NEEDED


def test_a_case_whose_key_is_missing_for_a_while_still_waits_to_be_told(alone: Alone) -> None:
    assert alone.telling({}, keys=False).round(later()) == 1
    assert alone.row().outcome is None
    assert alone.telling({}).round(later()) == 1
    assert alone.row().outcome == Outcome.SENT


def test_a_case_whose_content_was_erased_needs_nobody_told(alone: Alone) -> None:
    with writing(alone.engine).begin() as connection:
        connection.execute(update(items).values(sealed=b"", erased_at=as_text(utc_now())))
    assert alone.telling({}).round(later()) == 1
    assert alone.row().outcome == Outcome.NOT_NEEDED
    assert alone.events() == []


@pytest.mark.parametrize(
    ("who", "fault", "outcome", "told_as"),
    [
        ("gateway", Fault.NONE, Outcome.SENT, [Event.PERSON_TOLD]),
        ("gateway", Fault.ERROR, Outcome.UNKNOWN, [Event.PERSON_TOLD_UNSURE]),
        ("gateway", Fault.REFUSES, Outcome.REFUSED, [Event.PERSON_NOT_TOLD]),
        ("department", Fault.REFUSES, Outcome.NO_WAY, [Event.PERSON_NOT_TOLD]),
    ],
)
def test_the_trail_says_no_more_than_is_known(
    alone: Alone, who: str, fault: Fault, outcome: Outcome, told_as: list[Event]
) -> None:
    getattr(alone.place, who).fault = fault
    assert alone.telling({}).round(later()) == 1
    assert (alone.row().outcome, alone.events()) == (outcome, told_as)
