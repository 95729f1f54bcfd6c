"""What a good item does to its case, by the state machine of `kiosk.case`. Nothing is ever overwritten."""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from central import log
from central.database import insert_or_skip
from central.log import Event
from central.opening import Opened
from central.schema import cases, evaluations
from kiosk.case import TRANSITIONS, CasePayload, CaseState, EvaluationPayload, move
from offline_queue.wire import Item, Kind


def issuer(code: str) -> str:
    """The terminal that a case code was issued by: its first four signs."""
    return code[:4]


def state_of(connection: Connection, code: str) -> CaseState | None:
    query = select(cases.c.state).where(cases.c.terminal == issuer(code), cases.c.code == code)
    state = connection.execute(query).scalar_one_or_none()
    return None if state is None else CaseState(state)


def apply(connection: Connection, opened: Opened, carried_by: str, at: str) -> CaseState | None:
    """Let a newly registered item act; the state of its case afterwards, None when there is no such case."""
    item = opened.item
    match item.kind:
        case Kind.CASE:
            _case(connection, opened, carried_by, at)
        case Kind.WITHDRAWAL:
            _withdrawal(connection, item, carried_by, at)
        case Kind.EVALUATION:
            _evaluation(connection, opened, carried_by, at)
    return state_of(connection, item.lane)


def _case(connection: Connection, opened: Opened, carried_by: str, at: str) -> None:
    item = opened.item
    # Anybody can seal to the centre's key, so an item that another terminal carries proves nothing about
    # who issued it: a person confirms it.
    carried = item.terminal != carried_by or issuer(item.lane) != carried_by
    cut = _name_is_cut(opened)
    found = CaseState.NEEDS_CLERK if carried or cut else CaseState.REGISTERED
    if _insert(connection, item, move(CaseState.SYNCED, found), at):
        log.write(connection, at, Event.CASE_REGISTERED, carried_by, item.lane, f"item {item.id}")
    else:
        known = state_of(connection, item.lane)
        if known is CaseState.WITHDRAWN:
            log.write(connection, at, Event.CASE_AFTER_WITHDRAWAL, carried_by, item.lane, f"item {item.id}")
            return
        log.write(connection, at, Event.CASE_SUPERSEDED, carried_by, item.lane, f"item {item.id}")
        if known is CaseState.NEEDS_CORRECTION:
            _set_state(connection, item.lane, found)
    if carried:
        log.write(connection, at, Event.CASE_CARRIED, carried_by, item.lane, f"issued by {item.terminal}")
    if cut:
        log.write(connection, at, Event.CASE_NAME_CUT, carried_by, item.lane)


def _name_is_cut(opened: Opened) -> bool:
    """Whether the card's chip had no room for the whole name: only a person with the paper knows the rest."""
    payload = opened.payload
    return (
        isinstance(payload, CasePayload) and payload.person is not None and not payload.person.name_complete
    )


def _withdrawal(connection: Connection, item: Item, carried_by: str, at: str) -> None:
    """It may overtake its case (higher sending class): the case then begins as withdrawn."""
    if issuer(item.lane) != carried_by:
        # Another terminal's word alone withdraws nothing; the clerk finds it in the case's trail.
        log.write(connection, at, Event.CASE_CARRIED, carried_by, item.lane, "withdrawal")
        return
    if _insert(connection, item, CaseState.WITHDRAWN, at):
        log.write(connection, at, Event.CASE_WITHDRAWN, carried_by, item.lane, "before its case came")
        return
    known = state_of(connection, item.lane)
    if known is not None and CaseState.WITHDRAWN in TRANSITIONS[known]:
        _set_state(connection, item.lane, move(known, CaseState.WITHDRAWN))
        log.write(connection, at, Event.CASE_WITHDRAWN, carried_by, item.lane)
    else:
        log.write(connection, at, Event.WITHDRAWAL_TOO_LATE, carried_by, item.lane, f"state {known}")


def _evaluation(connection: Connection, opened: Opened, carried_by: str, at: str) -> None:
    item, payload = opened.item, opened.payload
    level = payload.level if isinstance(payload, EvaluationPayload) else None
    first = insert_or_skip(
        connection,
        evaluations,
        terminal=issuer(item.lane),
        code=item.lane,
        service=item.service,
        level=level,
        registered_at=at,
    )
    event = Event.EVALUATION_RECEIVED if first else Event.EVALUATION_REPEATED
    log.write(connection, at, event, carried_by, item.lane)


def _insert(connection: Connection, item: Item, state: CaseState, at: str) -> bool:
    return insert_or_skip(
        connection,
        cases,
        terminal=issuer(item.lane),
        code=item.lane,
        service=item.service,
        state=state.value,
        received_at_kiosk=item.received_at_kiosk,
        clock_quality=item.clock_quality.value,
        synced_at=at,
        registered_at_centre=at,
    )


def _set_state(connection: Connection, code: str, state: CaseState) -> None:
    connection.execute(
        update(cases).where(cases.c.terminal == issuer(code), cases.c.code == code).values(state=state.value)
    )
