"""Labels with their values, in two columns or, where the labels are long, one under another."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.journey.view import Line, Lines
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.theme import BLUE, BLUE_TINT, SECOND_INK, Size

LABEL_SHARE_MAX = 0.55
"""Of the sheet: a longer label is broken."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Lines measured for one width; `label_w` 0 puts each value under its label."""

    block: Lines
    label_w: float
    value_w: float
    heights: tuple[float, ...]
    between: float

    @property
    def height(self) -> float:
        return sum(self.heights) + self.between * (len(self.heights) - 1)

    def put(self, pen: Pen, sheet: Rect, inner: Rect) -> None:
        """Draw into `inner`; a line that can be changed is a target as wide as `sheet`."""
        theme = pen.theme
        gap = theme.px(20)
        y = inner.y
        for line, used in zip(self.block.lines, self.heights, strict=True):
            top = y
            if line.edit:
                row = Rect(sheet.x + gap, y, sheet.w - 2 * gap, used)
                pen.box(row, BLUE_TINT, radius=theme.px(18))
                side = theme.px(48)
                pen.icon(Rect(inner.right - side, y + (used - side) / 2, side, side), "pencil", BLUE)
                pen.target(row, f"action:{line.edit}")
                top = y + (used - _words_height(pen, line, self.label_w, self.value_w)) / 2
            label_w = self.label_w - gap if self.label_w else self.value_w
            label_h = pen.put_words(line.label, Rect(inner.x, top, label_w, 0), Size.BODY, ink=SECOND_INK)
            value_top = top if self.label_w else top + label_h
            value = Rect(inner.x + self.label_w, value_top, self.value_w, 0)
            pen.put_words(line.value, value, Size.BODY, bold=not self.label_w)
            y += used + self.between


def rows(pen: Pen, block: Lines, inner_w: float) -> Rows:
    """Beside each other or one under another, whichever is lower."""
    widest = max(pen.types.width(line.label, pen.theme.text(Size.BODY)) for line in block.lines)
    column = max(widest + pen.theme.px(44), pen.theme.px(210))
    beside = _measured(pen, block, inner_w, min(column, inner_w * LABEL_SHARE_MAX))
    under = _measured(pen, block, inner_w, 0)
    return under if under.height < beside.height else beside


def _measured(pen: Pen, block: Lines, inner_w: float, label_w: float) -> Rows:
    theme = pen.theme
    editable = any(line.edit for line in block.lines)
    value_w = inner_w - label_w - (theme.px(84) if editable else 0)
    heights = []
    for line in block.lines:
        words = _words_height(pen, line, label_w, value_w)
        heights.append(max(theme.target(104), words + theme.px(24)) if line.edit else words)
    return Rows(block, label_w, value_w, tuple(heights), theme.px(18))


def _words_height(pen: Pen, line: Line, label_w: float, value_w: float) -> float:
    if not label_w:
        label = pen.words_height(line.label, value_w, Size.BODY)
        return label + pen.words_height(line.value, value_w, Size.BODY, bold=True)
    return max(
        pen.words_height(line.label, label_w - pen.theme.px(20), Size.BODY),
        pen.words_height(line.value, value_w, Size.BODY),
    )
