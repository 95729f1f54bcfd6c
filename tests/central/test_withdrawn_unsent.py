"""A case that was withdrawn before it was sent comes as its header: one effect, nothing to open, nothing vanishes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select

from central import form
from central import uploads as store
from central.database import utc_now
from central.form import Fit, Reason, Unfit
from central.imports import Imported, import_export
from central.schema import events, items, refusals, upload_parts, uploads
from central.server import RunningCentre
from central.trust import load_trust
from offline_queue import Draft, ItemState
from offline_queue.export import Heading, write_export
from offline_queue.link_state import LinkState, Unreached
from offline_queue.wire import Attachment, Batch, Item, Kind, VerdictKind
from tests.central.conftest import database_of
from tests.central.photographed import BIG, Terminal, picture, terminal, upload_rows
from tests.central.station import Station, centre, signing_key, withdrawal_payload
from tests.crash.visits import Visit
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import TERMINAL, committed


@pytest.fixture(params=["sqlite", "hash_partitioned"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The partitioned PostgreSQL is the stricter of the two."""
    with database_of(request.param, request, tmp_path) as address:
        yield address


@pytest.fixture
def engine(database: str) -> Iterator[Engine]:
    made = create_engine(database)
    yield made
    made.dispose()


@pytest.fixture
def booth(running: RunningCentre, trust: Path, tmp_path: Path) -> Iterator[Terminal]:
    with terminal(tmp_path, trust, running.url) as made:
        yield made


def erased(item: Item) -> Item:
    return item.model_copy(update={"sealed": b"", "erased": True})


def held(engine: Engine, item: Item) -> tuple[bytes, bool]:
    """The sealed body at the centre, and whether it counts as erased."""
    query = select(items.c.sealed, items.c.erased_at).where(items.c.item_id == item.id)
    with engine.connect() as connection:
        row = connection.execute(query).one()
    return bytes(row.sealed), row.erased_at is not None


def trail(engine: Engine, code: str) -> list[str]:
    query = select(events.c.event).where(events.c.code == code).order_by(events.c.id)
    with engine.connect() as connection:
        return list(connection.execute(query).scalars())


def told(station: Station, *sent: Item) -> list[tuple[str, str]]:
    return [(verdict.kind.value, verdict.case_state) for verdict in station.send(*sent)]


def test_the_case_is_withdrawn_by_the_withdrawal_that_follows(station: Station, engine: Engine) -> None:
    case = station.item()
    withdrawal = station.item(Kind.WITHDRAWAL, case.lane)
    [verdict] = station.send(erased(case))
    assert (verdict.kind, verdict.case_state) == (VerdictKind.REGISTERED, "needs_clerk")
    assert verdict.acknowledgement is not None
    assert verdict.acknowledgement.item_hash == case.chain_hash(), "signed over the item as it was committed"
    assert told(station, withdrawal) == [("registered", "withdrawn")]
    assert held(engine, case) == (b"", True)
    assert trail(engine, case.lane) == ["case.erased", "case.withdrawn"]
    page = station.page("/ops/terminals/0142")
    assert "chain." not in page.partition("<h2>")[2].partition("最近事件")[0], "no gap"


def test_both_in_one_batch_and_in_the_other_order(station: Station) -> None:
    case = station.item()
    withdrawal = station.item(Kind.WITHDRAWAL, case.lane)
    assert told(station, erased(case), withdrawal) == [("registered", "withdrawn")] * 2
    early = station.item()
    assert told(station, station.item(Kind.WITHDRAWAL, early.lane)) == [("registered", "withdrawn")]
    assert told(station, erased(early)) == [("registered", "withdrawn")]


@pytest.mark.parametrize("first", ["case", "withdrawal"])
def test_who_was_recognised_at_its_own_terminal_withdraws_it(station: Station, first: str) -> None:
    case = station.item()
    wish = station.item(Kind.WITHDRAWAL, case.lane, withdrawal_payload(case.lane), service="")
    both = [erased(case), wish]
    for item in both if first == "case" else both[::-1]:
        station.send(item)
    assert told(station, erased(case)) == [("duplicate", "withdrawn")]


def test_without_any_withdrawal_it_waits_for_a_clerk_where_staff_see_it(station: Station) -> None:
    case = station.item()
    station.send(erased(case))
    assert station.metric("jiujin_cases") == {'{state="needs_clerk"}': 1}
    assert "撤回件应随后到达" in station.page(f"/ops/cases/{case.lane}")


def test_after_the_whole_it_is_a_duplicate_and_the_whole_stays(station: Station, engine: Engine) -> None:
    case = station.item()
    assert told(station, case) == [("registered", "registered")]
    assert told(station, erased(case)) == [("duplicate", "registered")]
    assert told(station, station.item(Kind.WITHDRAWAL, case.lane)) == [("registered", "withdrawn")]
    assert held(engine, case) == (case.sealed, False)
    assert trail(engine, case.lane) == ["case.registered", "case.withdrawn"]


def test_before_the_whole_that_was_late_the_header_counts(station: Station, engine: Engine) -> None:
    case = station.item()
    withdrawal = station.item(Kind.WITHDRAWAL, case.lane)
    station.send(erased(case))
    station.send(withdrawal)
    assert told(station, case, erased(case)) == [("duplicate", "withdrawn")] * 2
    assert held(engine, case) == (b"", True)
    assert trail(engine, case.lane) == ["case.erased", "case.withdrawn"]


def test_a_second_case_that_is_erased_asks_a_clerk_about_the_first(station: Station) -> None:
    first = station.item()
    station.send(first)
    second = station.item(code=first.lane)
    assert told(station, erased(second)) == [("registered", "needs_clerk")]
    assert told(station, station.item(Kind.WITHDRAWAL, first.lane)) == [("registered", "withdrawn")]


@pytest.mark.parametrize(
    ("kind", "sealed"), [(Kind.CASE, b"something"), (Kind.EVALUATION, b""), (Kind.WITHDRAWAL, b"")]
)
def test_only_a_case_without_a_body_is_erased(station: Station, kind: Kind, sealed: bytes) -> None:
    item = station.item(kind).model_copy(update={"sealed": sealed, "erased": True})
    [verdict] = station.send(item)
    assert verdict.kind is VerdictKind.REFUSED
    assert verdict.reason.startswith(form.TEXTS[Reason.HASH])


def test_an_empty_body_alone_is_no_erasure(station: Station) -> None:
    [verdict] = station.send(station.item().model_copy(update={"sealed": b""}))
    assert verdict.reason.startswith(form.TEXTS[Reason.HASH])


def test_what_was_refused_is_nothing_for_staff_any_more(station: Station, engine: Engine) -> None:
    garbage = b"no envelope"
    sha256 = hashlib.sha256(garbage).hexdigest()
    case = station.item().model_copy(update={"sealed": garbage, "sealed_sha256": sha256})
    assert told(station, case)[0][0] == "refused"
    assert told(station, erased(case)) == [("registered", "needs_clerk")]
    with engine.connect() as connection:
        assert list(connection.execute(select(refusals.c.outcome)).scalars()) == ["withdrawn"]


# photographs


def parts(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(upload_parts)).scalar_one()


def test_its_photographs_are_not_waited_for_and_what_had_come_of_them_goes(
    booth: Terminal, engine: Engine
) -> None:
    visit = Visit.new()
    item = booth.put(with_pictures(visit))
    while not parts(engine):
        booth.round()
    assert committed(booth.outbox, visit.withdrawn().draft()).erased == 1
    booth.send_everything()
    assert (parts(engine), upload_rows(engine)) == (0, 0)
    assert held(engine, item) == (b"", True)
    assert trail(engine, visit.code) == ["case.erased", "case.withdrawn"]
    assert [one.state for one in booth.outbox.find(visit.code)] == [ItemState.ACKNOWLEDGED] * 2
    assert booth.outbox.verify().whole


def with_pictures(visit: Visit) -> Draft:
    return replace(visit.draft(), attachments=(picture(BIG), picture(900, 2)))


def test_a_part_that_comes_late_is_swept(database: str, trust: Path, engine: Engine) -> None:
    photograph = b"sealed photograph"
    sha256 = hashlib.sha256(photograph).hexdigest()
    named = Attachment(media_type="image/jpeg", number=1, sealed_bytes=len(photograph), sealed_sha256=sha256)
    # Ended before the part comes: it sweeps by itself, the first time soon after its start, and would count it.
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        case, waiting = station.item(attachments=(named,)), station.item()
        assert told(station, erased(case)) == [("registered", "needs_clerk")]
    key = store.key_of(case.terminal, case.id, sha256)
    assert key is not None
    store.take(engine, key, case.terminal, 0, len(photograph), photograph, utc_now())
    other = store.key_of(case.terminal, waiting.id, sha256)
    assert other is not None
    store.take(engine, other, case.terminal, 0, len(photograph), photograph, utc_now())
    assert store.sweep(engine, utc_now() + timedelta(minutes=1)) == 1
    with engine.connect() as connection:
        assert list(connection.execute(select(uploads.c.item_id)).scalars()) == [other.item_id]


def test_the_whole_that_the_centre_holds_keeps_its_photographs(booth: Terminal, engine: Engine) -> None:
    visit = Visit.new()
    item = booth.put(with_pictures(visit))
    send = booth.link.send_batch

    def answer_lost(batch: Batch) -> Unreached:
        send(batch)
        return Unreached(LinkState.OFFLINE, "the line")

    booth.link.send_batch = answer_lost  # type: ignore[method-assign]
    while not held_ids(engine):
        booth.round()
    booth.link.send_batch = send  # type: ignore[method-assign]
    committed(booth.outbox, visit.withdrawn().draft())
    booth.send_everything()
    assert booth.outbox.find(visit.code)[0].verdict == "duplicate"
    assert held(engine, item) == (item.sealed, False)
    assert upload_rows(engine) == 2
    assert trail(engine, visit.code) == ["case.registered", "case.withdrawn"]


def held_ids(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.execute(select(items.c.item_id)).scalars())


# other ways to the centre


def test_reconciled_it_counts_as_held(booth: Terminal) -> None:
    visit = Visit.new()
    committed(booth.outbox, visit.draft())
    committed(booth.outbox, visit.withdrawn().draft())
    booth.send_everything()
    manifest = booth.outbox.deliveries.manifest(booth.outbox.head())
    answer = booth.link.send_manifest(manifest).answer  # type: ignore[union-attr] # it answers
    assert (answer.missing_items, answer.differing, answer.counter_signature is None) == (0, False, False)


def test_a_stick_brings_it_in_once(booth: Terminal, database: str, trust: Path, tmp_path: Path) -> None:
    visit = Visit.new()
    committed(booth.outbox, visit.draft())
    committed(booth.outbox, visit.withdrawn().draft())
    heading = Heading(terminal=TERMINAL, head=booth.outbox.head(), made_at="2026-11-26T00:00:00Z")
    file = tmp_path / "stick"
    write_export(
        file, heading, booth.outbox.deliveries.unsettled(), signing_key(trust, f"terminal_{TERMINAL}")
    )
    engine = create_engine(database)
    for verdicts in ({"registered": 2}, {"duplicate": 2}):
        imported = import_export(engine, load_trust(trust, production=False), file)
        assert isinstance(imported, Imported)
        assert imported.verdicts == verdicts
    assert wait_until(lambda: trail(engine, visit.code) == ["case.erased", "case.withdrawn"])
    booth.send_everything()
    assert [one.verdict for one in booth.outbox.find(visit.code)] == ["duplicate"] * 2
    engine.dispose()


def test_an_older_centre_refuses_the_header_gets_the_withdrawal_and_is_told_again_once_updated(
    tmp_path: Path, trust: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    judge = form.judge

    def as_before(raw: Any, key_ids: Any) -> Fit | Unfit:
        return Unfit(raw["id"], Reason.FORM) if "erased" in raw else judge(raw, key_ids)

    with centre(tmp_path, trust) as running, terminal(tmp_path, trust, running.url) as booth:
        visit = Visit.new()
        case = booth.put(visit.draft())
        committed(booth.outbox, visit.withdrawn().draft())
        with monkeypatch.context() as older:
            older.setattr("central.form.judge", as_before)
            booth.send_everything()
        states = [(one.kind, one.state) for one in booth.outbox.find(visit.code)]
        assert states == [(Kind.CASE, ItemState.QUARANTINED), (Kind.WITHDRAWAL, ItemState.ACKNOWLEDGED)]
        assert booth.outbox.deliveries.quarantined()[0].reason.startswith(form.TEXTS[Reason.FORM])
        assert booth.outbox.deliveries.requeue(case.sequence)
        booth.send_everything()
        assert [one.state for one in booth.outbox.find(visit.code)] == [ItemState.ACKNOWLEDGED] * 2
        engine = create_engine(f"sqlite:///{tmp_path / 'centre.sqlite'}")
        assert trail(engine, visit.code) == ["case.withdrawn", "case.erased"]
        with engine.connect() as connection:
            gaps = select(events.c.event).where(events.c.event.like("chain.%")).order_by(events.c.id)
            assert list(connection.execute(gaps).scalars()) == ["chain.gap", "chain.gap_closed"]
        engine.dispose()
