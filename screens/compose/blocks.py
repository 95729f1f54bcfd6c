"""Each block of a view as items. A block is as high as its words; pictures take what is left."""

from __future__ import annotations

from typing import assert_never

from kiosk.journey.view import (
    Block,
    Choices,
    Code,
    Fields,
    Illustration,
    Lines,
    Message,
    Points,
    Preview,
    Tiles,
    Tone,
)
from screens.compose.buttons import choice_height, put_choice
from screens.compose.fields import put_fields
from screens.compose.lines import rows
from screens.compose.pen import Pen
from screens.compose.tiles import Grid, grid_for, put_grid
from screens.geometry import Rect
from screens.scene import Align, Busy, Picture
from screens.theme import BLUE, BLUE_TINT, BORDER, BRICK, SECOND_INK, TONES, Size

TONE_ICON = {Tone.CALM: "info", Tone.FINE: "tick", Tone.WAITING: "info", Tone.TROUBLE: "attention"}
"""A tone is never carried by colour alone."""


Sheet = Block | tuple[Code, Lines] | Grid
"""What is drawn as one: a code and the lines that follow it share a sheet, all tiles one grid."""


def sheets(pen: Pen, blocks: tuple[Block, ...], room: Rect, *, busy: bool) -> tuple[Sheet, ...]:
    """The blocks in order, for this room: a code and its lines taken together, and all groups of tiles."""
    out: list[Sheet] = []
    tiles = tuple(block for block in blocks if isinstance(block, Tiles))
    for block in blocks:
        if isinstance(block, Lines) and out and isinstance(out[-1], Code):
            out[-1] = (out[-1], block)
        elif isinstance(block, Tiles):
            if block is tiles[0]:
                others = tuple(one for one in blocks if not isinstance(one, Tiles))
                used = body_height(pen, others, room.w, busy=busy) + pen.theme.gap if others else 0.0
                out.append(grid_for(pen, tiles, room.w, room.h - used))
        else:
            out.append(block)
    return tuple(out)


def takes_rest(block: Sheet) -> bool:
    """Blocks that grow into the room that is left."""
    return isinstance(block, Illustration | Preview)


def least_height(pen: Pen, block: Sheet) -> float:
    """What a growing block needs at least."""
    return pen.theme.px(300 if isinstance(block, Illustration) else 420)


def block_heights(pen: Pen, blocks: tuple[Sheet, ...], width: float, *, busy: bool) -> list[float]:
    """What each block needs at least."""
    return [
        least_height(pen, block)
        if takes_rest(block)
        else put_block(pen.scratch(), block, Rect(0, 0, width, 0), busy=busy)
        for block in blocks
    ]


def body_height(pen: Pen, blocks: tuple[Sheet, ...], width: float, *, busy: bool) -> float:
    """What all blocks need, with the gaps between them."""
    return sum(block_heights(pen, blocks, width, busy=busy)) + pen.theme.gap * max(0, len(blocks) - 1)


def put_block(pen: Pen, block: Sheet, where: Rect, *, busy: bool) -> float:
    """Draw from the top of `where`; `where.h` counts for growing blocks only. Returns the height."""
    match block:
        case Points():
            return _points(pen, block, where)
        case Lines():
            return _lines(pen, block, where)
        case Message():
            return _message(pen, block, where)
        case Code():
            return _code(pen, block, where, None)
        case (code, lines):
            return _code(pen, code, where, lines)
        case Illustration():
            return _illustration(pen, block, where, busy=busy)
        case Preview():
            return _preview(pen, block, where)
        case Grid():
            return put_grid(pen, block, where)
        case Tiles():
            return put_grid(pen, Grid((block,), 1, headed=True), where)
        case Choices():
            return _choices(pen, block, where)
        case Fields():
            return put_fields(pen, block, where)
        case _ as never:
            assert_never(never)


def _sheet(pen: Pen, where: Rect, title: str, height_of_rest: float) -> tuple[Rect, float]:
    """A white card with an optional title; the room inside and the card's height."""
    theme = pen.theme
    pad = theme.px(46), theme.px(34)
    inner = Rect(where.x + pad[0], where.y + pad[1], where.w - 2 * pad[0], 0)
    head = pen.words_height(title, inner.w, Size.SMALL, bold=True) + theme.px(8) if title else 0.0
    height = head + height_of_rest + 2 * pad[1]
    pen.card(where.top_part(height))
    if title:
        pen.put_words(title, inner, Size.SMALL, ink=SECOND_INK, bold=True)
    return Rect(inner.x, inner.y + head, inner.w, height_of_rest), height


def _points(pen: Pen, block: Points, where: Rect) -> float:
    theme = pen.theme
    lead = theme.px(80) if block.numbered else 0
    between = theme.px(22)
    side = theme.px(56)
    inner_w = where.w - 2 * theme.px(46)
    heights = [max(side, pen.words_height(s, inner_w - lead, Size.BODY)) for s in block.sentences]
    inner, height = _sheet(pen, where, block.title, sum(heights) + between * (len(heights) - 1))
    y = inner.y
    for number, (sentence, used) in enumerate(zip(block.sentences, heights, strict=True), 1):
        if block.numbered:
            spot = Rect(inner.x, y + (theme.line(Size.BODY) - side) / 2, side, side)
            pen.box(spot, BLUE_TINT, radius=side / 2)
            pen.one_line(str(number), spot, Size.SMALL, ink=BLUE, bold=True, align=Align.CENTRE)
        pen.put_words(sentence, Rect(inner.x + lead, y, inner.w - lead, 0), Size.BODY)
        y += used + between
    return height


def _lines(pen: Pen, block: Lines, where: Rect) -> float:
    measured = rows(pen, block, where.w - 2 * pen.theme.px(46))
    inner, height = _sheet(pen, where, block.title, measured.height)
    measured.put(pen, where, inner)
    return height


def _message(pen: Pen, block: Message, where: Rect) -> float:
    theme, tints = pen.theme, TONES[block.tone]
    pad, side, gap = theme.px(40), theme.px(52), theme.px(24)
    text = Rect(where.x + pad + side + gap, 0, where.w - 2 * pad - side - gap, 0)
    used = pen.words_height(block.text, text.w, Size.BODY)
    height = used + 2 * theme.px(30)
    pen.box(where.top_part(height), tints.ground, border=tints.border)
    top = where.y + theme.px(30)
    spot = Rect(where.x + pad, top + (theme.line(Size.BODY) - side) / 2, side, side)
    pen.icon(spot, TONE_ICON[block.tone], tints.strong)
    pen.put_words(block.text, Rect(text.x, top, text.w, 0), Size.BODY)
    return height


def _code(pen: Pen, block: Code, where: Rect, lines: Lines | None) -> float:
    """A case code in the largest type, and in the same sheet what it is about."""
    theme = pen.theme
    inner_w = where.w - 2 * theme.px(46)
    code_h = pen.words_height(block.label, inner_w, Size.BODY) + theme.line(Size.CODE)
    measured = rows(pen, lines, inner_w) if lines is not None else None
    rest = theme.px(10) + measured.height if measured is not None else 0.0
    inner, height = _sheet(pen, where, "", code_h + rest)
    used = pen.put_words(block.label, inner, Size.BODY, ink=SECOND_INK)
    line = Rect(inner.x, inner.y + used, inner.w, theme.line(Size.CODE))
    pen.one_line(block.code, line, Size.CODE, bold=True)
    if measured is not None:
        below = Rect(inner.x, inner.y + code_h + theme.px(10), inner.w, measured.height)
        measured.put(pen, where, below)
    return height


def _illustration(pen: Pen, block: Illustration, where: Rect, *, busy: bool) -> float:
    theme, tints = pen.theme, TONES[block.tone]
    pen.card(where)
    caption_w = where.w - 2 * theme.px(46)
    caption_h = pen.words_height(block.caption, caption_w, Size.BODY) if block.caption else 0.0
    dots_h = theme.px(60) if busy else 0
    room = where.h - caption_h - dots_h - theme.px(110)
    side = max(theme.px(120), min(theme.px(340), room))
    total = side + (theme.px(36) + caption_h if block.caption else 0) + dots_h
    y = where.y + (where.h - total) / 2
    square = Rect(where.x + (where.w - side) / 2, y, side, side)
    pen.box(square, tints.ground, radius=side * 0.24)
    pen.icon(square.shrink(side * 0.22), block.icon, tints.strong)
    y += side
    if block.caption:
        y += theme.px(36)
        line = Rect(where.x + theme.px(46), y, caption_w, 0)
        y += pen.put_words(block.caption, line, Size.BODY, ink=SECOND_INK, align=Align.CENTRE)
    if busy:
        pen.items.append(Busy(Rect(where.x, y, where.w, dots_h), tints.strong))
    return where.h


def _preview(pen: Pen, block: Preview, where: Rect) -> float:
    """The picture in its own proportions (4:3), the words under it; a red dot while the camera runs."""
    theme = pen.theme
    pen.card(where)
    pad = theme.px(24)
    caption_h = theme.line(Size.HEADING) + theme.px(20)
    room = Rect(where.x + pad, where.y + pad, where.w - 2 * pad, where.h - 2 * pad - caption_h)
    width = min(room.w, room.h * 4 / 3)
    height = width * 3 / 4
    frame = Rect(room.x + (room.w - width) / 2, room.y + (room.h - height) / 2, width, height)
    pen.box(frame, BORDER, radius=0)
    live = not block.still
    pen.items.append(Picture(frame, block.still, block.mirrored, oval=live and block.mirrored))
    line = Rect(room.x, where.bottom - pad - caption_h, room.w, caption_h)
    px = theme.text(Size.HEADING)
    words_w = pen.types.width(block.caption, px, bold=True)
    dot = theme.px(26) if live else 0
    left = max(line.x, line.x + (line.w - words_w - dot - theme.px(18)) / 2)
    if live:
        spot = Rect(left, line.y + (line.h - dot) / 2, dot, dot)
        pen.box(spot, BRICK, radius=dot / 2)
        left += dot + theme.px(18)
    pen.one_line(block.caption, Rect(left, line.y, line.right - left, line.h), Size.HEADING, bold=True)
    return where.h


def _choices(pen: Pen, block: Choices, where: Rect) -> float:
    theme = pen.theme
    between = theme.px(14 if theme.landscape else 22)
    columns = max(1, block.columns)
    width = (where.w - (columns - 1) * theme.gap) / columns
    height = max(choice_height(pen, action, width) for action in block.actions)
    y = where.y
    for start in range(0, len(block.actions), columns):
        row = block.actions[start : start + columns]
        cells = Rect(where.x, y, where.w, height).columns(columns, theme.gap)
        for action, cell in zip(row, cells, strict=False):
            put_choice(pen, action, cell)
        y += height + between
    return y - between - where.y
