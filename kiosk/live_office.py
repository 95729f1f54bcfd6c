"""Live calls in the words of a visit: what is on record, a decision on the spot, how far a case is."""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import Protocol

from drivers.contract import Failed, Ok
from kiosk.case import CaseState
from kiosk.journey import events as ev
from kiosk.journey.live import LookUpFailure, Prefilled, Progress
from kiosk.journey.visit import Visit
from offline_queue.live import Answered, Reason, Unavailable
from offline_queue.live_wire import DecisionAnswer, PrefillAnswer, ProgressAnswer
from offline_queue.records import ItemState, ItemSummary, StoreError
from offline_queue.wire import Kind

log = logging.getLogger(__name__)


class Asked(Protocol):
    """`offline_queue.live.Live`, as far as a visit needs it."""

    def prefill(
        self, service: str, number: str, records: tuple[str, ...]
    ) -> Answered[PrefillAnswer] | Unavailable: ...

    def decide(
        self, item_id: str, code: str, within_s: float, service: str
    ) -> Answered[DecisionAnswer] | Unavailable: ...

    def progress(self, code: str) -> Answered[ProgressAnswer] | Unavailable: ...


class Kept(Protocol):
    """`offline_queue.store.Outbox`, as far as a visit needs it."""

    def find(self, lane: str) -> tuple[ItemSummary, ...]: ...


class CentreOnTheLine:
    """Implements `journey.hands.LiveOffice`. Whatever the line does, there is an answer within the call's time."""

    def __init__(self, live: Asked, outbox: Kept) -> None:
        self._live = live
        self._outbox = outbox

    def records(self, visit: Visit) -> ev.PrefillAnswered:
        """Nothing came, nothing is on record: the resident types, as without the network."""
        card = visit.card
        wanted = tuple(dict.fromkeys(entry.record for entry in visit.service.prefill))
        if card is None or not wanted:
            return ev.PrefillAnswered({})
        match self._live.prefill(visit.service.code, card.document.number, wanted):
            case Answered(answer):
                return ev.PrefillAnswered(
                    {
                        one.name: Prefilled(one.value, {"zh": one.source_zh, "en": one.source_en}, one.as_of)
                        for one in answer.records
                    }
                )
            case Unavailable(reason):
                log.info("no records came: %s", reason.value)
                return ev.PrefillAnswered({})

    def decide(self, key: str, code: str, within_s: float) -> ev.CaseMoved | None:
        """None when nothing was decided in time: the case stands where it stood."""
        case = _case_of(self._items(code))
        match self._live.decide(key, code, within_s, case.service if case else ""):
            case Answered(answer):
                state = _state(answer.state)
                words = {"zh": answer.words_zh, "en": answer.words_en} if answer.words_zh else {}
                return None if state is None else ev.CaseMoved(state, words=words)
            case Unavailable(reason):
                log.info("no decision on the spot: %s", reason.value)
                return None

    def progress(self, code: str) -> ev.ProgressAnswered:
        """The centre's word; without it, what this terminal itself knows of a case that was handed in here."""
        match self._live.progress(code):
            case Answered(answer):
                state = _state(answer.state)
                if state is None:
                    return ev.ProgressAnswered(Failed(LookUpFailure.UNREACHED))
                return ev.ProgressAnswered(Ok(_with(_progress(answer, state), self._items(code))))
            case Unavailable(reason):
                own = self._own(code)
                if own is not None:
                    return ev.ProgressAnswered(Ok(own))
                unknown = reason is Reason.UNKNOWN_CASE
                failure = LookUpFailure.UNKNOWN if unknown else LookUpFailure.UNREACHED
                return ev.ProgressAnswered(Failed(failure))

    def _items(self, code: str) -> tuple[ItemSummary, ...]:
        try:
            return self._outbox.find(code)
        except StoreError:
            return ()

    def _own(self, code: str) -> Progress | None:
        items = self._items(code)
        case = _case_of(items)
        if case is None:
            return None
        # The last word about the case, whichever of its items it answered.
        heard = [item.case_state for item in items if item.case_state]
        state = _state(heard[-1]) if heard else None
        at = {CaseState.RECEIVED: case.received_at}
        if case.registered_at:
            at[CaseState.SYNCED] = case.registered_at
        return _with(Progress(code, case.service, state or CaseState.RECEIVED, at), items)


def _case_of(items: tuple[ItemSummary, ...]) -> ItemSummary | None:
    return next((item for item in items if item.kind is Kind.CASE), None)


def _with(told: Progress, items: tuple[ItemSummary, ...]) -> Progress:
    """With what waits of it here: a withdrawal, or an item that the centre did not take."""
    withdrawing = any(
        item.kind is Kind.WITHDRAWAL and item.state in (ItemState.PENDING, ItemState.QUARANTINED)
        for item in items
    )
    refused = [
        item
        for item in items
        if item.kind is Kind.CASE and item.state is ItemState.QUARANTINED and item.superseded_by is None
    ]
    if not refused:
        return replace(told, withdrawing=withdrawing)
    zh, _, en = refused[-1].reason.partition(" / ")
    return replace(
        told,
        withdrawing=withdrawing,
        refused=refused[-1].id,
        refused_words={"zh": zh, "en": en} if en else {},
    )


def _state(text: str) -> CaseState | None:
    try:
        return CaseState(text)
    except ValueError:
        log.error("the centre named a state that this terminal does not know")
        return None


def _progress(answer: ProgressAnswer, state: CaseState) -> Progress:
    known = {
        CaseState.RECEIVED: answer.received_at_kiosk,
        CaseState.SYNCED: answer.synced_at,
        CaseState.REGISTERED: answer.registered_at,
        CaseState.ACCEPTED: answer.accepted_at,
        CaseState.DECIDED: answer.decided_at if state in AFTER_DECISION else None,
    }
    return Progress(
        code=answer.code,
        service=answer.service,
        state=state,
        at={step: at for step, at in known.items() if at},
        words={"zh": answer.words_zh, "en": answer.words_en} if answer.words_zh else {},
        told_at=answer.centre_time,
    )


AFTER_DECISION = frozenset({CaseState.DECIDED, CaseState.COLLECTABLE, CaseState.COLLECTED})
