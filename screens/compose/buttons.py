"""Everything that looks pressable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kiosk.journey.view import Action, Style
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.scene import Align
from screens.theme import (
    AMBER,
    AMBER_TINT,
    BLUE,
    BLUE_TINT,
    BORDER,
    CLEAR,
    DISABLED_INK,
    FLAT,
    INK,
    JADE,
    JADE_TINT,
    SECOND_INK,
    WHITE,
    Colour,
    Size,
)

ICON_TINTS: dict[str, tuple[Colour, Colour]] = {
    "elder": (JADE, JADE_TINT),
    "camera": (AMBER, AMBER_TINT),
    "helper": (JADE, JADE_TINT),
}
"""Warmth for what is known at a glance; every other icon is blue. Never the only sign of anything."""


BUTTON_PAD = 24, 12
"""Design units between a button's edge and its words: across, down."""
TIGHT_LINE = 1.3
"""Line to line in ems inside a button: the least that rule D17 allows."""
WIDE_TILE_HEIGHT = {False: 208, True: 150}
"""Design units, by landscape: a service alone under its life event still looks like the main thing."""
CHOICE_HEIGHT = {False: 148, True: 124}
"""Design units, by landscape: five levels of satisfaction stand on one page, none out of sight (D34)."""


def action_key(action: Action) -> str:
    return f"action:{action.id}"


def badge(pen: Pen, rect: Rect, name: str, *, enabled: bool = True) -> None:
    """An icon on its tinted square."""
    ink, ground = ICON_TINTS.get(name, (BLUE, BLUE_TINT))
    if not enabled:
        ink, ground = DISABLED_INK, FLAT
    pen.box(rect, ground, radius=rect.w * 0.22)
    pen.icon(rect.shrink(rect.w * 0.2), name, ink)


@dataclass(frozen=True, slots=True)
class Plan:
    """The buttons of one page are of one height, and their labels of one size."""

    height: float
    label_px: int


def plan(pen: Pen, actions: Sequence[Action], width: float) -> Plan:
    """For buttons of this width: as designed, higher where the words need it."""
    theme = pen.theme
    inner = width - 2 * theme.px(BUTTON_PAD[0])
    px = pen.fitting((a.label for a in actions), inner, Size.BUTTON, Size.BODY, bold=True)
    words = max((sum(h for _, _, h in _button_lines(pen, a, inner, px)) for a in actions), default=0.0)
    return Plan(max(theme.button_height, words + 2 * theme.px(BUTTON_PAD[1])), px)


ButtonLines = tuple[tuple[str, ...], int, float]
"""Lines, their em height and the height of all of them, in pixels."""


def _button_lines(pen: Pen, action: Action, width: float, label_px: int) -> Iterator[ButtonLines]:
    """The label, and under it the hint or why the button cannot be pressed."""
    below = action.hint if action.enabled else action.reason
    small = pen.theme.text(Size.SMALL)
    for text, px, bold in ((action.label, label_px, True), (below, small, False)):
        if text:
            lines = pen.types.lines(text, px, width, bold=bold)
            yield lines, px, len(lines) * round(px * TIGHT_LINE)


def button(pen: Pen, action: Action, rect: Rect, label_px: int) -> None:
    """A button of a page's end; under its label the hint, or why it cannot be pressed."""
    theme = pen.theme
    filled = action.style is Style.PRIMARY and action.enabled
    ink = WHITE if filled else BLUE if action.enabled else DISABLED_INK
    fill = BLUE if filled else WHITE if action.enabled else FLAT
    border = CLEAR if filled else BLUE if action.enabled else BORDER
    pen.box(rect, fill, border=border, border_px=theme.px(3))
    inner = rect.shrink(theme.px(BUTTON_PAD[0]), theme.px(BUTTON_PAD[1]))
    parts = list(_button_lines(pen, action, inner.w, label_px))
    if action.icon and len(parts) == 1 and len(parts[0][0]) == 1:
        side = label_px * 1.1
        width = pen.types.width(action.label, label_px, bold=True)
        gap = theme.px(16)
        if side + gap + width <= inner.w:
            left = inner.x + (inner.w - side - gap - width) / 2
            pen.icon(Rect(left, rect.y + (rect.h - side) / 2, side, side), action.icon, ink)
            inner = Rect(left + side + gap, inner.y, width + 2, inner.h)
    y = inner.y + (inner.h - sum(height for _, _, height in parts)) / 2
    for place, (lines, px, height) in enumerate(parts):
        line = Rect(inner.x, y, inner.w, height)
        pen.put_lines(lines, line, px, round(px * TIGHT_LINE), ink=ink, bold=place == 0, align=Align.CENTRE)
        y += height
    pen.target(rect, action_key(action), enabled=action.enabled, reason=action.reason)


def rows_of(actions: Sequence[Action], *, one_column: bool) -> list[tuple[Action, ...]]:
    """Rows from the top: equal choices side by side, the way on at the right or at the very end."""
    if one_column:
        first = [a for a in actions if a.style is Style.PRIMARY]
        return [(a,) for a in (*first, *(a for a in actions if a.style is not Style.PRIMARY))]
    if len(actions) <= 1:
        return [tuple(actions)] if actions else []
    if len(actions) == 2:
        ordered = sorted(actions, key=lambda a: a.style is Style.PRIMARY)
        return [tuple(ordered)]
    quiet = [a for a in actions if a.style is not Style.PRIMARY]
    rows = [tuple(quiet[i : i + 2]) for i in range(0, len(quiet), 2)]
    return rows + [(a,) for a in actions if a.style is Style.PRIMARY]


def buttons_height(pen: Pen, actions: Sequence[Action], width: float, *, one_column: bool) -> float:
    rows = rows_of(actions, one_column=one_column)
    height = _plan_of_rows(pen, rows, width).height
    return len(rows) * height + max(0, len(rows) - 1) * pen.theme.gap * 0.75


def _plan_of_rows(pen: Pen, rows: list[tuple[Action, ...]], width: float) -> Plan:
    most = max(map(len, rows))
    return plan(pen, [a for row in rows for a in row], (width - (most - 1) * pen.theme.gap) / most)


def put_buttons(pen: Pen, actions: Sequence[Action], where: Rect, *, one_column: bool) -> None:
    """Rows of buttons from the top of `where`."""
    rows = rows_of(actions, one_column=one_column)
    planned = _plan_of_rows(pen, rows, where.w)
    y = where.y
    for row in rows:
        line = Rect(where.x, y, where.w, planned.height)
        for action, rect in zip(row, line.columns(len(row), pen.theme.gap), strict=True):
            button(pen, action, rect, planned.label_px)
        y += planned.height + pen.theme.gap * 0.75


def put_choice(pen: Pen, action: Action, rect: Rect) -> None:
    """A wide card: icon, label, hint."""
    theme = pen.theme
    fill = BLUE_TINT if action.selected else WHITE if action.enabled else FLAT
    pen.box(
        rect,
        fill,
        border=BLUE if action.selected else BORDER,
        border_px=theme.px(3 if action.selected else 2),
    )
    if action.icon:
        side = min(theme.px(124), rect.h - theme.px(32))
        spot = Rect(rect.x + theme.px(36), rect.y + (rect.h - side) / 2, side, side)
        badge(pen, spot, action.icon, enabled=action.enabled)
    lead = _choice_lead(pen, action)
    _label_and_hint(pen, action, Rect(rect.x + lead, rect.y, rect.w - lead - theme.px(28), rect.h))
    pen.target(rect, action_key(action), enabled=action.enabled, reason=action.reason)


def _choice_lead(pen: Pen, action: Action) -> float:
    """From the edge of a card to its words, with room for the icon."""
    return pen.theme.px(36 + 124 + 32 if action.icon else 36)


def choice_height(pen: Pen, action: Action, width: float) -> float:
    theme = pen.theme
    words = _words_height(pen, action, width - _choice_lead(pen, action) - theme.px(28))
    return max(theme.target(CHOICE_HEIGHT[theme.landscape]), words + theme.px(30))


def put_tile(pen: Pen, action: Action, rect: Rect, *, wide: bool) -> None:
    """A service on the home screen."""
    if wide:
        put_choice(pen, action, rect)
        return
    theme = pen.theme
    pen.box(rect, WHITE if action.enabled else FLAT, border=BORDER)
    pad, side = theme.px(38), theme.px(92)
    badge(
        pen, Rect(rect.x + pad, rect.y + pad, side, side), action.icon or "document", enabled=action.enabled
    )
    # At one distance from the icon in every tile, however few words there are.
    inner = rect.w - 2 * pad
    top = rect.y + pad + side + theme.px(14)
    _label_and_hint(pen, action, Rect(rect.x + pad, top, inner, _words_height(pen, action, inner)))
    pen.target(rect, action_key(action), enabled=action.enabled, reason=action.reason)


def tile_height(pen: Pen, actions: Sequence[Action], width: float, *, wide: bool) -> float:
    """One height for all these tiles."""
    theme = pen.theme
    if wide:
        least = theme.target(WIDE_TILE_HEIGHT[theme.landscape])
        return max(least, *(choice_height(pen, a, width) for a in actions))
    inner = width - 2 * theme.px(38)
    return theme.px(38 + 92 + 14 + 26) + max(_words_height(pen, a, inner) for a in actions)


def _words_height(pen: Pen, action: Action, width: float) -> float:
    """Of `_label_and_hint`."""
    below = action.hint if action.enabled else action.reason
    height = pen.words_height(action.label, width, Size.HEADING, bold=True)
    return height + (pen.words_height(below, width, Size.SMALL) if below else 0)


def _label_and_hint(pen: Pen, action: Action, where: Rect) -> None:
    ink = INK if action.enabled else DISABLED_INK
    below = action.hint if action.enabled else action.reason
    y = where.y + max(0.0, (where.h - _words_height(pen, action, where.w)) / 2)
    y += pen.put_words(action.label, Rect(where.x, y, where.w, 0), Size.HEADING, ink=ink, bold=True)
    if below:
        pen.put_words(
            below, Rect(where.x, y, where.w, 0), Size.SMALL, ink=SECOND_INK if action.enabled else ink
        )
