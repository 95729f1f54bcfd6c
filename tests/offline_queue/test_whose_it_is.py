"""A stranger who picked up a slip destroys nothing: content is erased only for the person who filed it, for sure."""

from __future__ import annotations

from typing import Any

import pytest

from offline_queue import wire
from offline_queue.database import migrate_outbox
from offline_queue.duplicates import DAY_NS, DuplicateKeys, Filers
from offline_queue.records import Draft, ItemState, Settlement, StoreUnwritable
from offline_queue.store import Outbox
from tests.offline_queue.stolen import every_byte
from tests.offline_queue.terminal import TerminalKit, committed, draft
from tests.offline_queue.withdrawn import LANE

BEFORE_VOUCHED = 8
"""The last version of an outbox that did not know whether an item is its person's own."""
PERSON, STRANGER = "citizen:110199199001019998", "citizen:110199198502020003"


@pytest.fixture
def outbox(kit: TerminalKit) -> Outbox:
    return kit.open()


def case(person: str | None = PERSON, **changes: Any) -> Draft:
    return draft(LANE, person=person, **changes)


def withdrawal(person: str | None) -> Draft:
    return draft(LANE, kind=wire.Kind.WITHDRAWAL, person=person)


def settle(outbox: Outbox, sequence: int, state: ItemState) -> None:
    outbox.deliveries.settle(
        [Settlement(sequence, state, "refused", "no / no", registered_at="2026-03-02T01:00:00Z")]
    )


def states(outbox: Outbox) -> list[tuple[ItemState, bool]]:
    return [(item.state, item.erased) for item in outbox.find(LANE)]


def to_send(outbox: Outbox) -> list[int]:
    return [
        item.sequence for item in outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=10**6)
    ]


def test_the_person_who_filed_it_erases_it(outbox: Outbox) -> None:
    committed(outbox, case())
    assert committed(outbox, withdrawal(PERSON)).erased == 1


def test_a_stranger_erases_nothing_and_the_case_goes_first_as_it_is(outbox: Outbox) -> None:
    first = committed(outbox, case())
    second = committed(outbox, withdrawal(STRANGER))
    assert second.erased == 0
    assert states(outbox) == [(ItemState.PENDING, False)] * 2
    assert to_send(outbox) == [first.sequence]
    settle(outbox, first.sequence, ItemState.ACKNOWLEDGED)
    assert to_send(outbox) == [second.sequence]


def test_after_a_restart_nobody_is_known_so_nothing_is_erased(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, case())
    outbox.close()
    outbox = kit.open()
    assert committed(outbox, withdrawal(PERSON)).erased == 0
    outbox.close()


def test_of_two_people_in_one_lane_each_erases_only_the_own(outbox: Outbox) -> None:
    committed(outbox, case())
    committed(outbox, case(STRANGER))
    committed(outbox, case(None))
    assert committed(outbox, withdrawal(STRANGER)).erased == 1
    assert [erased for _state, erased in states(outbox)] == [False, True, False, False]
    assert outbox.verify().whole


def test_who_answers_for_it_himself_erases_as_ever(outbox: Outbox) -> None:
    committed(outbox, case())
    assert committed(outbox, withdrawal(None)).erased == 1


def test_what_was_refused_stays_for_staff_and_a_strangers_withdrawal_does_not_wait_behind_it(
    outbox: Outbox,
) -> None:
    first = committed(outbox, case())
    settle(outbox, first.sequence, ItemState.QUARANTINED)
    second = committed(outbox, withdrawal(STRANGER))
    assert to_send(outbox) == [second.sequence]
    settle(outbox, second.sequence, ItemState.ACKNOWLEDGED)
    assert states(outbox) == [(ItemState.QUARANTINED, False), (ItemState.ACKNOWLEDGED, False)]
    assert outbox.deliveries.give_back(first.sequence, "退还"), "staff may close it"


@pytest.mark.parametrize(
    ("person", "after"),
    [
        (PERSON, ItemState.CLOSED),
        (None, ItemState.CLOSED),
        (STRANGER, ItemState.QUARANTINED),
    ],
)
def test_what_is_filed_in_the_place_of_a_refused_item_closes_it_only_for_its_person(
    outbox: Outbox, person: str | None, after: ItemState
) -> None:
    first = committed(outbox, case())
    settle(outbox, first.sequence, ItemState.QUARANTINED)
    (refused,) = outbox.find(LANE)
    second = committed(outbox, case(person, supersedes=refused.id))
    assert to_send(outbox) == [second.sequence], "either way the new one goes"
    settle(outbox, second.sequence, ItemState.ACKNOWLEDGED)
    assert states(outbox) == [(after, False), (ItemState.ACKNOWLEDGED, False)]
    assert outbox.counters().quarantined == (after is ItemState.QUARANTINED)


def test_an_older_program_does_not_take_over_what_it_would_close_for_a_stranger(kit: TerminalKit) -> None:
    outbox = kit.open()
    first = committed(outbox, case())
    settle(outbox, first.sequence, ItemState.QUARANTINED)
    (refused,) = outbox.find(LANE)
    committed(outbox, case(STRANGER, supersedes=refused.id))
    outbox.close()
    with pytest.raises(StoreUnwritable):
        migrate_outbox(kit.directory, kit.database_key, BEFORE_VOUCHED)


@pytest.mark.parametrize("asked", ["before it was set aside", "while it lay aside"])
def test_what_is_salvaged_is_erased_for_nobody_who_came_with_a_slip(kit: TerminalKit, asked: str) -> None:
    outbox = kit.open()
    committed(outbox, case())
    if asked.startswith("before"):
        committed(outbox, withdrawal(STRANGER))
    outbox.close()
    (kit.directory / "outbox.db").rename(kit.directory / "outbox.damaged-20261126T000000000000Z.db")
    outbox = kit.open()
    if asked.startswith("while"):
        committed(outbox, withdrawal(STRANGER))
    outbox.salvage()
    assert states(outbox) == [(ItemState.PENDING, False)] * 2
    outbox.close()


def test_the_person_stands_nowhere_on_the_disk(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, case(payload=b"planted control"))
    outbox.find(LANE)
    content = b"\0".join(every_byte(kit.directory).values())
    assert LANE.encode() in content, "the search finds what is there"
    assert PERSON.encode() not in content
    assert PERSON.removeprefix("citizen:").encode() not in content
    outbox.close()


def test_who_filed_what_is_forgotten_when_it_is_settled_and_after_two_days() -> None:
    now_ns = 0
    filers = Filers(DuplicateKeys(lambda: now_ns))
    for sequence in (1, 2):
        filers.remember(sequence, PERSON)
    assert filers.is_of(1, PERSON)
    assert not filers.is_of(1, STRANGER)
    assert not filers.is_of(3, PERSON)
    filers.forget(1)
    assert not filers.is_of(1, PERSON)
    now_ns = DAY_NS
    assert filers.is_of(2, PERSON)
    now_ns = 2 * DAY_NS
    assert not filers.is_of(2, PERSON)
