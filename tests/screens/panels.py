"""The panels that every screen is tried on, and the fonts that it is set in."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

from kiosk.assembly.devices import fonts_of
from screens.theme import Theme
from screens.typeset import Typesetter

PROJECT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class PanelSize:
    """Pixels, and the width in millimetres."""

    width_px: int
    height_px: int
    width_mm: float

    def __str__(self) -> str:
        return f"{self.width_px}x{self.height_px}"

    def theme(self, *, elder: bool) -> Theme:
        return Theme.for_panel(self.width_px, self.height_px, self.width_mm, elder=elder)


STANDING = PanelSize(1080, 1920, 398)
LYING = PanelSize(1920, 1080, 698)
PANELS = (STANDING, LYING, PanelSize(768, 1366, 344), PanelSize(1280, 800, 261))
"""32 inches standing and lying, 27 inches of coarse pixels, 12 inches of fine ones."""


@cache
def types() -> Typesetter:
    """The fonts that set-up made."""
    return Typesetter(fonts_of(PROJECT / ".setup" / "fonts"))
