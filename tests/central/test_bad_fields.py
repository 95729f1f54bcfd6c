"""Every field of an item, wrong: a verdict with a reason, and nothing left behind."""

from __future__ import annotations

import json
from typing import Any

from offline_queue.wire import BATCH_PATH, VerdictKind
from tests.central.station import Station, answer_of
from tests.central.test_batch import raw_batch

WRONG: list[tuple[str, Any, str]] = [
    ("id", "1", "item.form"), ("id", None, "item.form"), ("id", "x" * 70_000, "item.form"),
    ("terminal", "01420", "item.form"), ("terminal", "0999", "item.issuer"),
    ("lane", "0142ABCDEFGHJKMN", "item.code"), ("lane", "", "item.code"), ("lane", "x" * 33, "item.form"),
    ("kind", "deletion", "item.form"), ("service", "x" * 65, "item.form"), ("service", "a\x00b", "item.form"),
    ("definition_version", "\u202e1", "item.form"), ("sequence", 0, "item.form"), ("sequence", 2**53, "item.form"),
    ("sequence", "many", "item.form"), ("previous_hash", "0" * 63, "item.form"),
    ("received_at_kiosk", "2026-11-25T08:00:00", "item.time"), ("received_at_kiosk", "2" * 9_000, "item.time"),
    ("received_at_kiosk", "0001-01-01T00:00:00+14:00", "item.time"),
    ("received_at_kiosk", "9999-12-31T23:59:59-14:00", "item.time"),
    ("received_at_kiosk", "2026-06-30T23:59:60Z", "item.time"),
    ("received_at_kiosk", "2026-11-25\x0008:00:00Z", "item.form"), ("clock_quality", "fine", "item.form"),
    ("boot_id", "b" * 65, "item.form"), ("boot_id", {"deep": [[[]]]}, "item.form"), ("monotonic_ns", -1, "item.form"),
    ("monotonic_ns", 2**63, "item.form"), ("sealed_sha256", "0" * 64, "item.hash"), ("sealed", "§", "item.form"),
    ("sealed", "", "item.hash"), ("another", 1, "item.form"),
]  # fmt: skip


def test_a_wrong_field_is_refused_with_its_reason_and_its_neighbour_is_taken(station: Station) -> None:
    for name, value, reason in WRONG:
        good, bad = station.item(), json.loads(station.item().model_dump_json())
        bad[name] = value
        content = raw_batch(station, bad, json.loads(good.model_dump_json()))
        answer = answer_of(station.post(BATCH_PATH, content))
        refused, taken = answer.verdicts
        assert (refused.kind, refused.acknowledgement) == (VerdictKind.REFUSED, None), (name, value)
        assert refused.reason.endswith(f"({reason})"), (name, refused.reason)
        assert taken.kind is VerdictKind.REGISTERED
    assert station.metric("jiujin_cases") == {'{state="registered"}': len(WRONG)}


def test_a_request_that_is_played_again_changes_nothing(station: Station) -> None:
    content = station.batch(station.item())
    kinds = []
    for _ in range(3):
        answer = answer_of(station.post(BATCH_PATH, content))
        kinds += [verdict.kind.value for verdict in answer.verdicts]
    assert kinds == ["registered", "duplicate", "duplicate"]
    assert station.metric("jiujin_cases") == {'{state="registered"}': 1}
