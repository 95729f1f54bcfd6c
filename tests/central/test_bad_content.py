"""What one sealed item does to the second step stays with that item (field case Q02 at the centre)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from central.database import open_database
from central.enrolment import enrol
from central.form import judge
from central.ingest import take_items
from central.rechecks import Findings, Rechecks, Told
from central.schema import cases, items
from central.trust import load_trust
from central.work import Work
from kiosk.case import CasePayload, CaseState, new_case_code
from offline_queue.wire import Item, VerdictKind
from tests.central.station import Station, case_payload
from tests.drivers.waiting import wait_until

NUL = "x\u0000y"
"""PostgreSQL stores no text with it, SQLite does."""


@pytest.fixture
def engine(database: str, trust: Path) -> Iterator[Engine]:
    made = open_database(database)
    enrol(made, load_trust(trust, production=False).terminals)
    yield made
    made.dispose()


def bad(station: Station, **changes: object) -> Item:
    """A case whose sealed content names what no terminal of ours would."""
    code = new_case_code(station.terminal)
    payload = {**json.loads(case_payload(code)), **changes}
    return station.item(code=code, payload=json.dumps(payload).encode())


def taken(engine: Engine, trust: Path, station: Station, *told: Item) -> None:
    keys = load_trust(trust, production=False).sealing_keys
    judged = [judge(item.model_dump(mode="json"), keys) for item in told]
    settled = take_items(engine, judged, station.terminal)
    assert {one.kind for one in settled} == {VerdictKind.REGISTERED}


def states(engine: Engine) -> dict[str, str]:
    with engine.connect() as connection:
        return {row.code: row.state for row in connection.execute(select(cases.c.code, cases.c.state))}


def unopened(engine: Engine) -> list[str]:
    with engine.connect() as connection:
        return list(connection.execute(select(items.c.item_id).where(items.c.opened_at.is_(None))).scalars())


@pytest.mark.parametrize("changes", [{"recheck_at_sync": [NUL]}, {"supersedes": NUL}])
def test_content_that_the_database_refuses_holds_nobody_up(
    engine: Engine, trust: Path, changes: dict[str, object]
) -> None:
    one, other = Station("https://nowhere.invalid", trust), Station("https://nowhere.invalid", trust, "0777")
    poison = bad(one, **changes)
    behind, elsewhere = [one.item(), one.item()], [other.item(), other.item()]
    taken(engine, trust, one, poison, *behind)
    taken(engine, trust, other, *elsewhere)
    work = Work(engine, load_trust(trust, production=False).sealing_keys)
    assert work.all() == 5
    assert unopened(engine) == []
    found = states(engine)
    assert {found[item.lane] for item in (*behind, *elsewhere)} == {CaseState.REGISTERED.value}
    assert found[poison.lane] in (CaseState.NEEDS_CLERK.value, CaseState.REGISTERED.value), (
        "in words, or taken where the database can hold it"
    )
    one.close()
    other.close()


class Broken(Rechecks):
    """With a defect for cases that name a register."""

    def of(self, case: CasePayload, now: datetime, told: Told) -> Findings:
        if case.recheck_at_sync:
            message = f"no such person: {case.person}"
            raise RuntimeError(message)
        return super().of(case, now, told)


def test_a_recheck_with_a_defect_leaves_its_case_to_a_clerk_and_the_others_go_on(
    engine: Engine, trust: Path
) -> None:
    station = Station("https://nowhere.invalid", trust)
    asked, others = bad(station, recheck_at_sync=["card_status"]), [station.item(), station.item()]
    taken(engine, trust, station, others[0], asked, others[1])
    keys = load_trust(trust, production=False).sealing_keys
    work = Work(engine, keys, Broken())
    work.start()
    try:
        assert wait_until(lambda: unopened(engine) == [])
        found = states(engine)
        assert found[asked.lane] == CaseState.NEEDS_CLERK.value
        assert {found[item.lane] for item in others} == {CaseState.REGISTERED.value}
        later = station.item()
        taken(engine, trust, station, later)
        work.wake()
        assert wait_until(lambda: states(engine).get(later.lane) == CaseState.REGISTERED.value)
    finally:
        work.close()
        station.close()


def test_no_free_connection_is_no_fault_of_an_item_and_ends_no_thread(
    engine: Engine, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def short(*_args: object) -> Findings:
        raise PoolTimeoutError

    station = Station("https://nowhere.invalid", trust)
    item = station.item()
    taken(engine, trust, station, item)
    work = Work(engine, load_trust(trust, production=False).sealing_keys)
    try:
        with monkeypatch.context() as while_short:
            while_short.setattr(Rechecks, "of", short)
            assert not work.now({station.terminal: [item.id]})
            assert unopened(engine) == [item.id]
            before = work.standing().failures
            work.start()
            assert wait_until(lambda: work.standing().failures > before)
            assert (told := work.standing().last) is not None
            assert told.kind == "TimeoutError"
            assert unopened(engine) == [item.id]
        assert wait_until(lambda: states(engine).get(item.lane) == CaseState.REGISTERED.value)
    finally:
        work.close()
        station.close()


def test_at_the_door_it_is_acknowledged_and_its_neighbour_is_registered(station: Station) -> None:
    poison, good = bad(station, supersedes=NUL), station.item()
    first, second = station.send(poison, good)
    assert first.kind is VerdictKind.REGISTERED
    assert first.acknowledgement is not None
    assert first.case_state in (CaseState.NEEDS_CLERK.value, CaseState.REGISTERED.value)
    assert second.case_state == CaseState.REGISTERED.value
