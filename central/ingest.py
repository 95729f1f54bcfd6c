"""Taking a batch: every item gets its own verdict, all of them in one transaction.

Acknowledgements are signed after the commit, so a signature never speaks of a row that could vanish.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic_core import from_json
from sqlalchemy import Connection, Engine, insert, select, update

from central import cases, chain, log, problems
from central.database import as_text, insert_or_skip, utc_now, writing
from central.door import Admitted
from central.log import Event
from central.opening import TEXTS, NotOpened, Opened, Reason, open_item
from central.problems import Turned
from central.schema import items, refusals, terminals
from central.trust import Trust
from offline_queue.wire import (
    BATCH_ITEMS_MAX,
    Acknowledgement,
    BatchAnswer,
    ChainHead,
    Item,
    Terminal,
    Verdict,
    VerdictKind,
)

KEY_RETRY_S = 900.0
"""When to send an item again whose sealing key the centre does not hold yet."""


class Envelope(BaseModel):
    """A batch whose items are still raw, so that one malformed item cannot turn away the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["jiujin.sync/1"] = Field(alias="schema")
    terminal: Terminal
    head: ChainHead
    items: tuple[dict[str, Any], ...] = Field(max_length=BATCH_ITEMS_MAX)


@dataclass(frozen=True, slots=True)
class _Settled:
    """A verdict before its signature; `item_hash` and `registered_at` when there will be one."""

    item_id: str
    kind: VerdictKind
    reason: Reason | None = None
    item_hash: str = ""
    registered_at: str = ""
    case_state: str = ""


def take_batch(engine: Engine, trust: Trust, admitted: Admitted) -> BatchAnswer | Turned:
    """The answer to a batch; idempotent by (issuing terminal, item id)."""
    try:
        envelope = Envelope.model_validate(from_json(admitted.content, allow_inf_nan=False))
    except ValueError:  # not JSON, or not the agreed form (pydantic's error is a ValueError)
        return problems.MALFORMED
    if envelope.terminal != admitted.terminal:
        return problems.BAD_SIGNATURE
    opened = [open_item(raw, trust.sealing_keys) for raw in envelope.items]
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        seen(connection, admitted.terminal, at)
        chain.take_head(connection, admitted, envelope.head, at)
        missing_before = chain.missing(connection, admitted.terminal)
        settled = [_settle(connection, one, admitted.terminal, at) for one in opened]
        chain.note_gap(connection, admitted.terminal, missing_before, at)
    return BatchAnswer(verdicts=tuple(_sign(one, trust) for one in settled), centre_time=as_text(utc_now()))


def seen(connection: Connection, terminal: str, at: str) -> None:
    """Any genuine request is a sign of life."""
    connection.execute(update(terminals).where(terminals.c.terminal == terminal).values(seen_at=at))


def _settle(connection: Connection, one: Opened | NotOpened, carried_by: str, at: str) -> _Settled:
    item = one.item
    if item is None:
        return _refuse(
            connection, one.item_id if isinstance(one, NotOpened) else "", Reason.FORM, carried_by, at
        )
    known = _known(connection, item)
    if known is not None:
        return _again(connection, item, one.item_hash, known, carried_by, at)
    if item.terminal == carried_by:
        chain.take_link(connection, item, one.item_hash, at)
    elif not _is_enrolled(connection, item.terminal):
        return _refuse(connection, item.id, Reason.ISSUER, carried_by, at, item)
    if isinstance(one, NotOpened):
        return _refuse(connection, item.id, one.reason, carried_by, at, item)
    if not _store(connection, one, carried_by, at):
        # Another worker stored it between the question and the insert (not on SQLite, whose writers queue).
        known = _known(connection, item)
        if known is None:
            message = "an item is neither new nor known"
            raise RuntimeError(message)
        return _again(connection, item, one.item_hash, known, carried_by, at)
    state = cases.apply(connection, one, carried_by, at)
    return _Settled(
        item.id, VerdictKind.REGISTERED, None, one.item_hash, at, "" if state is None else state.value
    )


def _known(connection: Connection, item: Item) -> tuple[str, str] | None:
    query = select(items.c.item_hash, items.c.registered_at)
    row = connection.execute(
        query.where(items.c.terminal == item.terminal, items.c.item_id == item.id)
    ).one_or_none()
    return None if row is None else (row.item_hash, row.registered_at)


def _again(
    connection: Connection, item: Item, item_hash: str, known: tuple[str, str], carried_by: str, at: str
) -> _Settled:
    known_hash, registered_at = known
    if known_hash != item_hash:
        return _refuse(connection, item.id, Reason.CONFLICT, carried_by, at, item)
    state = cases.state_of(connection, item.lane)
    return _Settled(
        item.id,
        VerdictKind.DUPLICATE,
        None,
        item_hash,
        registered_at,
        "" if state is None else state.value,
    )


def _store(connection: Connection, one: Opened, carried_by: str, at: str) -> bool:
    item = one.item
    return insert_or_skip(
        connection,
        items,
        terminal=item.terminal,
        item_id=item.id,
        carried_by=carried_by,
        code=item.lane,
        kind=item.kind.value,
        service=item.service,
        definition_version=item.definition_version,
        sequence=item.sequence,
        previous_hash=item.previous_hash,
        item_hash=one.item_hash,
        verdict=VerdictKind.REGISTERED.value,
        received_at_kiosk=item.received_at_kiosk,
        clock_quality=item.clock_quality.value,
        registered_at=at,
        header=item.model_dump(mode="json", exclude={"sealed"}),
        sealed=item.sealed,
    )


def _refuse(
    connection: Connection, item_id: str, reason: Reason, carried_by: str, at: str, item: Item | None = None
) -> _Settled:
    """Refused items are counted by id, so that one that comes again and again fills neither log nor disk."""
    kind = {Reason.CONFLICT: VerdictKind.CONFLICT, Reason.KEY: VerdictKind.LATER}.get(
        reason, VerdictKind.REFUSED
    )
    here = (refusals.c.terminal == carried_by) & (refusals.c.item_id == item_id)
    values = {"verdict": kind.value, "reason": reason.value, "last_at": at}
    again = connection.execute(update(refusals).where(here).values(**values, times=refusals.c.times + 1))
    if again.rowcount == 0:
        header: Mapping[str, str] = (
            {"code": item.lane, "kind": item.kind.value, "service": item.service}
            if item
            else {"code": "", "kind": "", "service": ""}
        )
        row = {"terminal": carried_by, "item_id": item_id, **header, **values, "first_at": at, "times": 1}
        connection.execute(insert(refusals).values(row))
        event = Event.ITEM_CONFLICT if kind is VerdictKind.CONFLICT else Event.ITEM_REFUSED
        code = item.lane if item else None
        log.write(connection, at, event, carried_by, code, f"{reason.value} item {item_id}")
    return _Settled(item_id, kind, reason)


def _is_enrolled(connection: Connection, terminal: str) -> bool:
    query = select(terminals.c.terminal).where(terminals.c.terminal == terminal)
    return connection.execute(query).first() is not None


def _sign(one: _Settled, trust: Trust) -> Verdict:
    """The same item always gets the same acknowledgement: Ed25519 is deterministic and the time is stored."""
    acknowledgement = None
    if one.kind in (VerdictKind.REGISTERED, VerdictKind.DUPLICATE):
        unsigned = Acknowledgement(
            item_id=one.item_id,
            item_hash=one.item_hash,
            registered_at=one.registered_at,
            key_id=trust.acknowledgement_key_id,
            signature=b"",
        )
        signature = trust.acknowledgement_key.sign(unsigned.signed_bytes())
        acknowledgement = unsigned.model_copy(update={"signature": signature})
    return Verdict(
        item_id=one.item_id,
        kind=one.kind,
        reason=f"{TEXTS[one.reason]} ({one.reason.value})" if one.reason else "",
        retry_after_s=KEY_RETRY_S if one.kind is VerdictKind.LATER else None,
        acknowledgement=acknowledgement,
        case_state=one.case_state,
    )
