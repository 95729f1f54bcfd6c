"""An item and its attachments are stored together, counted together and given back together, or not at all."""

from __future__ import annotations

import random

import pytest
import sqlcipher3

from offline_queue import wire
from offline_queue.database import migrate_outbox
from offline_queue.records import Attached, ItemState, NotCommitted, Refused, Settlement, StoreUnwritable
from offline_queue.seal import attachment_aad, open_sealed
from offline_queue.store import Outbox
from tests.offline_queue.terminal import TERMINAL, TerminalKit, committed, draft
from tests.offline_queue.test_salvage import damage

MIB = 1024 * 1024
BEFORE_ATTACHMENTS = 4
"""The last version of the tables without them."""


def picture(size: int = 5000, seed: int = 1) -> Attached:
    return Attached("image/jpeg", random.Random(seed).randbytes(size))  # noqa: S311 - no secret


def first(outbox: Outbox) -> wire.Item:
    found = outbox.deliveries.next_to_upload(held_lanes=(), whole=())
    assert found is not None
    return found


def test_each_is_sealed_for_its_place_and_named_by_the_chain(kit: TerminalKit, outbox: Outbox) -> None:
    pictures = (picture(seed=1), picture(seed=2))
    committed(outbox, draft(attachments=pictures))
    item = first(outbox)
    for told, original in zip(item.attachments, pictures, strict=True):
        sealed = outbox.deliveries.attachment(item.sequence, told.number)
        assert sealed is not None
        assert original.content not in sealed
        aad = attachment_aad(
            terminal=TERMINAL, item_id=item.id, number=told.number, media_type=told.media_type
        )
        assert open_sealed(sealed, {"seal-1": kit.sealing_private}, aad) == original.content
    swapped = item.model_copy(update={"attachments": item.attachments[::-1]})
    assert swapped.chain_hash() != item.chain_hash()
    assert outbox.verify().whole


def test_what_shrinks_is_compressed_before_it_is_sealed(outbox: Outbox) -> None:
    committed(outbox, draft(attachments=(Attached("text/plain", b"word " * 10_000),)))
    assert first(outbox).attachments[0].sealed_bytes < 1000


def test_an_item_without_any_looks_as_it_did_before_there_were_some(outbox: Outbox) -> None:
    committed(outbox, draft())
    [item] = outbox.deliveries.next_batch(held_lanes=(), items_max=1, bytes_max=1)
    assert b"attachments" not in item.model_dump_json().encode()


def test_the_same_id_with_another_picture_is_other_content(outbox: Outbox) -> None:
    mine = draft(attachments=(picture(seed=1),))
    assert not committed(outbox, mine).already
    assert committed(outbox, mine).already
    other = draft(id=mine.id, attachments=(picture(seed=2),))
    assert outbox.commit(other) == NotCommitted(Refused.CONFLICT, "the id is taken by other content")


def test_the_quota_counts_them(kit: TerminalKit) -> None:
    outbox = kit.open(quota_bytes=3 * MIB)
    committed(outbox, draft(lane="ONE", attachments=(picture(2 * MIB),)))
    assert outbox.counters().used_bytes > 2 * MIB
    assert outbox.counters().pending_bytes > 2 * MIB
    assert outbox.commit(draft(lane="TWO", attachments=(picture(2 * MIB),))) == NotCommitted(Refused.QUOTA)
    assert not outbox.find("TWO")
    outbox.deliveries.settle([Settlement(1, ItemState.ACKNOWLEDGED, "registered")])
    assert outbox.counters().pending_bytes == 0
    assert outbox.deliveries.attachment(1, 1) is None
    committed(outbox, draft(lane="TWO", attachments=(picture(2 * MIB),)))
    outbox.close()


@pytest.mark.parametrize("statement", ["delete from attachment", "update attachment set sealed = x'00'"])
def test_nothing_takes_or_changes_one_while_its_item_waits(outbox: Outbox, statement: str) -> None:
    committed(outbox, draft(attachments=(picture(),)))
    with pytest.raises(sqlcipher3.IntegrityError, match=r"immutable|is kept"):
        outbox._owner.ask(lambda connection: connection.execute(statement))


def test_a_program_without_attachments_gets_the_outbox_once_they_are_at_the_centre(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, draft(lane="PICTURE", attachments=(picture(),)))
    committed(outbox, draft(lane="PLAIN"))
    outbox.close()
    with pytest.raises(StoreUnwritable, match="let them be sent"):
        migrate_outbox(kit.directory, kit.database_key, BEFORE_ATTACHMENTS)
    outbox = kit.open()
    assert first(outbox).lane == "PICTURE", "nothing was lost by trying"
    outbox.deliveries.settle([Settlement(1, ItemState.ACKNOWLEDGED, "registered")])
    outbox.close()
    migrate_outbox(kit.directory, kit.database_key, BEFORE_ATTACHMENTS)
    outbox = kit.open()
    assert outbox.verify().whole
    [item] = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=MIB)
    assert item.lane == "PLAIN"
    outbox.close()


def test_a_damaged_database_gives_back_only_items_with_all_that_belongs_to_them(kit: TerminalKit) -> None:
    outbox = kit.open()
    for number in range(1, 31):
        attachments = (picture(seed=number),) if number in (5, 6) else ()
        committed(outbox, draft(lane=f"LANE{number}", boot_id=f"boot-{number:04}", attachments=attachments))
    spoiled, whole = (outbox.deliveries.attachment(number, 1) for number in (5, 6))
    outbox.close()
    assert spoiled is not None
    file = kit.directory / "outbox.db"
    file.write_bytes(file.read_bytes().replace(spoiled[-20:], bytes(20)))
    damage(file, b"boot-0018")
    outbox = kit.open()
    [result] = outbox.salvage()
    assert result.recovered == 30 - result.lost
    assert outbox.find("LANE5") == ()
    [kept] = outbox.find("LANE6")
    assert outbox.deliveries.attachment(kept.sequence, 1) == whole
    assert outbox.counters().pending_bytes > 5000
    outbox.close()
