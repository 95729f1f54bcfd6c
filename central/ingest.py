"""The door: a batch is taken in by one statement, every item gets its own verdict, all in one transaction.

Acknowledgements are signed after the commit, so a signature never speaks of a row that could vanish. What is
inside the seals is looked at by the second step (`central.work`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import Connection, Engine, bindparam, select, update

from central import chain, form, uploads
from central.bulk import insert_new
from central.cases import states_of, words
from central.chain import Link
from central.database import as_text, utc_now, writing
from central.door import Admitted, read_message
from central.form import Fit, Reason, Unfit
from central.problems import Turned
from central.schema import items, terminals
from central.trust import Trust
from central.verdicts import Settled, answer, refuse, settle_refused
from central.work import Work
from kiosk.case import CaseState
from offline_queue.wire import (
    BATCH_ITEMS_MAX,
    BatchAnswer,
    ChainHead,
    Item,
    Terminal,
    VerdictKind,
)

AT_ONCE_MAX = 10
"""So few new items are opened before the answer: a resident may be waiting. A backlog is opened after it."""


_SEEN = update(terminals).where(terminals.c.terminal == bindparam("of")).values(seen_at=bindparam("at"))


class Envelope(BaseModel):
    """A batch whose items are still raw, so that one malformed item cannot turn away the others."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    schema_: Literal["jiujin.sync/1"] = Field(alias="schema")
    terminal: Terminal
    head: ChainHead
    items: tuple[dict[str, Any], ...] = Field(max_length=BATCH_ITEMS_MAX)


def take_batch(engine: Engine, trust: Trust, work: Work, admitted: Admitted) -> BatchAnswer | Turned:
    """The answer to a batch; idempotent by (issuing terminal, item id)."""
    envelope = read_message(admitted, Envelope)
    if isinstance(envelope, Turned):
        return envelope
    with work.at_the_door():
        judged = [form.judge(raw, trust.sealing_keys) for raw in envelope.items]
        told = chain.told_head(admitted, envelope.head)
        at = as_text(utc_now())
        with writing(engine).begin() as connection:
            # The row's lock also makes two batches of one terminal take turns.
            connection.execute(_SEEN, {"of": admitted.terminal, "at": at})
            chain.take_head(connection, told, at)
            settled = _settle(connection, judged, admitted.terminal, at)
        states = _states_after(engine, work, settled)
        return answer(settled, trust, states, in_a_tree=admitted.prefers_tree)


def _states_after(engine: Engine, work: Work, settled: Sequence[Settled]) -> Mapping[str, str]:
    """Item id -> state of its case, after the few new items were opened or the many were left to the work."""
    new: dict[str, list[str]] = defaultdict(list)
    for one in settled:
        if one.kind is VerdictKind.REGISTERED and one.item is not None:
            new[one.item.terminal].append(one.item_id)
    told = [one.item for one in settled if one.item is not None and one.item_hash]
    if sum(map(len, new.values())) <= AT_ONCE_MAX:
        work.now(new)
        asked = {item.lane for item in told}
    else:
        work.wake()
        asked = {one.item.lane for one in settled if one.item and one.kind is VerdictKind.DUPLICATE}
    states: Mapping[str, CaseState] = {}
    if asked:
        with engine.connect() as connection:
            states = states_of(connection, asked)
    return {item.id: words(states, item.lane, item.kind) for item in told}


def take_in(connection: Connection, judged: Sequence[Fit | Unfit], carried_by: str, at: str) -> list[Settled]:
    """The same within the caller's transaction."""
    return _settle(connection, judged, carried_by, at)


def take_items(engine: Engine, judged: Sequence[Fit | Unfit], carried_by: str) -> list[Settled]:
    """Take in items that came by another way than a batch; the work opens them later."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        return _settle(connection, judged, carried_by, at)


def _settle(connection: Connection, judged: Sequence[Fit | Unfit], carried_by: str, at: str) -> list[Settled]:
    """One verdict each, in their order."""
    strangers = _strangers(connection, judged, carried_by)
    fit = [one for one in judged if isinstance(one, Fit) and one.item.terminal not in strangers]
    lacking = uploads.keep(connection, [one.item for one in fit])
    fit = [one for one in fit if _key(one.item) not in lacking]
    new = insert_new(connection, items, [_row(one, carried_by, at) for one in fit])
    # One item twice in a batch is new the first time and known the second.
    first = {
        _key(one.item): place for place, one in reversed(list(enumerate(judged))) if isinstance(one, Fit)
    }
    fresh = {place for key, place in first.items() if key in new}
    erased = [one.item for one in fit if one.item.erased and _key(one.item) in new]
    uploads.drop_of(connection, erased)
    settle_refused(connection, [(carried_by, item.id) for item in erased], "withdrawn")
    known = _known(
        connection, [one.item for place, one in enumerate(judged) if one.item and place not in fresh]
    )
    settled: list[Settled] = []
    for place, one in enumerate(judged):
        item = one.item
        if item is not None and place in fresh:
            settled.append(Settled(item.id, VerdictKind.REGISTERED, None, item, one.item_hash, at))
        elif item is not None and _key(item) in known:
            settled.append(_again(connection, item, one.item_hash, known[_key(item)], carried_by, at))
        elif isinstance(one, Unfit):
            settled.append(refuse(connection, one.item_id, one.reason, carried_by, at, item))
        else:
            reason = Reason.ATTACHMENTS if _key(one.item) in lacking else Reason.ISSUER
            settled.append(refuse(connection, one.item.id, reason, carried_by, at, item))
    unfit = [one for one in judged if isinstance(one, Unfit) and one.item and _key(one.item) not in known]
    _link(connection, unfit, carried_by, at)
    return settled


def _link(connection: Connection, refused: Sequence[Unfit], carried_by: str, at: str) -> None:
    """A refused item is never opened and has its place in the chain none the less."""
    links = [
        Link(one.item.sequence, one.item_hash, one.item.previous_hash, one.item.id)
        for one in refused
        if one.item is not None and one.item.terminal == carried_by
    ]
    if links:
        chain.take_links(connection, carried_by, links, at)


def _strangers(connection: Connection, judged: Sequence[Fit | Unfit], carried_by: str) -> set[str]:
    """Issuing terminals, other than the carrier, that the centre does not know."""
    others = {one.item.terminal for one in judged if one.item is not None} - {carried_by}
    if not others:
        return set()
    enrolled = select(terminals.c.terminal).where(terminals.c.terminal.in_(others))
    return others - set(connection.execute(enrolled).scalars())


def _key(item: Item) -> tuple[str, str]:
    return item.terminal, item.id


def _known(connection: Connection, asked: Collection[Item]) -> dict[tuple[str, str], tuple[str, str]]:
    """(terminal, id) -> (hash, time) of those that the centre has."""
    if not asked:
        return {}
    columns = (items.c.terminal, items.c.item_id, items.c.item_hash, items.c.registered_at)
    here = items.c.terminal.in_({item.terminal for item in asked}) & items.c.item_id.in_(
        {item.id for item in asked}
    )
    return {(row[0], row[1]): (row[2], row[3]) for row in connection.execute(select(*columns).where(here))}


def _again(
    connection: Connection, item: Item, item_hash: str, known: tuple[str, str], carried_by: str, at: str
) -> Settled:
    known_hash, registered_at = known
    if known_hash != item_hash:
        return refuse(connection, item.id, Reason.CONFLICT, carried_by, at, item)
    return Settled(item.id, VerdictKind.DUPLICATE, None, item, item_hash, registered_at)


def _row(one: Fit, carried_by: str, at: str) -> dict[str, Any]:
    item = one.item
    return {
        "terminal": item.terminal,
        "item_id": item.id,
        "carried_by": carried_by,
        "code": item.lane,
        "kind": item.kind.value,
        "service": item.service,
        "definition_version": item.definition_version,
        "sequence": item.sequence,
        "previous_hash": item.previous_hash,
        "item_hash": one.item_hash,
        "received_at_kiosk": item.received_at_kiosk,
        "clock_quality": item.clock_quality.value,
        "registered_at": at,
        "header": one.header,
        "sealed": item.sealed,
        "erased_at": at if item.erased else None,
    }
