"""The staff's rows of the table: the door with its PIN, the menu, the health. Nobody's data is here."""

from __future__ import annotations

from dataclasses import replace

from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.moves import Moved, go, to_attract
from kiosk.journey.states import State
from kiosk.journey.visit import DialogKind, StaffProgress, Visit
from kiosk.journey.world import World
from kiosk.staff.answers import DoorAnswer, StaffAction

ASK_FIRST = frozenset({StaffAction.RESTART_PROGRAM, StaffAction.EXIT})
"""The screen goes dark by these: asked once more."""
TRIABLE = frozenset({DoorAnswer.SHUT, DoorAnswer.WRONG, DoorAnswer.NOT_COUNTED})
"""A PIN may be written when the door stands so."""
PIN_FIELD = "pin"


def asked(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """From the first screen alone, where nobody is known; under a dialog only its buttons act."""
    if visit.dialog is not None:
        return visit, ()
    anew = Visit(id=world.fresh.visit_id, language=visit.language, elder=visit.elder)
    shown, out = go(anew, State.STAFF_DOOR)
    return shown, (*out, fx.LookAtDoor())


def look(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return replace(visit, staff=StaffProgress()), (fx.LookAtDoor(),)


def entered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """A PIN was written: it goes on to the door and stays nowhere."""
    door = visit.staff.door
    if not isinstance(event, ev.Entered) or not event.value or door is None or door.answer not in TRIABLE:
        return visit, ()
    return replace(visit, staff=StaffProgress()), (fx.TryPin(event.value),)


def door_answered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    if not isinstance(event, ev.DoorAnswered):
        return visit, ()
    if event.door.answer is DoorAnswer.OPENED:
        return go(replace(visit, staff=StaffProgress()), State.STAFF_MENU)
    return replace(visit, staff=StaffProgress(door=event.door)), ()


def leave(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return to_attract(visit)


def to_health(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return go(visit, State.STAFF_HEALTH)


def to_menu(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return go(visit, State.STAFF_MENU)


def choose(visit: Visit, event: ev.Event, world: World) -> Moved:
    """One thing at a time."""
    action = StaffAction(event.action.partition(":")[2]) if isinstance(event, ev.Pressed) else None
    if action is None or action not in world.backstage.offered or visit.staff.doing is not None:
        return visit, ()
    if action in ASK_FIRST:
        return replace(visit, dialog=DialogKind.SURE, staff=StaffProgress(asked=action)), ()
    return _do(visit, action)


def sure(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    action = visit.staff.asked
    return (visit, ()) if action is None else _do(visit, action)


def _do(visit: Visit, action: StaffAction) -> Moved:
    return replace(visit, dialog=None, staff=StaffProgress(doing=action)), (fx.StaffDo(action),)


def done(visit: Visit, event: ev.Event, _world: World) -> Moved:
    if not isinstance(event, ev.StaffDone) or visit.staff.doing is not event.action:
        return visit, ()
    return replace(visit, staff=StaffProgress(done=(event.action, event.result))), ()


S = State
HANDLERS = {
    (S.ATTRACT, "StaffAsked"): asked,
    (S.STAFF_DOOR, "DoorAnswered"): door_answered,
    (S.STAFF_DOOR, "Entered"): entered,
    (S.STAFF_DOOR, "press:look"): look,
    (S.STAFF_DOOR, "press:back"): leave,
    (S.STAFF_DOOR, "press:home"): leave,
    (S.STAFF_MENU, "press:staff"): choose,
    (S.STAFF_MENU, "press:sure"): sure,
    (S.STAFF_MENU, "press:health"): to_health,
    (S.STAFF_MENU, "press:back"): leave,
    (S.STAFF_MENU, "press:home"): leave,
    (S.STAFF_MENU, "StaffDone"): done,
    (S.STAFF_HEALTH, "press:back"): to_menu,
    (S.STAFF_HEALTH, "press:home"): leave,
    (S.STAFF_HEALTH, "StaffDone"): done,
}
