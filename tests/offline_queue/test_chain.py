from __future__ import annotations

import pytest

from offline_queue.records import Broken, BrokenLink, ItemState, Settlement
from offline_queue.schema import Connection
from offline_queue.store import Outbox
from tests.offline_queue.terminal import TerminalKit, committed, draft


def tamper(outbox: Outbox, *statements: str, values: tuple[str, ...] = ()) -> None:
    def run(connection: Connection) -> None:
        for trigger in ("item_is_immutable", "item_is_kept"):
            connection.execute(f"drop trigger {trigger}")
        for statement in statements:
            connection.execute(statement, values)

    outbox._owner.ask(run)


@pytest.mark.parametrize(
    ("what", "statements", "broken"),
    [
        ("edited header", ["update item set received_at = '2026-03-02T09:00:00Z' where sequence = 3"], (3, Broken.HEADER)),
        ("edited body", ["update item set sealed = zeroblob(5) where sequence = 3"], (3, Broken.BODY)),
        (
            "swapped rows",
            [
                "update item set sequence = 99 where sequence = 2",
                "update item set sequence = 2 where sequence = 3",
                "update item set sequence = 3 where sequence = 99",
            ],
            (2, Broken.HEADER),
        ),
        ("cut out", ["delete from item where sequence = 3"], (3, Broken.GAP)),
        ("dropped tail", ["delete from item where sequence = 5"], (5, Broken.HEAD)),
        (
            "dropped tail, ledger set back",
            [
                "delete from item where sequence = 5",
                "update ledger set sequence = 4, head_hash = (select item_hash from item where sequence = 4)",
            ],
            (4, Broken.SIGNATURE),
        ),
    ],
)  # fmt: skip
def test_tampering_is_found_at_its_place(
    outbox: Outbox, what: str, statements: list[str], broken: tuple[int, Broken]
) -> None:
    for number in range(5):
        committed(outbox, draft(lane=f"LANE{number}"))
    assert outbox.verify().whole
    tamper(outbox, *statements)
    report = outbox.verify()
    assert report.first_broken == BrokenLink(*broken), what
    assert not report.whole


def test_rehashed_row_breaks_the_next_link(outbox: Outbox) -> None:
    for number in range(3):
        committed(outbox, draft(lane=f"LANE{number}"))
    (first, *_rest) = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=9999)
    forged = first.model_copy(update={"service": "another"})
    rehash = "update item set service = 'another', item_hash = ? where sequence = 1"
    tamper(outbox, rehash, values=(forged.chain_hash(),))
    assert outbox.verify().first_broken == BrokenLink(2, Broken.LINK)


def test_the_chain_of_what_was_acknowledged_is_walked_too(outbox: Outbox) -> None:
    for number in range(4):
        committed(outbox, draft(lane=f"LANE{number}"))
    outbox.deliveries.settle([Settlement(n, ItemState.ACKNOWLEDGED, "registered") for n in (1, 2, 3)])
    assert outbox.verify().whole

    def broken_after(statement: str) -> BrokenLink | None:
        def change(connection: Connection) -> None:
            connection.execute("savepoint tampering")
            for trigger in ("settled_is_immutable", "settled_is_kept"):
                connection.execute(f"drop trigger {trigger}")
            connection.execute(statement)

        outbox._owner.ask(change)
        report = outbox.verify()
        outbox._owner.ask(lambda connection: connection.execute("rollback to tampering"))
        outbox._owner.ask(lambda connection: connection.execute("release tampering"))
        return report.first_broken

    edited = broken_after("update settled set service = 'another' where sequence = 2")
    assert edited == BrokenLink(2, Broken.HEADER)
    assert broken_after("delete from settled where sequence = 2") == BrokenLink(2, Broken.GAP)
    assert broken_after("delete from settled where sequence = 1") == BrokenLink(1, Broken.GAP)
    assert outbox.verify().whole


def test_one_byte_changed_in_the_file_is_named(kit: TerminalKit) -> None:
    outbox = kit.open()
    for number in range(3):
        committed(outbox, draft(lane=f"LANE{number}"))
    bodies = [
        item.sealed for item in outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=9999)
    ]
    outbox.close()
    file = kit.directory / "outbox.db"
    content = file.read_bytes()
    place = content.index(bodies[1][-20:])
    file.write_bytes(content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :])
    outbox = kit.open()
    assert outbox.verify().first_broken == BrokenLink(2, Broken.BODY)
    outbox.close()


def test_empty_chain_is_whole(outbox: Outbox) -> None:
    assert outbox.verify().whole
    assert outbox.head().sequence == 0
