"""The same on every screen: top bar, bottom bar, progress, title."""

from __future__ import annotations

from kiosk.journey.view import Action, TopBar, View
from screens.compose.buttons import action_key
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.scene import Align, Words
from screens.theme import (
    BLUE,
    BLUE_TINT,
    BORDER,
    DISABLED_INK,
    INK,
    JADE,
    JADE_TINT,
    SECOND_INK,
    TONES,
    WHITE,
    Colour,
    Size,
    Theme,
)

LOGO = "近"


def put_top(pen: Pen, top: TopBar, where: Rect) -> None:
    """Whose terminal this is at the left, network and time at the right."""
    theme = pen.theme
    pen.box(where, WHITE, radius=0)
    pen.box(Rect(where.x, where.bottom - theme.px(2), where.w, theme.px(2)), BORDER, radius=0)
    inner = where.shrink(theme.margin, 0)
    side = theme.px(76)
    logo = Rect(inner.x, where.y + (where.h - side) / 2, side, side)
    pen.box(logo, BLUE, radius=theme.px(18))
    _fixed_line(pen, LOGO, logo, 44, ink=WHITE, bold=True, align=Align.CENTRE)

    small = _fixed(theme, 30)
    time_w = pen.types.width(top.time_text, _fixed(theme, 36)) + 2
    time_box = Rect(inner.right - time_w, where.y, time_w, where.h)
    _fixed_line(pen, top.time_text, time_box, 36, ink=SECOND_INK)

    tints = TONES[top.link_tone]
    dot = theme.px(16)
    words_w = pen.types.width(top.link_text, small) + 2
    pill_h = theme.px(64)
    pill_w = words_w + dot + theme.px(60)
    pill = Rect(time_box.x - theme.px(28) - pill_w, where.y + (where.h - pill_h) / 2, pill_w, pill_h)
    pen.box(pill, tints.ground, radius=pill_h / 2)
    pen.box(Rect(pill.x + theme.px(24), pill.y + (pill_h - dot) / 2, dot, dot), tints.strong, radius=dot / 2)
    link = Rect(pill.x + theme.px(24) + dot + theme.px(12), pill.y, words_w, pill_h)
    _fixed_line(pen, top.link_text, link, 30, ink=tints.strong)

    left = logo.right + theme.px(28)
    names = Rect(left, where.y + theme.px(22), pill.x - theme.px(20) - left, where.h - theme.px(44))
    _fixed_line(pen, top.product, names.top_part(names.h * 0.56), 38, ink=INK, bold=True)
    _fixed_line(pen, top.station, names.bottom_part(names.h * 0.4), 26, ink=SECOND_INK)


def _fixed(theme: Theme, design_units: float) -> int:
    """The top bar keeps its size in elder mode: it is not what the resident reads."""
    return theme.px(design_units)


def _fixed_line(
    pen: Pen,
    text: str,
    where: Rect,
    units: float,
    *,
    ink: Colour,
    bold: bool = False,
    align: Align = Align.LEFT,
) -> None:
    px = _fixed(pen.theme, units)
    while px > 8 and pen.types.width(text, px, bold=bold) > where.w + 1:
        px -= 1
    line = round(px * 1.3)
    rect = Rect(where.x, where.y + (where.h - line) / 2, where.w, line)
    pen.items.append(Words(rect, (text,), px, line, ink, bold, align))


def put_bar(pen: Pen, actions: tuple[Action, ...], where: Rect) -> None:
    """Icons over short words, always in the same order."""
    theme = pen.theme
    pen.box(where, WHITE, radius=0)
    pen.box(where.top_part(theme.px(2)), BORDER, radius=0)
    inner = where.shrink(theme.margin * 0.5, theme.px(10))
    for action, cell in zip(actions, inner.columns(len(actions), theme.px(10)), strict=True):
        ink = BLUE if action.selected else INK if action.enabled else DISABLED_INK
        if action.selected:
            pen.box(cell, BLUE_TINT, radius=theme.px(22))
        side = theme.px(54)
        label_px = theme.text(Size.SMALL)
        label_h = label_px * 1.3
        if theme.landscape:
            label_w = pen.types.width(action.label, label_px, bold=action.selected)
            left = cell.x + max(0.0, (cell.w - side - theme.px(16) - label_w) / 2)
            pen.icon(Rect(left, cell.y + (cell.h - side) / 2, side, side), action.icon, ink)
            words = Rect(left + side + theme.px(16), cell.y, cell.right - left - side - theme.px(16), cell.h)
            pen.one_line(
                action.label, words, Size.SMALL, ink=ink, bold=action.selected, least_px=theme.px(20)
            )
        else:
            total = side + theme.px(10) + label_h
            y = cell.y + (cell.h - total) / 2
            pen.icon(Rect(cell.x + (cell.w - side) / 2, y, side, side), action.icon, ink)
            words = Rect(cell.x, y + side + theme.px(10), cell.w, label_h)
            pen.one_line(
                action.label,
                words,
                Size.SMALL,
                ink=ink,
                bold=action.selected,
                align=Align.CENTRE,
                least_px=theme.px(20),
            )
        pen.target(cell, action_key(action), enabled=action.enabled, reason=action.reason)


def put_head(pen: Pen, view: View, where: Rect) -> float:
    """Progress, mark, title and subtitle; the height used."""
    theme = pen.theme
    y = where.y
    if view.progress is not None:
        y += _progress(pen, view.progress, view.progress_text, Rect(where.x, y, where.w, 0)) + theme.px(26)
    left = where.x
    if view.mark:
        side = theme.px(120)
        spot = Rect(left, y, side, side)
        pen.box(spot, JADE_TINT, radius=side / 2)
        pen.icon(spot.shrink(side * 0.28), view.mark, JADE)
        left += side + theme.px(28)
    text = Rect(left, y, where.right - left, 0)
    used = pen.put_words(view.title, text, Size.TITLE, bold=True)
    if view.subtitle:
        below = Rect(text.x, y + used + theme.px(4), text.w, 0)
        used += theme.px(4) + pen.put_words(view.subtitle, below, Size.BODY, ink=SECOND_INK)
    return y + max(used, theme.px(120) if view.mark else 0) - where.y


def _progress(pen: Pen, progress: tuple[int, int], words: str, where: Rect) -> float:
    theme = pen.theme
    step, count = progress
    px = theme.text(Size.SMALL)
    words_w = pen.types.width(words, px) + theme.px(22)
    height = theme.line(Size.SMALL)
    pen.one_line(words, Rect(where.x, where.y, words_w, height), Size.SMALL, ink=SECOND_INK)
    bar = Rect(where.x + words_w, where.y + (height - theme.px(12)) / 2, where.w - words_w, theme.px(12))
    for number, cell in enumerate(bar.columns(count, theme.px(14)), 1):
        pen.box(cell, BLUE if number <= step else BORDER, radius=theme.px(6))
    return height
