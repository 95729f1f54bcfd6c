"""Whatever the wall clock says, order comes from the counter, and what it said is told with its quality."""

from __future__ import annotations

import pytest

from offline_queue import intake
from offline_queue.records import ItemState, Received, Settlement
from offline_queue.schema import Connection
from offline_queue.store import Outbox
from offline_queue.wire import ClockQuality
from tests.offline_queue.terminal import TerminalKit, committed, draft

CLAIMED = (
    ("2026-03-02T01:00:00Z", ClockQuality.SYNCED, "boot-1"),
    ("1970-01-01T00:00:13Z", ClockQuality.UNSYNCED, "boot-2"),  # before NTP, no battery
    ("2099-12-31T23:59:59Z", ClockQuality.JUMPED, "boot-2"),
    ("2024-02-01T00:00:00Z", ClockQuality.JUMPED, "boot-2"),  # and back
    ("2026-03-02T01:00:05Z", ClockQuality.SYNCED, "boot-2"),
)


def fill(outbox: Outbox, *, one_case: bool) -> list[str]:
    ids = []
    for number, (wall, quality, boot) in enumerate(CLAIMED):
        lane = "CASE" if one_case else f"CASE{number}"
        wanted = draft(lane=lane, received_at=wall, clock_quality=quality, boot_id=boot, monotonic_ns=number)
        committed(outbox, wanted)
        ids.append(wanted.id)
    return ids


def test_cases_go_out_as_they_were_counted_with_what_the_clock_claimed(outbox: Outbox) -> None:
    ids = fill(outbox, one_case=False)
    items = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=99_999)
    assert [item.id for item in items] == ids
    assert [(item.received_at_kiosk, item.clock_quality, item.boot_id) for item in items] == list(CLAIMED)
    assert outbox.verify().whole


def test_within_a_case_too_and_after_a_restart(kit: TerminalKit) -> None:
    outbox = kit.open()
    ids = fill(outbox, one_case=True)
    outbox.close()
    outbox = kit.open()
    sent = []
    for _ in ids:
        [item] = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=99_999)
        sent.append(item.id)
        outbox.deliveries.settle([Settlement(item.sequence, ItemState.ACKNOWLEDGED, "registered")])
    assert sent == ids
    assert [summary.id for summary in outbox.find("CASE")] == ids
    outbox.close()


def test_the_oldest_that_waits_is_the_first_counted_not_the_one_of_1970(outbox: Outbox) -> None:
    fill(outbox, one_case=False)
    assert outbox.counters().oldest_pending_at == CLAIMED[0][0]
    outbox.deliveries.catch_up()
    assert outbox.counters().oldest_pending_at == CLAIMED[0][0]


def test_the_oldest_is_told_with_the_boots_own_count_and_the_refused_apart(outbox: Outbox) -> None:
    fill(outbox, one_case=False)
    for listed in (False, True):
        if listed:
            outbox.deliveries.settle([Settlement(1, ItemState.QUARANTINED, "refused")])
        wall, quality, boot = CLAIMED[1 if listed else 0]
        counted = outbox.counters()
        assert counted.oldest_pending == Received(wall, quality, boot, 1 if listed else 0)
        wall, quality, boot = CLAIMED[0]
        assert counted.oldest_quarantined == (Received(wall, quality, boot, 0) if listed else None)
    outbox.deliveries.requeue(1)
    assert outbox.counters().oldest_quarantined is None
    assert outbox.counters().oldest_pending == Received(*CLAIMED[0], 0)


@pytest.mark.parametrize("state", [ItemState.PENDING, ItemState.QUARANTINED])
def test_the_oldest_is_found_without_a_walk_over_what_waits(outbox: Outbox, state: ItemState) -> None:
    fill(outbox, one_case=False)
    outbox.deliveries.settle([Settlement(2, ItemState.QUARANTINED, "refused")])
    asked: list[str] = []

    def plan(connection: Connection) -> list[str]:
        connection.set_trace_callback(asked.append)
        intake.oldest(connection, state)
        connection.set_trace_callback(None)
        return [row[3] for row in connection.execute(f"explain query plan {asked[0]}")]

    steps = outbox._owner.ask(plan)
    assert any("USING INTEGER PRIMARY KEY" in step for step in steps), steps
    index = "delivery_oldest" if state is ItemState.PENDING else "delivery_quarantined"
    assert any(index in step for step in steps), steps
    assert not any("TEMP B-TREE" in step for step in steps), steps


def test_rows_are_forgotten_by_the_centres_time_not_by_the_terminals(outbox: Outbox) -> None:
    """The terminal's clock of 1970 makes no case old, its clock of 2099 keeps none for ever."""
    fill(outbox, one_case=False)
    days = range(1, len(CLAIMED) + 1)
    outbox.deliveries.settle(
        [
            Settlement(n, ItemState.ACKNOWLEDGED, "registered", "", f"2026-03-{n:02}T00:00:00+00:00")
            for n in days
        ]
    )
    outbox.deliveries.forget("2026-03-04T00:00:00+00:00")
    assert [len(outbox.find(f"CASE{number}")) for number in range(len(CLAIMED))] == [0, 0, 0, 1, 1]
    assert outbox.verify().whole
