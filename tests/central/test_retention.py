"""What is kept for how long (rule F15): a moved clock sweeps it, and nothing of it is found afterwards."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, Table, func, insert, select, update

from central import retention
from central.database import as_text, open_database, utc_now, writing
from central.retention import KEPT, RULES, sweep
from central.schema import (
    businesses,
    cases,
    corrections,
    decisions,
    department_questions,
    evaluations,
    events,
    heartbeats,
    items,
    letters,
    metadata,
    notices,
    open_rechecks,
    payment_orders,
    refusals,
    terminals,
    upload_parts,
    uploads,
)
from kiosk.case import new_case_code
from offline_queue import new_item_id
from offline_queue.live import Answered
from offline_queue.wire import Item, Kind, VerdictKind
from tests.central.live.conftest import PATIENT_S, live_centre
from tests.central.photographed import BIG, held, photographed, terminal, upload_rows
from tests.central.station import SERVICE, Station, centre
from tests.central.test_corrections import refuse_one
from tests.central.test_inbox import post_references
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import committed

NOTHING: Counter[str] = Counter()
LONG = 4000
"""Days after which nothing is kept that has an end."""


def in_days(days: float) -> datetime:
    return utc_now() + timedelta(days=days)


def rows(engine: Engine, table: Table) -> int:
    with engine.connect() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def bodies(engine: Engine) -> dict[str, bytes]:
    """Item id -> its sealed body."""
    with engine.connect() as connection:
        return {row[0]: row[1] for row in connection.execute(select(items.c.item_id, items.c.sealed))}


def found_on_disk(database: str, *wanted: bytes) -> bool:
    """Whether a part of one of these lies in the files of a SQLite database."""
    path = Path(database.removeprefix("sqlite:///"))
    content = b"".join(file.read_bytes() for file in path.parent.glob(f"{path.name}*"))
    return any(one[64:128] in content for one in wanted)


@pytest.fixture
def a_life(database: str, trust: Path) -> tuple[Item, Item]:
    """A centre with everything that a terminal leaves there; the withdrawn case and the one that stands."""
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        withdrawn, stands = station.item(), station.item()
        station.send(withdrawn, station.item(Kind.WITHDRAWAL, withdrawn.lane), stands)
        station.send(station.item(Kind.EVALUATION, stands.lane))
        refuse_one(station)
        station.beat({"state": "live", "site": "清河镇"})
    post_references(database, 2)
    return withdrawn, stands


def test_after_their_days_nothing_of_them_is_found(database: str, a_life: tuple[Item, Item]) -> None:
    withdrawn, stands = a_life
    engine = open_database(database)
    assert sweep(engine, in_days(29)) == NOTHING
    if database.startswith("sqlite"):
        assert found_on_disk(database, withdrawn.sealed), "the search finds what is there"
    assert sweep(engine, in_days(31))["items"] == 2, "the withdrawn case and its withdrawal"
    left = bodies(engine)
    assert (left[withdrawn.id], left[stands.id]) == (b"", stands.sealed)
    done = sweep(engine, in_days(181))
    assert done == {"heartbeats": 1, "refusals": 1}
    with engine.connect() as connection:
        assert "清河镇" not in str(connection.execute(select(heartbeats.c.body)).scalar_one())
    assert rows(engine, refusals) == 0
    assert rows(engine, events) > 0
    done = sweep(engine, in_days(1097))
    assert (done["items"], done["evaluations"]) == (2, 1)
    assert not any(bodies(engine).values())
    assert (rows(engine, events), rows(engine, evaluations)) == (0, 0)
    assert sweep(engine, in_days(1097)) == NOTHING, "a second sweep finds nothing to do"
    engine.dispose()
    if database.startswith("sqlite"):
        assert not found_on_disk(database, withdrawn.sealed, stands.sealed)


def test_an_old_case_is_kept_for_the_days_of_objection_after_its_withdrawal(
    database: str, trust: Path, tmp_path: Path
) -> None:
    engine = open_database(database)
    with (
        centre(database, trust) as running,
        terminal(tmp_path / "q", trust, running.url) as sender,
        closing(Station(running.url, trust)) as station,
    ):
        committed(sender.outbox, photographed(5000))
        sender.send_everything()
        with engine.begin() as connection:
            filed = as_text(in_days(-40))
            code = connection.execute(update(items).values(registered_at=filed).returning(items.c.code))
            withdrawal = station.item(Kind.WITHDRAWAL, code.scalar_one())
        station.send(withdrawal)
    assert sweep(engine, in_days(29))["items"] == 0
    assert all(bodies(engine).values())
    assert rows(engine, upload_parts) == 1
    assert sweep(engine, in_days(31))["items"] == 2
    assert not any(bodies(engine).values())
    assert rows(engine, upload_parts) == 0
    engine.dispose()


def test_an_item_that_was_never_opened_is_not_swept(database: str, a_life: tuple[Item, Item]) -> None:
    _withdrawn, stands = a_life
    engine = open_database(database)
    with engine.begin() as connection:
        connection.execute(update(items).where(items.c.item_id == stands.id).values(opened_at=None))
    sweep(engine, in_days(4000))
    assert bodies(engine)[stands.id] == stands.sealed
    engine.dispose()


def test_a_swept_item_that_is_sent_again_is_a_duplicate(
    database: str, trust: Path, a_life: tuple[Item, Item]
) -> None:
    _withdrawn, stands = a_life
    engine = open_database(database)
    sweep(engine, in_days(1097))
    engine.dispose()
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        (verdict,) = station.send(stands)
        assert verdict.kind is VerdictKind.DUPLICATE


def test_letters_wait_for_a_terminal_and_go_with_a_revoked_one(
    database: str, a_life: tuple[Item, Item]
) -> None:
    assert a_life
    engine = open_database(database)
    assert sweep(engine, in_days(91))["letters"] == 0
    with engine.begin() as connection:
        connection.execute(update(terminals).values(revoked_at=as_text(utc_now())))
    assert sweep(engine, in_days(91))["letters"] == 2
    assert rows(engine, letters) == 0
    engine.dispose()


def test_the_photographs_of_a_withdrawn_case_go_with_its_content(
    database: str, trust: Path, tmp_path: Path
) -> None:
    with centre(database, trust) as running, terminal(tmp_path / "booth", trust, running.url) as booth:
        withdrawn, stands = booth.put(photographed(300)), booth.put(photographed(300))
        booth.send_everything()
    engine = open_database(database)
    with engine.begin() as connection:
        connection.execute(update(cases).where(cases.c.code == withdrawn.lane).values(state="withdrawn"))
    assert sweep(engine, in_days(29))["items"] == 0
    assert sweep(engine, in_days(31))["items"] == 1
    with engine.connect() as connection:
        for table in (uploads, upload_parts):
            assert set(connection.execute(select(table.c.item_id)).scalars()) == {stands.id}
    engine.dispose()


def test_an_upload_that_no_item_asks_for_is_swept_by_the_centre_itself(
    database: str, trust: Path, tmp_path: Path
) -> None:
    engine = open_database(database)
    with centre(database, trust) as running, terminal(tmp_path / "booth", trust, running.url) as booth:
        item = booth.put(photographed(BIG))
        while not held(engine, item, item.attachments[0]):
            booth.round()
    with writing(engine).begin() as connection:
        connection.execute(update(uploads).values(touched_at=as_text(utc_now() - timedelta(days=8))))
    with centre(database, trust):
        assert wait_until(lambda: upload_rows(engine) == 0)
    engine.dispose()


@pytest.fixture
def a_full_life(database: str, trust: Path, tmp_path: Path) -> Engine:
    """A centre's database with rows in every table that is swept, by the ways in which they come; its terminal is revoked."""
    with (
        live_centre(database, trust) as asked,
        closing(asked.live()) as live,
        terminal(tmp_path / "booth", trust, asked.url) as booth,
    ):
        item = asked.registered()
        assert isinstance(live.decide(item.id, item.lane, PATIENT_S), Answered)
        ordered = live.payment_order(new_item_id(), new_case_code("0142"), SERVICE, 100, PATIENT_S)
        assert isinstance(ordered, Answered)
        asked.station.send(asked.station.item(Kind.EVALUATION, item.lane))
        refuse_one(asked.station)
        asked.station.beat({"state": "live", "site": "清河镇"})
        booth.put(photographed(300))
        booth.send_everything()
    post_references(database, 2)
    engine = open_database(database)
    with writing(engine).begin() as connection:
        connection.execute(update(terminals).values(revoked_at=as_text(utc_now())))
        # What staff and registers leave with a case.
        of, at = {"terminal": item.terminal, "code": item.lane}, as_text(utc_now())
        connection.execute(update(cases).values(words_zh="已核对", words_en="Checked"))
        connection.execute(insert(corrections).values(**of, id="1", field="f", by="c", at=at, sealed=b"s"))
        connection.execute(insert(businesses).values(**of, digest="d", received_at=at))
        connection.execute(insert(open_rechecks).values(**of, name="n", since=at, next_at=at, tries=0))
        connection.execute(insert(notices).values(**of, since=at, next_at=at, tries=0))
    return engine


def test_every_table_is_swept_or_kept_for_a_reason() -> None:
    swept = {rule.table.name for rule in RULES}
    kept = {table.name for table in KEPT}
    assert swept | kept == set(metadata.tables), "a new table needs a rule or a reason (central/retention.py)"
    assert not swept & kept
    assert all(KEPT.values())


def test_every_rule_ends_what_it_is_for(a_full_life: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 1)
    monkeypatch.setattr(retention, "LOOK_ROWS", 2)
    before = {rule.table: rows(a_full_life, rule.table) for rule in RULES}
    assert all(before.values()), "each rule has something to do"
    ended = sweep(a_full_life, in_days(LONG))
    for rule in RULES:
        gone = 0 if rule.emptied is None else before[rule.table]
        assert rows(a_full_life, rule.table) == gone, rule.table.name
        assert ended[rule.table.name] == before[rule.table], rule.table.name
    assert not any(bodies(a_full_life).values())
    assert all(rows(a_full_life, table) for table in (cases, terminals)), "what is kept is there"
    assert sweep(a_full_life, in_days(LONG)) == NOTHING
    a_full_life.dispose()


@pytest.mark.parametrize(
    ("table", "days"), [(decisions, 1096), (payment_orders, 1096), (department_questions, 90)], ids=str
)
def test_what_the_live_channel_left_has_its_days(a_full_life: Engine, table: Table, days: int) -> None:
    assert sweep(a_full_life, in_days(days - 2))[table.name] == 0
    assert rows(a_full_life, table) == 1
    assert sweep(a_full_life, in_days(days + 2))[table.name] == 1
    assert rows(a_full_life, table) == 0
    a_full_life.dispose()


def test_the_departments_words_go_with_the_content_of_a_withdrawn_case(a_full_life: Engine) -> None:
    with writing(a_full_life).begin() as connection:
        decided = connection.execute(select(decisions.c.item_id)).scalar_one()
        ended = {"erased_at": as_text(utc_now()), "sealed": b""}
        connection.execute(update(items).where(items.c.item_id == decided).values(**ended))
    gone = ("decisions", "corrections", "businesses", "persons", "cases", "open_rechecks", "notices")
    assert sweep(a_full_life, in_days(1)) == dict.fromkeys(gone, 1)
    a_full_life.dispose()


def test_a_sweep_that_is_ended_half_way_is_finished_by_the_next(
    a_full_life: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 1)
    answers = iter([True, True, True])
    first = sweep(a_full_life, in_days(LONG), go_on=lambda: next(answers, False))
    assert first.total() == 2, "one look and two rows"
    second = sweep(a_full_life, in_days(LONG))
    assert second["items"] + first["items"] == rows(a_full_life, items)
    assert not any(bodies(a_full_life).values())
    a_full_life.dispose()
