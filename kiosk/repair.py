"""Ways out of the quarantine that a technician has at the terminal: send again, give back, carry away."""

from __future__ import annotations

import json
import uuid
from enum import StrEnum

from kiosk.case import ReturnedPayload
from kiosk.clock import Clock
from offline_queue.records import Committed, Draft, ItemState, ItemSummary
from offline_queue.store import Outbox
from offline_queue.wire import ClockQuality, Kind, VerdictKind

RETURNED_WORDS = (
    "已退还申请人，请到窗口重新办理 / Given back to the resident, who may apply again at the counter"
)
_SETTLED = (ItemState.ACKNOWLEDGED, ItemState.CLOSED)
_TOMBSTONES = uuid.UUID("6f0a1c52-9a5e-4d0f-8b3e-2c6d0f2f9c11")


class GiveBack(StrEnum):
    """What became of it."""

    DONE = "done"
    NOT_REFUSED = "not_refused"
    REPLACED = "replaced"
    NOT_WRITTEN = "not_written"


def give_back(outbox: Outbox, summary: ItemSummary, words: str, clock: Clock) -> GiveBack:
    """Close a refused item for good, its body erased. `summary` is from `Deliveries.quarantined`.

    A tombstone tells the centre, so that nobody waits for it there. Repeating it is harmless.
    """
    others = {item.id: item for item in outbox.find(summary.lane) if item.id != summary.id}
    successor = others.get(summary.superseded_by or "")
    if summary.superseded_by is not None and (successor is None or successor.state not in _SETTLED):
        return GiveBack.REPLACED
    # The centre settles it with the case that arrived in its place. What is refused still then may be another person's:
    # staff asked, and close it.
    arrived = successor is not None and successor.kind is Kind.CASE and _may_stand(successor)
    # A conflict means that the centre has the item already: that is staff's to settle.
    if not arrived and summary.verdict != VerdictKind.CONFLICT.value:
        ends = summary.kind is Kind.CASE and not any(map(_may_stand, others.values()))
        tombstone = _tombstone(summary, clock, ends_case=ends)
        if not isinstance(outbox.commit(tombstone), Committed):
            return GiveBack.NOT_WRITTEN
    closed = outbox.deliveries.give_back(summary.sequence, words)
    return GiveBack.DONE if closed else GiveBack.NOT_REFUSED


def _may_stand(item: ItemSummary) -> bool:
    """The centre has a case by it, or is going to have one."""
    return item.kind is Kind.CASE and item.state in (ItemState.PENDING, ItemState.ACKNOWLEDGED)


def _tombstone(summary: ItemSummary, clock: Clock, *, ends_case: bool) -> Draft:
    """Of a case that came to nothing a withdrawal, so that the number on the slip is known; else the item's alone.

    A withdrawal takes the content of all that waits in its lane, so it is never sent for one item of several.
    """
    now = clock.now()
    told = {"case_code": summary.lane, "reason": "returned"}
    returned = ReturnedPayload(case_code=summary.lane, item_id=summary.id)
    return Draft(
        id=str(uuid.uuid5(_TOMBSTONES, summary.id if ends_case else f"{summary.id} alone")),
        lane=summary.lane,
        kind=Kind.WITHDRAWAL if ends_case else Kind.EVALUATION,
        service=summary.service,
        definition_version="",
        payload=json.dumps(told).encode() if ends_case else returned.model_dump_json(by_alias=True).encode(),
        received_at=now.wall_utc.isoformat(timespec="seconds").replace("+00:00", "Z"),
        clock_quality=ClockQuality(now.quality),
        boot_id=now.boot_id,
        monotonic_ns=now.monotonic_ns,
        # Made again after a crash it must be known again, and its content is no secret.
        nonce=uuid.uuid5(_TOMBSTONES, f"nonce of {summary.id}").bytes,
    )
