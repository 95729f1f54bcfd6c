"""From the commit to the empty screen: stored, shown, printed, card taken, evaluated, wiped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from drivers.contract import Outcome
from kiosk.case import CaseState
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.moves import Moved, forward, go
from kiosk.journey.states import State
from kiosk.journey.visit import Visit
from kiosk.journey.world import World


def stored(visit: Visit, event: ev.Event, world: World) -> Moved:
    """Only a commit makes a promise; the code is shown before anything is printed."""
    if not isinstance(event, ev.Stored):
        return visit, ()
    visit = replace(visit, stored=event, case_state=CaseState.RECEIVED)
    visit, out = forward(visit, world)
    key = visit.item_id if visit.decides_at_once else ""
    return visit, (*out, fx.AwaitCentre(event.case_code, decide=key))


def not_stored(visit: Visit, event: ev.Event, _world: World) -> Moved:
    if not isinstance(event, ev.NotStored):
        return visit, ()
    return go(replace(visit, not_stored=event.reason), State.NOT_STORED)


def case_moved(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """The centre answered, or did not in time: now the slip can say the truth. It prints once."""
    if not isinstance(event, ev.CaseMoved):
        return visit, ()
    if event.state is not None:
        visit = replace(
            visit, case_state=event.state, registered_at=event.registered_at, decision_words=event.words
        )
    if visit.printing or visit.printed is not None:
        return visit, ()
    visit = replace(visit, printing=True)
    return visit, (fx.Print(visit),)


def print_answered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    if not isinstance(event, ev.PrintAnswered):
        return visit, ()
    return replace(visit, printing=False, printed=event.report), ()


def may_print_again(visit: Visit) -> bool:
    """Once, when the printer said that the job failed. An unknown job is never repeated by itself."""
    return (
        visit.printed is not None
        and visit.printed.outcome is Outcome.FAILED
        and not visit.reprinted
        and not visit.printing
    )


def print_again(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    if not may_print_again(visit):
        return visit, ()
    visit = replace(visit, printing=True, reprinted=True)
    return visit, (fx.Print(visit, copy=True),)


def finish(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return forward(visit, world)


def card_removed(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return forward(visit, world)


def evaluated(visit: Visit, event: ev.Event, world: World) -> Moved:
    """Five levels, or skipped; leaving is never blocked by it (rule D34)."""
    level = event.action.partition(":")[2] if isinstance(event, ev.Pressed) else ""
    visit = replace(visit, level=int(level) if level.isdecimal() and 1 <= int(level) <= 5 else None)
    visit, out = forward(visit, world)
    return visit, (fx.Evaluate(visit), *out)


Handler = Callable[[Visit, ev.Event, World], Moved]
S = State
HANDLERS: dict[tuple[State, str], Handler] = {
    (S.SUBMITTING, "Stored"): stored,
    (S.SUBMITTING, "NotStored"): not_stored,
    (S.RESULT, "CaseMoved"): case_moved,
    (S.RESULT, "PrintAnswered"): print_answered,
    (S.RESULT, "press:print_again"): print_again,
    (S.RESULT, "press:finish"): finish,
    (S.TAKE_CARD, "CardRemoved"): card_removed,
    (S.TAKE_CARD, "press:card_taken"): card_removed,
    (S.EVALUATE, "press:level"): evaluated,
    (S.EVALUATE, "press:skip"): evaluated,
}
