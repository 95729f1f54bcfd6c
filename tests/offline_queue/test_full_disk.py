"""A full disk is a designed state: nothing new is promised, what is queued still goes out."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest

from offline_queue.database import Ballast
from offline_queue.link import Link
from offline_queue.records import Attached, Draft, ItemState, Settlement
from offline_queue.seal import PAYLOAD_BYTES_MAX
from offline_queue.store import Committed, NotCommitted, Outbox, Refused, StoreLocked, StoreUnwritable
from offline_queue.wire import ATTACHMENTS_MAX
from tests.disks import exhaust, remount, small_disk
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import TerminalKit, Watched, committed, draft

PAYLOAD = os.urandom(2048)
"""Of the kind that does not compress, as a photo."""


def fill(outbox: Outbox, payload: bytes = PAYLOAD) -> tuple[int, Refused]:
    """Commit until refused: how many were taken, and the reason."""
    taken = 0
    while isinstance(answer := outbox.commit(draft(lane=f"LANE{taken}", payload=payload)), Committed):
        taken += 1
        assert taken < 20_000
    assert isinstance(answer, NotCommitted)
    return taken, answer.reason


def drain(outbox: Outbox, link: Link, centre: Centre, taken: int) -> None:
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().pending == 0, "drained while full", deadline_s=60)
    assert len(centre.order) == len(set(centre.order)) == taken
    assert outbox.counters().acknowledged == taken
    assert outbox.verify().whole


def test_quota_refuses_the_new_and_drains_the_old(kit: TerminalKit, link: Link, centre: Centre) -> None:
    outbox = kit.open(quota_bytes=512 * 1024)
    assert outbox.accepts(len(PAYLOAD))
    taken, reason = fill(outbox)
    assert reason is Refused.QUOTA
    assert taken > 50
    assert not outbox.accepts(len(PAYLOAD)), "said before the resident types anything"
    outbox.close()
    outbox = kit.open(quota_bytes=512 * 1024)
    assert not outbox.accepts(len(PAYLOAD))
    drain(outbox, link, centre, taken)
    assert outbox.accepts(len(PAYLOAD))
    assert isinstance(outbox.commit(draft()), Committed)
    outbox.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", mebibytes=3) as place:
        yield place


def test_full_disk_still_acknowledges(disk: Path, link: Link, kit: TerminalKit, centre: Centre) -> None:
    kit.directory = disk / "queue"
    outbox = kit.open(ballast_bytes=512 * 1024)
    taken = 0
    while taken < 200 and isinstance(outbox.commit(draft(lane=f"LANE{taken}", payload=PAYLOAD)), Committed):
        taken += 1
    exhaust(disk)
    more, reason = fill(outbox)
    assert reason is Refused.DISK_FULL
    assert not outbox.accepts(len(PAYLOAD)) or more == 0
    outbox.close()
    outbox = kit.open(ballast_bytes=512 * 1024)  # starts with no byte free
    pending = outbox.counters().pending
    assert pending == taken + more
    drain(outbox, link, centre, pending)
    outbox.close()


def with_pictures(number: int, pictures: int, picture_bytes: int) -> Draft:
    attached = tuple(Attached("image/jpeg", os.urandom(picture_bytes)) for _ in range(pictures))
    return draft(lane=f"LANE{number}", payload=PAYLOAD, attachments=attached)


def clear_bytes(wanted: Draft) -> int:
    return len(wanted.payload) + sum(len(one.content) for one in wanted.attachments)


@pytest.mark.parametrize("limit", ["quota", "disk"])
@pytest.mark.parametrize("pictures", [1, ATTACHMENTS_MAX])
def test_what_it_said_it_would_take_it_takes(
    tmp_path: Path, kit: TerminalKit, limit: str, pictures: int
) -> None:
    """Nobody types for nothing: at every degree of filling, each size that is accepted is committed afterwards."""
    chance = random.Random(pictures)  # noqa: S311 - repeatable
    quota_mb, disk_mb = (10, 64) if limit == "quota" else (64, 12)
    with small_disk(tmp_path / "disk", disk_mb) as disk:
        kit.directory = disk / "queue"
        outbox = kit.open(quota_bytes=quota_mb * 1024 * 1024, ballast_bytes=512 * 1024)
        refused = taken = 0
        for number in range(40):
            # As much as is promised, or any other size of a visit.
            room = outbox.room_bytes()
            wish = min(chance.choice([room, 3 * 1024 * 1024, 100_000]), pictures * PAYLOAD_BYTES_MAX)
            wanted = with_pictures(number, pictures, max(1, (wish - len(PAYLOAD)) // pictures))
            if not outbox.accepts(clear_bytes(wanted)):
                refused += 1
                waiting = list(outbox.deliveries.unsettled())
                told = ("registered", "", "2026-11-26T00:00:00Z")
                settled = [Settlement(item.sequence, ItemState.ACKNOWLEDGED, *told) for item in waiting]
                assert outbox.deliveries.settle(settled), "on what is left the verdicts find their place"
                continue
            assert isinstance(outbox.commit(wanted), Committed), (room, outbox.counters())
            taken += 1
        assert refused > 0
        assert taken > 3
        assert outbox.verify().whole
        outbox.close()


def test_the_largest_draft_there_is_is_refused_before_anybody_types(kit: TerminalKit) -> None:
    """Eight pictures of 5 MiB with the usual quota: more than the share that is kept free (10 %)."""
    outbox = kit.open()
    largest, each = ATTACHMENTS_MAX * PAYLOAD_BYTES_MAX, PAYLOAD_BYTES_MAX - 1024
    assert isinstance(outbox.commit(with_pictures(0, ATTACHMENTS_MAX // 2, each)), Committed)
    taken = 0
    while outbox.accepts(largest):
        taken += 1
        assert isinstance(outbox.commit(with_pictures(taken, ATTACHMENTS_MAX, each)), Committed)
    assert taken == 5
    assert outbox.accepts(len(PAYLOAD)), "others are still taken"
    assert isinstance(outbox.commit(draft(payload=PAYLOAD)), Committed)
    outbox.close()


def test_read_only_disk_is_a_typed_error(disk: Path, kit: TerminalKit) -> None:
    kit.directory = disk / "queue"
    remount(disk, "ro")
    with pytest.raises(StoreUnwritable):
        kit.open()


@pytest.mark.parametrize("ended", ["closed", "killed"])
def test_read_only_disk_still_sends_what_waits(
    disk: Path, kit: TerminalKit, link: Link, centre: Centre, ended: str
) -> None:
    kit.directory = disk / "before"
    outbox = kit.open()
    for number in range(3):
        committed(outbox, draft(lane=f"LANE{number}"))
    if ended == "closed":
        outbox.close()
    shutil.copytree(kit.directory, disk / "queue")  # as a kill leaves it, with log and index of the log
    outbox.close()
    kit.directory = disk / "queue"
    remount(disk, "ro")
    outbox = kit.open()
    with pytest.raises(StoreLocked):
        kit.open()
    assert not outbox.accepts(len(PAYLOAD)), "said before the resident types anything"
    assert outbox.commit(draft()) == NotCommitted(Refused.DISK_FULL, ANY)
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: len(centre.order) == 3, "the centre has them")
        watched.until(lambda: "cannot be written" in watched.sender.status().last_error, "and it is told")
    assert len(set(centre.order)) == 3
    assert outbox.counters().pending == 3, "dropped only when that can be written down"
    assert outbox.verify().whole
    outbox.close()


def test_disk_that_refuses_the_insert_keeps_nothing(outbox: Outbox) -> None:
    """SQLite's own FULL, as in the field case: the limit is set to the present size."""
    outbox._owner.ask(lambda connection: connection.execute("pragma max_page_count = 1").fetchone())
    before = outbox.counters()
    large = os.urandom(64 * 1024)
    answer = outbox.commit(draft(payload=large))
    assert isinstance(answer, NotCommitted)
    assert answer.reason is Refused.DISK_FULL
    assert outbox.counters() == before
    assert outbox.verify().whole


def test_without_a_reserve_nothing_new_is_taken(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the ballast freed belongs to the acknowledgements of what waits already."""
    monkeypatch.setattr(Ballast, "restore", lambda _ballast: False)
    refused = outbox.commit(draft())
    assert isinstance(refused, NotCommitted)
    assert refused.reason is Refused.DISK_FULL
    assert outbox.counters().pending == 0
