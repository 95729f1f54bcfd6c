"""The visit as a table: (state, what happened) -> (state, effects). Pure; nothing is done here.

`TABLE` holds what belongs to one screen, `ANYWHERE` what works on every screen. A key is the kind
of event; for a press it is `press:<action>` up to the first colon of the action's id.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from kiosk.journey import answering, consenting, recognising
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.acting_for import HANDLERS as ACTING_FOR
from kiosk.journey.asking import HANDLERS as ASKING
from kiosk.journey.finishing import HANDLERS as FINISHING
from kiosk.journey.moves import Moved, backward, forward, go, home, to_attract
from kiosk.journey.proving import HANDLERS as PROVING
from kiosk.journey.returning import HANDLERS as RETURNING
from kiosk.journey.staffing import HANDLERS as STAFFING
from kiosk.journey.states import IDENTIFIED_NOTHING, State
from kiosk.journey.visit import DialogKind, Visit
from kiosk.journey.world import World

Handler = Callable[[Visit, ev.Event, World], Moved]


def key_of(event: ev.Event) -> str:
    """The table's key of an event."""
    if isinstance(event, ev.Pressed):
        return "press:" + event.action.split(":", 1)[0]
    return type(event).__name__


def argument_of(event: ev.Event) -> str:
    """What stands behind the colon of a pressed action: a service's code, a level, a page."""
    return event.action.partition(":")[2] if isinstance(event, ev.Pressed) else ""


def stay(visit: Visit, *out: fx.Effect) -> Moved:
    return visit, out


def begin(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return go(replace(visit, id=world.fresh.visit_id), State.HOME)


def choose_service(visit: Visit, event: ev.Event, world: World) -> Moved:
    """The case's key and code are made now and survive everything after (design 7.3)."""
    code = argument_of(event)
    definition = world.service(code)
    if definition is None or code in world.not_ready:
        return stay(visit)
    chosen = replace(
        visit, definition=definition, step=-1, item_id=world.fresh.item_id, case_code=world.fresh.case_code
    )
    return forward(chosen, world)


def next_step(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return forward(visit, world)


def back(visit: Visit, _event: ev.Event, world: World) -> Moved:
    if visit.state is State.FORM and visit.page > 0 and not visit.editing:
        return stay(replace(visit, page=visit.page - 1, errors={}))
    return backward(visit, world)


def edit(visit: Visit, event: ev.Event, _world: World) -> Moved:
    return answering.edit(visit, argument_of(event))


def submit(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return forward(visit, world)


def retry_submit(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return go(replace(visit, not_stored=""), State.SUBMITTING)


def help_(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return stay(replace(visit, dialog=DialogKind.HELP))


def close_dialog(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return stay(replace(visit, dialog=None, idle_left_s=0))


def toggle_elder(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return stay(answering.repage(replace(visit, elder=not visit.elder)))


def toggle_language(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return stay(replace(visit, language="en" if visit.language == "zh" else "zh"))


def speak(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return stay(replace(visit, listens=True), fx.Speak())


def ask_cancel(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    """Cancel is confirmed once (rule D9); where nothing is to be lost it leaves at once."""
    if visit.state in IDENTIFIED_NOTHING | {State.HOME, State.PROGRESS}:
        return to_attract(visit)
    if visit.stored is not None:
        return go(visit, State.ENDED)
    return stay(replace(visit, dialog=DialogKind.CANCEL))


def cancel(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return go(replace(visit, ended_because="cancelled"), State.ENDED)


def to_home(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return home(visit)


def idle_warning(visit: Visit, event: ev.Event, _world: World) -> Moved:
    if visit.state in IDENTIFIED_NOTHING or not isinstance(event, ev.IdleWarning):
        return stay(visit)
    return stay(replace(visit, dialog=DialogKind.IDLE, idle_left_s=event.left_s))


def idle_expired(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    if visit.state in IDENTIFIED_NOTHING:
        return to_attract(visit)
    left, out = go(replace(visit, ended_because="idle"), State.ENDED)
    return left, out


def leave_end(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return to_attract(visit)


def refresh(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return stay(visit)


S = State
TABLE: dict[tuple[State, str], Handler] = {
    (S.ATTRACT, "press:begin"): begin,
    (S.HOME, "press:service"): choose_service,
    (S.NOTICE, "press:next"): next_step,
    (S.CONSENT, "press:face"): consenting.agreed,
    (S.CONSENT, "press:other_way"): consenting.refused,
    (S.CARD, "CardAnswered"): recognising.resident_card,
    (S.CARD, "press:try_card"): recognising.card_again,
    (S.CARD, "press:window"): recognising.to_window,
    (S.FACE, "FaceGuided"): recognising.face_guided,
    (S.FACE, "FaceAnswered"): recognising.face_answered,
    (S.FACE, "FaceWaited"): recognising.face_waited,
    (S.FACE, "press:try_face"): recognising.face_again,
    (S.FACE, "press:other_movement"): recognising.other_movement,
    (S.FACE, "press:other_way"): recognising.to_other_way,
    (S.OTHER_WAY, "press:helper"): recognising.to_helper,
    (S.OTHER_WAY, "press:window"): recognising.to_window,
    (S.HELPER, "CardAnswered"): recognising.helper_card,
    (S.HELPER, "press:try_card"): recognising.card_again,
    (S.HELPER, "press:other_way"): recognising.to_other_way,
    (S.HELPER_CHECK, "press:confirm"): recognising.helper_confirms,
    (S.HELPER_CHECK, "press:not_same"): recognising.to_other_way,
    (S.WINDOW, "press:finish"): cancel,
    (S.WINDOW, "press:print_slip"): recognising.print_window_slip,
    (S.WINDOW, "WindowSlipAnswered"): recognising.window_slip_answered,
    (S.ATTACH, "press:take_photo"): answering.to_camera,
    (S.ATTACH, "press:drop_photo"): answering.drop_photo,
    (S.ATTACH, "press:next"): next_step,
    (S.CAMERA, "press:shutter"): answering.shutter,
    (S.CAMERA, "PhotoTaken"): answering.photo_taken,
    (S.FORM, "Entered"): answering.entered,
    (S.FORM, "press:next"): answering.form_next,
    (S.REVIEW, "press:edit"): edit,
    (S.REVIEW, "press:submit"): submit,
    (S.NOT_STORED, "press:retry"): retry_submit,
    (S.NOT_STORED, "press:finish"): cancel,
    **ACTING_FOR,
    **ASKING,
    **PROVING,
    **RETURNING,
    **FINISHING,
    **STAFFING,
    (S.ENDED, "press:begin"): leave_end,
}

ANYWHERE: dict[str, Handler] = {
    "press:help": help_,
    "press:close": close_dialog,
    "press:stay": close_dialog,
    "press:leave": cancel,
    "press:elder": toggle_elder,
    "press:language": toggle_language,
    "press:speak": speak,
    "press:cancel": ask_cancel,
    "press:back": back,
    "press:home": to_home,
    "Touched": refresh,
    "Refresh": refresh,
    "IdleWarning": idle_warning,
    "IdleExpired": idle_expired,
}

NO_RETURN = frozenset({S.SUBMITTING, S.NOT_STORED, S.RESULT, S.TAKE_CARD, S.EVALUATE, S.ENDED, S.ATTRACT})
"""From here `back` and `home` do nothing: the case is on its way, or there is nothing behind."""


def step(visit: Visit, event: ev.Event, world: World) -> Moved:
    """One step of the visit. What does not belong to the screen changes nothing."""
    key = key_of(event)
    if visit.state in NO_RETURN and key in ("press:back", "press:home"):
        return stay(visit)
    handler = TABLE.get((visit.state, key)) or ANYWHERE.get(key)
    return stay(visit) if handler is None else handler(visit, event, world)
