"""The ways that need somebody outside: SMS code, e-ID on a phone, a clerk who looks. Each names itself and no more."""

from __future__ import annotations

from dataclasses import replace

from drivers.clerk_line.contract import ClerkFailure, ClerkWord
from drivers.contract import Failed, Ok
from kiosk.catalogue.consent import CLERK_VERSION, notices
from kiosk.catalogue.model import Method
from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.consenting import consent_to, kept
from kiosk.journey.moves import Moved, forward, go, is_a_way, is_old_enough
from kiosk.journey.proof import (
    CODE_DIGITS,
    CODE_TRIES_MAX,
    CODES_MAX,
    ClerkProgress,
    CodeProgress,
    Proof,
    QrProgress,
)
from kiosk.journey.recognising import to_other_way
from kiosk.journey.states import State
from kiosk.journey.visit import Visit
from kiosk.journey.world import World

CODE_FIELD = "sms_code"


def works(method: Method, visit: Visit, world: World) -> bool:
    """Whether this way can be gone now: offered here, allowed for the service, and somebody answers at its end."""
    if not is_a_way(method, visit, world) or visit.card is None:
        return False
    match method:
        case Method.SMS:
            return world.online and visit.code.codes < CODES_MAX
        case Method.QR:
            return Method.QR in world.working
        case Method.CLERK:
            return (
                Method.CLERK in world.working
                and world.camera_ready
                and visit.card.photo is not None
                and visit.clerk.word is None
                and is_old_enough(visit, world)
            )
        case _:
            return False


def _proved(visit: Visit, method: Method, detail: str, world: World) -> Moved:
    return forward(replace(visit, proof=Proof(method, detail)), world)


def to_sms(visit: Visit, _event: ev.Event, world: World) -> Moved:
    if not works(Method.SMS, visit, world):
        return visit, ()
    shown, out = go(visit, State.SMS)
    sending = replace(shown, code=CodeProgress(asking=True, codes=visit.code.codes + 1))
    return sending, (*out, fx.SendCode(sending))


def send_again(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """A new code; the one before is of no use any more."""
    if not (visit.code.may_send and world.online):
        return visit, ()
    sending = replace(visit, code=CodeProgress(asking=True, codes=visit.code.codes + 1))
    return sending, (fx.SendCode(sending),)


def code_answered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """One that was not sent is not counted; one whose answer nobody waited for may have been."""
    if not isinstance(event, ev.CodeAnswered) or not visit.code.asking:
        return visit, ()
    code = replace(visit.code, asking=False, left=CODE_TRIES_MAX)
    match event.result:
        case Ok(sent):
            code = replace(code, sent=sent)
        case Failed(reason):
            code = replace(code, failure=reason, codes=code.codes - 1)
    return replace(visit, code=code), ()


def code_entered(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """It goes on to who knows the code, and stays nowhere."""
    if not isinstance(event, ev.Entered) or event.field != CODE_FIELD or visit.code.sent is None:
        return visit, ()
    digits = "".join(event.value.split())
    if len(digits) != CODE_DIGITS or not (digits.isascii() and digits.isdecimal()):
        return visit, ()
    return visit, (fx.CheckCode(digits),)


def code_checked(visit: Visit, event: ev.Event, world: World) -> Moved:
    sent = visit.code.sent
    if not isinstance(event, ev.CodeChecked) or sent is None:
        return visit, ()
    if event.right:
        return _proved(visit, Method.SMS, f"reference {sent.reference}", world)
    wrong = event.failure is None
    code = replace(visit.code, wrong=wrong, left=event.left, failure=event.failure)
    return replace(visit, code=code if wrong else replace(code, sent=None)), ()


def to_qr(visit: Visit, _event: ev.Event, world: World) -> Moved:
    return go(visit, State.QR) if works(Method.QR, visit, world) else (visit, ())


def qr_again(visit: Visit, _event: ev.Event, world: World) -> Moved:
    if visit.qr.looking or not works(Method.QR, visit, world):
        return visit, ()
    again = replace(visit, qr=QrProgress(looking=True))
    return again, (fx.StartQr(again),)


def qr_answered(visit: Visit, event: ev.Event, world: World) -> Moved:
    if not isinstance(event, ev.QrAnswered) or not visit.qr.looking:
        return visit, ()
    match event.result:
        case Ok(eid):
            detail = f"issuer {eid.issuer} issued {eid.issued_at.isoformat(timespec='seconds')}"
            return _proved(replace(visit, qr=QrProgress()), Method.QR, detail, world)
        case Failed(reason):
            return replace(visit, qr=QrProgress(failure=reason)), ()


def to_clerk(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """To the question first: a picture leaves the terminal by this way alone.

    An earlier yes is taken back by coming to it again, and stays as that: the camera was open under it.
    """
    if not works(Method.CLERK, visit, world):
        return visit, ()
    given = visit.clerk_consent
    if given is not None and given.in_force:
        given = replace(given, withdrawn_at=world.now.isoformat(timespec="seconds"))
    return go(replace(visit, clerk_consent=given, clerk=ClerkProgress()), State.CLERK_CONSENT)


def clerk_agreed(visit: Visit, _event: ev.Event, world: World) -> Moved:
    if not works(Method.CLERK, visit, world):
        return visit, ()
    now = consent_to(notices()[CLERK_VERSION], visit, world)
    agreed = replace(visit, clerk_consent=now, used_consents=kept(visit, visit.clerk_consent))
    return go(agreed, State.CLERK)


def clerk_picture(visit: Visit, event: ev.Event, _world: World) -> Moved:
    """The camera shuts before the picture goes; it is in the effect alone, never in the visit."""
    if not isinstance(event, ev.PhotoTaken) or not visit.clerk.looking:
        return visit, ()
    if event.jpeg is None:
        return replace(visit, clerk=ClerkProgress(failure=ClerkFailure.NO_PICTURE)), (fx.StopCamera(),)
    asking = replace(visit, clerk=ClerkProgress(asking=True))
    return asking, (fx.StopCamera(), fx.AskClerk(asking, event.jpeg))


def clerk_answered(visit: Visit, event: ev.Event, world: World) -> Moved:
    """A clerk who is not sure turns nobody away: the other ways are offered."""
    if not isinstance(event, ev.ClerkAnswered) or not visit.clerk.asking:
        return visit, ()
    match event.result:
        case Ok(answer):
            heard = replace(visit, clerk=ClerkProgress(word=answer.word, clerk=answer.clerk))
            if answer.word is ClerkWord.SAME:
                return _proved(heard, Method.CLERK, f"clerk {answer.clerk} said {answer.word}", world)
            return go(heard, State.OTHER_WAY)
        case Failed(reason):
            return replace(visit, clerk=ClerkProgress(failure=reason)), ()


def clerk_again(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """Still under the consent that was given on the way here."""
    if visit.clerk.looking or visit.clerk.asking or not works(Method.CLERK, visit, world):
        return visit, ()
    return go(visit, State.CLERK)


S = State
HANDLERS = {
    (S.OTHER_WAY, "press:sms"): to_sms,
    (S.OTHER_WAY, "press:qr"): to_qr,
    (S.OTHER_WAY, "press:clerk"): to_clerk,
    (S.SMS, "CodeAnswered"): code_answered,
    (S.SMS, "CodeChecked"): code_checked,
    (S.SMS, "Entered"): code_entered,
    (S.SMS, "press:send_again"): send_again,
    (S.SMS, "press:other_way"): to_other_way,
    (S.QR, "QrAnswered"): qr_answered,
    (S.QR, "press:try_qr"): qr_again,
    (S.QR, "press:other_way"): to_other_way,
    (S.CLERK_CONSENT, "press:agree"): clerk_agreed,
    (S.CLERK_CONSENT, "press:other_way"): to_other_way,
    (S.CLERK, "PhotoTaken"): clerk_picture,
    (S.CLERK, "ClerkAnswered"): clerk_answered,
    (S.CLERK, "press:try_clerk"): clerk_again,
    (S.CLERK, "press:other_way"): to_other_way,
}
