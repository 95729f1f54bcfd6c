from __future__ import annotations

import re
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlcipher3

from offline_queue import wire
from offline_queue.records import Broken, BrokenLink, ItemState, Settlement, StoreClosed, StoreError
from offline_queue.seal import item_aad, open_sealed
from offline_queue.store import (
    Committed,
    NotCommitted,
    Outbox,
    Refused,
    StoreKeyWrong,
    StoreLocked,
    StoreUnwritable,
)
from tests.offline_queue.terminal import TERMINAL, TerminalKit, committed, draft


def acknowledge(outbox: Outbox, *sequences: int) -> bool:
    return outbox.deliveries.settle(
        Settlement(sequence, ItemState.ACKNOWLEDGED, "registered", registered_at="2026-03-02T02:00:00Z")
        for sequence in sequences
    )


def test_commit_is_idempotent_and_tells_conflict(outbox: Outbox) -> None:
    steps: list[str] = []
    first = draft()
    done = outbox.commit(first, steps.append)
    assert isinstance(done, Committed)
    assert (done.sequence, done.already, steps) == (1, False, ["sealed", "inserted", "committed"])
    again = outbox.commit(draft(id=first.id, nonce=first.nonce, received_at="2026-03-02T01:00:09Z"))
    assert again == Committed(1, done.item_hash, already=True)
    for changed in (draft(id=first.id, payload=b"other"), draft(id=first.id, lane="0142BBBB")):
        answer = outbox.commit(changed)
        assert isinstance(answer, NotCommitted)
        assert answer.reason is Refused.CONFLICT
    acknowledge(outbox, 1)
    assert outbox.commit(first) == Committed(1, done.item_hash, already=True)
    assert outbox.counters().sequence == 1


def test_survives_reopening_and_drops_only_what_was_acknowledged(kit: TerminalKit) -> None:
    outbox = kit.open()
    for number in range(3):
        committed(outbox, draft(lane=f"LANE{number}"))
    acknowledge(outbox, 1, 2, 3)
    committed(outbox, draft(lane="LANE4"))
    before, head = outbox.counters(), outbox.head()
    outbox.close()
    outbox.close()
    assert outbox.commit(draft()) == NotCommitted(Refused.CLOSED)
    assert not outbox.accepts(1)
    outbox = kit.open()
    assert outbox.counters() == before
    assert (before.pending, before.acknowledged, before.sequence) == (1, 3, 4)
    assert (outbox.head(), outbox.verify().whole) == (head, True)
    (summary,) = outbox.find("LANE0")
    assert (summary.state, summary.registered_at) == (ItemState.ACKNOWLEDGED, "2026-03-02T02:00:00Z")
    assert committed(outbox, draft()).sequence == 5
    outbox.close()


def test_centre_can_open_what_was_sealed(kit: TerminalKit, outbox: Outbox) -> None:
    wanted = draft(payload="测试甲".encode())
    done = committed(outbox, wanted)
    (item,) = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=9)
    assert item.chain_hash() == done.item_hash
    assert item.body_matches()
    aad = item_aad(
        terminal=TERMINAL, item_id=wanted.id, lane=wanted.lane, kind="case", service=wanted.service, definition_version="1"
    )  # fmt: skip
    assert open_sealed(item.sealed, {"seal-1": kit.sealing_private}, aad) == "测试甲".encode()


def test_terminal_that_has_been_up_for_a_year_can_still_commit(outbox: Outbox) -> None:
    assert committed(outbox, draft(monotonic_ns=366 * 86_400 * 10**9)).sequence == 1
    assert outbox.verify().whole


def test_batch_is_bounded_by_bytes_but_never_empty(outbox: Outbox) -> None:
    for number in range(6):
        committed(outbox, draft(lane=f"LANE{number}", payload=bytes(range(256)) * 4))
    size = outbox.counters().pending_bytes // 6

    def batch(**changes: Any) -> int:
        return len(
            outbox.deliveries.next_batch(held_lanes=(), **{"items_max": 50, "bytes_max": 10**6, **changes})
        )

    assert (batch(), batch(bytes_max=1), batch(bytes_max=2 * size), batch(items_max=4)) == (6, 1, 2, 4)
    assert [i.lane for i in outbox.deliveries.next_batch(held_lanes={"LANE0"}, items_max=1, bytes_max=1)] == [
        "LANE1"
    ]


def test_directory_is_private_and_pragmas_hold(kit: TerminalKit) -> None:
    outbox = kit.open(quota_bytes=8 * 1024 * 1024)
    committed(outbox, draft())
    assert stat.S_IMODE(kit.directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in kit.directory.iterdir()} == {0o600}

    def pragma(name: str) -> object:
        return outbox._owner.ask(lambda connection: connection.execute(f"pragma {name}").fetchone()[0])

    assert (pragma("journal_mode"), pragma("synchronous"), pragma("auto_vacuum")) == ("wal", 2, 2)
    assert (pragma("page_size"), pragma("max_page_count")) == (1024, 8192)
    outbox.close()


@pytest.mark.parametrize(
    "statement",
    [
        "update item set service = 'other'",
        "update item set sealed = x'00'",
        "update item set sequence = 9",
        "update item set content_mac = x'00'",
        "delete from item",
    ],
)
def test_database_itself_refuses_to_change_an_item(outbox: Outbox, statement: str) -> None:
    committed(outbox, draft())
    with pytest.raises(sqlcipher3.IntegrityError, match=r"immutable|is kept"):
        outbox._owner.ask(lambda connection: connection.execute(statement))
    assert outbox.verify().whole


def test_second_opener_is_locked_out_also_from_another_process(kit: TerminalKit) -> None:
    outbox = kit.open()
    with pytest.raises(StoreLocked):
        kit.open()
    program = (
        "import sys, pathlib; from offline_queue.database import lock_directory; from offline_queue.records import StoreLocked\n"
        "try: lock_directory(pathlib.Path(sys.argv[1]))\nexcept StoreLocked: sys.exit(7)"
    )
    assert subprocess.run([sys.executable, "-c", program, str(kit.directory)], check=False).returncode == 7
    outbox.close()
    kit.open().close()


def test_wrong_key_is_not_taken_for_damage(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, draft())
    outbox.close()
    with pytest.raises(StoreKeyWrong):
        kit.open(database_key=bytes(32))
    with pytest.raises(ValueError, match="32 bytes"):
        kit.open(database_key=b"short")
    outbox = kit.open()
    assert outbox.counters().pending == 1
    outbox.close()


def cut(data: bytes) -> bytes:
    return data[: len(data) // 2 - 100]


def flip_first(data: bytes) -> bytes:
    return data[:100] + bytes([data[100] ^ 1]) + data[101:]


@pytest.mark.parametrize("damage", [cut, flip_first, lambda _data: b"not a database at all" * 400])
def test_damaged_database_is_set_aside_and_said(kit: TerminalKit, damage: Callable[[bytes], bytes]) -> None:
    outbox = kit.open()
    for number in range(40):
        committed(outbox, draft(lane=f"LANE{number}", payload=bytes(range(256)) * 8))
    outbox.close()
    path = kit.directory / "outbox.db"
    damaged = damage(path.read_bytes())
    path.write_bytes(damaged)
    outbox = kit.open()
    because = outbox.counters().opened_fresh_because
    (aside,) = kit.directory.glob("outbox.damaged-*.db")
    assert aside.name in because
    assert aside.read_bytes() == damaged, "nothing is thrown away"
    committed(outbox, draft())
    outbox.close()
    outbox = kit.open()
    assert (outbox.counters().opened_fresh_because, outbox.counters().pending) == (because, 1)
    outbox.close()


def test_one_bad_bit_costs_one_case_not_all(kit: TerminalKit) -> None:
    outbox = kit.open()
    marked = [draft(lane=f"LANE{number:04}", boot_id=f"boot-{number:04}") for number in range(40)]
    for one in marked:
        committed(outbox, one)
    outbox.close()
    path = kit.directory / "outbox.db"
    data = bytearray(path.read_bytes())
    data[data.index(b"boot-0017") + 8] ^= 1
    path.write_bytes(bytes(data))
    outbox = kit.open()
    assert outbox.verify().first_broken == BrokenLink(18, Broken.HEADER)
    sent = outbox.deliveries.next_batch(held_lanes=(), items_max=99, bytes_max=10**6)
    assert {item.lane for item in sent} == {one.lane for one in marked} - {"LANE0017"}
    (damaged,) = outbox.deliveries.quarantined()
    assert (damaged.lane, damaged.verdict) == ("LANE0017", "damaged")
    outbox.close()


def test_directory_that_cannot_be_made_is_a_typed_error(kit: TerminalKit, tmp_path: Path) -> None:
    (tmp_path / "queue").write_text("a file in the way")
    with pytest.raises(StoreUnwritable):
        kit.open()


def because(*, wanted: type[StoreError], of: Callable[[], object]) -> str:
    with pytest.raises(wanted) as caught:
        of()
    return str(caught.value)


def test_why_it_fails_is_told_in_both_languages_chinese_first(kit: TerminalKit, tmp_path: Path) -> None:
    outbox = kit.open()
    told = [because(wanted=StoreLocked, of=kit.open)]
    outbox.close()
    told += [
        because(wanted=StoreClosed, of=outbox.counters),
        because(wanted=StoreKeyWrong, of=lambda: kit.open(database_key=bytes(32))),
    ]
    kit.directory = tmp_path / "in the way"
    kit.directory.write_text("a file")
    told.append(because(wanted=StoreUnwritable, of=kit.open))
    for said in told:
        assert re.fullmatch(r"[\u4e00-\u9fff][^/]* / [a-z][ -~]+", said), said
    assert told[-1].endswith("(EEXIST)")


def test_neither_draft_nor_failure_shows_the_payload(outbox: Outbox) -> None:
    wanted = draft(payload=b"110199199001019998")
    committed(outbox, wanted)
    assert b"110199".decode() not in repr(wanted) + repr(outbox.find(wanted.lane)) + repr(outbox)


@pytest.mark.parametrize(
    "damage", ["sealed = x'00'", "attachments = hex(zeroblob(9))", f"attachments = '{'[' * 99_999}'"]
)
def test_damaged_row_is_quarantined_instead_of_sent(outbox: Outbox, damage: str) -> None:
    for lane in ("ONE", "TWO"):
        committed(outbox, draft(lane=lane))

    def rot(connection: sqlcipher3.Connection) -> None:
        connection.execute("drop trigger item_is_immutable")
        connection.execute(f"update item set {damage} where sequence = 1")  # noqa: S608 - constants

    outbox._owner.ask(rot)
    assert [i.lane for i in outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=9999)] == [
        "TWO"
    ]
    assert outbox.counters().quarantined == 1
    assert outbox.find("ONE")[0].reason.startswith("damaged")


def test_old_index_rows_are_forgotten_up_to_the_first_unsettled(kit: TerminalKit) -> None:
    outbox = kit.open()
    for number in range(5):
        committed(outbox, draft(lane=f"LANE{number}"))
    acknowledge(outbox, 1, 2, 4, 5)
    assert outbox.deliveries.forget("2026-03-02T02:00:00Z")
    assert outbox.find("LANE0"), "not yet old"
    assert outbox.deliveries.forget("2026-03-02T10:00:01+08:00")
    assert [bool(outbox.find(f"LANE{number}")) for number in range(5)] == [False, False, True, True, True]
    assert outbox.verify().whole
    assert outbox.verify().checked == 3
    acknowledge(outbox, 3)
    assert outbox.deliveries.forget("2030-01-01T00:00:00Z")
    outbox.close()
    outbox = kit.open()
    assert (outbox.verify().whole, outbox.verify().checked, outbox.counters().acknowledged) == (True, 0, 5)
    assert committed(outbox, draft()).sequence == 6
    assert outbox.verify().whole
    outbox.close()


def test_what_was_written_while_its_case_was_set_aside_still_goes_after_it(outbox: Outbox) -> None:
    case, later = draft(lane="MINE"), draft(lane="MINE", kind=wire.Kind.EVALUATION)
    first = committed(outbox, case)
    outbox.deliveries.settle([Settlement(first.sequence, ItemState.QUARANTINED, "refused", "材料不齐")])
    committed(outbox, later)
    assert outbox.deliveries.requeue(first.sequence)
    sent = outbox.deliveries.next_batch(held_lanes=(), items_max=10, bytes_max=10_000)
    assert [item.id for item in sent] == [case.id]
    acknowledge(outbox, first.sequence)
    sent = outbox.deliveries.next_batch(held_lanes=(), items_max=10, bytes_max=10_000)
    assert [item.id for item in sent] == [later.id]
