from __future__ import annotations

import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from offline_queue import wire, words
from offline_queue.link import Link, LinkState, Timeouts
from offline_queue.records import StoreCorrupt
from offline_queue.sender import Sender
from offline_queue.store import ItemState, Outbox
from tests.offline_queue.authority import Authority
from tests.offline_queue.simulated import Centre, Status
from tests.offline_queue.terminal import FAST, TerminalKit, Watched, committed, draft


def test_delivers_in_order_and_keeps_an_index_row(outbox: Outbox, link: Link, centre: Centre) -> None:
    drafts = [draft(lane=f"LANE{number}") for number in range(120)]
    for wanted in drafts:
        committed(outbox, wanted)
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().pending == 0, "all delivered")
        assert watched.sender.status().link_state is LinkState.ONLINE
    assert centre.order == [wanted.id for wanted in drafts]
    assert max(len(batch) for batch in centre.batches) <= wire.BATCH_ITEMS_MAX
    assert centre.broken_heads == 0
    counters = outbox.counters()
    assert (counters.acknowledged, counters.pending_bytes, counters.oldest_pending_at) == (120, 0, None)
    summary = outbox.find("LANE0")[0]
    assert (summary.state, summary.case_state, summary.attempts) == (ItemState.ACKNOWLEDGED, "registered", 1)
    assert summary.registered_at
    assert outbox.verify().whole


def test_withdrawal_overtakes_other_lanes_but_not_its_own_case(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    other = [draft(lane=f"OTHER{number}") for number in range(4)]
    case, withdrawal = draft(lane="MINE"), draft(lane="MINE", kind=wire.Kind.WITHDRAWAL)
    evaluation = draft(lane="SAID", kind=wire.Kind.EVALUATION)
    for wanted in [evaluation, *other, case, withdrawal]:
        committed(outbox, wanted)
    with Watched(outbox, link, centre, policy=replace(FAST, batch_items=1)) as watched:
        watched.until(lambda: outbox.counters().pending == 0, "all delivered")
    assert centre.order == [case.id, withdrawal.id, *[wanted.id for wanted in other], evaluation.id]


def test_refused_item_blocks_only_its_lane_and_keeps_the_words(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    bad, behind, free = draft(lane="BAD"), draft(lane="BAD"), draft(lane="FREE")
    for wanted in (bad, behind, free):
        committed(outbox, wanted)
    words = "材料不齐：缺少\u201c户口簿\u201d — 第 3 项"
    centre.verdicts[bad.id] = wire.Verdict(item_id=bad.id, kind=wire.VerdictKind.REFUSED, reason=words)
    with Watched(outbox, link, centre) as watched:
        watched.until(
            lambda: outbox.counters().quarantined == 1 and free.id in centre.ids, "one refused, one through"
        )
        late = draft(lane="LATE")
        committed(outbox, late)
        watched.sender.wake()
        watched.until(lambda: late.id in centre.ids, "another case goes on")
        assert behind.id not in centre.times_heard
        summary = outbox.find("BAD")[0]
        assert (summary.state, summary.verdict, summary.reason) == (ItemState.QUARANTINED, "refused", words)
        assert outbox.deliveries.quarantined() == (summary,)
        centre.verdicts.clear()
        assert outbox.deliveries.requeue(summary.sequence)
        watched.sender.wake()
        watched.until(lambda: outbox.counters().acknowledged == 4, "repaired")
    assert centre.order[-2:] == [bad.id, behind.id]


@pytest.mark.parametrize("forgery", ["other item", "other hash", "unknown key", "wrong signature", "absent"])
def test_item_stays_until_the_acknowledgement_is_genuine(
    outbox: Outbox, link: Link, centre: Centre, forgery: str
) -> None:
    wanted = draft()
    committed(outbox, wanted)
    changes = {
        "other item": {"item_id": "another"},
        "other hash": {"item_hash": "0" * 64},
        "unknown key": {"key_id": "nobody"},
        "wrong signature": {"registered_at": "2030-01-01T00:00:00Z"},
    }
    if forgery == "absent":
        centre.verdicts[wanted.id] = wire.Verdict(item_id=wanted.id, kind=wire.VerdictKind.REGISTERED)
    else:
        centre.acknowledge = lambda genuine: genuine.model_copy(update=changes[forgery])
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: centre.times_heard.get(wanted.id, 0) >= 2, "sent again")
        assert watched.sender.status().link_state is LinkState.ACKNOWLEDGEMENT_INVALID
        assert outbox.counters().pending == 1
        centre.verdicts.clear()
        centre.acknowledge = lambda genuine: genuine
        watched.until(lambda: outbox.counters().acknowledged == 1, "a genuine one frees it")
        watched.until(lambda: watched.sender.status().link_state is LinkState.ONLINE, "and the state")


def test_wait_settled_tells_what_the_centre_said(outbox: Outbox, link: Link, centre: Centre) -> None:
    with Watched(outbox, link, centre) as watched:
        assert watched.sender.wait_settled("NOBODY", 0.0) is None
        committed(outbox, draft(lane="MINE"))
        watched.sender.wake()
        summary = watched.sender.wait_settled("MINE", 20.0)
        assert summary is not None
        assert summary.state is ItemState.ACKNOWLEDGED
        centre.stop()
        committed(outbox, draft(lane="NEXT"))
        watched.sender.wake()
        watched.until(lambda: watched.sender.status().link_state is LinkState.OFFLINE, "offline")
        assert watched.sender.wait_settled("NEXT", 0.0) is None
        centre.start()
        watched.until(lambda: outbox.counters().pending == 0, "goes out by itself when the network is back")


def test_heartbeats_carry_the_body_and_the_signed_head(outbox: Outbox, link: Link, centre: Centre) -> None:
    committed(outbox, draft())
    with Watched(outbox, link, centre, heartbeat_body=lambda: {"state": "regular"}) as watched:
        watched.until(lambda: len(centre.heartbeats) >= 1, "the first beat")
        watched.sender.beat({"state": "alarm"})
        watched.until(lambda: centre.heartbeats[-1].body == {"state": "alarm"}, "an alarm at once")
    assert centre.heartbeats[0].body == {"state": "regular"}
    assert centre.heartbeats[-1].head.sequence == 1
    assert centre.broken_heads == 0


def test_centre_that_refuses_everything_is_not_believed_about_the_items(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    drafts = [draft(lane=f"LANE{number}") for number in range(30)]
    for wanted in drafts:
        committed(outbox, wanted)
        centre.statuses[wanted.id] = Status(422, "schema")
    limit = 3
    with Watched(
        outbox, link, centre, policy=replace(FAST, lone_rejections_max=limit, base_s=30.0, cap_s=30.0)
    ) as w:
        w.until(
            lambda: w.sender.status().link_state is LinkState.UNKNOWN and centre.requests > limit, "stops"
        )
        w.until(lambda: outbox.counters().quarantined == limit, "a few were judged")
        assert outbox.counters().pending == 30 - limit


def test_a_heartbeat_with_a_defect_keeps_no_case_on_the_disk(
    outbox: Outbox, link: Link, centre: Centre, caplog: pytest.LogCaptureFixture
) -> None:
    def body() -> dict[str, Any]:
        message = "a name: 测试甲"
        raise RuntimeError(message)

    committed(outbox, draft())
    with Watched(outbox, link, centre, heartbeat_body=body) as w:
        # Nobody wakes it: both were due at once, and at the end of each back-off again.
        w.until(lambda: outbox.counters().acknowledged == 1, "the case goes out")
        w.until(lambda: "RuntimeError" in caplog.text, "the defect is written down")
        assert w.sender.status().alive
    assert "测试甲" not in caplog.text


@pytest.mark.parametrize(("wished_s", "kept_s"), [(0.0, 10.0), (60.0, 60.0), (86_400.0, 3600.0)])
def test_the_centre_sets_when_the_next_heartbeat_comes_within_bounds(
    outbox: Outbox, link: Link, centre: Centre, wished_s: float, kept_s: float
) -> None:
    """A wrong word of it makes a terminal neither beat all the time nor fall silent for days."""
    centre.interval_s = wished_s
    spread = FAST.heartbeat_spread
    with Watched(outbox, link, centre, heartbeat_body=dict) as w:
        w.until(lambda: bool(centre.heartbeats) and w.sender._interval_s == kept_s, "it is kept")
        asked_ns = time.monotonic_ns()
        w.sender.beat({})
        w.until(lambda: len(centre.heartbeats) == 2, "another")
    wait_s = (w.sender._next_beat_ns - asked_ns) / 1e9
    assert wait_s >= kept_s * (1 - spread)
    assert wait_s <= kept_s * (1 + spread) + (time.monotonic_ns() - asked_ns) / 1e9


def test_a_sender_whose_thread_ended_is_told_as_stopped(
    outbox: Outbox, link: Link, centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**_given: object) -> object:
        raise StoreCorrupt(words.DAMAGED_WHILE_OPEN)

    # The thread's own traceback is not what is looked at.
    monkeypatch.setattr(threading, "excepthook", lambda _arguments: None)
    with Watched(outbox, link, centre) as w:
        assert not w.sender.status().stopped
        monkeypatch.setattr(outbox.deliveries, "next_batch", broken)
        w.sender.wake()
        w.until(lambda: w.sender.status().stopped, "it is told")
        assert not w.sender.status().alive
    assert not w.sender.status().stopped, "one that was closed is not missed"


def test_a_sender_that_stands_still_in_a_request_is_told_and_not_as_online(
    outbox: Outbox, kit: TerminalKit, centre: Centre, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    patient = Timeouts(read_s=120.0, answer_s=120.0)
    link = kit.link(centre, authority.ca_file, timeouts=patient)
    with Watched(outbox, link, centre) as w:
        committed(outbox, draft())
        w.sender.wake()
        w.until(lambda: outbox.counters().acknowledged == 1, "sent")
        assert w.sender.status().link_state is LinkState.ONLINE
        with centre._lock:  # the centre hears nobody meanwhile
            before = w.sender.status().last_moved_monotonic_ns
            link.begun_ns = 0
            committed(outbox, draft(lane="NEXT"))
            w.sender.wake()
            w.until(lambda: link.begun_ns > before, "the request is under way")
            assert not w.sender.status().stopped
            monkeypatch.setattr("offline_queue.sender.SLACK_S", -link.longest_s)  # its time is over at once
            assert w.sender.status().stopped
            assert w.sender.status().link_state is LinkState.UNKNOWN
            monkeypatch.undo()
        w.until(lambda: outbox.counters().acknowledged == 2, "it goes on")
        assert not w.sender.status().stopped


def test_close_before_start_and_twice(
    outbox: Outbox, kit: TerminalKit, centre: Centre, tmp_path: Path
) -> None:
    sender = Sender(outbox, kit.link(centre, tmp_path / "absent.pem"), centre_keys={})
    sender.close()
    sender.close()
    assert not sender.status().alive
    assert sender.status().link_state is LinkState.UNKNOWN


def test_the_centres_time_is_told_with_each_answered_heartbeat(
    outbox: Outbox, link: Link, centre: Centre
) -> None:
    told: list[datetime] = []
    with Watched(
        outbox, link, centre, heartbeat_body=lambda: {"state": "live"}, on_centre_time=told.append
    ) as watched:
        watched.until(lambda: bool(told), "the centre's time")
    assert told[0].tzinfo is not None
    assert abs(told[0] - datetime.now(UTC)) < timedelta(minutes=5)
