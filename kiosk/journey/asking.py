"""What is asked on the live channel: records before the form, and how far a case is. Nobody has to wait for it."""

from __future__ import annotations

from dataclasses import replace

from drivers.contract import Failed
from kiosk.case import parse_case_code
from kiosk.catalogue.answers import check_answers
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.live import LookUpFailure, Prefilled
from kiosk.journey.moves import Moved, forward, go, home
from kiosk.journey.states import State
from kiosk.journey.visit import LookUp, Visit
from kiosk.journey.world import World

CODE_FIELD = "case_code"


def prefilled(visit: Visit, event: ev.Event, world: World) -> Moved:
    """What came fills the fields that are still empty; then the form, whatever came."""
    if not isinstance(event, ev.PrefillAnswered):
        return visit, ()
    wanted = {entry.field: entry.record for entry in visit.service.prefill}
    found = {
        field: event.found[record]
        for field, record in wanted.items()
        if record in event.found and not visit.answers.get(field)
    }
    fitting = {field: told for field, told in found.items() if _fits(visit, field, told)}
    answers = {**visit.answers, **{field: told.value for field, told in fitting.items()}}
    return forward(replace(visit, answers=answers, prefilled=fitting), world)


def _fits(visit: Visit, field: str, told: Prefilled) -> bool:
    """A record is held to the same rules as a resident: what does not fit is not shown at all."""
    return field not in check_answers(visit.service, {**visit.answers, field: told.value})


def same_waits(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """A warning on the screen; whoever goes on all the same is not held up."""
    if not isinstance(event, ev.SameWaits):
        return visit, ()
    return replace(visit, same_waits=event.found), ()


def skip(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """Whoever does not want to wait writes it himself; a late answer finds another screen."""
    return forward(visit, world)


def to_progress(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return go(replace(visit, look_up=LookUp()), State.PROGRESS)


def entered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    if not isinstance(event, ev.Entered) or event.field != CODE_FIELD or visit.look_up.asking:
        return visit, ()
    return replace(visit, look_up=LookUp(code=event.value.strip())), ()


def look_up(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    """A code that cannot be one is said so at once, without asking anybody."""
    code = parse_case_code(visit.look_up.code)
    if code is None:
        failed = Failed(LookUpFailure.NOT_A_CODE)
        return replace(visit, look_up=replace(visit.look_up, result=failed)), ()
    asking = LookUp(code=visit.look_up.code, asking=True)
    return replace(visit, look_up=asking), (fx.LookUpProgress(code),)


def progress_answered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    if not isinstance(event, ev.ProgressAnswered) or not visit.look_up.asking:
        return visit, ()
    return replace(visit, look_up=replace(visit.look_up, asking=False, result=event.result)), ()


def another(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return replace(visit, look_up=LookUp()), ()


def leave(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return home(visit)


S = State
HANDLERS = {
    (S.PREFILL, "PrefillAnswered"): prefilled,
    (S.REVIEW, "SameWaits"): same_waits,
    (S.PREFILL, "press:skip"): skip,
    (S.HOME, "press:progress"): to_progress,
    (S.PROGRESS, "Entered"): entered,
    (S.PROGRESS, "press:look_up"): look_up,
    (S.PROGRESS, "press:another"): another,
    (S.PROGRESS, "press:back"): leave,
    (S.PROGRESS, "ProgressAnswered"): progress_answered,
}
