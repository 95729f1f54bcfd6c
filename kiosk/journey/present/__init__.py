"""From a visit to the screen it stands before, in the resident's language."""

from __future__ import annotations

from collections.abc import Callable

from kiosk.journey.present import asking, filling, finishing, proving, recognising, returning, staff, welcome
from kiosk.journey.present.frame import Parts, bar, dialog, progress, top_bar
from kiosk.journey.states import State
from kiosk.journey.view import View
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from kiosk.locale import Texts, texts_for

Presenter = Callable[[Visit, World, Texts], Parts]

SCREENS: dict[State, Presenter] = {
    State.ATTRACT: welcome.attract,
    State.HOME: welcome.home,
    State.PROGRESS: asking.progress,
    State.NOTICE: welcome.notice,
    State.CONSENT: recognising.consent,
    State.CARD: recognising.card,
    State.AGENT: recognising.agent,
    State.PRINCIPAL: recognising.principal,
    State.FACE: recognising.face,
    State.OTHER_WAY: recognising.other_way,
    State.HELPER: recognising.helper,
    State.HELPER_CHECK: recognising.helper_check,
    State.SMS: proving.sms,
    State.QR: proving.qr,
    State.CLERK_CONSENT: proving.clerk_consent,
    State.CLERK: proving.clerk,
    State.WINDOW: recognising.window,
    State.PREFILL: asking.prefill,
    State.ATTACH: filling.attach,
    State.CAMERA: filling.camera,
    State.FORM: filling.form,
    State.REVIEW: filling.review,
    State.WITHDRAW: returning.withdraw,
    State.SUBMITTING: finishing.submitting,
    State.NOT_STORED: finishing.not_stored,
    State.RESULT: finishing.result,
    State.TAKE_CARD: finishing.take_card,
    State.EVALUATE: finishing.evaluate,
    State.ENDED: finishing.ended,
    State.STAFF_DOOR: staff.door,
    State.STAFF_MENU: staff.menu,
    State.STAFF_HEALTH: staff.health,
}


def present(visit: Visit, world: World) -> View:
    """The view of this visit in this world; pure, so an equal visit gives an equal view."""
    t = texts_for(visit.language)
    parts = SCREENS[visit.state](visit, world, t)
    steps = progress(visit)
    return View(
        state=visit.state,
        title=parts.title,
        subtitle=parts.subtitle,
        mark=parts.mark,
        blocks=parts.blocks,
        actions=parts.actions,
        busy=parts.busy,
        top=top_bar(world, t),
        bar=bar(visit, world, t),
        dialog=dialog(visit, world, t),
        progress=steps,
        progress_text=t("第 {step} 步，共 {count} 步", step=steps[0], count=steps[1]) if steps else "",
        language=visit.language,
        elder=visit.elder,
    )
