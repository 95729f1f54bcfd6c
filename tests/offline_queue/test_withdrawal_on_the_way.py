"""A withdrawal that comes while its case is being sent, or after it was refused: one effect, and no content."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from offline_queue import wire
from offline_queue.courier import Courier
from offline_queue.link import Answered, Link, Rejected
from offline_queue.link_state import LinkState, Unreached
from offline_queue.records import (
    ItemState,
    NotCommitted,
)
from offline_queue.store import Outbox
from offline_queue.uploader import Uploader
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import FAST, TERMINAL, TerminalKit, Watched, committed
from tests.offline_queue.withdrawn import (
    LANE,
    OTHER,
    PICTURE,
    case,
    next_items,
    only,
    pieces_left,
    sealed_of,
    settle,
    withdrawal,
)


def test_it_travels_as_its_header_and_the_hash_that_was_given_out_stays(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    done = committed(outbox, case(attachments=(PICTURE,)))
    withdraws = committed(outbox, withdrawal())
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().pending == 0, "both are there")
    first, second = (centre.registered[TERMINAL, id_].item for id_ in centre.order)
    assert (first.erased, first.sealed, first.chain_hash()) == (True, b"", done.item_hash)
    assert (second.kind, second.sequence, second.erased) == (
        wire.Kind.WITHDRAWAL,
        withdraws.sequence,
        False,
    )
    assert '"erased":true' in first.model_dump_json()
    assert "erased" not in second.model_dump_json()
    assert "erased" not in first.header()
    summary = only(outbox)
    assert (summary.state, summary.erased) == (ItemState.ACKNOWLEDGED, True)
    assert outbox.verify().whole


@pytest.mark.parametrize(
    "wrong", [{"sealed": b"something"}, {"kind": wire.Kind.WITHDRAWAL}, {"kind": wire.Kind.EVALUATION}]
)
def test_an_erased_item_is_a_case_without_a_body(outbox: Outbox, wrong: dict[str, Any]) -> None:
    committed(outbox, case())
    committed(outbox, withdrawal())
    [item] = next_items(outbox)
    assert item.body_matches()
    assert not item.model_copy(update=wrong).body_matches()


class Midway:
    """A link at whose requests something happens."""

    def __init__(self, link: Link, meanwhile: Callable[[], object]) -> None:
        self.link = link
        self.meanwhile: Callable[[], object] | None = meanwhile
        self.batches: list[wire.Batch] = []
        self.answer: Callable[[Any], Any] = lambda answer: answer
        self.parts = 0

    def _happen(self) -> None:
        meanwhile, self.meanwhile = self.meanwhile, None
        if meanwhile is not None:
            meanwhile()

    def send_batch(self, batch: wire.Batch) -> Answered | Rejected | Unreached:
        self.batches.append(batch)
        first = self.meanwhile is not None
        answer = self.link.send_batch(batch)
        self._happen()
        changed: Answered | Rejected | Unreached = self.answer(answer) if first else answer
        return changed

    def upload_state(self, _path: str) -> wire.UploadState:
        return wire.UploadState(offset=0, whole=False)

    def send_part(self, _path: str, offset: int, _of_bytes: int, part: bytes) -> wire.UploadState:
        self.parts += 1
        self._happen()
        return wire.UploadState(offset=offset + len(part), whole=False)


def courier(outbox: Outbox, centre: Centre, link: Midway) -> Courier:
    return Courier(outbox, link, {centre.key_id: centre.key.public_key()}, FAST)  # type: ignore[arg-type] # stands for a link


def run(one: Courier, rounds: int = 8) -> None:
    for _ in range(rounds):
        one.session_until_ns = 0
        one._holds.clear()
        one.round()


def lost(_answer: object) -> Unreached:
    return Unreached(LinkState.OFFLINE, "the line")


def test_withdrawn_while_it_is_being_sent_the_acknowledgement_of_the_whole_counts(
    kit: TerminalKit, outbox: Outbox, link: Link, centre: Centre
) -> None:
    done = committed(outbox, case())
    sealed = sealed_of(outbox, done.sequence)
    midway = Midway(link, lambda: committed(outbox, withdrawal()))
    run(courier(outbox, centre, midway))
    assert [item.erased for batch in midway.batches for item in batch.items] == [False, False]
    assert (only(outbox).state, only(outbox).verdict) == (ItemState.ACKNOWLEDGED, "registered")
    assert [centre.registered[TERMINAL, id_].item.kind for id_ in centre.order] == ["case", "withdrawal"]
    assert outbox.counters().pending == 0
    assert pieces_left(kit, sealed) == 0
    assert outbox.verify().whole


def test_withdrawn_after_an_answer_was_lost_the_centre_says_duplicate_to_the_header(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    committed(outbox, case())
    midway = Midway(link, lambda: committed(outbox, withdrawal()))
    midway.answer = lost
    run(courier(outbox, centre, midway))
    sent = [[item.erased for item in batch.items] for batch in midway.batches]
    assert sent == [[False], [True], [False]]
    assert only(outbox).verdict == "duplicate"
    assert len(centre.order) == len(set(centre.order)) == 2
    assert outbox.counters().pending == 0


def test_withdrawn_while_the_whole_is_refused_the_header_is_asked_about_anew(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    wanted = case()
    committed(outbox, wanted)
    centre.verdicts[wanted.id] = wire.Verdict(
        item_id=wanted.id, kind=wire.VerdictKind.REFUSED, reason="材料不齐"
    )

    def meanwhile() -> None:
        committed(outbox, withdrawal())
        del centre.verdicts[wanted.id]

    midway = Midway(link, meanwhile)
    run(courier(outbox, centre, midway))
    assert [[item.erased for item in batch.items] for batch in midway.batches] == [[False], [True], [False]]
    assert [item.state for item in outbox.find(LANE)] == [ItemState.ACKNOWLEDGED] * 2


def test_an_upload_half_done_is_stopped(outbox: Outbox, link: Link, centre: Centre) -> None:
    committed(outbox, case(attachments=(replace(PICTURE, content=os.urandom(700_000)), PICTURE)))
    midway = Midway(link, lambda: committed(outbox, withdrawal()))
    one = courier(outbox, centre, midway)
    run(one)
    assert midway.parts == 1
    assert [item.state for item in outbox.find(LANE)] == [ItemState.ACKNOWLEDGED] * 2
    assert one.uploader._loaded is None, "nor is it kept in memory"


def test_withdrawn_between_the_look_and_the_part_it_is_not_damage(
    outbox: Outbox, link: Link, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed(outbox, case(attachments=(PICTURE,)))
    midway = Midway(link, lambda: None)
    step = Uploader.step

    def withdrawn_first(self: Uploader, item: wire.Item) -> Any:
        if self._offsets:
            monkeypatch.setattr(Uploader, "step", step)
            committed(outbox, withdrawal())
        return step(self, item)

    monkeypatch.setattr(Uploader, "step", withdrawn_first)
    run(courier(outbox, centre, midway))
    assert midway.parts == 0
    assert [item.state for item in outbox.find(LANE)] == [ItemState.ACKNOWLEDGED] * 2


def refused(outbox: Outbox, verdict: str = "refused") -> wire.Item:
    committed(outbox, case(attachments=()))
    [item] = next_items(outbox)
    settle(outbox, item, ItemState.QUARANTINED, verdict, "材料不齐")
    return item


def test_a_refused_case_that_is_withdrawn_goes_as_its_header_and_stops_nobody(outbox: Outbox) -> None:
    refused(outbox)
    before = outbox.counters()
    assert (before.pending, before.quarantined, before.pending_bytes) == (0, 1, 0)
    withdraws = committed(outbox, withdrawal())
    after = outbox.counters()
    own = sum(len(body) for body in sealed_of(outbox, withdraws.sequence))
    assert (after.pending, after.quarantined, after.pending_bytes) == (2, 0, own)
    for kind in (wire.Kind.CASE, wire.Kind.WITHDRAWAL):
        [item] = next_items(outbox)
        assert (item.kind, item.erased) == (kind, kind is wire.Kind.CASE)
        settle(outbox, item, ItemState.ACKNOWLEDGED)
    assert outbox.counters().pending == outbox.counters().pending_bytes == 0


def test_a_centre_that_refuses_the_header_too_still_gets_the_withdrawal(outbox: Outbox) -> None:
    """As one does that is older than this: it says so in words, and nothing is lost."""
    committed(outbox, case())
    committed(outbox, withdrawal())
    [erased] = next_items(outbox)
    settle(outbox, erased, ItemState.QUARANTINED, "refused", "记录格式不正确")
    assert outbox.deliveries.quarantined()[0].reason == "记录格式不正确"
    [item] = next_items(outbox)
    assert item.kind is wire.Kind.WITHDRAWAL, "nothing is left to repair, so its lane does not wait"
    better = case(supersedes=erased.id)
    assert isinstance(outbox.commit(better), NotCommitted), "nor to replace"
    settle(outbox, item, ItemState.ACKNOWLEDGED)
    assert outbox.deliveries.requeue(erased.sequence), "once the centre is updated"
    assert next_items(outbox) == [erased]
    settle(outbox, erased, ItemState.ACKNOWLEDGED)
    counters = outbox.counters()
    assert (counters.pending, counters.quarantined, counters.acknowledged) == (0, 0, 2)
    assert outbox.verify().whole


def test_sent_again_while_its_withdrawal_waits_it_goes_first(outbox: Outbox) -> None:
    committed(outbox, case())
    committed(outbox, withdrawal())
    [erased] = next_items(outbox)
    settle(outbox, erased, ItemState.QUARANTINED, "refused")
    assert outbox.deliveries.requeue(erased.sequence)
    assert next_items(outbox) == [erased]


def test_what_took_a_refused_ones_place_is_withdrawn_with_it(kit: TerminalKit, outbox: Outbox) -> None:
    first = refused(outbox)
    second = committed(outbox, case(supersedes=first.id))
    sealed = sealed_of(outbox, first.sequence) + sealed_of(outbox, second.sequence)
    assert committed(outbox, withdrawal()).erased == 2
    assert pieces_left(kit, sealed) == 0
    assert [item.state for item in outbox.find(LANE)] == ["quarantined", "pending", "pending"]
    [item] = next_items(outbox)
    assert item.sequence == second.sequence
    settle(outbox, item, ItemState.ACKNOWLEDGED)
    assert [item.state for item in outbox.find(LANE)] == ["closed", "acknowledged", "pending"]
    assert outbox.counters().quarantined == 0
    assert outbox.verify().whole


def test_what_is_given_back_after_its_tombstone_is_closed(outbox: Outbox) -> None:
    item = refused(outbox)
    committed(outbox, withdrawal())
    assert outbox.deliveries.give_back(item.sequence, "已退还")
    assert not outbox.deliveries.give_back(item.sequence, "已退还")
    assert [item.state for item in outbox.find(LANE)] == ["closed", "pending"]
    committed(outbox, case(OTHER))
    committed(outbox, withdrawal(OTHER))
    assert not outbox.deliveries.give_back(only(outbox, OTHER).sequence, "x"), "nobody refused that one"
