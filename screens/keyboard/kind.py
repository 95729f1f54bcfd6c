"""Which keyboard a question opens."""

from __future__ import annotations

from kiosk.journey.view import DIGITS, FieldKind
from screens.keyboard.model import Kind


def keyboard_kind(asked: FieldKind) -> Kind:
    """Digits for numbers, digits and capitals for a code, everything for the rest."""
    if asked in DIGITS:
        return "number"
    return "code" if asked is FieldKind.CODE else "text"
