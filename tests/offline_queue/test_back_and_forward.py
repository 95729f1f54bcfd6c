"""An older program is put back, and later the newer one again: what was told of a closed item is told still."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing

import pytest

from offline_queue.database import migrate_outbox
from offline_queue.records import ItemState, ItemSummary, Settlement, StoreUnwritable
from offline_queue.schema import NEWEST
from offline_queue.store import Outbox
from tests.offline_queue.terminal import TerminalKit, committed, draft

BEFORE_CLOSING = 6
AT = "2026-11-26T08:00:00Z"
BACK, FIRST, SECOND, NEXT = "0142BBBB", "0142AAAA", "0142CCCC", "0142DDDD"


def refused(outbox: Outbox, lane: str) -> ItemSummary:
    done = committed(outbox, draft(lane))
    outbox.deliveries.settle([Settlement(done.sequence, ItemState.QUARANTINED, "refused", "格式不对")])
    return outbox.find(lane)[-1]


def settle(outbox: Outbox, sequence: int, at: str | None = AT) -> None:
    outbox.deliveries.settle(
        [Settlement(sequence, ItemState.ACKNOWLEDGED, "registered", "", at, "registered")]
    )


@pytest.fixture
def told(kit: TerminalKit) -> dict[str, tuple[ItemSummary, ...]]:
    """One given back, one that another took the place of, one refused and acknowledged late, one that waits."""
    outbox = kit.open()
    outbox.deliveries.give_back(refused(outbox, BACK).sequence, "已退还")
    replaced = refused(outbox, FIRST)
    settle(outbox, committed(outbox, draft(FIRST, payload=b"better", supersedes=replaced.id)).sequence)
    late = refused(outbox, SECOND)
    better = committed(outbox, draft(SECOND, payload=b"better", supersedes=late.id))
    settle(outbox, late.sequence)
    settle(outbox, better.sequence)
    committed(outbox, draft(NEXT))
    told = {lane: outbox.find(lane) for lane in (BACK, FIRST, SECOND, NEXT)}
    assert [one.state for lane in told.values() for one in lane] == [
        "closed", "closed", "acknowledged", "acknowledged", "acknowledged", "pending",
    ]  # fmt: skip
    assert told[SECOND][0].superseded_by == told[SECOND][1].id
    outbox.close()
    return told


def as_the_older_program(kit: TerminalKit, do: Callable[[sqlite3.Connection], object]) -> None:
    with closing(sqlite3.connect(kit.directory / "outbox.db")) as connection, connection:
        do(connection)


def found(outbox: Outbox) -> dict[str, tuple[ItemSummary, ...]]:
    return {lane: outbox.find(lane) for lane in (BACK, FIRST, SECOND, NEXT)}


@pytest.mark.parametrize("version", [BEFORE_CLOSING, 5, 1])
def test_what_was_told_is_told_again(
    kit: TerminalKit, told: dict[str, tuple[ItemSummary, ...]], version: int
) -> None:
    outbox = kit.open()
    before, manifest = outbox.counters(), outbox.deliveries.manifest(outbox.head())
    outbox.close()
    for _time in range(2):
        migrate_outbox(kit.directory, kit.database_key, version)
        outbox = kit.open()
        assert found(outbox) == told
        assert outbox.counters() == before
        assert outbox.deliveries.manifest(outbox.head()) == manifest
        assert outbox.verify().whole
        outbox.close()


@pytest.mark.usefixtures("told")
def test_the_older_program_is_told_of_no_acknowledgement_that_there_never_was(kit: TerminalKit) -> None:
    migrate_outbox(kit.directory, kit.database_key, BEFORE_CLOSING)

    def look(connection: sqlite3.Connection) -> None:
        states = dict(connection.execute("select sequence, state from delivery").fetchall())
        assert states == {3: "acknowledged", 4: "acknowledged", 5: "acknowledged", 6: "pending"}
        (acknowledged,) = connection.execute("select acknowledged from ledger").fetchone()
        assert acknowledged == 3

    as_the_older_program(kit, look)


def test_what_the_older_program_did_meanwhile_stands(
    kit: TerminalKit, told: dict[str, tuple[ItemSummary, ...]]
) -> None:
    """It took one more, and forgot the chain up to the first that was given back."""
    migrate_outbox(kit.directory, kit.database_key, BEFORE_CLOSING)

    def forget(connection: sqlite3.Connection) -> None:
        connection.execute(
            "update ledger set anchor_sequence = 1, "
            "anchor_hash = (select item_hash from settled where sequence = 1)"
        )
        connection.execute("delete from settled where sequence <= 1")

    as_the_older_program(kit, forget)
    outbox = kit.open()
    assert found(outbox) == {**told, BACK: ()}
    assert outbox.verify().whole
    assert committed(outbox, draft("0142EEEE")).sequence == 7
    outbox.close()
    for table in ("closing", "closing_news"):
        as_the_older_program(kit, lambda c: _assert_gone(c, table))  # noqa: B023 - called here


@pytest.mark.usefixtures("told")
def test_the_centres_words_about_a_closed_item_are_kept_too(kit: TerminalKit) -> None:
    """The older program forgets the words of every code that it knows no item of."""
    outbox = kit.open()
    outbox._owner.ask(
        lambda c: c.execute(
            "insert into case_news values (?, 'returned', ?, '已退还', 'Given back')", (BACK, AT)
        )
    )
    news = outbox.deliveries.news(BACK)
    assert news is not None
    outbox.close()
    for version in (BEFORE_CLOSING, 5):
        migrate_outbox(kit.directory, kit.database_key, version)
        if version == BEFORE_CLOSING:
            forget = "delete from case_news where lane not in (select lane from delivery)"
            as_the_older_program(kit, lambda c: c.execute(forget))  # noqa: B023 - called here
        outbox = kit.open()
        assert outbox.deliveries.news(BACK) == news
        outbox.close()


def _assert_gone(connection: sqlite3.Connection, table: str) -> None:
    assert connection.execute("select * from sqlite_schema where name = ?", (table,)).fetchall() == []


def test_an_id_that_the_older_program_gave_anew_does_not_stop_the_start(
    kit: TerminalKit, told: dict[str, tuple[ItemSummary, ...]]
) -> None:
    [back] = told[BACK]
    migrate_outbox(kit.directory, kit.database_key, BEFORE_CLOSING)
    as_the_older_program(
        kit, lambda c: c.execute("update delivery set id = ? where sequence = 6", (back.id,))
    )
    outbox = kit.open()
    assert [one.sequence for one in outbox.find(NEXT)] == [6]
    assert outbox.find(BACK) == ()
    outbox.close()


def test_one_that_is_being_replaced_stops_the_way_back_until_the_other_is_there(kit: TerminalKit) -> None:
    outbox = kit.open()
    replaced = refused(outbox, FIRST)
    better = committed(outbox, draft(FIRST, payload=b"better", supersedes=replaced.id))
    before = outbox.find(FIRST)
    outbox.close()
    with pytest.raises(StoreUnwritable, match="let that one be sent first"):
        migrate_outbox(kit.directory, kit.database_key, 5)
    outbox = kit.open()
    assert outbox.find(FIRST) == before, "nothing was changed by trying"
    settle(outbox, better.sequence)
    before = outbox.find(FIRST)
    assert [(one.state, one.superseded_by) for one in before] == [
        (ItemState.CLOSED, before[1].id), (ItemState.ACKNOWLEDGED, None),
    ]  # fmt: skip
    outbox.close()
    assert migrate_outbox(kit.directory, kit.database_key, 5) == NEWEST
    outbox = kit.open()
    assert outbox.find(FIRST) == before
    outbox.close()


def test_a_database_that_went_back_before_there_was_such_a_table_is_taken_as_it_is(
    kit: TerminalKit, told: dict[str, tuple[ItemSummary, ...]]
) -> None:
    migrate_outbox(kit.directory, kit.database_key, BEFORE_CLOSING)
    as_the_older_program(kit, lambda c: c.executescript("drop table closing; drop table closing_news"))
    outbox = kit.open()
    assert found(outbox) == {
        lane: tuple(one for one in items if one.state is not ItemState.CLOSED) for lane, items in told.items()
    } | {SECOND: found(outbox)[SECOND]}
    assert found(outbox)[SECOND][0].superseded_by is None
    outbox.close()
