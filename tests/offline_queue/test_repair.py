"""The ways out of the quarantine: superseded, corrected at the centre, given back, carried away on a stick."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_queue import wire
from offline_queue.export import Checked, Heading, Unusable, check_export, contents, write_export
from offline_queue.inbox_wire import CaseNews, Correction
from offline_queue.link import Link
from offline_queue.records import Attached, Committed, ItemState, ItemSummary, NotCommitted, Settlement
from offline_queue.store import Outbox
from offline_queue.wire import Attachment, Item
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import TERMINAL, TerminalKit, Watched, committed, draft

LANE = "0142AAAA"
AT = "2026-11-26T08:00:00Z"


def refused(outbox: Outbox, lane: str = LANE) -> tuple[ItemSummary, Committed]:
    done = committed(outbox, draft(lane))
    outbox.deliveries.settle([Settlement(done.sequence, ItemState.QUARANTINED, "refused", "格式不对")])
    (item,) = [item for item in outbox.find(lane) if item.sequence == done.sequence]
    return item, done


def states(outbox: Outbox, lane: str = LANE) -> list[str]:
    return [item.state.value for item in outbox.find(lane)]


def sendable(outbox: Outbox) -> list[int]:
    items = outbox.deliveries.next_batch(held_lanes=(), items_max=50, bytes_max=10**6)
    return [item.sequence for item in items]


def correction(item: ItemSummary, item_hash: str) -> Correction:
    news = CaseNews(code=item.lane, state="registered", at=AT, words_zh="已更正", words_en="Corrected")
    return Correction(item_id=item.id, item_hash=item_hash, outcome="registered", news=news)


def test_a_superseding_item_goes_and_the_refused_one_is_closed_with_it(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    first, _ = refused(outbox)
    committed(outbox, draft(LANE, kind=wire.Kind.EVALUATION))
    assert sendable(outbox) == [], "a refused item holds its lane"
    second = committed(outbox, draft(LANE, payload=b"better", supersedes=first.id))
    assert states(outbox) == ["quarantined", "pending", "pending"], "it stays until its place is taken"
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().pending == 0, "both to be acknowledged")
    assert states(outbox) == ["closed", "acknowledged", "acknowledged"]
    assert outbox.counters().quarantined == 0
    assert outbox.find(LANE)[0].reason == "格式不对", "the centre's words stay"
    assert len(centre.ids) == 2
    assert second.sequence == 3
    assert outbox.verify().whole


def test_what_is_not_refused_cannot_be_superseded(outbox: Outbox) -> None:
    first = draft(LANE)
    committed(outbox, first)
    item, _ = refused(outbox, "0142BBBB")
    for lane, named in ((LANE, first.id), (LANE, item.id), ("0142BBBB", "nobody")):
        assert isinstance(outbox.commit(draft(lane, supersedes=named)), NotCommitted)
    committed(outbox, draft("0142BBBB", supersedes=item.id))
    assert isinstance(outbox.commit(draft("0142BBBB", supersedes=item.id)), NotCommitted), "once only"
    assert not outbox.deliveries.requeue(item.sequence), "nor is it sent beside the one in its place"


def test_a_correction_of_the_centre_closes_the_item_and_frees_its_lane(
    outbox: Outbox, centre: Centre
) -> None:
    item, done = refused(outbox)
    waiting = committed(outbox, draft(LANE, kind=wire.Kind.EVALUATION))
    outbox.deliveries.apply_letters([centre.letter(1, correction(item, done.item_hash))])
    assert states(outbox) == ["closed", "pending"]
    assert outbox.find(LANE)[0].reason == "已更正 / Corrected"
    assert sendable(outbox) == [waiting.sequence]
    assert outbox.counters().quarantined == 0
    assert outbox.verify().whole


def test_a_correction_of_other_content_drops_nothing(outbox: Outbox, centre: Centre) -> None:
    item, _ = refused(outbox)
    outbox.deliveries.apply_letters([centre.letter(1, correction(item, "e" * 64))])
    assert states(outbox) == ["quarantined"]
    assert [found.id for found in outbox.deliveries.unsettled()] == [item.id]


def test_what_is_given_back_is_closed_with_words_and_its_body_is_gone(
    outbox: Outbox, kit: TerminalKit
) -> None:
    item, _ = refused(outbox)
    (sealed,) = [found.sealed for found in outbox.deliveries.unsettled()]
    assert outbox.deliveries.give_back(item.sequence, "已退还")
    assert not outbox.deliveries.give_back(item.sequence, "已退还"), "once only"
    (closed,) = outbox.find(LANE)
    assert (closed.state, closed.verdict, closed.reason) == (ItemState.CLOSED, "returned", "已退还")
    assert list(outbox.deliveries.unsettled()) == []
    assert outbox.verify().whole
    outbox.close()
    assert sealed not in b"".join(path.read_bytes() for path in kit.directory.iterdir())


def test_a_closed_item_is_none_that_the_centre_was_to_hold(outbox: Outbox) -> None:
    item, _ = refused(outbox)
    outbox.deliveries.give_back(item.sequence, "已退还")
    assert outbox.deliveries.manifest(outbox.head()).delivered == ()


def test_what_is_given_back_is_forgotten_with_the_next_item_that_has_the_centres_time(outbox: Outbox) -> None:
    item, _ = refused(outbox)
    outbox.deliveries.give_back(item.sequence, "已退还")
    after = committed(outbox, draft("0142BBBB"))
    outbox.deliveries.settle([Settlement(after.sequence, ItemState.ACKNOWLEDGED, "registered", "", AT)])
    outbox.deliveries.forget("2026-11-26T07:00:00Z")
    assert states(outbox) == ["closed"], "the words are there as long as what came after it"
    outbox.deliveries.forget("2026-11-26T09:00:00Z")
    assert (states(outbox), states(outbox, "0142BBBB")) == ([], [])
    assert outbox.verify().whole


def exported(outbox: Outbox, kit: TerminalKit, file: Path) -> int:
    heading = Heading(terminal=TERMINAL, head=outbox.head(), made_at=AT)
    return write_export(file, heading, outbox.deliveries.unsettled(), kit.signing_key)


def test_an_export_holds_what_waits_and_what_was_refused_and_changes_nothing(
    outbox: Outbox, kit: TerminalKit, tmp_path: Path
) -> None:
    item, _ = refused(outbox)
    other = draft("0142BBBB")
    committed(outbox, other)
    gone = committed(outbox, draft("0142CCCC"))
    outbox.deliveries.settle([Settlement(gone.sequence, ItemState.ACKNOWLEDGED, "registered", "", AT)])
    file = tmp_path / "stick"
    assert exported(outbox, kit, file) == 2
    checked = check_export(file, lambda _terminal: kit.signing_key.public_key())
    assert isinstance(checked, Checked), checked
    found = [
        wire.Item.model_validate_json(line) for line in contents(file, checked) if isinstance(line, bytes)
    ]
    assert [one.id for one in found] == [item.id, other.id]
    assert (outbox.counters().pending, outbox.counters().quarantined) == (1, 1)


def test_a_file_that_is_not_whole_or_not_the_terminals_is_told(
    outbox: Outbox, kit: TerminalKit, tmp_path: Path
) -> None:
    committed(outbox, draft(LANE))
    committed(outbox, draft("0142BBBB"))
    file = tmp_path / "stick"
    exported(outbox, kit, file)
    lines = file.read_bytes().splitlines(keepends=True)
    key = kit.signing_key.public_key()

    def verdict(content: bytes) -> object:
        file.write_bytes(content)
        return check_export(file, lambda _terminal: key)

    assert verdict(b"".join(lines[:-1])) is Unusable.CUT_SHORT
    assert verdict(b"".join([*lines[:2], lines[-1]])) is Unusable.CUT_SHORT
    assert verdict(b"".join([lines[0], lines[2], lines[1], lines[-1]])) is Unusable.CUT_SHORT
    assert verdict(b"".join(lines)[:-9]) is Unusable.CUT_SHORT
    assert verdict(lines[0]) is Unusable.CUT_SHORT
    assert verdict(b"") is Unusable.NO_EXPORT
    assert verdict(b"\xff\xd8 holiday") is Unusable.NO_EXPORT
    key = Ed25519PrivateKey.generate().public_key()
    assert verdict(b"".join(lines)) is Unusable.SIGNATURE
    assert check_export(file, lambda _terminal: None) is Unusable.UNKNOWN_TERMINAL
    assert check_export(tmp_path / "nothing", lambda _terminal: key) is Unusable.UNREADABLE


@pytest.mark.parametrize("given", ["nothing", "as it is", "a changed byte", "another of that length"])
def test_a_case_goes_on_the_stick_only_with_its_photographs_as_they_were_committed(
    outbox: Outbox, kit: TerminalKit, tmp_path: Path, given: str
) -> None:
    committed(outbox, draft(LANE, attachments=(Attached("image/jpeg", b"a photograph"),)))
    committed(outbox, draft("0142BBBB"))

    def load(item: Item, told: Attachment) -> bytes | None:
        sealed = outbox.deliveries.attachment(item.sequence, told.number)
        assert sealed is not None
        changed = bytes([sealed[0] ^ 1]) + sealed[1:]
        return {"nothing": None, "as it is": sealed, "a changed byte": changed}.get(given, bytes(len(sealed)))

    heading = Heading(terminal=TERMINAL, head=outbox.head(), made_at="2026-11-26T00:00:00Z")
    file = tmp_path / "stick"
    written = write_export(file, heading, outbox.deliveries.unsettled(), kit.signing_key, load=load)
    checked = check_export(file, lambda _terminal: kit.signing_key.public_key())
    assert isinstance(checked, Checked)
    assert (written, checked.items, checked.parts) == ((2, 2, 1) if given == "as it is" else (1, 1, 0))


@pytest.mark.parametrize("items", [0, 250])
def test_an_export_of_none_or_of_more_than_one_chunk_is_whole(
    outbox: Outbox, kit: TerminalKit, tmp_path: Path, items: int
) -> None:
    for number in range(items):
        committed(outbox, draft(f"0142{number:04}"))
    assert exported(outbox, kit, tmp_path / "stick") == items
    checked = check_export(tmp_path / "stick", lambda _terminal: kit.signing_key.public_key())
    assert isinstance(checked, Checked)
    assert checked.items == items
