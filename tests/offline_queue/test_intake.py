"""A commit writes one row; what looks it up follows, and nobody can tell the difference."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
import sqlcipher3
from hypothesis import given, settings
from hypothesis import strategies as st

from offline_queue.database import migrate_outbox
from offline_queue.intake import UNLISTED_MAX
from offline_queue.records import ItemState, Priority, Settlement, StoreUnwritable
from offline_queue.schema import NEWEST, Connection
from offline_queue.store import Outbox
from offline_queue.transactions import _LISTED
from offline_queue.wire import Kind
from tests.offline_queue.terminal import TerminalKit, committed, draft

BEFORE_CLASSES = 3
"""The last version of the tables without classes."""


def rows(outbox: Outbox, table: str) -> int:
    count = f"select count(*) from {table}"  # noqa: S608 - constants
    return int(outbox._owner.ask(lambda connection: connection.execute(count).fetchone()[0]))


def next_lanes(outbox: Outbox) -> list[str]:
    batch = outbox.deliveries.next_batch(held_lanes=(), items_max=99, bytes_max=10**6)
    return [item.lane for item in batch]


def test_a_commit_writes_one_row_and_everything_knows_of_it(kit: TerminalKit) -> None:
    outbox = kit.open()
    first = draft(lane="ONE", received_at="2026-03-02T00:59:59Z")
    committed(outbox, first)
    committed(outbox, draft(lane="TWO"))
    assert (rows(outbox, "item"), rows(outbox, "delivery")) == (2, 0)
    counters = outbox.counters()
    assert (counters.pending, counters.sequence, counters.oldest_pending_at) == (2, 2, "2026-03-02T00:59:59Z")
    assert counters.pending_bytes > 0
    assert committed(outbox, first).already
    assert outbox.head().sequence == 2
    assert rows(outbox, "delivery") == 0, "none of that wrote anything"
    outbox.close()
    outbox = kit.open()
    assert outbox.counters() == counters
    assert outbox.find("TWO")[0].state is ItemState.PENDING
    assert (rows(outbox, "delivery"), outbox.counters()) == (2, counters)
    assert outbox.verify().whole
    outbox.close()


def test_index_rows_do_not_stay_away_for_ever(outbox: Outbox) -> None:
    for number in range(UNLISTED_MAX + 1):
        committed(outbox, draft(lane=f"LANE{number}"))
    assert rows(outbox, "delivery") == UNLISTED_MAX
    assert outbox.counters().pending == UNLISTED_MAX + 1


def test_a_disk_that_takes_no_index_row_still_gives_its_items_in_order(outbox: Outbox) -> None:
    refused = committed(outbox, draft(lane="REFUSED"))
    outbox.deliveries.settle([Settlement(refused.sequence, ItemState.QUARANTINED, "refused")])
    for lane in ("REFUSED", "MINE", "MINE", "OTHER"):
        committed(outbox, draft(lane=lane))
    outbox._owner.ask(lambda connection: connection.execute("pragma query_only = on"))
    assert next_lanes(outbox) == ["MINE", "OTHER"]
    assert outbox.counters().pending == 4
    outbox._owner.ask(lambda connection: connection.execute("pragma query_only = off"))
    assert next_lanes(outbox) == ["MINE", "OTHER"]


def test_what_waits_behind_refused_cases_is_not_walked_through(outbox: Outbox) -> None:
    def plan(connection: Connection) -> str:
        return " ".join(str(row[3]) for row in connection.execute(f"explain query plan {_LISTED}"))

    for number in range(3):
        committed(outbox, draft(lane=f"STUCK{number}"))
    stuck = [Settlement(sequence, ItemState.QUARANTINED, "refused") for sequence in (1, 2, 3)]
    outbox.deliveries.settle(stuck)
    for number in range(3):
        committed(outbox, draft(lane=f"STUCK{number}", kind=Kind.EVALUATION))
    committed(outbox, draft(lane="FREE"))
    assert next_lanes(outbox) == ["FREE"]
    found = outbox._owner.ask(plan)
    assert "delivery_sendable" in found
    assert "TEMP B-TREE" not in found


def test_the_next_of_a_case_goes_when_the_one_before_it_is_there(outbox: Outbox) -> None:
    for kind in (Kind.CASE, Kind.WITHDRAWAL, Kind.EVALUATION):
        committed(outbox, draft(lane="MINE", kind=kind))
    for sequence in (1, 2, 3):
        (item,) = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=10**6)
        assert item.sequence == sequence
        assert outbox.deliveries.settle([Settlement(sequence, ItemState.ACKNOWLEDGED, "registered")])
    assert next_lanes(outbox) == []


CLASSES = (Priority.TELEMETRY, None, Priority.STATUTORY, Priority.OTHER)
"""None is that of a case: other."""


def arrivals(outbox: Outbox) -> list[str]:
    """The lanes in the order in which a line for one item at a time would carry them."""
    order = []
    while batch := outbox.deliveries.next_batch(held_lanes=(), items_max=1, bytes_max=10**6):
        order.append(batch[0].lane)
        outbox.deliveries.settle([Settlement(batch[0].sequence, ItemState.ACKNOWLEDGED, "registered")])
    return order


def test_the_class_decides_between_cases(outbox: Outbox) -> None:
    for number, priority in enumerate(CLASSES, start=1):
        committed(outbox, draft(lane=f"L{number}", priority=priority))
    committed(outbox, draft(lane="WITHDRAWN", kind=Kind.WITHDRAWAL))
    assert arrivals(outbox) == ["WITHDRAWN", "L3", "L2", "L4", "L1"]


@given(st.lists(st.tuples(st.sampled_from("ABCD"), st.sampled_from(Priority)), max_size=12))
@settings(max_examples=25, deadline=None)
def test_an_urgent_item_takes_along_what_must_go_before_it_in_its_case(
    wanted: list[tuple[str, Priority]],
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        outbox = TerminalKit(Path(folder)).open()
        for lane, priority in wanted:
            committed(outbox, draft(lane=lane, priority=priority))
        sent = []
        waiting = {lane: [p for mine, p in wanted if mine == lane] for lane, _ in wanted}
        for lane in arrivals(outbox):
            assert min(waiting[lane]) == min(min(left) for left in waiting.values() if left)
            sent.append((lane, waiting[lane].pop(0)))
        outbox.close()
    assert sorted(sent) == sorted(wanted)


def test_items_of_a_program_without_classes_go_as_others(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, draft(lane="OLD", priority=Priority.TELEMETRY))
    outbox.close()  # without an index row: the newer program makes it
    assert migrate_outbox(kit.directory, kit.database_key, BEFORE_CLASSES) == NEWEST
    outbox = kit.open()
    committed(outbox, draft(lane="LATER", priority=Priority.TELEMETRY))
    committed(outbox, draft(lane="URGENT", priority=Priority.STATUTORY))
    assert arrivals(outbox) == ["URGENT", "OLD", "LATER"]
    outbox.close()


def test_classes_that_were_given_already_keep_their_order_on_every_way(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, draft(lane="SAID", kind=Kind.EVALUATION))
    committed(outbox, draft(lane="CASE"))
    committed(outbox, draft(lane="GONE", kind=Kind.WITHDRAWAL))
    assert outbox.find("SAID"), "this gives index rows"
    outbox.close()
    migrate_outbox(kit.directory, kit.database_key, BEFORE_CLASSES)
    outbox = kit.open()
    assert arrivals(outbox) == ["GONE", "CASE", "SAID"]
    outbox.close()


@pytest.mark.parametrize("version", range(1, NEWEST))
def test_an_older_program_gets_its_outbox_back_and_the_newer_one_takes_it_again(
    kit: TerminalKit, version: int
) -> None:
    outbox = kit.open()
    for number in range(5):
        committed(outbox, draft(lane=f"LANE{number}"))
    outbox.deliveries.settle([Settlement(1, ItemState.ACKNOWLEDGED, "registered")])
    before = outbox.counters()
    outbox.close()
    assert migrate_outbox(kit.directory, kit.database_key, version) == NEWEST
    assert migrate_outbox(kit.directory, kit.database_key, version) == version
    outbox = kit.open()
    assert outbox.counters() == before
    assert outbox.verify().whole
    outbox.close()
    for other in (0, NEWEST + 1):
        with pytest.raises(ValueError, match="version"):
            migrate_outbox(kit.directory, kit.database_key, other)


def test_a_newer_programs_outbox_is_left_alone_and_said(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, draft())

    def from_the_future(connection: sqlcipher3.Connection) -> None:
        connection.execute(f"pragma user_version = {NEWEST + 1}")

    outbox._owner.ask(from_the_future)
    outbox.close()
    with pytest.raises(StoreUnwritable, match="newer program"):
        kit.open()
    assert not list(kit.directory.glob("*damaged*"))
