"""A damaged database is set aside, service goes on, and what can be read of it is sent after all, once."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest
import sqlcipher3

from offline_queue import aside, records, salvage, wire
from offline_queue.database import migrate_outbox
from offline_queue.link import Link
from offline_queue.records import ItemState, Salvaged, Settlement
from offline_queue.room import PAGE_BYTES
from offline_queue.store import Outbox
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import TerminalKit, Watched, committed, draft

ITEMS, ACKNOWLEDGED, HIT = 40, 5, 18
"""So many were taken, the first so many acknowledged; the damage hits this one."""


def sendable(outbox: Outbox) -> dict[int, wire.Item]:
    items = outbox.deliveries.next_batch(held_lanes=(), items_max=999, bytes_max=10**7)
    return {item.sequence: item for item in items}


def damage(path: Path, *marks: bytes) -> None:
    """Each page that holds the mark becomes rubbish."""
    data = bytearray(path.read_bytes())
    for mark in marks:
        start = data.index(mark) // PAGE_BYTES * PAGE_BYTES
        data[start : start + PAGE_BYTES] = b"\xff" * PAGE_BYTES
    path.write_bytes(bytes(data))


@pytest.fixture
def before(kit: TerminalKit) -> dict[int, wire.Item]:
    """What waited when the page under item `HIT` was damaged."""
    outbox = kit.open()
    for number in range(1, ITEMS + 1):
        committed(
            outbox,
            draft(
                lane=f"LANE{number}",
                boot_id=f"boot-{number:04}",
                payload=bytes(range(256)),
                priority=records.Priority.STATUTORY if number == ITEMS else None,
            ),
        )
    outbox.deliveries.settle(
        [Settlement(n, ItemState.ACKNOWLEDGED, "registered") for n in range(1, ACKNOWLEDGED + 1)]
    )
    waited = sendable(outbox)
    outbox.close()
    damage(kit.directory / "outbox.db", f"boot-{HIT:04}".encode())
    return waited


def test_what_can_be_read_is_sent_and_what_cannot_is_told(
    kit: TerminalKit, link: Link, centre: Centre, before: dict[int, wire.Item]
) -> None:
    outbox = kit.open()
    assert committed(outbox, draft(lane="NEW")).sequence == ITEMS + 1, "the numbers go on"
    [result] = outbox.salvage()
    assert result.lost > 0
    assert (result.recovered, result.already, result.waiting) == (len(before) - result.lost, 0, 0)
    [most_urgent] = outbox.deliveries.next_batch(held_lanes=(), items_max=1, bytes_max=1)
    assert most_urgent.sequence == ITEMS, "its class was kept"
    found = sendable(outbox)
    del found[ITEMS + 1]
    assert found == {sequence: before[sequence] for sequence in found}, (
        "word for word, so never a second case"
    )
    assert HIT not in found
    assert len(found) == result.recovered
    assert outbox.verify().whole
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().pending == 0, "all are sent")
    assert sorted(centre.order) == sorted([item.id for item in found.values()] + [outbox.find("NEW")[0].id])
    assert outbox.verify().whole
    outbox.close()


def test_what_was_forgotten_in_good_order_is_not_lost(kit: TerminalKit) -> None:
    """The chain of a healthy terminal begins after what it forgot; nobody is sent to look for that."""
    outbox = kit.open()
    for number in range(1, 9):
        committed(outbox, draft(lane=f"LANE{number}"))
    at = "2026-01-01T00:00:00Z"
    outbox.deliveries.settle(
        [Settlement(n, ItemState.ACKNOWLEDGED, "registered", registered_at=at) for n in (1, 2, 3)]
    )
    assert outbox.deliveries.forget("2999-01-01T00:00:00Z")
    assert outbox.find("LANE3") == ()
    outbox.close()
    (kit.directory / "outbox.db").rename(kit.directory / "outbox.damaged-20260101T000000Z.db")
    outbox = kit.open()
    [result] = outbox.salvage()
    assert (result.readable, result.recovered, result.lost, result.highest) == (True, 5, 0, 8)
    outbox.close()


def test_a_database_of_an_older_program_is_salvaged_too(kit: TerminalKit) -> None:
    outbox = kit.open()
    for number in range(1, ITEMS + 1):
        committed(outbox, draft(lane=f"LANE{number}", boot_id=f"boot-{number:04}", payload=bytes(range(256))))
    outbox.close()
    migrate_outbox(kit.directory, kit.database_key, 1)
    damage(kit.directory / "outbox.db", f"boot-{HIT:04}".encode())
    outbox = kit.open()
    [result] = outbox.salvage()
    assert result.readable
    assert result.recovered == ITEMS - result.lost
    assert result.recovered == len(sendable(outbox)) > ITEMS / 2
    outbox.close()


def test_it_is_told_until_it_is_salvaged(kit: TerminalKit, before: dict[int, wire.Item]) -> None:
    for _start in range(2):
        outbox = kit.open()
        assert outbox.counters().opened_fresh_because
        outbox.close()
    outbox = kit.open()
    outbox.salvage()
    assert outbox.counters().opened_fresh_because == ""
    assert outbox.salvage() == ()
    outbox.close()
    [kept] = kit.directory.glob("outbox.salvaged-*.db")
    assert kept.stat().st_size > len(before) * 100, "nothing is thrown away"


def test_cut_short_and_repeated_it_takes_nothing_twice(
    kit: TerminalKit, before: dict[int, wire.Item]
) -> None:
    outbox = kit.open()
    [damaged] = aside.damaged(kit.directory)
    room = iter([True] * 7)

    def cut_short(_size: int) -> bool:
        return next(room, False)

    first = outbox._owner.ask(lambda c: salvage.recover(c, outbox._signer, damaged, cut_short))
    assert (first.recovered, first.waiting) == (7, len(before) - first.lost - 7)
    [second] = outbox.salvage()
    assert (second.recovered, second.already) == (first.waiting, 7)
    [put_away] = kit.directory.glob("outbox.salvaged-*.db")
    put_away.rename(damaged)
    [third] = outbox.salvage()
    assert (third.recovered, third.already) == (0, len(before) - first.lost)
    assert outbox.counters().pending == len(before) - first.lost
    outbox.close()


def test_a_full_quota_leaves_the_rest_for_later(kit: TerminalKit, before: dict[int, wire.Item]) -> None:
    outbox = kit.open(quota_bytes=96 * 1024)
    [result] = outbox.salvage()
    assert result.waiting > 0
    assert aside.damaged(kit.directory)
    outbox.close()
    outbox = kit.open()
    [result] = outbox.salvage()
    assert (result.recovered + result.already, result.waiting) == (len(before) - result.lost, 0)
    outbox.close()


def test_an_edited_item_is_not_taken_over(kit: TerminalKit, before: dict[int, wire.Item]) -> None:
    path = kit.directory / "outbox.db"
    body = before[ITEMS].sealed[-20:]
    path.write_bytes(path.read_bytes().replace(body, bytes(20)))
    outbox = kit.open()
    [result] = outbox.salvage()
    assert result.recovered == len(before) - result.lost
    assert outbox.find(before[ITEMS].lane) == ()
    outbox.close()


def test_an_older_item_of_a_lane_goes_before_the_newer(
    kit: TerminalKit, before: dict[int, wire.Item]
) -> None:
    outbox = kit.open()
    lane = before[ITEMS].lane
    most_urgent = records.Priority.WITHDRAWAL
    newer = committed(outbox, draft(lane=lane, kind=wire.Kind.EVALUATION, priority=most_urgent))
    assert set(sendable(outbox)) == {newer.sequence}
    outbox.salvage()
    first, *_rest = outbox.deliveries.next_batch(held_lanes=(), items_max=1, bytes_max=10**6)
    assert first == before[ITEMS], "and as early as what waits for it"
    outbox.deliveries.settle([Settlement(ITEMS, ItemState.QUARANTINED, "refused")])
    assert newer.sequence not in sendable(outbox), "it waits behind a refused one too"
    outbox.close()


def test_two_damaged_pages_and_what_lies_between(kit: TerminalKit, before: dict[int, wire.Item]) -> None:
    damage(kit.directory / "outbox.db", f"boot-{HIT + 12:04}".encode())
    outbox = kit.open()
    [result] = outbox.salvage()
    assert HIT + 6 in sendable(outbox)
    assert result.recovered == len(before) - result.lost
    outbox.close()


def test_rubbish_is_told_as_unreadable_and_kept(kit: TerminalKit) -> None:
    kit.open().close()
    (kit.directory / "outbox.db").write_bytes(b"not a database at all" * 400)
    outbox = kit.open()
    [result] = outbox.salvage()
    assert (result.readable, result.recovered) == (False, 0)
    assert isinstance(result, Salvaged)
    assert list(kit.directory.glob("outbox.salvaged-*.db"))
    assert outbox.counters().opened_fresh_because == ""
    outbox.close()


def test_an_end_of_the_chain_that_damage_made_nonsense_of_is_not_gone_on_from(kit: TerminalKit) -> None:
    """Found by `make crash` with an outbox that does not flush: the terminal did not start."""
    kit.open().close()
    database = kit.directory / "outbox.db"
    with closing(sqlcipher3.connect(str(database))) as raw:
        raw.execute("update ledger set sequence = 7, head_hash = 'g' || char(1), anchor_hash = ''")
        raw.commit()
    database.rename(kit.directory / "outbox.damaged-20260301T000000Z.db")
    outbox = kit.open()
    assert outbox.head().sequence == 0
    assert outbox.counters().opened_fresh_because
    outbox.close()
