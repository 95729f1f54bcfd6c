"""Q03: after 72 hours offline the first answer is 401. Nothing is deleted, nothing is hammered."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from offline_queue.link import LinkState
from tests.offline_queue.simulated import HEAR, LOSE_ANSWER, Status
from tests.offline_queue.terminal import FAST, Watched, committed, draft
from tests.offline_queue.village import Village, village

QUEUED = 40


def queue_up(place: Village) -> list[str]:
    drafts = [draft(lane=f"LANE{number}") for number in range(QUEUED)]
    for wanted in drafts:
        committed(place.outbox, wanted)
    return [wanted.id for wanted in drafts]


def test_all_are_delivered_once_each_after_the_refusals(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        ids = queue_up(place)
        place.centre.faults.extend([Status(401, "expired"), Status(503), Status(401, "expired")])
        with Watched(place.outbox, place.link, place.centre) as watched:
            watched.until(lambda: place.outbox.counters().acknowledged == QUEUED, "all delivered")
        assert place.centre.order == ids


def test_b_revoked_terminal_keeps_everything_and_still_takes_cases(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        queue_up(place)
        place.centre.faults.extend([Status(403, "revoked")] * 1000)
        with Watched(place.outbox, place.link, place.centre) as watched:
            watched.until(lambda: watched.sender.status().link_state is LinkState.REVOKED, "said")
            assert committed(place.outbox, draft(lane="NEW")).sequence == QUEUED + 1
        assert place.outbox.counters().pending == QUEUED + 1
        assert place.centre.ids == []
        place.restart()
        assert place.outbox.counters().pending == QUEUED + 1


def test_c_one_request_a_delay_step_however_often_woken(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        queue_up(place)
        place.centre.faults.extend([Status(401, "expired", {"Retry-After": "3600"})] * 100)
        with Watched(place.outbox, place.link, place.centre, policy=replace(FAST, poll_s=0.01)) as watched:
            watched.until(lambda: watched.sender.status().link_state is LinkState.UNAUTHORISED, "said")
            for _edge in range(QUEUED):
                watched.sender.wake()
            moved = watched.sender.status().last_moved_monotonic_ns
            watched.until(
                lambda: watched.sender.status().last_moved_monotonic_ns > moved, "the edges were seen"
            )
        assert place.centre.requests == 1
        assert place.outbox.counters().pending == QUEUED


def test_d_link_drops_again_in_the_middle(tmp_path: Path) -> None:
    with village(tmp_path) as place:
        ids = queue_up(place)
        with Watched(place.outbox, place.link, place.centre, policy=replace(FAST, batch_items=17)) as watched:
            place.centre.faults.extend([HEAR, *[LOSE_ANSWER] * 1000])
            watched.until(lambda: place.outbox.counters().acknowledged > 0, "begun")
            place.centre.stop()
            watched.until(lambda: watched.sender.status().link_state is LinkState.OFFLINE, "dropped")
            assert place.outbox.counters().acknowledged < QUEUED
            place.centre.faults.clear()
            place.centre.start()
            watched.until(lambda: place.outbox.counters().acknowledged == QUEUED, "the rest goes out")
        assert place.centre.order == ids
