"""The sheet on which a resident writes: question, text, candidates, keys."""

from __future__ import annotations

from kiosk.journey.view import Field, FieldKind
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.keyboard.layout import Key, KeyKind, Layer
from screens.keyboard.model import Keyboard
from screens.scene import Align
from screens.theme import (
    BLUE,
    BLUE_TINT,
    BORDER,
    DISABLED_INK,
    FLAT,
    INK,
    PAPER,
    SECOND_INK,
    WHITE,
    Size,
    Theme,
)
from screens.typeset import Typesetter

CARET = "▏"
MASK = "●"
COUNT_FROM = 0.8
"""The count of characters is shown when the end is in sight; before, it only worries."""
KEY_ICONS = {KeyKind.BACKSPACE: "backspace"}
PREVIOUS, NEXT = "key:previous", "key:more"
LEFT_SHARE = 0.62
"""Of a landscape panel: question and candidates at the left, what is written at the right."""
PAD_SHARE = 0.45
"""Of a landscape panel: a number pad at the right is as high as the sheet."""
LETTERS_SHARE = 0.2
"""Of the strip of candidates: the letters under way."""
LETTER_LINES = 2


def put_writing(pen: Pen, field: Field, keyboard: Keyboard, room: Rect) -> None:
    """Fills `room`; the keys are at its lower end, in reach of the hands."""
    theme = pen.theme
    pen.box(room, PAPER, radius=0)
    inner = _inner(theme, room)
    rows = keyboard.rows()
    key_h = theme.target(104 if theme.landscape else 136)
    between = theme.px(10 if theme.landscape else 14)
    keys_h = len(rows) * key_h + (len(rows) - 1) * between
    gap = theme.px(22 if not theme.landscape else 16)
    number = keyboard.layer is Layer.NUMBER_PAD
    if number and theme.landscape:
        keys = Rect(inner.right - inner.w * PAD_SHARE, inner.bottom - keys_h, inner.w * PAD_SHARE, keys_h)
        where = Rect(inner.x, inner.y, inner.w - keys.w - theme.gap, inner.h)
        used = _question(pen, field, keyboard, where)
        _text(pen, field, keyboard, Rect(where.x, where.y + used, where.w, where.h - used))
    else:
        keys = inner.bottom_part(keys_h)
        above = Rect(inner.x, inner.y, inner.w, keys.y - gap - inner.y)
        left = Rect(above.x, above.y, strip_width(theme, room.w), above.h)
        strip_h = 0.0 if number else theme.target(104)
        if not number:
            _candidates(pen, keyboard, left.bottom_part(strip_h))
        question = left.top_part(above.h - strip_h - (0 if number or theme.landscape else gap))
        used = _question(pen, field, keyboard, question)
        if theme.landscape:
            _text(pen, field, keyboard, Rect(left.right + gap, above.y, above.w - left.w - gap, above.h))
        else:
            _text(pen, field, keyboard, Rect(question.x, question.y + used, question.w, question.h - used))
    _keys(pen, keyboard, keys, key_h, between)


def _inner(theme: Theme, room: Rect) -> Rect:
    return room.shrink(theme.margin * 0.6, theme.px(12 if theme.landscape else 24))


def strip_width(theme: Theme, panel_w: float) -> float:
    """Of the candidates with their letters and arrows, in pixels."""
    return _inner(theme, Rect(0, 0, panel_w, 0)).w * (LEFT_SHARE if theme.landscape else 1)


def candidates_room(theme: Theme) -> float:
    """What is left for the candidates themselves, in pixels."""
    strip = strip_width(theme, theme.width_px)
    return strip * (1 - LETTERS_SHARE) - 2 * theme.target(88)


def candidate_width(theme: Theme, types: Typesetter, text: str) -> float:
    """Of one candidate as a key, in pixels; one longer than the line is set smaller."""
    words = types.width(text, theme.text(Size.HEADING), bold=True) + theme.px(36)
    return min(max(words, theme.target(72)), candidates_room(theme))


def _question(pen: Pen, field: Field, keyboard: Keyboard, where: Rect) -> float:
    """The label and a sentence under it; where only one fits, what matters now. The height used."""
    urgent = keyboard.notice_words or field.error
    hint = urgent or field.hint
    bold = Size.HEADING
    label_h = pen.words_height(field.label, where.w, bold, bold=True)
    hint_h = pen.words_height(hint, where.w, Size.BODY) if hint else 0.0
    most = where.h - (0 if pen.theme.landscape else pen.theme.line(Size.BODY) + pen.theme.px(58))
    if label_h + hint_h > most:
        bold = Size.BODY
        label_h = pen.words_height(field.label, where.w, bold, bold=True)
    if label_h + hint_h <= most:
        used = pen.put_words(field.label, where, bold, bold=True)
        if hint:
            used += pen.put_words(hint, Rect(where.x, where.y + used, where.w, 0), Size.BODY, ink=SECOND_INK)
        return used + pen.theme.px(14)
    if urgent and hint_h <= most:
        return pen.put_words(urgent, where, Size.BODY, ink=SECOND_INK) + pen.theme.px(14)
    return pen.put_words(field.label, where, Size.BODY, bold=True) + pen.theme.px(14)


def _text(pen: Pen, field: Field, keyboard: Keyboard, box: Rect) -> None:
    """What is written, to its end: the last lines are the ones that grow. Of a PIN only how long it is."""
    theme = pen.theme
    pen.box(box, WHITE, border=BLUE, border_px=theme.px(3), radius=theme.px(20))
    inner = box.shrink(theme.px(30), theme.px(22))
    if len(keyboard.text) >= keyboard.max_length * COUNT_FROM:
        count = f"{len(keyboard.text)}/{keyboard.max_length}"
        count_w = pen.types.width(count, theme.text(Size.SMALL)) + 2
        foot = inner.bottom_part(theme.line(Size.SMALL))
        foot = Rect(inner.right - count_w, foot.y, count_w, foot.h)
        pen.one_line(count, foot, Size.SMALL, ink=SECOND_INK, align=Align.RIGHT)
        inner = Rect(inner.x, inner.y, inner.w - count_w - theme.px(20), inner.h)
    size = Size.HEADING if inner.h >= 2 * theme.line(Size.HEADING) else Size.BODY
    px, line = theme.text(size), theme.line(size)
    rows = max(1, int(inner.h // line))
    text = MASK * len(keyboard.text) if field.kind is FieldKind.PIN else keyboard.text
    lines = pen.types.lines(text + CARET, px, inner.w)[-rows:]
    pen.put_lines(lines, inner, px, line)


def _candidates(pen: Pen, keyboard: Keyboard, strip: Rect) -> None:
    """Letters under way, what they may mean as large keys, and the way to more."""
    theme = pen.theme
    if not keyboard.composing:
        return
    pen.box(strip, WHITE, border=BORDER, radius=theme.px(18))
    arrow = theme.target(88)
    letters = Rect(strip.x, strip.y, strip.w * LETTERS_SHARE, strip.h).shrink(theme.px(10), 0)
    pen.one_line(
        _last_letters(pen, keyboard.composing, letters.w), letters, Size.SMALL, ink=BLUE, align=Align.CENTRE
    )
    for key, icon, can, left in (
        (PREVIOUS, "back", keyboard.has_previous, strip.right - 2 * arrow),
        (NEXT, "forward", keyboard.has_more, strip.right - arrow),
    ):
        cell = Rect(left, strip.y, arrow, strip.h)
        side = theme.px(44)
        ink = BLUE if can else BORDER
        pen.icon(Rect(cell.x + (arrow - side) / 2, cell.y + (strip.h - side) / 2, side, side), icon, ink)
        if can:
            pen.target(cell, key)
    x = strip.x + strip.w * LETTERS_SHARE
    for index, candidate in enumerate(keyboard.candidates()):
        width = candidate_width(theme, pen.types, candidate.text)
        cell = Rect(x, strip.y, width, strip.h)
        pen.one_line(candidate.text, cell, Size.HEADING, bold=True, align=Align.CENTRE)
        pen.target(cell, f"candidate:{index}")
        x += width


def _last_letters(pen: Pen, letters: str, width: float) -> str:
    """As many of the last letters as two lines hold."""
    px = pen.theme.text(Size.SMALL)
    shown = letters
    while len(pen.types.lines(shown, px, width)) > LETTER_LINES:
        shown = "…" + shown.lstrip("…")[1:]
    return shown


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
            key.label,
            inner,
            size,
            ink=ink,
            bold=done or plain,
            align=Align.CENTRE,
            least_px=theme.label_floor,
        )
    pen.target(cell, f"key:{key.id}", enabled=key.enabled, reason=key.reason)
