"""The sheet on which a resident writes: question, text, candidates, keys."""

from __future__ import annotations

from kiosk.journey.view import Field
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.keyboard.layout import Key, KeyKind
from screens.keyboard.model import Keyboard
from screens.scene import Align
from screens.theme import BLUE, BLUE_TINT, BORDER, DISABLED_INK, FLAT, INK, PAPER, SECOND_INK, WHITE, Size

CARET = "▏"
COUNT_FROM = 0.8
"""The count of characters is shown when the end is in sight; before, it only worries."""
KEY_ICONS = {KeyKind.BACKSPACE: "backspace"}
PREVIOUS, NEXT = "key:previous", "key:more"


def put_writing(pen: Pen, field: Field, keyboard: Keyboard, room: Rect) -> None:
    """Fills `room`; the keys are at its lower end, in reach of the hands."""
    theme = pen.theme
    pen.box(room, PAPER, radius=0)
    inner = room.shrink(theme.margin * 0.6, theme.px(24))
    rows = keyboard.rows()
    key_h = theme.target(104 if theme.landscape else 136)
    between = theme.px(14)
    keys_h = len(rows) * key_h + (len(rows) - 1) * between
    _keys(pen, keyboard, inner.bottom_part(keys_h), key_h, between)
    strip_h = theme.target(104)
    strip = Rect(inner.x, inner.bottom - keys_h - theme.px(22) - strip_h, inner.w, strip_h)
    _candidates(pen, keyboard, strip)
    _text(pen, field, keyboard, Rect(inner.x, inner.y, inner.w, strip.y - theme.px(22) - inner.y))


def _text(pen: Pen, field: Field, keyboard: Keyboard, where: Rect) -> None:
    theme = pen.theme
    y = where.y
    y += pen.put_words(field.label, where, Size.HEADING, bold=True)
    hint = keyboard.notice_words or field.error or field.hint
    if hint:
        y += pen.put_words(hint, Rect(where.x, y, where.w, 0), Size.BODY, ink=SECOND_INK)
    y += theme.px(14)
    box = Rect(where.x, y, where.w, max(theme.line(Size.HEADING) + theme.px(44), where.bottom - y))
    pen.box(box, WHITE, border=BLUE, border_px=theme.px(3), radius=theme.px(20))
    inner = box.shrink(theme.px(30), theme.px(22))
    px, line = theme.text(Size.HEADING), theme.line(Size.HEADING)
    rows = max(1, int(inner.h // line))
    lines = pen.types.lines(keyboard.text + CARET, px, inner.w)[-rows:]
    pen.put_lines(lines, inner, px, line)
    if len(keyboard.text) < keyboard.max_length * COUNT_FROM:
        return
    count = f"{len(keyboard.text)}/{keyboard.max_length}"
    foot = box.shrink(theme.px(24), theme.px(12)).bottom_part(theme.line(Size.SMALL))
    pen.one_line(count, foot, Size.SMALL, ink=SECOND_INK, align=Align.RIGHT)


def _candidates(pen: Pen, keyboard: Keyboard, strip: Rect) -> None:
    """Letters under way above, what they may mean as large keys, and the way to more."""
    theme = pen.theme
    pen.box(strip, WHITE, border=BORDER, radius=theme.px(18))
    if not keyboard.composing:
        return
    arrow = theme.target(88)
    letters_w = pen.types.width(keyboard.composing, theme.text(Size.SMALL)) + theme.px(48)
    letters = Rect(strip.x, strip.y, min(letters_w, strip.w * 0.3), strip.h)
    pen.one_line(keyboard.composing, letters, Size.SMALL, ink=BLUE, align=Align.CENTRE)
    for key, icon, can, left in (
        (PREVIOUS, "back", keyboard.has_previous, strip.right - 2 * arrow),
        (NEXT, "forward", keyboard.has_more, strip.right - arrow),
    ):
        cell = Rect(left, strip.y, arrow, strip.h)
        side = theme.px(44)
        ink = BLUE if can else BORDER
        pen.icon(Rect(cell.x + (arrow - side) / 2, cell.y + (strip.h - side) / 2, side, side), icon, ink)
        pen.target(cell, key, enabled=can)
    x, end = letters.right, strip.right - 2 * arrow
    px = theme.text(Size.HEADING)
    for index, candidate in enumerate(keyboard.candidates()):
        width = max(pen.types.width(candidate.text, px, bold=True) + theme.px(36), theme.target(72))
        if x + width > end:
            break
        cell = Rect(x, strip.y, width, strip.h)
        pen.one_line(candidate.text, cell, Size.HEADING, bold=True, align=Align.CENTRE)
        pen.target(cell, f"candidate:{index}")
        x += width


def _keys(pen: Pen, keyboard: Keyboard, area: Rect, key_h: float, between: float) -> None:
    theme = pen.theme
    rows = keyboard.rows()
    widest = max(row.width for row in rows)
    unit = min(area.w / widest, theme.px(200))
    left = area.x + (area.w - unit * widest) / 2
    y = area.y
    for row in rows:
        x = left + row.indent * unit
        for key in row.keys:
            cell = Rect(x + between / 2, y, key.width * unit - between, key_h)
            _key(pen, key, cell)
            x += key.width * unit
        y += key_h + between


def _key(pen: Pen, key: Key, cell: Rect) -> None:
    theme = pen.theme
    plain = key.kind in (KeyKind.LETTER, KeyKind.TEXT, KeyKind.SPACE)
    done = key.kind is KeyKind.DONE
    fill = BLUE if done else BLUE_TINT if key.selected else WHITE if plain else FLAT
    ink = WHITE if done else BLUE if key.selected else INK if key.enabled else DISABLED_INK
    pen.box(cell, fill, border=BLUE if done else BORDER, radius=theme.px(16))
    if key.kind in KEY_ICONS:
        side = min(theme.px(56), cell.w * 0.6)
        spot = Rect(cell.x + (cell.w - side) / 2, cell.y + (cell.h - side) / 2, side, side)
        pen.icon(spot, KEY_ICONS[key.kind], ink)
    else:
        size = Size.HEADING if plain and key.kind is not KeyKind.SPACE else Size.SMALL
        inner = cell.shrink(theme.px(10), 0)
        pen.one_line(
            key.label, inner, size, ink=ink, bold=done or plain, align=Align.CENTRE, least_px=theme.px(20)
        )
    pen.target(cell, f"key:{key.id}", enabled=key.enabled, reason=key.reason)
