"""What is not the centre's language neither ends the sender nor costs an item."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import ValidationError

from offline_queue import wire
from offline_queue.link import Link, LinkState
from offline_queue.store import Outbox
from tests.offline_queue.simulated import Centre, Status
from tests.offline_queue.terminal import Watched, committed, draft

NOW = "2026-11-26T08:00:00Z"
NAN = float("nan")


@pytest.mark.parametrize(
    "nonsense",
    [
        {"retry_after_s": NAN}, {"retry_after_s": float("inf")}, {"retry_after_s": -1.0},
        {"retry_after_s": 86_401.0}, {"reason": "字" * 5000}, {"case_state": "x" * 200}, {"item_id": "x" * 200},
    ],
)  # fmt: skip
def test_a_verdict_out_of_bounds_leaves_the_item_and_the_sender_alive(
    nonsense: dict[str, Any], outbox: Outbox, link: Link, centre: Centre
) -> None:
    wanted = draft()
    committed(outbox, wanted)
    verdict = {"item_id": wanted.id, "kind": "later", **nonsense}
    body = json.dumps({"schema": wire.SCHEMA, "verdicts": [verdict], "centre_time": NOW}).encode()
    centre.statuses[wanted.id] = Status(200, body=body)
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: centre.times_heard.get(wanted.id, 0) >= 2, "asked again")
        assert outbox.counters().pending == 1
        centre.statuses.clear()
        watched.until(lambda: outbox.counters().acknowledged == 1, "delivered after a good answer")


@pytest.mark.parametrize("wish", ["NaN", "inf", "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"])
def test_a_retry_after_that_is_no_time_is_no_wish(
    wish: str, outbox: Outbox, link: Link, centre: Centre
) -> None:
    committed(outbox, draft())
    centre.faults.extend([Status(503, headers={"Retry-After": wish})] * 2)
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().acknowledged == 1, "delivered")


@pytest.mark.parametrize("interval", ["NaN", "Infinity", "-1", "1e300"])
def test_an_interval_of_heartbeats_is_a_number_of_seconds_of_a_day(interval: str) -> None:
    with pytest.raises(ValidationError):
        wire.HeartbeatAnswer.model_validate_json(f'{{"centre_time": "{NOW}", "interval_s": {interval}}}')


@pytest.mark.parametrize(
    "centre_time", ["9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00"]
)
def test_a_time_at_the_end_of_all_times_is_not_signed_with(
    centre_time: str, outbox: Outbox, link: Link, centre: Centre
) -> None:
    problem = {"code": "clock", "message_zh": "时间不对", "message_en": "clock", "centre_time": centre_time}
    refused = Status(401, body=json.dumps(problem).encode())
    centre.faults.extend([refused] * 2)
    committed(outbox, draft())
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().acknowledged == 1, "delivered")
        watched.until(lambda: watched.sender.status().link_state is LinkState.ONLINE, "online")
    assert link.clock_offset_s == 0.0
