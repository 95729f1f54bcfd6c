"""What staff decide about cases and refused items (rule F10, story O5). Nothing sealed is ever changed.

Each decision is an event: who by role, when, why, how it ended. The words for the resident stand in the case
itself, so that every look-up, the terminal's letter and the trail tell the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from sqlalchemy import Connection, Engine, Row, insert, select, update

from central import inbox, log
from central.database import as_text, utc_now, writing
from central.locks import lock_issuers
from central.log import Event
from central.schema import cases, refusals
from central.staff_words import WORDS_MAX, Signed, fit
from central.whose import issuer
from kiosk.case import TRANSITIONS, CaseState, parse_case_code
from offline_queue.inbox_wire import CaseNews, Cases, Content, Correction

Outcome = Literal["registered", "returned"]
S = CaseState
_STATE: dict[Outcome, CaseState] = {"registered": S.REGISTERED, "returned": S.NOT_ACCEPTED}
_EVENT: dict[Outcome, Event] = {"registered": Event.CASE_CORRECTED, "returned": Event.CASE_RETURNED}
_UNOPENED = (S.NEEDS_CLERK, S.NEEDS_CORRECTION, S.DUPLICATE_SUSPECTED)
STAFF_MAY_SET = (
    S.REGISTERED, S.ACCEPTED, S.NEEDS_CORRECTION, S.NOT_ACCEPTED, S.IN_PROCESS, S.DECIDED, S.COLLECTABLE, S.COLLECTED,
)  # fmt: skip
"""A withdrawal is the resident's alone; doubts are the centre's."""


class NotCorrected(StrEnum):
    """Why nothing was done."""

    UNKNOWN = "unknown"
    HEADER = "header"
    STATE = "state"


NOT_CORRECTED_WORDS: dict[NotCorrected, str] = {
    NotCorrected.UNKNOWN: "没有这一件 / there is no such item or case",
    NotCorrected.HEADER: (
        "记录头读不出，只能在终端退还或导出 / its header cannot be read: give it back or export it at the terminal"
    ),
    NotCorrected.STATE: "这件事现在不能这样处理 / its case is past this step",
}


@dataclass(frozen=True, slots=True)
class ForResident:
    """What its resident reads."""

    zh: str
    en: str


def for_resident(zh: str, en: str) -> ForResident:
    """Raises UnfitWordsError."""
    return ForResident(fit("--zh", zh, WORDS_MAX), fit("--en", en, WORDS_MAX))


@dataclass(frozen=True, slots=True)
class Wish:
    """What staff decided about a refused item."""

    outcome: Outcome
    signed: Signed
    words: ForResident


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
        state = _settle_item(connection, row, wish, at)
        if isinstance(state, NotCorrected):
            return state
        connection.execute(update(refusals).where(here).values(outcome=wish.outcome))
        correction = Correction(
            item_id=item_id,
            item_hash=row.item_hash,
            outcome=wish.outcome,
            news=_news(row.code, state, wish.words, at),
        )
        _tell(connection, carried_by, correction, at)
    return state


def settle_case(
    engine: Engine, code: str, to: CaseState, signed: Signed, words: ForResident
) -> CaseState | NotCorrected:
    """Move a case by the state machine, by way of `registered` where it waits for a clerk; its resident is told."""
    at = as_text(utc_now())
    with writing(engine).begin() as connection:
        lock_issuers(connection, {issuer(code)})
        known = state_of(connection, code)
        if known is None:
            return NotCorrected.UNKNOWN
        road = road_to(known, to)
        if road is None:
            return NotCorrected.STATE
        move_and_tell(connection, code, road, words, at)
        log.write(connection, at, Event.CASE_SETTLED, issuer(code), code, f"{to.value} {signed}")
        _log_words(connection, code, words, at)
    return to


def road_to(state: CaseState, to: CaseState) -> tuple[CaseState, ...] | None:
    """The steps of chapter F; who settles a doubt and decides at once takes two."""
    if to not in STAFF_MAY_SET:
        return None
    if to in TRANSITIONS[state]:
        return (to,)
    doubted = state in _UNOPENED and S.REGISTERED in TRANSITIONS[state]
    return (S.REGISTERED, to) if doubted and to in TRANSITIONS[S.REGISTERED] else None


def state_of(connection: Connection, code: str) -> CaseState | None:
    here = (cases.c.terminal == issuer(code)) & (cases.c.code == code)
    known = connection.execute(select(cases.c.state).where(here)).scalar_one_or_none()
    return None if known is None else S(known)


def move_and_tell(
    connection: Connection, code: str, road: tuple[CaseState, ...], words: ForResident, at: str
) -> None:
    """Along the road, which may be empty: then only the words are new."""
    here = (cases.c.terminal == issuer(code)) & (cases.c.code == code)
    values: dict[str, str | None] = {"words_zh": words.zh, "words_en": words.en}
    if road:
        values |= {"state": road[-1].value, "reason": None}
    if S.ACCEPTED in road:
        values["accepted_at"] = at
    connection.execute(update(cases).where(here).values(**values))
    state = road[-1] if road else state_of(connection, code)
    assert state is not None  # noqa: S101 - the caller looked it up under its lock
    inbox.tell_cases(connection, {issuer(code): [_news(code, state, words, at)]}, at)


def _log_words(connection: Connection, code: str, words: ForResident, at: str) -> None:
    """Two lines: one would cut the longer language off."""
    for said in (words.zh, words.en):
        log.write(connection, at, Event.CASE_TOLD, issuer(code), code, said)


def _news(code: str, state: CaseState, words: ForResident, at: str) -> CaseNews:
    return CaseNews(code=code, state=state.value, at=at, words_zh=words.zh, words_en=words.en)


def _tell(connection: Connection, carried_by: str, correction: Correction, at: str) -> None:
    letters: dict[str, list[Content]] = {carried_by: [correction]}
    if (home := issuer(correction.news.code)) != carried_by:
        letters[home] = [Cases(cases=(correction.news,))]
    inbox.post(connection, letters, at)


def _settle_item(connection: Connection, refused: Row[Any], wish: Wish, at: str) -> CaseState | NotCorrected:
    """The case's new state. One that the refused item would have made is made now."""
    code = refused.code
    lock_issuers(connection, {issuer(code)})
    known = state_of(connection, code)
    to = _STATE[wish.outcome]
    words = {"words_zh": wish.words.zh, "words_en": wish.words.en}
    if known is None:
        _open(connection, refused, to, words, at)
    elif known not in _UNOPENED:
        # The case is there without this item: the item is settled, the case stays where it is.
        to = known
    elif to in TRANSITIONS[known]:
        here = (cases.c.terminal == issuer(code)) & (cases.c.code == code)
        connection.execute(update(cases).where(here).values(state=to.value, reason=None, **words))
    else:
        return NotCorrected.STATE
    detail = f"item {refused.item_id} {wish.signed}"
    log.write(connection, at, _EVENT[wish.outcome], issuer(code), code, detail)
    _log_words(connection, code, wish.words, at)
    return to


def _open(
    connection: Connection, refused: Row[Any], state: CaseState, words: dict[str, str], at: str
) -> None:
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
            **words,
        )
    )
