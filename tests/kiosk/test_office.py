"""The office on a real outbox: what is promised is stored, and what is stored is promised once."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.card_reader.contract import CardRead
from kiosk.case import CaseState, new_case_code
from kiosk.clock import Clock
from kiosk.journey import events as ev
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.visit import Errand
from kiosk.journey.world import Place
from kiosk.office import CaseOffice
from kiosk.rehearsal.script import words_of
from offline_queue import new_item_id, words
from offline_queue.link import LinkState
from offline_queue.records import (
    Draft,
    ItemState,
    ItemSummary,
    NotCommitted,
    Refused,
    Settlement,
    StoreCorrupt,
)
from offline_queue.store import Outbox
from offline_queue.wire import Kind
from tests.kiosk.journey.visits import CODE, card, coming_back, definition, visit, withdrawing, world
from tests.offline_queue.terminal import TerminalKit

CASE = replace(visit(State.SUBMITTING), item_id="01936d4e-0000-7000-8000-000000000001")
PLACE = Place("0142", "清河镇便民服务站", "清河镇人民政府", "12345")


class Post:
    """Stands for the sender: woken, and asked what the centre said."""

    def __init__(self) -> None:
        self.woken = 0
        self.settled: ItemSummary | None = None

    def wake(self) -> None:
        self.woken += 1

    def status(self) -> Any:
        return type("Status", (), {"link_state": LinkState.ONLINE})()

    def wait_settled(self, _lane: str, _timeout_s: float) -> ItemSummary | None:
        return self.settled


class Hands:
    """The wall and the monotonic clock, moved by hand."""

    def __init__(self) -> None:
        self.wall = datetime(2026, 11, 25, 1, 12, tzinfo=UTC)
        self.ns = 0

    def pass_s(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ns += int(seconds * 1e9)


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def post() -> Post:
    return Post()


@pytest.fixture
def outbox(tmp_path: Path) -> Iterator[Outbox]:
    opened = TerminalKit(tmp_path / "queue").open()
    yield opened
    opened.close()


def office_of(outbox: Any, post: Any, hands: Hands, folder: Path) -> CaseOffice:
    clock = Clock(
        folder / "clock.json", wall=lambda: hands.wall, monotonic_ns=lambda: hands.ns, boot=lambda: "boot"
    )
    return CaseOffice(outbox, post, clock, PLACE, TerminalKit(folder).signing_key)


@pytest.fixture
def office(outbox: Outbox, post: Post, hands: Hands, tmp_path: Path) -> CaseOffice:
    return office_of(outbox, post, hands, tmp_path)


def test_a_case_is_stored_once_with_one_time(office: CaseOffice, outbox: Outbox, post: Post) -> None:
    stored = office.store(CASE)
    assert stored == ev.Stored(CODE, 1, "2026-11-25T01:12:00Z")
    [item] = outbox.find(CODE)
    assert (item.id, item.received_at, item.kind) == (CASE.item_id, stored.received_at, Kind.CASE)
    assert post.woken == 1


def test_a_second_case_about_the_same_is_known_while_the_first_waits_and_only_then(
    office: CaseOffice, outbox: Outbox, hands: Hands
) -> None:
    second = replace(CASE, item_id=new_item_id(), case_code=new_case_code("0142"))
    stranger = replace(second, card=another_person())
    report = replace(second, definition=definition("problem_report"))
    assert not office.same_waits(second)
    office.store(CASE)
    assert office.same_waits(second)
    assert not office.same_waits(stranger)
    assert not office.same_waits(report), "two reports by one person are two matters"
    hands.wall = datetime(2027, 1, 5, tzinfo=UTC)
    assert not office.same_waits(second), "another year is another cycle"
    hands.wall = datetime(2026, 11, 25, tzinfo=UTC)
    [item] = outbox.find(CODE)
    outbox.deliveries.settle([Settlement(item.sequence, ItemState.ACKNOWLEDGED, "registered")])
    assert not office.same_waits(second), "the centre has it, and compares by itself"


def test_a_withdrawal_follows_its_case_and_says_nothing_in_the_clear(
    office: CaseOffice, outbox: Outbox, post: Post
) -> None:
    office.store(CASE)
    asks = replace(withdrawing(coming_back()), item_id=new_item_id())
    stored = office.store(asks)
    assert stored == ev.Stored(CODE, 2, "2026-11-25T01:12:00Z", erased=True)
    case, item = outbox.find(CODE)
    assert (case.kind, item.kind, item.service) == (Kind.CASE, Kind.WITHDRAWAL, CASE.service.code)
    again = office.store(asks)
    assert isinstance(again, ev.Stored)
    assert again.sequence == 2, "a second press is the same withdrawal"
    assert len(outbox.find(CODE)) == 2
    assert post.woken == 3


def another_person() -> CardRead:
    mine = card()
    return replace(mine, document=replace(mine.document, number="110199198502020003"))


@pytest.mark.parametrize("same", [True, False])
def test_what_was_not_sent_is_erased_for_its_person_and_for_nobody_else(
    office: CaseOffice, outbox: Outbox, *, same: bool
) -> None:
    office.store(CASE)
    asks = replace(withdrawing(coming_back()), item_id=new_item_id())
    stored = office.store(asks if same else replace(asks, card=another_person()))
    assert isinstance(stored, ev.Stored)
    assert stored.erased is same
    assert [item.erased for item in outbox.find(CODE)] == [same, False]
    done = replace(asks, state=State.RESULT, stored=stored, case_state=CaseState.RECEIVED)
    assert ("已从这台机器清除" in words_of(present(done, world()))) is same


@pytest.mark.parametrize("same", [True, False])
def test_what_was_refused_is_closed_by_a_second_filing_of_its_person_alone(
    office: CaseOffice, outbox: Outbox, *, same: bool
) -> None:
    refused_case(office, outbox)
    again = replace(CASE, item_id=new_item_id(), errand=Errand.AGAIN, supersedes=CASE.item_id)
    office.store(again if same else replace(again, card=another_person()))
    outbox.deliveries.settle(
        [Settlement(2, ItemState.ACKNOWLEDGED, "registered", registered_at="2026-11-25T01:13:00Z")]
    )
    wanted = ItemState.CLOSED if same else ItemState.QUARANTINED
    assert [item.state for item in outbox.find(CODE)] == [wanted, ItemState.ACKNOWLEDGED]


def refused_case(office: CaseOffice, outbox: Outbox) -> None:
    office.store(CASE)
    [item] = outbox.find(CODE)
    outbox.deliveries.settle([Settlement(item.sequence, ItemState.QUARANTINED, "refused", "no / no")])


def test_filed_again_it_goes_in_the_place_of_what_was_refused(office: CaseOffice, outbox: Outbox) -> None:
    refused_case(office, outbox)
    again = replace(CASE, item_id=new_item_id(), errand=Errand.AGAIN, supersedes=CASE.item_id)
    assert isinstance(office.store(again), ev.Stored)
    first, second = outbox.find(CODE)
    assert (first.superseded_by, second.id, second.state) == (again.item_id, again.item_id, ItemState.PENDING)
    assert [item.id for item in outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=9)] == [
        again.item_id
    ]


def test_what_was_settled_meanwhile_does_not_keep_the_resident_from_filing_again(
    office: CaseOffice, outbox: Outbox
) -> None:
    refused_case(office, outbox)
    outbox.deliveries.requeue(1)
    again = replace(CASE, item_id=new_item_id(), errand=Errand.AGAIN, supersedes=CASE.item_id)
    assert office.store(again) == ev.Stored(CODE, 2, "2026-11-25T01:12:00Z")
    assert [item.superseded_by for item in outbox.find(CODE)] == [None, None]


def test_a_case_whose_time_is_set_by_law_goes_before_one_without(office: CaseOffice, outbox: Outbox) -> None:
    limit = CASE.service.legal_limit.model_copy(update={"amount": 0})
    free = CASE.service.model_copy(update={"legal_limit": limit})
    other = replace(CASE, item_id=new_item_id(), case_code=new_case_code("0142"), definition=free)
    office.store(other)
    office.store(CASE)
    [first] = outbox.deliveries.next_batch(held_lanes=(), items_max=1, bytes_max=1)
    assert first.lane == CODE


def test_a_photograph_is_stored_with_its_case_and_goes_beside_it(office: CaseOffice, outbox: Outbox) -> None:
    picture = bytes(range(256)) * 40
    office.store(replace(CASE, photo=picture))
    item = outbox.deliveries.next_to_upload(held_lanes=(), whole=())
    assert item is not None
    assert [told.media_type for told in item.attachments] == ["image/jpeg"]
    assert len(item.sealed) < len(picture), "it is not in the payload a second time"


def test_a_second_try_after_a_lost_answer_finds_the_case_and_does_not_double_it(
    office: CaseOffice, outbox: Outbox, hands: Hands
) -> None:
    """The first try was stored, but its answer never came: the second, minutes later, has another time."""
    first = office.store(CASE)
    hands.pass_s(120)
    assert office.store(CASE) == first
    assert len(outbox.find(CODE)) == 1


def test_what_is_refused_is_not_promised(hands: Hands, post: Post, tmp_path: Path) -> None:
    class Full:
        def commit(self, _draft: Draft, **_named: object) -> NotCommitted:
            return NotCommitted(Refused.QUOTA)

    class Broken:
        def commit(self, _draft: Draft, **_named: object) -> NotCommitted:
            raise StoreCorrupt(words.DAMAGED_WHILE_OPEN)

    for outbox in (Full(), Broken()):
        assert office_of(outbox, post, hands, tmp_path).store(CASE) == ev.NotStored("queue.full")
    assert post.woken == 0


def summary(case_state: str) -> ItemSummary:
    return ItemSummary(
        1,
        CASE.item_id,
        CODE,
        Kind.CASE,
        "s",
        ItemState.ACKNOWLEDGED,
        "",
        1,
        "registered",
        "",
        "then",
        case_state,
    )


def test_the_centres_word_is_taken_when_it_is_known(office: CaseOffice, post: Post) -> None:
    assert office.await_centre(CODE, 0.0) == (None, None)
    post.settled = summary("registered")
    assert office.await_centre(CODE, 0.0) == (CaseState.REGISTERED, "then")
    post.settled = summary("a word of next year")
    assert office.await_centre(CODE, 0.0) == (None, None)


def test_an_evaluation_that_has_no_room_is_told_to_the_technician_without_the_level(
    hands: Hands, post: Post, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Full:
        def commit(self, _draft: Draft, **_named: object) -> NotCommitted:
            return NotCommitted(Refused.QUOTA)

    with caplog.at_level(logging.INFO):
        office_of(Full(), post, hands, tmp_path).evaluate(replace(CASE, level=5))
    assert "an evaluation could not be stored: quota" in caplog.text
    assert "5" not in caplog.messages[0]


def test_an_evaluation_follows_its_case_in_the_same_lane(office: CaseOffice, outbox: Outbox) -> None:
    office.store(CASE)
    office.evaluate(replace(CASE, level=5))
    assert [item.kind for item in outbox.find(CODE)] == [Kind.CASE, Kind.EVALUATION]
