"""When the next try is made, on a clock that the test turns: the centre's wish is obeyed, an edge ends a guess."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from offline_queue import wire
from offline_queue.courier import NS, Courier
from offline_queue.link import Link, LinkState
from offline_queue.policy import Policy
from offline_queue.store import Outbox
from tests.offline_queue.simulated import Centre, Status
from tests.offline_queue.terminal import committed, draft

POLICY = Policy(base_s=2.0, cap_s=60.0, wake_gap_s=1.0)


@dataclass
class Hand:
    """Monotonic seconds."""

    now_s: float = 1000.0

    def ns(self) -> int:
        return int(self.now_s * NS)


@pytest.fixture
def hand() -> Hand:
    return Hand()


@pytest.fixture
def courier(outbox: Outbox, link: Link, centre: Centre, hand: Hand) -> Courier:
    keys = {centre.key_id: centre.key.public_key()}
    return Courier(outbox, link, keys, POLICY, random.Random(1), hand.ns)  # noqa: S311 - no secret


@pytest.mark.parametrize("status", [401, 403, 429, 503])
def test_a_wish_of_the_centre_is_obeyed_and_no_edge_ends_it(
    courier: Courier, outbox: Outbox, centre: Centre, hand: Hand, status: int
) -> None:
    committed(outbox, draft())
    centre.faults.append(Status(status, headers={"Retry-After": "120"}))
    assert not courier.round()
    for waited_s in (0, 1, 100, 119):
        hand.now_s = 1000.0 + waited_s
        courier.wake()
        assert not courier.round()
    assert centre.requests == 1
    hand.now_s += POLICY.cap_s + 1
    assert courier.round()
    assert outbox.counters().acknowledged == 1


def test_a_wish_without_reason_silences_nobody_for_days(
    courier: Courier, outbox: Outbox, centre: Centre, hand: Hand
) -> None:
    committed(outbox, draft())
    centre.faults.append(Status(503, headers={"Retry-After": "999999999"}))
    courier.round()
    hand.now_s += POLICY.retry_after_max_s + POLICY.cap_s + 1
    assert courier.round()


def test_a_back_off_that_the_terminal_chose_ends_with_an_edge(
    courier: Courier, outbox: Outbox, centre: Centre, hand: Hand
) -> None:
    committed(outbox, draft())
    centre.stop()
    for _ in range(12):
        hand.now_s += POLICY.cap_s + 1
        courier.round()
    assert courier.link_state is LinkState.OFFLINE
    centre.start()
    courier.session_until_ns = hand.ns() + int(POLICY.cap_s * NS)  # the longest that chance may choose
    assert not courier.round()
    hand.now_s += POLICY.wake_gap_s
    courier.wake()
    assert courier.round()


def test_an_answered_heartbeat_does_not_hide_a_wrong_acknowledgement(
    courier: Courier, outbox: Outbox, centre: Centre
) -> None:
    wanted = draft()
    committed(outbox, wanted)
    centre.verdicts[wanted.id] = wire.Verdict(item_id=wanted.id, kind=wire.VerdictKind.REGISTERED)
    courier.round()
    courier.heard()
    assert (courier.link_state, courier.last_error) == (
        LinkState.ACKNOWLEDGEMENT_INVALID,
        "no acknowledgement",
    )


def test_a_centre_that_refuses_every_item_is_believed_about_a_few_only(
    courier: Courier, outbox: Outbox, centre: Centre
) -> None:
    drafts = [draft(lane=f"LANE{number}") for number in range(3 * POLICY.lone_rejections_max)]
    for wanted in drafts:
        committed(outbox, wanted)
        centre.statuses[wanted.id] = Status(422, "schema")
    while courier.round():
        pass
    assert outbox.counters().quarantined == POLICY.lone_rejections_max
    assert outbox.counters().pending == len(drafts) - POLICY.lone_rejections_max
    assert courier.link_state is LinkState.UNKNOWN


def after_the_back_off(courier: Courier, hand: Hand, times: int) -> None:
    """Every wait ends, a heartbeat is answered, and rounds are made until nothing more goes; so many times."""
    for _ in range(times):
        hand.now_s += POLICY.retry_after_max_s
        courier.heard()
        while courier.round():
            pass


def test_a_centre_that_goes_on_refusing_everything_puts_no_more_aside_and_gets_all_once_mended(
    courier: Courier, outbox: Outbox, centre: Centre, hand: Hand
) -> None:
    drafts = [draft(lane=f"LANE{number}") for number in range(3 * POLICY.lone_rejections_max)]
    for wanted in drafts:
        committed(outbox, wanted)
        centre.statuses[wanted.id] = Status(422, "schema")
    after_the_back_off(courier, hand, 40)
    assert outbox.counters().quarantined == POLICY.lone_rejections_max
    told = [courier.link_state]  # nor does an answered heartbeat say that all is well
    centre.statuses.clear()
    after_the_back_off(courier, hand, 40)
    assert outbox.counters().acknowledged == len(drafts) - POLICY.lone_rejections_max
    assert [*told, courier.link_state] == [LinkState.UNKNOWN, LinkState.ONLINE]


def test_a_good_case_behind_many_bad_ones_is_reached_and_clears_the_centre_of_the_blame(
    courier: Courier, outbox: Outbox, centre: Centre, hand: Hand
) -> None:
    many = POLICY.lone_rejections_max + 4
    for number in range(many):
        wanted = draft(lane=f"LANE{number}")
        committed(outbox, wanted)
        centre.statuses[wanted.id] = Status(422, "schema")
    committed(outbox, draft(lane="GOOD"))
    after_the_back_off(courier, hand, many + 2)
    counters = outbox.counters()
    assert (counters.acknowledged, counters.quarantined, counters.pending) == (1, many, 0)


def test_one_case_that_breaks_the_centre_each_time_is_no_fault_of_all(
    courier: Courier, outbox: Outbox, centre: Centre, hand: Hand
) -> None:
    wanted = draft()
    committed(outbox, wanted)
    centre.statuses[wanted.id] = Status(500, "internal")
    after_the_back_off(courier, hand, 3 * POLICY.lone_rejections_max)
    assert courier.link_state is LinkState.ONLINE
    assert (outbox.counters().pending, outbox.counters().quarantined) == (1, 0)


def test_a_refusal_by_something_between_is_no_word_about_the_item(
    courier: Courier, outbox: Outbox, centre: Centre
) -> None:
    committed(outbox, draft())
    centre.faults.append(Status(422, body=b"<html>a gateway of somebody else</html>"))
    courier.round()
    assert (outbox.counters().quarantined, outbox.counters().pending) == (0, 1)


def test_a_hold_that_ends_while_a_round_is_made_is_not_slept_over(
    courier: Courier, outbox: Outbox, centre: Centre, hand: Hand, monkeypatch: pytest.MonkeyPatch
) -> None:
    soon, late = draft(lane="SOON"), draft(lane="LATE")
    for wanted, retry_after_s in ((soon, 30.0), (late, 3600.0)):
        committed(outbox, wanted)
        centre.verdicts[wanted.id] = wire.Verdict(
            item_id=wanted.id, kind=wire.VerdictKind.LATER, retry_after_s=retry_after_s
        )
    assert courier.round()
    ends_s = courier._holds["SOON"].until_ns / NS
    hand.now_s = ends_s - 0.001
    look = outbox.deliveries.next_to_upload

    def slowly(**asked: Any) -> wire.Item | None:
        """The hold is over when the disk has answered."""
        hand.now_s = ends_s + 0.001
        return look(**asked)

    monkeypatch.setattr(outbox.deliveries, "next_to_upload", slowly)
    assert not courier.round()
    assert courier.next_round_ns <= hand.ns()
