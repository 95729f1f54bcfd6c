"""Colours and sizes. Sizes follow the panel's short side, and never fall below what eyes and
fingers need in millimetres (rule D17: at 60 cm a body of 4 mm, for elders 5.2 mm; targets of 15
and 20 mm). Pure: no window is needed.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from kiosk.journey.view import Tone

DESIGN_SHORT_SIDE = 1080
"""The short side that the sizes below were drawn for, in design units."""
INK_PER_EM = 0.92
"""Height of a Han character's ink in its em square (Noto Sans SC)."""
BODY_MM = {False: 4.0, True: 5.2}
"""Least height of a character by elder mode, in mm (rule D17)."""
TARGET_MM = {False: 15.0, True: 20.0}
"""Least side of what is pressed by elder mode, in mm (rule D17)."""
LINE_HEIGHT = 1.42
"""Line to line in ems; rule D17 asks for 1.3 at least."""
MOST_CHARACTERS_A_LINE = 34
"""Longer lines of Chinese lose the eye on a landscape panel."""


class Size(StrEnum):
    """Roles of type, from the case code down to the caption."""

    CODE = "code"
    DISPLAY = "display"
    TITLE = "title"
    HEADING = "heading"
    BUTTON = "button"
    BODY = "body"
    SMALL = "small"


TYPE_SCALE = {
    Size.CODE: (80, 80),
    Size.DISPLAY: (86, 96),
    Size.TITLE: (60, 80),
    Size.HEADING: (42, 54),
    Size.BUTTON: (44, 58),
    Size.BODY: (36, 48),
    Size.SMALL: (29, 38),
}
"""Em heights in design units: standard, elder."""

Colour = tuple[float, float, float, float]


def colour(hex_: str, alpha: float = 1.0) -> Colour:
    """'#185190' as red, green, blue, alpha of 0 to 1."""
    red, green, blue = (int(hex_[i : i + 2], 16) / 255 for i in (1, 3, 5))
    return red, green, blue, alpha


PAPER = colour("#F5F3EE")
WHITE = colour("#FFFFFF")
BORDER = colour("#DFDACD")
INK = colour("#17242E")
SECOND_INK = colour("#586A78")
DISABLED_INK = colour("#6B7782")
BLUE = colour("#185190")
BLUE_TINT = colour("#E5EDF8")
JADE = colour("#177E63")
JADE_TINT = colour("#E1F2EC")
AMBER = colour("#B36205")
AMBER_TINT = colour("#FBEFDA")
AMBER_BORDER = colour("#F0DDB5")
BRICK = colour("#A5352B")
BRICK_TINT = colour("#FAE8E5")
BRICK_BORDER = colour("#EFC9C3")
FLAT = colour("#ECE8DE")
SHADE = colour("#0E1A24", 0.55)
PRESSED = colour("#0E2A4A", 0.16)
CLEAR = colour("#FFFFFF", 0.0)


@dataclass(frozen=True, slots=True)
class Tints:
    """A tone as strong colour, ground and border."""

    strong: Colour
    ground: Colour
    border: Colour


TONES = {
    Tone.CALM: Tints(BLUE, BLUE_TINT, colour("#CCDBEE")),
    Tone.FINE: Tints(JADE, JADE_TINT, colour("#C2E2D7")),
    Tone.WAITING: Tints(AMBER, AMBER_TINT, AMBER_BORDER),
    Tone.TROUBLE: Tints(BRICK, BRICK_TINT, BRICK_BORDER),
}


@dataclass(frozen=True, slots=True)
class Theme:
    """Sizes in pixels for one panel and one reader."""

    width_px: int
    height_px: int
    pixels_per_mm: float
    elder: bool = False

    @classmethod
    def for_panel(cls, width_px: int, height_px: int, panel_width_mm: float, *, elder: bool) -> Theme:
        return cls(width_px, height_px, width_px / panel_width_mm, elder)

    @property
    def landscape(self) -> bool:
        return self.width_px > self.height_px

    @property
    def unit(self) -> float:
        """Pixels of one design unit."""
        return min(self.width_px, self.height_px) / DESIGN_SHORT_SIDE

    def px(self, design_units: float) -> int:
        return round(design_units * self.unit)

    def text(self, size: Size) -> int:
        """Em height in pixels; no role is ever smaller than the floor of rule D17."""
        designed = TYPE_SCALE[size][self.elder] * self.unit
        return round(max(designed, BODY_MM[self.elder] / INK_PER_EM * self.pixels_per_mm))

    def line(self, size: Size) -> int:
        """Line to line in pixels."""
        return round(self.text(size) * LINE_HEIGHT)

    def target(self, design_units: float) -> int:
        """A side of something to press: as designed, never under the finger's millimetres."""
        return max(self.px(design_units), round(TARGET_MM[self.elder] * self.pixels_per_mm + 0.5))

    @property
    def margin(self) -> int:
        return self.px(56)

    @property
    def gap(self) -> int:
        return self.px(36 if self.elder else 28)

    @property
    def radius(self) -> int:
        return self.px(28)

    @property
    def button_height(self) -> int:
        if self.landscape:
            return self.target(140 if self.elder else 116)
        return self.target(190 if self.elder else 146)

    @property
    def top_height(self) -> int:
        return self.px(112 if self.landscape else 146)

    @property
    def bottom_height(self) -> int:
        return self.target(112 if self.landscape else 188)
