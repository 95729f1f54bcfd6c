"""How a visit goes from screen to screen: what is entered, what is left, what may be skipped."""

from __future__ import annotations

from dataclasses import replace

from drivers.face.liveness.contract import LivenessRecord, Outcome
from drivers.face.liveness.contract import Method as Presence
from kiosk.catalogue.model import Method, StepType
from kiosk.identity import age_on
from kiosk.journey import effects as fx
from kiosk.journey.proof import ClerkProgress, QrProgress
from kiosk.journey.states import State
from kiosk.journey.visit import (
    AGENT_AGE_MIN,
    FACE_AGE_MIN,
    LOOKS_MAX,
    Errand,
    FaceProgress,
    Look,
    Visit,
)
from kiosk.journey.world import World

Moved = tuple[Visit, tuple[fx.Effect, ...]]

SCREEN_OF: dict[StepType, State] = {
    StepType.NOTICE: State.NOTICE,
    StepType.CONSENT: State.CONSENT,
    StepType.IDENTIFY: State.CARD,
    StepType.AGENT: State.AGENT,
    StepType.VERIFY_PERSON: State.FACE,
    StepType.PREFILL: State.PREFILL,
    StepType.ATTACH: State.ATTACH,
    StepType.FORM: State.FORM,
    StepType.REVIEW: State.REVIEW,
    StepType.SUBMIT: State.SUBMITTING,
    StepType.RESULT: State.RESULT,
    StepType.TAKE_CARD: State.TAKE_CARD,
    StepType.EVALUATE: State.EVALUATE,
}
"""Steps with a screen of their own. `print` happens on the result screen."""

LEAVING: dict[State, fx.Effect] = {
    State.CARD: fx.StopCard(),
    State.HELPER: fx.StopCard(),
    State.PRINCIPAL: fx.StopCard(),
    State.FACE: fx.StopFace(),
    State.CAMERA: fx.StopCamera(),
    State.SMS: fx.ForgetCode(),
    State.QR: fx.StopQr(),
    State.CLERK: fx.StopClerk(),
}


UNDER_OTHER_WAYS = frozenset(
    {
        State.HELPER,
        State.HELPER_CHECK,
        State.SMS,
        State.QR,
        State.CLERK_CONSENT,
        State.CLERK,
        State.WINDOW,
    }
)
"""Back from here leads to the choice of ways."""


def _leave(visit: Visit) -> tuple[Visit, list[fx.Effect]]:
    left, out = _without_answer(visit)
    return left, [*out, *([LEAVING[visit.state]] if visit.state in LEAVING else [])]


def _without_answer(visit: Visit) -> Moved:
    """A look that is left while it goes on is told as one; after a movement was asked it was an attempt."""
    face = visit.face
    if not face.looking:
        return visit, ()
    seen = LivenessRecord(Presence.PROMPT, Outcome.NOT_DONE, face.asked) if face.asked else None
    face = replace(face, looking=False, prompt=None, opened=True, looks=(*face.looks, Look(None, seen)))
    if not face.asked:
        return replace(visit, face=face), ()
    return spend(replace(visit, face=replace(face, attempts=face.attempts + 1)))


def spend(visit: Visit) -> Moved:
    """The look that has just ended counts for the card, now and in later visits."""
    spent = replace(visit, face=replace(visit.face, spent=visit.face.spent + 1))
    return spent, (fx.CountLook(spent),)


def go(visit: Visit, state: State) -> Moved:
    """Leave the screen, enter the other; a device never outlives the screen that needs it."""
    visit, out = _leave(visit)
    visit = replace(visit, state=state, dialog=None)
    match state:
        case State.CARD:
            out.append(fx.ReadCard(fx.CardPurpose.RESIDENT))
        case State.HELPER:
            out.append(fx.ReadCard(fx.CardPurpose.HELPER))
        case State.PRINCIPAL:
            out.append(fx.ReadCard(fx.CardPurpose.PRINCIPAL))
        case State.FACE:
            face = replace(visit.face, begun=visit.face.begun + 1, asked=(), waiting=False, looking=True)
            visit = replace(visit, face=replace(face, guidance=None, failure=None))
            out.append(fx.StartFace())
        case State.CAMERA:
            visit = replace(visit, photo_missed=False)
            out.append(fx.StartCamera())
        case State.QR:
            visit = replace(visit, qr=QrProgress(looking=True))
            out.append(fx.StartQr(visit))
        case State.CLERK:
            visit = replace(visit, clerk=ClerkProgress(looking=True))
            out += [fx.StartCamera(), fx.TakePhoto()]
        case State.PREFILL:
            visit = replace(visit, records_asked=True)
            out.append(fx.AskRecords(visit))
        case State.REVIEW:
            visit = replace(visit, same_waits=False)
            # Who files a case again knows that it is there.
            if visit.errand is Errand.FILE:
                out.append(fx.AskSame(visit))
        case State.SUBMITTING:
            out.append(fx.Submit(visit))
        case State.TAKE_CARD:
            out.append(fx.WatchRemoval())
        case State.ENDED:
            out.append(fx.Forget())
        case _:
            pass
    return visit, tuple(out)


def to_attract(visit: Visit) -> Moved:
    """Nothing is kept, language and elder mode neither: the next resident begins afresh."""
    _, out = go(visit, State.ATTRACT)
    return Visit(), (*out, fx.Forget())


def _needs_screen(visit: Visit, step: StepType, world: World) -> bool:
    """Steps that are done already are not asked again: an SDT card, for one, reads only once."""
    match step:
        case StepType.CONSENT:
            # Where nobody is recognised by face there is nothing to agree to, and once one is known neither.
            return is_a_way(Method.FACE, visit, world) and not (visit.verified and not visit.face.accepted)
        case StepType.IDENTIFY:
            return visit.card is None
        case StepType.AGENT:
            return not visit.agent_asked
        case StepType.VERIFY_PERSON:
            return not visit.verified
        case StepType.PREFILL:
            # Asked once, and only where somebody may answer: without the network the resident types as ever.
            # What is on record about another is not shown to who acts for that person.
            return world.online and visit.verified and not visit.records_asked and visit.principal is None
        case StepType.TAKE_CARD:
            return visit.card is not None
        case _:
            return step in SCREEN_OF


def forward(visit: Visit, world: World) -> Moved:
    """The next step of the definition's flow that needs a screen; after the last, the end."""
    flow = visit.service.flow
    if visit.editing and StepType.REVIEW in flow:
        return go(replace(visit, editing=False, step=flow.index(StepType.REVIEW)), State.REVIEW)
    for index in range(visit.step + 1, len(flow)):
        if _needs_screen(visit, flow[index], world):
            return _enter_step(replace(visit, step=index, page=0), world)
    return go(visit, State.ENDED)


def backward(visit: Visit, world: World) -> Moved:
    """The screen before, with everything kept; from the first one back to the home screen."""
    if visit.state in UNDER_OTHER_WAYS:
        return go(replace(visit, helper=None), State.OTHER_WAY)
    if visit.state is State.CAMERA:
        return go(visit, State.ATTACH)
    if visit.state is State.PRINCIPAL:
        return go(replace(visit, ground="", principal=None, card_problem=None), State.AGENT)
    if visit.editing or visit.definition is None:
        return forward(visit, world) if visit.editing else go(visit, State.HOME)
    flow = visit.definition.flow
    for index in range(visit.step - 1, -1, -1):
        if flow[index] is not StepType.PREFILL and _needs_screen(visit, flow[index], world):
            return _enter_step(replace(visit, step=index, page=0), world)
    return home(visit) if visit.errand is Errand.FILE else to_slip(visit)


def to_slip(visit: Visit) -> Moved:
    """Back to the case that was looked up; who stood here is forgotten."""
    left, out = go(visit, State.PROGRESS)
    kept = Visit(id=left.id, state=State.PROGRESS, language=left.language, elder=left.elder)
    return replace(kept, look_up=left.look_up), (*out, fx.Forget())


def home(visit: Visit) -> Moved:
    """Leave the service; what was typed, read or seen for it is dropped."""
    left, out = go(visit, State.HOME)
    kept = Visit(id=left.id, state=State.HOME, language=left.language, elder=left.elder)
    return kept, (*out, fx.Forget())


def _enter_step(visit: Visit, world: World) -> Moved:
    state = SCREEN_OF[visit.service.flow[visit.step]]
    if state is State.CONSENT:
        asked, out = go(visit, state)
        return without_consent(asked, world), out
    if state is State.REVIEW and visit.errand is Errand.WITHDRAW:
        state = State.WITHDRAW  # nothing was filled in: what will happen is reviewed
    return to_face(visit, world) if state is State.FACE else go(visit, state)


def to_face(visit: Visit, world: World) -> Moved:
    """The look at the face; while its process restarts a bounded wait for it; else the other way.

    A yes that no look can follow leaves nothing, as if it had not been given: a child's, above all.
    """
    if not may_use_face(visit, world):
        unused = visit.consent is not None and visit.consent.in_force and not visit.face.opened
        return go(replace(visit, consent=None) if unused else visit, State.OTHER_WAY)
    if world.face_ready:
        return go(visit, State.FACE)
    if not world.face_comes_back:
        return go(visit, State.OTHER_WAY)
    face = replace(visit.face, waiting=True, looking=False, guidance=None, failure=None)
    visit, out = _leave(replace(visit, face=face))
    return replace(visit, state=State.FACE, dialog=None), (*out, fx.AwaitFace())


def without_consent(visit: Visit, world: World) -> Visit:
    """Whoever comes back to the question has taken the answer back: what the camera found counts no more.

    The tries that were made still do, and looks that found nothing are told. The record stays only where the camera
    had been open under it.
    """
    given, was = visit.consent, visit.face
    face = FaceProgress(
        attempts=was.attempts,
        stalls=was.stalls,
        begun=was.begun,
        spent=was.spent,
        spent_before=was.spent_before,
        looks=tuple(look for look in was.looks if look.comparison is None)[-LOOKS_MAX:],
    )
    if given is not None and given.in_force:
        at = world.now.isoformat(timespec="seconds")
        given = replace(given, withdrawn_at=at) if was.opened else None
    return replace(visit, consent=given, face=face)


def is_a_way(method: Method, visit: Visit, world: World) -> bool:
    """Whether this service allows it and this village offers it; whether it works just now is asked apart."""
    return method in visit.service.evidence.methods and method in world.ways


def may_use_face(visit: Visit, world: World) -> bool:
    """Face only with consent, a photo, tries left, and age; whether the verifier works is asked apart."""
    agreed = visit.consent is not None and visit.consent.in_force
    return agreed and visit.card is not None and may_agree(visit, world)


def may_agree(visit: Visit, world: World) -> bool:
    """Whether a yes can lead to a look, as far as is known: before the card is read that is not much."""
    card = visit.card
    serves = card is None or (card.photo is not None and is_old_enough(visit, world))
    return is_a_way(Method.FACE, visit, world) and not visit.face.used_up and serves


def is_old_enough(visit: Visit, world: World) -> bool:
    """No face under 14 (rule D15); an unreadable birth date counts as too young.

    With a clock that nobody confirmed the age is reckoned on the earliest day that it can be.
    """
    return _is_at_least(FACE_AGE_MIN, visit, world)


def is_of_age(visit: Visit, world: World) -> bool:
    """Whether the one who stands here may act for another; reckoned as above."""
    return _is_at_least(AGENT_AGE_MIN, visit, world)


def _is_at_least(years: int, visit: Visit, world: World) -> bool:
    if visit.card is None or visit.card.document.birth_date is None:
        return False
    today = world.now if world.not_before is None else min(world.now, world.not_before)
    return age_on(visit.card.document.birth_date, today.date()) >= years
