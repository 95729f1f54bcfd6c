"""Collects items and targets; every `put_*` returns the height that it used, in pixels."""

from __future__ import annotations

from dataclasses import dataclass, field

from screens.geometry import Rect
from screens.scene import Align, Box, Icon, Item, Target, Words
from screens.theme import BORDER, CLEAR, INK, WHITE, Colour, Size, Theme
from screens.typeset import Typesetter


@dataclass(slots=True)
class Pen:
    """One layer in the making."""

    theme: Theme
    types: Typesetter
    items: list[Item] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)

    def scratch(self) -> Pen:
        """A pen whose strokes are thrown away: for measuring."""
        return Pen(self.theme, self.types)

    def box(
        self,
        rect: Rect,
        fill: Colour,
        *,
        radius: float | None = None,
        border: Colour = CLEAR,
        border_px: float | None = None,
    ) -> None:
        width = (self.theme.px(2) if border_px is None else border_px) if border is not CLEAR else 0
        self.items.append(Box(rect, fill, self.theme.radius if radius is None else radius, border, width))

    def card(self, rect: Rect) -> None:
        """A white sheet."""
        self.box(rect, WHITE, border=BORDER)

    def icon(self, rect: Rect, name: str, ink: Colour) -> None:
        self.items.append(Icon(rect, name, ink))

    def put_words(
        self,
        text: str,
        where: Rect,
        size: Size = Size.BODY,
        *,
        ink: Colour = INK,
        bold: bool = False,
        align: Align = Align.LEFT,
    ) -> float:
        """Words broken to the width of `where`, from its top."""
        px, line = self.theme.text(size), self.theme.line(size)
        width = min(where.w, px * 34) if align is Align.LEFT else where.w
        lines = self.types.lines(text, px, width, bold=bold)
        height = float(len(lines) * line)
        self.items.append(Words(where.top_part(height), lines, px, line, ink, bold, align))
        return height

    def put_lines(self, lines: tuple[str, ...], where: Rect, px: int, line: int) -> None:
        """Lines that are broken already."""
        self.items.append(Words(where.top_part(len(lines) * line), lines, px, line, INK))

    def words_height(self, text: str, width: float, size: Size, *, bold: bool = False) -> float:
        return self.scratch().put_words(text, Rect(0, 0, width, 0), size, bold=bold)

    def one_line(
        self,
        text: str,
        where: Rect,
        size: Size,
        *,
        ink: Colour = INK,
        bold: bool = False,
        align: Align = Align.LEFT,
        least_px: int = 0,
    ) -> None:
        """One line in the middle of `where`; a text too long for it is set smaller, down to `least_px`
        (or the floor of the theme), then broken into two lines.
        """
        px = self.theme.text(size)
        floor = least_px or self.theme.text(Size.SMALL)
        while px > floor and self.types.width(text, px, bold=bold) > where.w:
            px -= 1
        line = round(px * 1.3)
        lines = self.types.lines(text, px, where.w, bold=bold)
        height = len(lines) * line
        rect = Rect(where.x, where.y + (where.h - height) / 2, where.w, height)
        self.items.append(Words(rect, lines, px, line, ink, bold, align))

    def target(self, rect: Rect, key: str, *, enabled: bool = True, reason: str = "") -> None:
        self.targets.append(Target(rect, key, enabled, reason))
