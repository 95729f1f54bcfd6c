"""Card, face, and the other ways: the steps that say who stands here."""

from __future__ import annotations

from dataclasses import replace

from drivers.card_reader.contract import CardFailure, CardRead, DocumentKind, ValidityKind
from drivers.contract import Failed, Ok
from drivers.evidence import Assurance, assurance
from drivers.face.contract import FaceFailure
from kiosk.catalogue.model import Method
from kiosk.identity import CardValidity, card_validity
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.moves import Moved, forward, go, is_a_way, may_use_face, spend, to_face
from kiosk.journey.states import State
from kiosk.journey.visit import MACHINE_FAILURES, CardProblem, Look, Visit
from kiosk.journey.world import World

PROBLEM_OF: dict[CardFailure, CardProblem] = {
    CardFailure.CARD_MOVED: CardProblem.MOVED,
    CardFailure.WRONG_CARD: CardProblem.WRONG,
    CardFailure.UNSUPPORTED_KIND: CardProblem.UNSUPPORTED,
    CardFailure.UNREADABLE: CardProblem.UNREADABLE,
    CardFailure.TIMED_OUT: CardProblem.UNREADABLE,
    CardFailure.NOT_AUTHENTIC: CardProblem.NOT_AUTHENTIC,
    CardFailure.READER_BUSY: CardProblem.READER,
    CardFailure.READER_LOST: CardProblem.READER,
    CardFailure.SERVICE_LOST: CardProblem.READER,
    CardFailure.SERVICE_REFUSED: CardProblem.READER,
    CardFailure.VENDOR_UNAUTHORISED: CardProblem.READER,
}
"""`NO_CARD` and `CANCELLED` are no problem of the card: nobody put one."""

ASKED_FOR = {State.HELPER: fx.CardPurpose.HELPER, State.PRINCIPAL: fx.CardPurpose.PRINCIPAL}
"""Whose card this screen asks for, where it is not the resident's own."""
RESIDENT_KINDS = frozenset(DocumentKind) - {DocumentKind.HELPER}


def problem_with(read: CardRead, wanted: Assurance, world: World) -> CardProblem | None:
    """Why this document does not serve; None when it does."""
    document = read.document
    if document.kind not in RESIDENT_KINDS:
        return CardProblem.WRONG
    if assurance(read.evidence) < wanted:
        return CardProblem.TOO_WEAK
    if document.validity is ValidityKind.UNREADABLE:
        return CardProblem.VALIDITY_UNREADABLE
    match card_validity(document.validity.value, document.valid_from, document.valid_to, world.now.date()):
        case CardValidity.EXPIRED:
            return CardProblem.EXPIRED
        case CardValidity.NOT_YET:
            return CardProblem.NOT_YET_VALID
        case _:
            return None


NOT_WORTH_RETRYING = frozenset(
    {
        FaceFailure.UNCALIBRATED,
        FaceFailure.MODEL_MISSING,
        FaceFailure.NO_REFERENCE,
        FaceFailure.MOVEMENT_DECLINED,
        FaceFailure.LIVENESS_UNAVAILABLE,
    }
)
"""Another try would end the same way, so the other ways are offered at once."""
OF_MOVEMENTS = frozenset({FaceFailure.MOVEMENT_NOT_SEEN, FaceFailure.MOVEMENT_DECLINED})
"""What the resident did, or would not do: counts for the card also where the screen never showed what was asked."""


def resident_card(visit: Visit, event: ev.Event, world: World) -> Moved:
    """A good card goes on; anything else says what happened and reads again on request."""
    if not isinstance(event, ev.CardAnswered):
        return visit, ()
    match event.result:
        case Ok(read):
            wanted = Assurance[visit.service.evidence.card_assurance.upper()]
            problem = problem_with(read, wanted, world)
            if problem is not None:
                return replace(visit, card_problem=problem), ()
            face = replace(visit.face, spent_before=event.looks_spent)
            known = replace(visit, card=read, card_problem=None, face=face, acted=event.acted)
            return forward(known, world)
        case Failed(reason):
            return card_failed(visit, reason, fx.CardPurpose.RESIDENT)


def card_failed(visit: Visit, reason: CardFailure, purpose: fx.CardPurpose) -> Moved:
    """Nothing was read: the pad waits on, or says what happened."""
    if reason is CardFailure.CANCELLED:
        return visit, ()
    if reason in (CardFailure.NO_CARD, CardFailure.CARD_MOVED):
        # The pad simply waits on; a card that moved is asked to lie still meanwhile.
        return replace(visit, card_problem=PROBLEM_OF.get(reason)), (fx.ReadCard(purpose),)
    return replace(visit, card_problem=PROBLEM_OF[reason]), ()


def card_again(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    """The resident asks for another try."""
    purpose = ASKED_FOR.get(visit.state, fx.CardPurpose.RESIDENT)
    return replace(visit, card_problem=None), (fx.ReadCard(purpose),)


def face_guided(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """Words beside the live picture: come closer, one person only. Said too to who has the screen read aloud."""
    if not isinstance(event, ev.FaceGuided):
        return visit, ()
    asked, prompt = visit.face.asked, event.prompt
    if prompt is not None and prompt is not visit.face.prompt:
        asked = (*asked, prompt)
    face = replace(visit.face, guidance=event.guidance, pointing=event.pointing, prompt=prompt, asked=asked)
    return replace(visit, face=face), (fx.Speak(only_news=True),) if visit.listens else ()


def face_answered(visit: Visit, event: ev.Event, world: World) -> Moved:
    """Accepted goes on. Anything else is one try less and no accusation; after three, another way.

    What the machine did not finish costs the resident no try, but is not repeated for ever either. For the card a
    look counts only by which somebody could have learnt something: the holder in a dark hall would else find it
    locked for a day.
    """
    if not isinstance(event, ev.FaceAnswered):
        return visit, ()
    look = _look(event)
    face = replace(
        visit.face,
        looking=False,
        pointing=False,
        prompt=None,
        failure=None,
        looks=(*visit.face.looks, *look),
        opened=visit.face.opened or bool(look),
    )
    match event.result:
        case Ok(comparison):
            face = replace(face, attempts=face.attempts + 1)
            if comparison.accepted:
                return forward(replace(visit, face=face), world)
        case Failed(reason) if reason in MACHINE_FAILURES:
            face = replace(face, failure=reason, stalls=face.stalls + 1)
        case Failed(reason):
            face = replace(face, failure=reason, attempts=face.attempts + 1)
    visit = replace(visit, face=face)
    counts = bool(face.asked) or isinstance(event.result, Ok) or face.failure in OF_MOVEMENTS
    visit, out = spend(visit) if counts else (visit, ())
    if visit.face.used_up or face.failure in NOT_WORTH_RETRYING:
        shown, left = go(visit, State.OTHER_WAY)
        return shown, (*out, *left)
    return visit, (*out, fx.StopFace())


def _look(event: ev.FaceAnswered) -> tuple[Look, ...]:
    """What is kept of the attempt; the camera stays shut where the card's photo is of no use."""
    match event.result:
        case Ok(comparison):
            return (Look(comparison, event.liveness),)
        case Failed(FaceFailure.NO_REFERENCE):
            return ()
        case _:
            return (Look(None, event.liveness),)


def other_movement(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    """Who cannot make this movement is asked for another; the look goes on."""
    return visit, (fx.OtherMovement(),) if visit.face.prompt is not None else ()


def face_again(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """Another try; a process that went away since the button was shown is waited for."""
    if visit.face.looking or visit.face.waiting or not may_use_face(visit, world):
        return visit, ()
    return to_face(visit, world)


def face_waited(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """It came back, so the look begins; or it did not in time, and the other ways are offered."""
    if not visit.face.waiting:
        return visit, ()
    return go(visit, State.FACE if world.face_ready else State.OTHER_WAY)


def to_other_way(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return go(replace(visit, helper=None, card_problem=None), State.OTHER_WAY)


def to_helper(visit: Visit, _event: ev.Event, world: World) -> Moved:
    if not world.helper_ready or not is_a_way(Method.HELPER, visit, world):
        return visit, ()
    return go(replace(visit, card_problem=None), State.HELPER)


def helper_card(visit: Visit, event: ev.Event, world: World) -> Moved:
    """A helper's card, still valid, leads to the look at the resident and the card."""
    if not isinstance(event, ev.CardAnswered):
        return visit, ()
    match event.result:
        case Ok(read) if read.document.kind is not DocumentKind.HELPER:
            return replace(visit, card_problem=CardProblem.NOT_HELPER), ()
        case Ok(read):
            valid = card_validity(
                read.document.validity.value,
                read.document.valid_from,
                read.document.valid_to,
                world.now.date(),
            )
            if valid not in (CardValidity.VALID, CardValidity.LONG_TERM):
                return replace(visit, card_problem=CardProblem.EXPIRED), ()
            return go(replace(visit, helper=read, card_problem=None), State.HELPER_CHECK)
        case Failed(reason):
            return card_failed(visit, reason, fx.CardPurpose.HELPER)


def helper_confirms(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return forward(replace(visit, helper_confirmed=True), world)


def to_window(visit: Visit, _event: ev.Event, _world: World) -> Moved:
    return go(visit, State.WINDOW)


def print_window_slip(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """Once: one that may have come out is not printed again by itself, and nothing hangs on it."""
    if not world.printer_ready or visit.window_printing or visit.window_slip is not None:
        return visit, ()
    return replace(visit, window_printing=True), (fx.PrintWindowSlip(visit),)


def window_slip_answered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    if not isinstance(event, ev.WindowSlipAnswered):
        return visit, ()
    return replace(visit, window_printing=False, window_slip=event.report), ()
