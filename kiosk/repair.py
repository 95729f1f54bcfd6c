"""Ways out of the quarantine that a technician has at the terminal: send again, give back, carry away."""

from __future__ import annotations

import json
import uuid
from enum import StrEnum

from kiosk.clock import Clock
from offline_queue.records import Committed, Draft, ItemState, ItemSummary
from offline_queue.store import Outbox
from offline_queue.wire import ClockQuality, Kind, VerdictKind

RETURNED_WORDS = (
    "已退还申请人，请到窗口重新办理 / Given back to the resident, who may apply again at the counter"
)
_TOMBSTONES = uuid.UUID("6f0a1c52-9a5e-4d0f-8b3e-2c6d0f2f9c11")


class GiveBack(StrEnum):
    """What became of it."""

    DONE = "done"
    NOT_REFUSED = "not_refused"
    REPLACED = "replaced"
    NOT_WRITTEN = "not_written"


def give_back(outbox: Outbox, summary: ItemSummary, words: str, clock: Clock) -> GiveBack:
    """Close a refused item for good, its body erased. `summary` is from `Deliveries.quarantined`.

    A tombstone tells the centre, so that the number on the slip is known there too. Repeating it is harmless.
    """
    if summary.superseded_by is not None:
        # No tombstone, which has the case's number: it would withdraw what took its place. What is refused still when
        # that one has arrived may be another person's: staff asked, and close it.
        others = {item.id: item.state for item in outbox.find(summary.lane)}
        if others.get(summary.superseded_by) is not ItemState.ACKNOWLEDGED:
            return GiveBack.REPLACED
        kept = outbox.deliveries.give_back(summary.sequence, words)
        return GiveBack.DONE if kept else GiveBack.NOT_REFUSED
    now = clock.now()
    at = now.wall_utc.isoformat(timespec="seconds").replace("+00:00", "Z")
    # A conflict means that the centre has the case already: that one is not withdrawn.
    if summary.kind is Kind.CASE and summary.verdict != VerdictKind.CONFLICT.value:
        tombstone = Draft(
            id=str(uuid.uuid5(_TOMBSTONES, summary.id)),
            lane=summary.lane,
            kind=Kind.WITHDRAWAL,
            service=summary.service,
            definition_version="",
            payload=json.dumps({"case_code": summary.lane, "reason": "returned"}).encode(),
            received_at=at,
            clock_quality=ClockQuality(now.quality),
            boot_id=now.boot_id,
            monotonic_ns=now.monotonic_ns,
            # Made again after a crash it must be known again, and its content is no secret.
            nonce=uuid.uuid5(_TOMBSTONES, f"nonce of {summary.id}").bytes,
        )
        if not isinstance(outbox.commit(tombstone), Committed):
            return GiveBack.NOT_WRITTEN
    closed = outbox.deliveries.give_back(summary.sequence, words)
    return GiveBack.DONE if closed else GiveBack.NOT_REFUSED
