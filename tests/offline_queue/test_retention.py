"""Thirty days after the centre has a case, nothing on the terminal tells that it was there (rules F14, F15)."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from offline_queue.inbox_wire import CaseNews, Cases
from offline_queue.link import Link
from offline_queue.records import ItemState, Settlement
from offline_queue.store import Outbox
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import TerminalKit, Watched, committed, draft

LANE = "0142QQQQQQQQQQQQ"
WORDS = "工作人员正在核对这一件"


def on_disk(folder: Path, *wanted: str) -> list[str]:
    content = b"".join(path.read_bytes() for path in folder.iterdir() if path.is_file())
    return [text for text in wanted if text.encode() in content]


def test_a_terminal_that_only_beats_forgets_what_is_settled_by_the_centres_clock(
    outbox: Outbox, link: Link, centre: Centre, kit: TerminalKit
) -> None:
    wanted = draft(LANE)
    committed(outbox, wanted)
    told = Cases(cases=(CaseNews(code=LANE, state="needs_clerk", at="2026-11-26T08:00:00Z", words_zh=WORDS),))
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().acknowledged == 1, "the acknowledgement")
    outbox.deliveries.apply_letters([centre.letter(1, told)])
    assert on_disk(kit.directory, LANE, wanted.id, WORDS) == [LANE, wanted.id, WORDS], "the search finds them"
    centre.clock_ahead = timedelta(days=29)
    with Watched(outbox, link, centre, heartbeat_body=dict) as watched:
        watched.until(lambda: len(centre.heartbeats) == 1, "a heartbeat within the days")
    assert outbox.find(LANE)
    centre.clock_ahead = timedelta(days=31)
    with Watched(outbox, link, centre, heartbeat_body=dict) as watched:
        watched.until(lambda: outbox.find(LANE) == (), "the index row to go")
    assert outbox.deliveries.news(LANE) is None
    assert outbox.verify().whole
    outbox.close()
    assert on_disk(kit.directory, LANE, wanted.id, WORDS) == []


def test_what_still_waits_is_never_forgotten(outbox: Outbox, link: Link, centre: Centre) -> None:
    committed(outbox, draft(LANE))
    centre.limit_per_request = 0
    centre.clock_ahead = timedelta(days=4000)
    with Watched(outbox, link, centre, heartbeat_body=dict) as watched:
        watched.until(lambda: len(centre.heartbeats) == 1, "a heartbeat")
    assert len(outbox.find(LANE)) == 1


@pytest.mark.parametrize("refused", [False, True])
def test_what_is_unsettled_stays_with_everything_after_it(outbox: Outbox, *, refused: bool) -> None:
    """The chain is forgotten from its beginning, and ends before the first item that somebody still needs."""
    first, unsettled, last = (committed(outbox, draft(lane)).sequence for lane in ("FIRST", LANE, "LAST"))
    at = "2026-01-01T00:00:00Z"
    done = [Settlement(one, ItemState.ACKNOWLEDGED, "registered", registered_at=at) for one in (first, last)]
    outbox.deliveries.settle([*done, *([Settlement(unsettled, ItemState.QUARANTINED, "refused")] * refused)])
    assert outbox.deliveries.forget("2999-01-01T00:00:00Z")
    assert [len(outbox.find(lane)) for lane in ("FIRST", LANE, "LAST")] == [0, 1, 1]
    assert [item.sequence for item in outbox.deliveries.unsettled()] == [unsettled]
    assert len(outbox.deliveries.quarantined()) == refused
    assert outbox.verify().whole
