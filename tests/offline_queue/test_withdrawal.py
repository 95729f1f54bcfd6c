"""A withdrawal before the case was sent: its content is gone from the disk, its header and the withdrawal go on."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import sqlcipher3

from offline_queue import wire
from offline_queue.database import migrate_outbox
from offline_queue.export import Heading, check_export, contents, write_export
from offline_queue.records import (
    Broken,
    Committed,
    ItemState,
    NotCommitted,
    Refused,
    StoreUnwritable,
)
from offline_queue.schema import NEWEST
from offline_queue.store import Outbox
from tests.disks import exhaust, small_disk
from tests.offline_queue.stolen import every_byte
from tests.offline_queue.terminal import TERMINAL, TerminalKit, committed, draft
from tests.offline_queue.withdrawn import (
    AT,
    LANE,
    OTHER,
    PICTURE,
    ask,
    case,
    next_items,
    only,
    pieces,
    pieces_left,
    sealed_of,
    settle,
    withdrawal,
)


@pytest.mark.parametrize("listed", [False, True])
def test_nothing_of_what_was_sealed_is_left_on_the_disk(kit: TerminalKit, *, listed: bool) -> None:
    outbox = kit.open()
    others = [committed(outbox, case(f"{OTHER}{number}", attachments=(PICTURE,))) for number in range(4)]
    done = committed(outbox, case(attachments=(PICTURE, PICTURE)))
    if listed:
        outbox.find(LANE)
    before, sealed = outbox.counters(), sealed_of(outbox, done.sequence)
    assert len(sealed) == 3
    assert pieces_left(kit, sealed) > 0.9 * pieces(sealed), (
        "the search finds what is there, but for the seams of pages"
    )
    size = (kit.directory / "outbox.db-wal").stat().st_size
    answer = committed(outbox, withdrawal())
    assert (answer.erased, answer.already) == (1, False)
    assert pieces_left(kit, sealed) == 0
    assert (kit.directory / "outbox.db-wal").stat().st_size == 0 < size
    after = outbox.counters()
    assert after.pending == before.pending + 1
    own = sum(len(body) for body in sealed_of(outbox, answer.sequence))
    assert after.pending_bytes == before.pending_bytes - sum(map(len, sealed)) + own
    assert after.used_bytes < before.used_bytes
    assert outbox.verify().whole
    assert (only(outbox).state, only(outbox).erased) == (ItemState.PENDING, True), (
        "the tombstone's line stays"
    )
    assert all(pieces_left(kit, sealed_of(outbox, other.sequence)) for other in others), "no other case's"
    outbox.close()
    assert pieces_left(kit, sealed) == 0


def test_cut_off_before_the_log_was_emptied_it_is_done_at_the_next_start(
    kit: TerminalKit, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    outbox = kit.open()
    sealed = sealed_of(outbox, committed(outbox, case(attachments=(PICTURE,))).sequence)
    with monkeypatch.context() as cut:
        cut.setattr("offline_queue.erasure.Eraser.settle_up", lambda *_: None)
        committed(outbox, withdrawal())
    killed = TerminalKit(tmp_path / "killed", signing_key=kit.signing_key)
    killed.directory.mkdir()
    for name, content in every_byte(kit.directory).items():
        (killed.directory / name).write_bytes(content)
    assert outbox.accepts(1)
    assert pieces_left(kit, sealed) == 0, "or before the next visit"
    outbox.close()
    assert pieces_left(killed, sealed), "the log holds it still"
    reopened = killed.open()
    assert pieces_left(killed, sealed) == 0
    assert only(reopened).erased
    reopened.close()


@pytest.mark.parametrize("step", ["sealed", "inserted"])
def test_what_is_not_committed_erases_nothing(kit: TerminalKit, step: str) -> None:
    outbox = kit.open()
    done = committed(outbox, case(attachments=(PICTURE,)))
    before = sealed_of(outbox, done.sequence)

    def fall(at: str) -> None:
        if at == step:
            raise RuntimeError(at)

    with pytest.raises(RuntimeError):
        outbox.commit(withdrawal(), fall)
    assert sealed_of(outbox, done.sequence) == before
    assert [item.erased for item in outbox.find(LANE)] == [False]
    assert outbox.verify().whole
    outbox.close()


def test_only_cases_that_came_before_it_lose_their_content(outbox: Outbox) -> None:
    committed(outbox, case())
    committed(outbox, draft(LANE, kind=wire.Kind.EVALUATION))
    committed(outbox, case(OTHER))
    [sent] = [item for item in next_items(outbox) if item.lane == OTHER]
    settle(outbox, sent, ItemState.ACKNOWLEDGED)
    assert committed(outbox, withdrawal(OTHER)).erased == 0, "the centre has it"
    wanted = withdrawal()
    assert committed(outbox, wanted).erased == 1
    assert committed(outbox, withdrawal()).erased == 0, "there is nothing left to erase"
    again = committed(outbox, wanted)
    assert (again.already, again.erased) == (True, 0)
    committed(outbox, case())
    assert [item.erased for item in outbox.find(LANE)] == [True, False, False, False, False]
    assert outbox.verify().whole


def test_who_withdrew_may_file_the_same_business_again(outbox: Outbox) -> None:
    committed(outbox, case(business="person and year"))
    assert outbox.duplicate_waits("person and year")
    committed(outbox, withdrawal())
    assert not outbox.duplicate_waits("person and year")


def test_the_same_visit_put_again_is_known_after_its_withdrawal(outbox: Outbox) -> None:
    wanted = case()
    first = committed(outbox, wanted)
    committed(outbox, withdrawal())
    assert committed(outbox, wanted) == replace(first, already=True)
    assert outbox.commit(replace(wanted, payload=b"other")) == NotCommitted(
        Refused.CONFLICT, "the id is taken by other content"
    )


@pytest.mark.parametrize(
    "changes",
    [
        "sealed = x'', sealed_bytes = 0, erased_by = 3",
        "sealed = x'', sealed_bytes = 0, erased_by = 4",
        "sealed = x'', sealed_bytes = 0, erased_by = 6",
        "sealed = x'', sealed_bytes = 0, erased_by = 9",
        "sealed = x'01', sealed_bytes = 0, erased_by = 5",
        "sealed = x'', sealed_bytes = 0, erased_by = 5, service = 'other'",
        "sealed = x'', sealed_bytes = 0, erased_by = 5, attachments = null",
        "sealed = x'', sealed_bytes = 0, erased_by = null",
        "sealed_bytes = 0",
    ],
)
def test_an_item_can_be_emptied_in_no_other_way(
    outbox: Outbox, monkeypatch: pytest.MonkeyPatch, changes: str
) -> None:
    """3 is a withdrawal before it, 4 is itself, 5 its own withdrawal, 6 one of another lane."""
    monkeypatch.setattr("offline_queue.intake.erase_withdrawn", lambda *_: 0)
    for wanted in (case(OTHER), case(OTHER), withdrawal(), case(attachments=(PICTURE,)), withdrawal()):
        committed(outbox, wanted)
    committed(outbox, withdrawal(OTHER))

    def change(to: str) -> None:
        ask(outbox, f"update item set {to} where sequence = 4")  # noqa: S608 - the test's own words

    with pytest.raises(sqlcipher3.IntegrityError, match="immutable"):
        change(changes)
    with pytest.raises(sqlcipher3.IntegrityError, match="kept as long as"):
        ask(outbox, "delete from attachment where sequence = 4")
    change("sealed = x'', sealed_bytes = 0, erased_by = 5")
    with pytest.raises(sqlcipher3.IntegrityError, match="immutable"):
        change("sealed = x'', sealed_bytes = 0, erased_by = 5")


@pytest.mark.parametrize("by", [1, 3, 9])
def test_an_erased_body_without_its_withdrawal_is_a_broken_link(outbox: Outbox, by: int) -> None:
    committed(outbox, case(OTHER))
    mine = committed(outbox, case())
    committed(outbox, withdrawal(OTHER))
    committed(outbox, withdrawal())
    assert outbox.verify().whole
    ask(outbox, "drop trigger item_is_immutable")
    ask(outbox, "update item set erased_by = ? where sequence = ?", by, mine.sequence)
    broken = outbox.verify().first_broken
    assert broken is not None
    assert (broken.sequence, broken.broken) == (mine.sequence, Broken.BODY)


def test_an_erased_items_header_is_still_checked(outbox: Outbox) -> None:
    mine = committed(outbox, case())
    committed(outbox, withdrawal())
    ask(outbox, "drop trigger item_is_immutable")
    ask(outbox, "update item set service = 'other' where sequence = ?", mine.sequence)
    broken = outbox.verify().first_broken
    assert broken is not None
    assert broken.broken is Broken.HEADER
    # Nor is it sent: but its withdrawal is, for there is nothing left to repair.
    assert next_items(outbox) == []
    assert only(outbox).verdict == "damaged"
    assert [item.kind for item in next_items(outbox)] == [wire.Kind.WITHDRAWAL]


def test_a_body_that_was_damaged_on_the_disk_is_withdrawn_all_the_same(outbox: Outbox) -> None:
    mine = committed(outbox, case())
    ask(outbox, "drop trigger item_is_immutable")
    ask(outbox, "update item set sealed = x'00' where sequence = ?", mine.sequence)
    assert next_items(outbox) == []
    assert only(outbox).state is ItemState.QUARANTINED
    committed(outbox, withdrawal())
    assert [item.erased for item in next_items(outbox)] == [True]
    assert outbox.verify().whole


def test_on_a_stick_it_leaves_without_what_it_had(kit: TerminalKit, outbox: Outbox, tmp_path: Path) -> None:
    done = committed(outbox, case(attachments=(PICTURE,)))
    committed(outbox, withdrawal())
    heading = Heading(terminal=TERMINAL, head=outbox.head(), made_at=AT)
    file = tmp_path / "stick"
    assert write_export(file, heading, outbox.deliveries.unsettled(), kit.signing_key) == 2
    checked = check_export(file, lambda _terminal: kit.signing_key.public_key())
    lines = [line for line in contents(file, checked) if isinstance(line, bytes)]  # type: ignore[arg-type]
    first, _second = map(wire.Item.model_validate_json, lines)
    assert (first.erased, first.sealed, first.chain_hash()) == (True, b"", done.item_hash)


def test_an_older_program_is_put_back_once_no_erased_item_waits(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, case())
    committed(outbox, withdrawal())
    outbox.close()
    with pytest.raises(StoreUnwritable, match="抹去"):
        migrate_outbox(kit.directory, kit.database_key, 7)
    outbox = kit.open()
    for _ in range(2):
        [item] = next_items(outbox)
        settle(outbox, item, ItemState.ACKNOWLEDGED)
    committed(outbox, case(OTHER))
    outbox.close()
    assert migrate_outbox(kit.directory, kit.database_key, 7) == NEWEST
    connection = sqlcipher3.connect(str(kit.directory / "outbox.db"))
    with pytest.raises(sqlcipher3.IntegrityError, match="immutable"):
        connection.execute("update item set sealed = x'', sealed_bytes = 0")
    connection.close()
    outbox = kit.open()
    assert committed(outbox, withdrawal(OTHER)).erased == 1
    assert outbox.verify().whole
    outbox.close()


@pytest.fixture
def aside(kit: TerminalKit) -> Iterator[Callable[[], Outbox]]:
    """A new outbox beside a closed one that was set aside."""
    opened: list[Outbox] = []

    def set_aside() -> Outbox:
        database = kit.directory / "outbox.db"
        database.rename(kit.directory / "outbox.damaged-20261126T000000000000Z.db")
        opened.append(kit.open())
        return opened[0]

    yield set_aside
    opened[0].close()


def test_salvaged_it_is_still_erased(kit: TerminalKit, aside: Callable[[], Outbox]) -> None:
    outbox = kit.open()
    done = committed(outbox, case(attachments=(PICTURE,)))
    committed(outbox, withdrawal())
    outbox.close()
    outbox = aside()
    [result] = outbox.salvage()
    assert (result.recovered, result.lost, result.waiting) == (2, 0, 0)
    [item] = next_items(outbox)
    assert (item.erased, item.sequence, item.chain_hash()) == (True, done.sequence, done.item_hash)
    assert only(outbox).erased
    settle(outbox, item, ItemState.ACKNOWLEDGED)
    [item] = next_items(outbox)
    assert item.kind is wire.Kind.WITHDRAWAL
    assert outbox.verify().whole


def test_withdrawn_while_it_lay_in_a_database_set_aside_it_comes_back_as_its_header(
    kit: TerminalKit, aside: Callable[[], Outbox]
) -> None:
    outbox = kit.open()
    committed(outbox, case(attachments=(PICTURE,)))
    committed(outbox, case(OTHER))
    outbox.close()
    outbox = aside()
    assert committed(outbox, withdrawal()).erased == 0, "it is not here"
    outbox.salvage()
    found = {item.lane: item.erased for item in next_items(outbox)}
    assert found == {LANE: True, OTHER: False}
    assert sealed_of(outbox, only(outbox).sequence) == [b""]


def test_a_full_quota_still_takes_a_withdrawal_and_has_room_again(kit: TerminalKit) -> None:
    outbox = kit.open(quota_bytes=512 * 1024)
    lanes = 0
    while isinstance(answer := outbox.commit(case(f"LANE{lanes}")), Committed):
        lanes += 1
    assert answer == NotCommitted(Refused.QUOTA)
    for number in range(lanes):
        assert committed(outbox, withdrawal(f"LANE{number}")).erased == 1
    assert outbox.counters().pending == 2 * lanes
    assert isinstance(outbox.commit(case()), Committed)
    outbox.close()


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", mebibytes=4) as place:
        yield place


def test_a_full_disk_still_takes_a_withdrawal_and_nothing_is_left_of_the_case(
    disk: Path, kit: TerminalKit
) -> None:
    kit.directory = disk / "queue"
    outbox = kit.open(ballast_bytes=512 * 1024)
    sealed = {
        number: sealed_of(outbox, committed(outbox, case(f"LANE{number}", attachments=(PICTURE,))).sequence)
        for number in range(20)
    }
    exhaust(disk)
    while isinstance(outbox.commit(case(OTHER)), Committed):
        pass
    for number in range(10):
        assert committed(outbox, withdrawal(f"LANE{number}")).erased == 1
        assert pieces_left(kit, sealed[number]) == 0
    refusal = outbox.commit(case(OTHER))
    assert refusal == NotCommitted(Refused.DISK_FULL, "the disk has no reserve"), (
        "the reserve is for what goes"
    )
    outbox.close()
    outbox = kit.open(ballast_bytes=512 * 1024)
    assert outbox.verify().whole
    assert sum(item.erased for number in range(20) for item in outbox.find(f"LANE{number}")) == 10
    outbox.close()


def test_what_a_full_disk_cannot_overwrite_is_let_go_and_given_back_once_there_is_room(
    disk: Path, kit: TerminalKit
) -> None:
    kit.directory = disk / "queue"
    outbox = kit.open()
    large = replace(PICTURE, content=os.urandom(900_000))
    sealed = sealed_of(outbox, committed(outbox, case(attachments=(large,))).sequence)
    others = [committed(outbox, case(f"{OTHER}{number}")).sequence for number in range(20)]
    ask(outbox, "pragma wal_checkpoint(truncate)")
    log = exhaust(disk)
    assert committed(outbox, withdrawal()).erased == 1
    assert [only(outbox).erased, outbox.verify().whole] == [True, True]
    log.unlink()
    assert outbox.accepts(1)
    assert pieces_left(kit, sealed) == 0
    assert ask(outbox, "pragma secure_delete") == [(1,)]
    assert all(sealed_of(outbox, sequence)[0] for sequence in others)
    assert outbox.verify().whole
    outbox.close()
