"""The states of a visit, one for each screen that a resident can stand before."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where the visit is."""

    ATTRACT = "attract"
    HOME = "home"
    PROGRESS = "progress"
    NOTICE = "notice"
    CONSENT = "consent"
    CARD = "card"
    AGENT = "agent"
    PRINCIPAL = "principal"
    FACE = "face"
    OTHER_WAY = "other_way"
    HELPER = "helper"
    HELPER_CHECK = "helper_check"
    SMS = "sms"
    QR = "qr"
    CLERK_CONSENT = "clerk_consent"
    CLERK = "clerk"
    PREFILL = "prefill"
    ATTACH = "attach"
    CAMERA = "camera"
    FORM = "form"
    REVIEW = "review"
    WITHDRAW = "withdraw"
    SUBMITTING = "submitting"
    NOT_STORED = "not_stored"
    RESULT = "result"
    TAKE_CARD = "take_card"
    EVALUATE = "evaluate"
    WINDOW = "window"
    ENDED = "ended"
    STAFF_DOOR = "staff_door"
    STAFF_MENU = "staff_menu"
    STAFF_HEALTH = "staff_health"


STAFF_OPEN = frozenset({State.STAFF_MENU, State.STAFF_HEALTH})
"""Behind the PIN."""
STAFF = STAFF_OPEN | {State.STAFF_DOOR}
IDENTIFIED_NOTHING = STAFF | {State.ATTRACT, State.ENDED}
"""States that hold nothing of a person: idle and cancel have nothing to leave here."""
