"""Corrections (rule F10): staff settle what was refused or could not be used. Nothing sealed is ever changed.

A correction is an event: who by role, when, how it ended. The terminal is told by a signed letter and then need
not send the item any more.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, insert, select, update

from central import inbox, log
from central.database import as_text, utc_now, writing
from central.log import Event
from central.schema import cases, refusals
from central.whose import issuer
from central.work import lock_issuers
from kiosk.case import TRANSITIONS, CaseState, parse_case_code
from offline_queue.inbox_wire import CaseNews, Cases, Content, Correction

BY_MAX = 32
Outcome = Literal["registered", "returned"]
_STATE: dict[Outcome, CaseState] = {
    "registered": CaseState.REGISTERED,
    "returned": CaseState.NOT_ACCEPTED,
}
_EVENT: dict[Outcome, Event] = {"registered": Event.CASE_CORRECTED, "returned": Event.CASE_RETURNED}
_UNOPENED = (CaseState.NEEDS_CLERK, CaseState.NEEDS_CORRECTION, CaseState.DUPLICATE_SUSPECTED)


class NotCorrected(StrEnum):
    """Why nothing was done."""

    UNKNOWN = "unknown"
    HEADER = "header"
    STATE = "state"


NOT_CORRECTED_WORDS: dict[NotCorrected, str] = {
    NotCorrected.UNKNOWN: "没有这一件 / there is no such item",
    NotCorrected.HEADER: (
        "记录头读不出，只能在终端退还或导出 / its header cannot be read: give it back or export it at the terminal"
    ),
    NotCorrected.STATE: "这件事现在不能这样处理 / its case is past this step",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """What staff decided. `by`: a role or staff number, never a name; the words are for the resident."""

    outcome: Outcome
    by: str
    words_zh: str
    words_en: str


def correct_item(engine: Engine, carried_by: str, item_id: str, wish: Wish) -> CaseState | NotCorrected:
    """Settle an item that this terminal brought and the centre refused. A second time is the same answer."""
    at = as_text(utc_now())
    here = (refusals.c.terminal == carried_by) & (refusals.c.item_id == item_id)
    with writing(engine).begin() as connection:
        row = connection.execute(select(refusals).where(here).with_for_update()).one_or_none()
        if row is None:
            return NotCorrected.UNKNOWN
        if row.outcome is not None:
            return _STATE[wish.outcome] if row.outcome == wish.outcome else NotCorrected.STATE
        if not row.item_hash or parse_case_code(row.code) != row.code:
            return NotCorrected.HEADER
        state = _move(connection, row.code, wish, at, row)
        if isinstance(state, NotCorrected):
            return state
        connection.execute(update(refusals).where(here).values(outcome=wish.outcome))
        correction = Correction(
            item_id=item_id,
            item_hash=row.item_hash,
            outcome=wish.outcome,
            news=_news(row.code, state, wish, at),
        )
        _tell(connection, carried_by, correction, at)
    return state


def correct_case(engine: Engine, code: str, wish: Wish) -> CaseState | NotCorrected:
    """Settle a case that waits for a clerk, as when its content could not be used."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        state = _move(connection, code, wish, at, None)
        if not isinstance(state, NotCorrected):
            inbox.tell_cases(connection, {issuer(code): [_news(code, state, wish, at)]}, at)
    return state


def _news(code: str, state: CaseState, wish: Wish, at: str) -> CaseNews:
    return CaseNews(code=code, state=state.value, at=at, words_zh=wish.words_zh, words_en=wish.words_en)


def _tell(connection: Connection, carried_by: str, correction: Correction, at: str) -> None:
    letters: dict[str, list[Content]] = {carried_by: [correction]}
    if (home := issuer(correction.news.code)) != carried_by:
        letters[home] = [Cases(cases=(correction.news,))]
    inbox.post(connection, letters, at)


def _move(
    connection: Connection, code: str, wish: Wish, at: str, refused: Row[Any] | None
) -> CaseState | NotCorrected:
    """The case's new state. One that the refused item would have made is made now."""
    lock_issuers(connection, {issuer(code)})
    here = (cases.c.terminal == issuer(code)) & (cases.c.code == code)
    known = connection.execute(select(cases.c.state).where(here)).scalar_one_or_none()
    to = _STATE[wish.outcome]
    if known is None:
        if refused is None:
            return NotCorrected.UNKNOWN
        _open(connection, refused, to, at)
    elif refused is not None and CaseState(known) not in _UNOPENED:
        # The case is there without this item: the item is settled, the case stays where it is.
        to = CaseState(known)
    elif to in TRANSITIONS[CaseState(known)]:
        connection.execute(update(cases).where(here).values(state=to.value, reason=None))
    else:
        return NotCorrected.STATE
    detail = f"by {wish.by[:BY_MAX]}" + (f" item {refused.item_id}" if refused is not None else "")
    log.write(connection, at, _EVENT[wish.outcome], issuer(code), code, detail)
    return to


def _open(connection: Connection, refused: Row[Any], state: CaseState, at: str) -> None:
    connection.execute(
        insert(cases).values(
            terminal=issuer(refused.code),
            code=refused.code,
            service=refused.service,
            state=state.value,
            received_at_kiosk=refused.received_at_kiosk,
            clock_quality=refused.clock_quality,
            synced_at=refused.first_at,
            registered_at_centre=at,
        )
    )
