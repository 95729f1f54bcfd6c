"""Coming back with a slip: the case that was looked up is withdrawn (rule F12) or filed once more (F11)."""

from __future__ import annotations

from dataclasses import replace

from drivers.contract import Failed, Ok
from kiosk.case import TRANSITIONS, CaseState, parse_case_code
from kiosk.catalogue.model import Definition
from kiosk.journey import events as ev
from kiosk.journey.live import LookUpFailure
from kiosk.journey.moves import Moved, forward, go
from kiosk.journey.states import State
from kiosk.journey.visit import Errand, LookUp, Visit
from kiosk.journey.world import World

PERHAPS_ON_ITS_WAY = frozenset({LookUpFailure.UNKNOWN, LookUpFailure.UNREACHED})
"""Nobody here knows how the case stands, which is no reason to turn its person away."""


def withdrawable(look_up: LookUp, world: World) -> str | None:
    """The code of the case that may be withdrawn as far as is known here; None: not, or not any more."""
    code = parse_case_code(look_up.code)
    match look_up.result:
        case Ok(told):
            service = world.service(told.service)
            nameless = (
                service is not None and not service.evidence.level
            )  # nobody could prove that it is theirs
            possible = CaseState.WITHDRAWN in TRANSITIONS[told.state]
            return code if possible and not told.withdrawing and not nameless else None
        case Failed(reason):
            return code if reason in PERHAPS_ON_ITS_WAY else None
        case None:
            return None


def to_withdraw(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """The errand's own key is made now; the lane is that of the case."""
    code, definition = withdrawable(visit.look_up, world), world.withdrawal
    if code is None or definition is None or world.why_no_withdrawal:
        return visit, ()
    told = visit.look_up.result.value if isinstance(visit.look_up.result, Ok) else None
    service = world.service(told.service) if told else None
    begun = replace(
        visit,
        errand=Errand.WITHDRAW,
        definition=definition,
        step=-1,
        item_id=world.fresh.item_id,
        case_code=code,
        about=told.service if told else "",
        about_title=service.title if service else {},
    )
    return forward(begun, world)


def to_file_again(look_up: LookUp, world: World) -> Definition | None:
    """The service to go through once more, where the centre asked for it and it can be done here."""
    if not isinstance(look_up.result, Ok):
        return None
    told = look_up.result.value
    wanted = told.state is CaseState.NEEDS_CORRECTION or bool(told.refused)
    return world.service(told.service) if wanted and not told.withdrawing else None


def again(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """A new item in the case's own lane: the code and the time of the first one stay."""
    definition = to_file_again(visit.look_up, world)
    if definition is None or definition.code in world.not_ready or not isinstance(visit.look_up.result, Ok):
        return visit, ()
    told = visit.look_up.result.value
    begun = replace(
        visit,
        errand=Errand.AGAIN,
        definition=definition,
        step=-1,
        item_id=world.fresh.item_id,
        case_code=told.code,
        supersedes=told.refused,
    )
    return forward(begun, world)


def withdraw(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return forward(visit, world)


def keep(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    """Nothing was asked for: the case goes on as if nobody had come."""
    return go(replace(visit, ended_because="kept"), State.ENDED)


S = State
HANDLERS = {
    (S.PROGRESS, "press:to_withdraw"): to_withdraw,
    (S.PROGRESS, "press:again"): again,
    (S.WITHDRAW, "press:withdraw"): withdraw,
    (S.WITHDRAW, "press:keep"): keep,
}
