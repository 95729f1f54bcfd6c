"""Everything that looks pressable."""

from __future__ import annotations

from collections.abc import Sequence

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


WIDE_TILE_HEIGHT = 208
"""Design units: a service alone under its life event still looks like the main thing of the page."""


def action_key(action: Action) -> str:
    return f"action:{action.id}"


def badge(pen: Pen, rect: Rect, name: str, *, enabled: bool = True) -> None:
    """An icon on its tinted square."""
    ink, ground = ICON_TINTS.get(name, (BLUE, BLUE_TINT))
    if not enabled:
        ink, ground = DISABLED_INK, FLAT
    pen.box(rect, ground, radius=rect.w * 0.22)
    pen.icon(rect.shrink(rect.w * 0.2), name, ink)


def button(pen: Pen, action: Action, rect: Rect) -> None:
    """A button of a page's end; under its label the hint, or why it cannot be pressed."""
    filled = action.style is Style.PRIMARY and action.enabled
    ink = WHITE if filled else BLUE if action.enabled else DISABLED_INK
    fill = BLUE if filled else WHITE if action.enabled else FLAT
    pen.box(
        rect,
        fill,
        border=CLEAR if filled else BLUE if action.enabled else BORDER,
        border_px=pen.theme.px(3),
    )
    inner = rect.shrink(pen.theme.px(24), pen.theme.px(12))
    below = action.hint if action.enabled else action.reason
    if action.icon and not below:
        side = pen.theme.text(Size.BUTTON) * 1.1
        width = pen.types.width(action.label, pen.theme.text(Size.BUTTON), bold=True)
        gap = pen.theme.px(16)
        if side + gap + width <= inner.w:
            left = inner.x + (inner.w - side - gap - width) / 2
            pen.icon(Rect(left, rect.y + (rect.h - side) / 2, side, side), action.icon, ink)
            inner = Rect(left + side + gap, inner.y, width + 2, inner.h)
    if below:
        # The label keeps the upper part, so that two equal buttons stay equal.
        upper = inner.top_part(inner.h * 0.58)
        pen.one_line(action.label, upper, Size.BUTTON, ink=ink, bold=True, align=Align.CENTRE)
        lower = inner.bottom_part(inner.h * 0.4)
        pen.one_line(below, lower, Size.SMALL, ink=ink, align=Align.CENTRE, least_px=pen.theme.px(22))
    else:
        pen.one_line(action.label, inner, Size.BUTTON, ink=ink, bold=True, align=Align.CENTRE)
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


def buttons_height(pen: Pen, actions: Sequence[Action], *, one_column: bool) -> float:
    rows = len(rows_of(actions, one_column=one_column))
    return rows * pen.theme.button_height + max(0, rows - 1) * pen.theme.gap * 0.75


def put_buttons(pen: Pen, actions: Sequence[Action], where: Rect, *, one_column: bool) -> None:
    """Rows of buttons from the top of `where`."""
    y = where.y
    for row in rows_of(actions, one_column=one_column):
        line = Rect(where.x, y, where.w, pen.theme.button_height)
        for action, rect in zip(row, line.columns(len(row), pen.theme.gap), strict=True):
            button(pen, action, rect)
        y += pen.theme.button_height + pen.theme.gap * 0.75


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
    x = rect.x + theme.px(36)
    if action.icon:
        side = min(theme.px(124), rect.h - theme.px(32))
        badge(pen, Rect(x, rect.y + (rect.h - side) / 2, side, side), action.icon, enabled=action.enabled)
        x += side + theme.px(32)
    text = Rect(x, rect.y, rect.right - theme.px(28) - x, rect.h)
    _label_and_hint(pen, action, text)
    pen.target(rect, action_key(action), enabled=action.enabled, reason=action.reason)


def choice_height(pen: Pen, action: Action) -> float:
    theme = pen.theme
    lines = theme.line(Size.HEADING) + (theme.line(Size.SMALL) if action.hint or action.reason else 0)
    return max(theme.target(148), lines + theme.px(44))


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
    top = rect.y + pad + side + theme.px(14)
    _label_and_hint(pen, action, Rect(rect.x + pad, top, rect.w - 2 * pad, rect.bottom - theme.px(26) - top))
    pen.target(rect, action_key(action), enabled=action.enabled, reason=action.reason)


def tile_height(pen: Pen, actions: Sequence[Action], width: float, *, wide: bool) -> float:
    """One height for all tiles of a group."""
    theme = pen.theme
    if wide:
        return max(theme.target(WIDE_TILE_HEIGHT), *(choice_height(pen, a) for a in actions))
    inner = width - 2 * theme.px(38)
    texts = (
        pen.words_height(a.label, inner, Size.HEADING, bold=True)
        + pen.words_height(a.hint if a.enabled else a.reason, inner, Size.SMALL)
        for a in actions
    )
    return theme.px(38 + 92 + 14 + 26) + max(texts)


def _label_and_hint(pen: Pen, action: Action, where: Rect) -> None:
    ink = INK if action.enabled else DISABLED_INK
    below = action.hint if action.enabled else action.reason
    scratch = pen.scratch()
    height = scratch.put_words(action.label, where, Size.HEADING, bold=True)
    if below:
        height += scratch.put_words(below, where, Size.SMALL)
    y = where.y + max(0.0, (where.h - height) / 2)
    y += pen.put_words(action.label, Rect(where.x, y, where.w, 0), Size.HEADING, ink=ink, bold=True)
    if below:
        pen.put_words(
            below, Rect(where.x, y, where.w, 0), Size.SMALL, ink=SECOND_INK if action.enabled else ink
        )
