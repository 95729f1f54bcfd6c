"""The question before the camera opens: what is recorded of a yes, and that a no leaves nothing."""

from __future__ import annotations

from dataclasses import replace

from kiosk.catalogue.consent import Notice, notice_of
from kiosk.journey import events as ev
from kiosk.journey.moves import Moved, forward, may_agree, without_consent
from kiosk.journey.visit import USED_CONSENTS_MAX, Consent, Visit
from kiosk.journey.world import World


def face_notice(visit: Visit) -> Notice:
    """What is read on the screen; a definition without one is refused when it is loaded."""
    notice = notice_of(visit.service.consent_notice)
    if notice is None:
        message = "the service has no consent notice"
        raise LookupError(message)
    return notice


def consent_to(notice: Notice, visit: Visit, world: World) -> Consent:
    """The record of a yes: to these very words, in the language of the screen, by the terminal's clock."""
    return Consent(
        given=True,
        notice_version=notice.version,
        at=world.now.isoformat(timespec="seconds"),
        clock_quality=world.clock_quality,
        language=visit.language,
        text_hash=notice.digest(visit.language, world.place.responsible_body),
    )


def kept(visit: Visit, used: Consent | None) -> tuple[Consent, ...]:
    """A camera was open under it: it stays as it is beside the one that comes in its place."""
    return visit.used_consents if used is None else (*visit.used_consents, used)[-USED_CONSENTS_MAX:]


def agreed(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """What is left here of an earlier yes was used and taken back (`without_consent`)."""
    if not may_agree(visit, world):
        return visit, ()
    now = consent_to(face_notice(visit), visit, world)
    return forward(replace(visit, consent=now, used_consents=kept(visit, visit.consent)), world)


def refused(visit: Visit, _event: ev.Event, world: World) -> Moved:
    """Nothing is written down: a no is nobody's to see. An earlier yes that was taken back stays as that."""
    return forward(without_consent(visit, world), world)
