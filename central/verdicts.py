"""Verdicts: what is refused is written down once, what is taken gets the centre's signature."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, insert, update

from central import log
from central.database import as_text, utc_now
from central.form import TEXTS, Reason
from central.log import Event
from central.schema import refusals
from central.trust import Trust
from offline_queue import hash_tree
from offline_queue.wire import SCHEMA, Acknowledgement, BatchAnswer, Item, TreeSignature, VerdictKind

RECEIVED_AT_MAX = 40
"""A longer one is no time, and may be why the item was refused."""
RETRY_S = {Reason.KEY: 900.0, Reason.ATTACHMENTS: 1.0}
"""What is answered `later`: an unknown sealing key is looked for by people, an attachment is sent at once."""


@dataclass(frozen=True, slots=True)
class Settled:
    """A verdict before its signature; `item_hash` and `registered_at` exactly when there will be one."""

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
    kind = {Reason.CONFLICT: VerdictKind.CONFLICT, **dict.fromkeys(RETRY_S, VerdictKind.LATER)}.get(
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


def settle_refused(connection: Connection, brought: Iterable[tuple[str, str]], outcome: str) -> None:
    """These (carrying terminal, item id), if they were put off or refused before, need nobody any more.

    A conflict is about another content under the same id, and stays.
    """
    ids: dict[str, list[str]] = defaultdict(list)
    for carried_by, item_id in brought:
        ids[carried_by].append(item_id)
    for carried_by, named in ids.items():
        here = (refusals.c.terminal == carried_by) & refusals.c.item_id.in_(named)
        waits = refusals.c.outcome.is_(None) & (refusals.c.verdict != VerdictKind.CONFLICT.value)
        connection.execute(update(refusals).where(here, waits).values(outcome=outcome))


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


def answer(
    settled: Sequence[Settled], trust: Trust, states: Mapping[str, str], *, in_a_tree: bool
) -> BatchAnswer:
    """All verdicts with the centre's signature: one over the tree of what is taken, or one on each.

    The same answer always gets the same signatures: Ed25519 is deterministic and the times are stored.
    """
    tree, tell = _tree(settled, trust) if in_a_tree else None, _taken if in_a_tree else _signed
    verdicts = tuple(
        {
            "item_id": one.item_id,
            "kind": one.kind,
            **(_why(one.reason) if one.reason else {}),
            "case_state": states.get(one.item_id, ""),
            **(tell(one, trust) if one.item_hash else {}),
        }
        for one in settled
    )
    # Checked in one go: a model made for each verdict costs twice as much.
    return BatchAnswer.model_validate(
        {"schema": SCHEMA, "verdicts": verdicts, "centre_time": as_text(utc_now()), "tree": tree}
    )


def _why(reason: Reason) -> Mapping[str, Any]:
    return {"reason": f"{TEXTS[reason]} ({reason.value})", "retry_after_s": RETRY_S.get(reason)}


def _tree(settled: Sequence[Settled], trust: Trust) -> TreeSignature | None:
    leaves = [
        Acknowledgement.leaf_of(one.item_id, one.item_hash, one.registered_at)
        for one in settled
        if one.item_hash
    ]
    if not leaves:
        return None
    (root,), id_ = hash_tree.levels(leaves)[-1], trust.acknowledgement_key_id
    signature = trust.acknowledgement_key.sign(Acknowledgement.root_bytes(root, id_))
    return TreeSignature(key_id=id_, signature=signature)


def _taken(one: Settled, _trust: Trust) -> Mapping[str, Any]:
    return {"taken": {"item_hash": one.item_hash, "registered_at": one.registered_at}}


def _signed(one: Settled, trust: Trust) -> Mapping[str, Any]:
    told = {
        "item_id": one.item_id,
        "item_hash": one.item_hash,
        "registered_at": one.registered_at,
        "key_id": trust.acknowledgement_key_id,
    }
    signature = trust.acknowledgement_key.sign(Acknowledgement.bytes_of(told))
    return {"acknowledgement": Acknowledgement.model_validate({**told, "signature": signature})}
