"""Verdicts: what is refused is written down once, what is taken gets the centre's signature."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection, insert, update

from central import log
from central.form import TEXTS, Reason
from central.log import Event
from central.schema import refusals
from central.trust import Trust
from offline_queue.wire import Acknowledgement, Item, Verdict, VerdictKind

RECEIVED_AT_MAX = 40
"""A longer one is no time, and may be why the item was refused."""
KEY_RETRY_S = 900.0
"""When to send an item again whose sealing key the centre does not hold yet."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A verdict before its signature; `item_hash` and `registered_at` when there will be one."""

    item_id: str
    kind: VerdictKind
    reason: Reason | None = None
    item: Item | None = None
    item_hash: str = ""
    registered_at: str = ""


def refuse(
    connection: Connection, item_id: str, reason: Reason, carried_by: str, at: str, item: Item | None = None
) -> Settled:
    """Refused items are counted by id, so that one that comes again and again fills neither log nor disk."""
    kind = {Reason.CONFLICT: VerdictKind.CONFLICT, Reason.KEY: VerdictKind.LATER}.get(
        reason, VerdictKind.REFUSED
    )
    here = (refusals.c.terminal == carried_by) & (refusals.c.item_id == item_id)
    values = {"verdict": kind.value, "reason": reason.value, "last_at": at}
    again = connection.execute(update(refusals).where(here).values(**values, times=refusals.c.times + 1))
    if again.rowcount == 0:
        header = _header_of(item)
        row = {"terminal": carried_by, "item_id": item_id, **header, **values, "first_at": at, "times": 1}
        connection.execute(insert(refusals).values(row))
        event = Event.ITEM_CONFLICT if kind is VerdictKind.CONFLICT else Event.ITEM_REFUSED
        code = item.lane if item else None
        log.write(connection, at, event, carried_by, code, f"{reason.value} item {item_id}")
    return Settled(item_id, kind, reason)


def _header_of(item: Item | None) -> Mapping[str, str]:
    """What staff need to settle a refused item; empty when not even its header could be read."""
    if item is None:
        names = ("code", "kind", "service", "item_hash", "received_at_kiosk", "clock_quality")
        return dict.fromkeys(names, "")
    return {
        "code": item.lane,
        "kind": item.kind.value,
        "service": item.service,
        "item_hash": item.chain_hash(),
        "received_at_kiosk": item.received_at_kiosk[:RECEIVED_AT_MAX],
        "clock_quality": item.clock_quality.value,
    }


def signed(one: Settled, trust: Trust, states: Mapping[str, str]) -> Verdict:
    """The same item always gets the same acknowledgement: Ed25519 is deterministic and the time is stored."""
    acknowledgement = None
    if one.kind in (VerdictKind.REGISTERED, VerdictKind.DUPLICATE):
        told = {
            "item_id": one.item_id,
            "item_hash": one.item_hash,
            "registered_at": one.registered_at,
            "key_id": trust.acknowledgement_key_id,
        }
        signature = trust.acknowledgement_key.sign(Acknowledgement.bytes_of(told))
        acknowledgement = Acknowledgement(**told, signature=signature)
    return Verdict(
        item_id=one.item_id,
        kind=one.kind,
        reason=f"{TEXTS[one.reason]} ({one.reason.value})" if one.reason else "",
        retry_after_s=KEY_RETRY_S if one.kind is VerdictKind.LATER else None,
        acknowledgement=acknowledgement,
        case_state=states.get(one.item_id, ""),
    )
