"""Where head, body and buttons stand. A panel that is too small for all of it keeps the buttons and
the title in sight and lets the body be moved: nothing is cut, nothing covers anything.
"""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.journey.view import Points, Style, View
from screens.compose.blocks import Sheet, body_height, sheets
from screens.compose.buttons import buttons_height, put_buttons
from screens.compose.chrome import Head, put_head
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.theme import Size

LEFT_SHARE = 0.4
"""Of a landscape panel: the question and its buttons at the left, what it is about at the right."""
LEAST_BODY_SHARE = 0.33
"""Of the room between the bars: a body that shows less cannot be read."""
HEADS = (Head(), Head(Size.HEADING), Head(Size.TITLE, subtitle=False), Head(Size.HEADING, subtitle=False))
"""From the best to the smallest."""


@dataclass(frozen=True, slots=True)
class Body:
    """The room for the blocks; a subtitle that found no place at the top is the first of them."""

    room: Rect
    blocks: tuple[Sheet, ...]


def put_frame(pen: Pen, view: View, room: Rect) -> Body:
    """Draw head and buttons into `room`; what is left is the body's."""
    if pen.theme.landscape and (view.actions or not _fits_under_head(pen, view, room)):
        return _side_by_side(pen, view, room)
    return _stacked(pen, view, room)


def _fits_under_head(pen: Pen, view: View, room: Rect) -> bool:
    body = _stacked(pen.scratch(), view, room)
    return body_height(pen, body.blocks, body.room.w, busy=view.busy) <= body.room.h


def _side_by_side(pen: Pen, view: View, room: Rect) -> Body:
    gap = pen.theme.gap
    left = Rect(room.x, room.y, room.w * LEFT_SHARE - gap, room.h)
    buttons_h = 0.0
    if view.actions:
        buttons_h = buttons_height(pen, view.actions, left.w, one_column=True)
        put_buttons(pen, view.actions, left.bottom_part(buttons_h), one_column=True)
    head = _head(pen, view, left, left.h - buttons_h - gap)
    put_head(pen, view, left, head)
    right = Rect(room.x + room.w * LEFT_SHARE, room.y, room.w * (1 - LEFT_SHARE), room.h)
    return Body(right, _blocks(pen, view, head, right))


def _stacked(pen: Pen, view: View, room: Rect) -> Body:
    gap = pen.theme.gap
    buttons_h = 0.0
    if view.actions:
        equal = any(action.style is Style.EQUAL for action in view.actions)
        one_column = pen.theme.elder and not equal
        buttons_h = buttons_height(pen, view.actions, room.w, one_column=one_column)
        put_buttons(pen, view.actions, room.bottom_part(buttons_h), one_column=one_column)
        buttons_h += gap
    head = _head(pen, view, room, room.h * (1 - LEAST_BODY_SHARE) - buttons_h - gap)
    used = put_head(pen, view, room, head) + gap
    body = Rect(room.x, room.y + used, room.w, room.h - used - buttons_h)
    return Body(body, _blocks(pen, view, head, body))


def _head(pen: Pen, view: View, where: Rect, most_px: float) -> Head:
    """The best head that is no higher than `most_px`; the smallest when none is."""
    return next((h for h in HEADS if put_head(pen.scratch(), view, where, h) <= most_px), HEADS[-1])


def _blocks(pen: Pen, view: View, head: Head, room: Rect) -> tuple[Sheet, ...]:
    moved = (Points((view.subtitle,), numbered=False),) if view.subtitle and not head.subtitle else ()
    return sheets(pen, (*moved, *view.blocks), room, busy=view.busy)
