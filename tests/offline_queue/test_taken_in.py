"""How many items that get a slip were ever taken in: the count that printed slips are compared with."""

from __future__ import annotations

from contextlib import closing

import pytest
import sqlcipher3

from offline_queue.database import migrate_outbox
from offline_queue.records import ItemState, Settlement
from offline_queue.schema import NEWEST
from offline_queue.store import Outbox
from offline_queue.wire import Kind
from tests.offline_queue.terminal import TerminalKit, committed, draft

NOT_COUNTED = NEWEST - 1


def take(outbox: Outbox, cases: int = 3) -> None:
    """So many cases; the first is evaluated and withdrawn, too."""
    for number in range(cases):
        committed(outbox, draft(f"0142AAA{number}"))
    committed(outbox, draft("0142AAA0", kind=Kind.EVALUATION))
    committed(outbox, draft("0142AAA0", kind=Kind.WITHDRAWAL))


def test_all_but_evaluations_are_counted_for_good(kit: TerminalKit) -> None:
    outbox = kit.open()
    take(outbox)
    assert outbox.counters().taken_in == 4, "before any of them has its index row"
    again = draft("0142BBBB")
    committed(outbox, again)
    assert committed(outbox, again).already
    outbox.deliveries.catch_up()
    assert outbox.counters().taken_in == 5
    outbox.deliveries.settle([Settlement(n, ItemState.ACKNOWLEDGED, "registered") for n in range(1, 7)])
    outbox.close()
    assert kit.open().counters().taken_in == 5, "what was acknowledged was taken in all the same"


def test_it_waits_while_an_older_program_is_there_and_begins_at_nought(kit: TerminalKit) -> None:
    outbox = kit.open()
    take(outbox)
    outbox.deliveries.catch_up()
    outbox.close()
    for _time in range(2):
        migrate_outbox(kit.directory, kit.database_key, NOT_COUNTED)
        outbox = kit.open()
        assert outbox.counters().taken_in == 4
        outbox.close()
    migrate_outbox(kit.directory, kit.database_key, NOT_COUNTED)
    with closing(sqlcipher3.connect(kit.directory / "outbox.db")) as connection, connection:
        connection.execute("drop table taken_in")
    outbox = kit.open()
    assert outbox.counters().taken_in == 0, "slips of the time before are not counted either"
    assert outbox.counters().pending == 5


@pytest.mark.parametrize("unlisted", [False, True])
def test_a_database_that_takes_the_place_of_a_damaged_one_counts_on(kit: TerminalKit, unlisted: bool) -> None:
    outbox = kit.open()
    take(outbox)
    outbox.deliveries.catch_up()
    if unlisted:
        committed(outbox, draft("0142BBBB"))
    wanted = outbox.counters().taken_in
    outbox.close()
    (kit.directory / "outbox.db").rename(kit.directory / "outbox.damaged-20260101T000000Z.db")
    outbox = kit.open()
    assert outbox.counters().taken_in == wanted
    outbox.salvage()
    assert outbox.counters().taken_in == wanted, "what is salvaged was counted when it was taken in"


@pytest.mark.parametrize("nonsense", [-1, 999])
def test_a_damaged_count_is_taken_for_the_most_there_can_be(kit: TerminalKit, nonsense: int) -> None:
    """Too few would look like slips without a case."""
    outbox = kit.open()
    take(outbox)
    outbox.deliveries.catch_up()
    outbox.close()
    database = kit.directory / "outbox.db"
    with closing(sqlcipher3.connect(database)) as connection, connection:
        connection.execute("update ledger set taken_in = ?", (nonsense,))
    database.rename(kit.directory / "outbox.damaged-20260101T000000Z.db")
    assert kit.open().counters().taken_in == 5


def test_a_database_with_less_than_nothing_is_set_aside(kit: TerminalKit) -> None:
    outbox = kit.open()
    take(outbox)
    outbox.deliveries.catch_up()
    outbox.close()
    with closing(sqlcipher3.connect(kit.directory / "outbox.db")) as connection, connection:
        connection.execute("update ledger set taken_in = -1")
    outbox = kit.open()
    assert outbox.counters().opened_fresh_because
    assert outbox.counters().taken_in == 5
