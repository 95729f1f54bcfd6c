"""The questions of a form: a box to write in, or options to press."""

from __future__ import annotations

from kiosk.journey.view import Field, FieldKind, Fields
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.scene import Align
from screens.theme import BLUE, BLUE_TINT, BORDER, BRICK, BRICK_TINT, INK, SECOND_INK, WHITE, Size

REQUIRED_MARK = " *"
LONG_TEXT_LINES = 3


def field_key(field: Field) -> str:
    return f"field:{field.id}"


def option_key(field: Field, value: str) -> str:
    return f"option:{field.id}={value}"


def put_fields(pen: Pen, block: Fields, where: Rect) -> float:
    """All questions, one under another."""
    # In elder mode the only question of a page is its title already.
    labelled = not (pen.theme.elder and len(block.fields) == 1)
    y = where.y
    for field in block.fields:
        y += _put_field(pen, field, Rect(where.x, y, where.w, 0), labelled=labelled) + pen.theme.gap * 1.2
    return y - pen.theme.gap * 1.2 - where.y


def _put_field(pen: Pen, field: Field, where: Rect, *, labelled: bool) -> float:
    theme = pen.theme
    y = where.y
    if labelled:
        label = field.label + (REQUIRED_MARK if field.required else "")
        y += pen.put_words(label, where, Size.HEADING, bold=True)
    if field.hint and field.kind is FieldKind.CHOICE:
        y += pen.put_words(field.hint, Rect(where.x, y, where.w, 0), Size.BODY, ink=SECOND_INK)
    y += theme.px(12)
    line = Rect(where.x, y, where.w, 0)
    y += _put_options(pen, field, line) if field.kind is FieldKind.CHOICE else _put_box(pen, field, line)
    if field.note:
        y += theme.px(10)
        y += pen.put_words(field.note, Rect(where.x, y, where.w, 0), Size.BODY, ink=SECOND_INK)
    if field.error:
        y += theme.px(10)
        side = theme.px(40)
        spot = Rect(where.x, y + (theme.line(Size.BODY) - side) / 2, side, side)
        pen.icon(spot, "attention", BRICK)
        text = Rect(where.x + side + theme.px(14), y, where.w - side - theme.px(14), 0)
        y += pen.put_words(field.error, text, Size.BODY, ink=BRICK)
    return y - where.y


def _put_box(pen: Pen, field: Field, where: Rect) -> float:
    theme = pen.theme
    pad = theme.px(30)
    inner_w = where.w - 2 * pad - theme.px(60)
    shown = field.value or field.hint
    words = pen.words_height(shown or " ", inner_w, Size.BODY)
    rows = LONG_TEXT_LINES if field.kind is FieldKind.LONG_TEXT else 1
    height = max(theme.target(112), words + theme.px(44), rows * theme.line(Size.BODY) + theme.px(44))
    box = where.top_part(height)
    pen.box(
        box,
        BRICK_TINT if field.error else WHITE,
        border=BRICK if field.error else BLUE,
        border_px=theme.px(3),
        radius=theme.px(20),
    )
    top = box.y + (theme.px(22) if rows > 1 else (height - words) / 2)
    ink = INK if field.value else SECOND_INK
    pen.put_words(shown or " ", Rect(box.x + pad, top, inner_w, 0), Size.BODY, ink=ink)
    side = theme.px(44)
    pen.icon(
        Rect(box.right - pad - side, box.y + (min(height, theme.px(112)) - side) / 2, side, side),
        "pencil",
        BLUE,
    )
    pen.target(box, field_key(field))
    return height


def _put_options(pen: Pen, field: Field, where: Rect) -> float:
    """Large options; two columns where the longest label fits half of the width."""
    theme = pen.theme
    px, dot, pad = theme.text(Size.BODY), theme.px(48), theme.px(30)
    widest = max(pen.types.width(label, px, bold=True) for _, label in field.options)
    half = (where.w - theme.gap) / 2
    columns = 2 if widest + dot + 3 * pad <= half and not theme.elder else 1
    width = half if columns == 2 else where.w
    text_w = width - dot - 3 * pad
    height = max(
        theme.target(116),
        *(pen.words_height(label, text_w, Size.BODY, bold=True) + theme.px(44) for _, label in field.options),
    )
    between = theme.px(20)
    y = where.y
    for start in range(0, len(field.options), columns):
        cells = Rect(where.x, y, where.w, height).columns(columns, theme.gap)
        for (value, label), cell in zip(field.options[start : start + columns], cells, strict=False):
            chosen = value == field.value
            pen.box(
                cell,
                BLUE_TINT if chosen else WHITE,
                border=BLUE if chosen else BRICK if field.error else BORDER,
                border_px=theme.px(3),
                radius=theme.px(20),
            )
            ring = Rect(cell.x + pad, cell.y + (height - dot) / 2, dot, dot)
            pen.box(ring, BLUE if chosen else WHITE, radius=dot / 2, border=BLUE, border_px=theme.px(3))
            if chosen:
                pen.icon(ring.shrink(dot * 0.16), "tick", WHITE)
            words = pen.words_height(label, text_w, Size.BODY, bold=True)
            spot = Rect(ring.right + pad, cell.y + (height - words) / 2, text_w, 0)
            pen.put_words(label, spot, Size.BODY, bold=chosen, align=Align.LEFT)
            pen.target(cell, option_key(field, value))
        y += height + between
    return y - between - where.y
