"""A whole screen: chrome, head, body, buttons, and what lies over them."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.journey.states import State
from kiosk.journey.view import Field, Style, View
from screens.compose.blocks import Sheet, least_height, put_block, sheets, takes_rest
from screens.compose.buttons import action_key, buttons_height, put_buttons
from screens.compose.chrome import put_bar, put_head, put_top
from screens.compose.overlay import put_dialog, put_note
from screens.compose.pen import Pen
from screens.compose.writing import put_writing
from screens.geometry import Rect
from screens.keyboard.model import Keyboard
from screens.scene import Layer, Scene, Target
from screens.theme import BLUE, BORDER, PAPER, WHITE, Theme
from screens.typeset import Typesetter

SCROLL_UP, SCROLL_DOWN = "scroll:up", "scroll:down"
LEFT_SHARE = 0.4
"""Of a landscape panel: the question and its buttons at the left, what it is about at the right."""


@dataclass(frozen=True, slots=True, repr=False)
class Local:
    """What only the window knows: how far the body is moved up, a note to show, what is being written."""

    scroll_px: float = 0.0
    note: str = ""
    field: Field | None = None
    keyboard: Keyboard | None = None


NOTHING = Local()


def compose(view: View, theme: Theme, types: Typesetter, local: Local = NOTHING) -> Scene:
    """The scene of `view` on a panel of this theme."""
    panel = Rect(0, 0, theme.width_px, theme.height_px)
    ground = Pen(theme, types)
    ground.box(panel, PAPER, radius=0)
    put_top(ground, view.top, panel.top_part(theme.top_height))
    put_bar(ground, view.bar, panel.bottom_part(theme.bottom_height))
    room = Rect(
        theme.margin,
        theme.top_height + theme.px(40),
        theme.width_px - 2 * theme.margin,
        theme.height_px - theme.top_height - theme.bottom_height - theme.px(40) - theme.px(36),
    )
    if view.state is State.ATTRACT:
        ground.targets += [Target(room, action_key(action)) for action in view.actions]
    body_room = _head_and_buttons(ground, view, room)
    body, overflow, shown = _body(ground, view, body_room, local.scroll_px)
    if overflow:
        _scroll_buttons(ground, shown, local.scroll_px, overflow)
    layers = [Layer(tuple(ground.items)), Layer(tuple(body.items), shown)]
    targets = [*ground.targets, *_clipped(body.targets, shown)]
    over = Pen(theme, types)
    if local.keyboard is not None and local.field is not None:
        sheet = Rect(0, theme.top_height, panel.w, panel.h - theme.top_height - theme.bottom_height)
        put_writing(over, local.field, local.keyboard, sheet)
        targets = [*(t for t in ground.targets if t.rect.y >= sheet.bottom), *over.targets]
        overflow = 0.0
    if view.dialog is not None:
        question = Pen(theme, types)
        put_dialog(question, view.dialog, panel)
        targets = list(question.targets)
        over.items += question.items
    elif local.note:
        put_note(over, local.note, panel)
    if over.items:
        layers.append(Layer(tuple(over.items)))
    return Scene(tuple(layers), tuple(targets), overflow, shown)


def _head_and_buttons(pen: Pen, view: View, room: Rect) -> Rect:
    """Head and buttons where the panel wants them; what is left is the body's."""
    theme = pen.theme
    gap = theme.gap
    equal = any(action.style is Style.EQUAL for action in view.actions)
    if theme.landscape and view.actions:
        left = Rect(room.x, room.y, room.w * LEFT_SHARE - gap, room.h)
        put_head(pen, view, left)
        height = buttons_height(pen, view.actions, one_column=True)
        put_buttons(pen, view.actions, left.bottom_part(height), one_column=True)
        return Rect(room.x + room.w * LEFT_SHARE, room.y, room.w * (1 - LEFT_SHARE), room.h)
    used = put_head(pen, view, room) + gap
    height = 0.0
    if view.actions:
        one_column = theme.elder and not equal
        height = buttons_height(pen, view.actions, one_column=one_column)
        put_buttons(pen, view.actions, room.bottom_part(height), one_column=one_column)
        height += gap
    return Rect(room.x, room.y + used, room.w, room.h - used - height)


def _body(pen: Pen, view: View, room: Rect, scroll_px: float) -> tuple[Pen, float, Rect]:
    """The blocks, how much of them does not fit, and the part of the screen that they may use."""
    blocks = sheets(view.blocks)
    heights, total = _heights(pen, blocks, room.w, busy=view.busy)
    shown = room
    overflow = max(0.0, total - room.h)
    if overflow:
        # A strip at the end of the body for the two scroll buttons.
        strip = pen.theme.target(96) + pen.theme.gap
        shown = room.top_part(room.h - strip)
        overflow = total - shown.h
    body = pen.scratch()
    y = shown.y - min(max(0.0, scroll_px), overflow)
    rest = max(0.0, room.h - total)
    growing = sum(takes_rest(block) for block in blocks)
    for block, least in zip(blocks, heights, strict=True):
        height = least + rest / growing if takes_rest(block) else least
        used = put_block(body, block, Rect(room.x, y, room.w, height), busy=view.busy)
        y += used + pen.theme.gap
    return body, overflow, shown


def _heights(pen: Pen, blocks: list[Sheet], width: float, *, busy: bool) -> tuple[list[float], float]:
    heights = [
        least_height(pen, block)
        if takes_rest(block)
        else put_block(pen.scratch(), block, Rect(0, 0, width, 0), busy=busy)
        for block in blocks
    ]
    return heights, sum(heights) + pen.theme.gap * max(0, len(heights) - 1)


def _scroll_buttons(pen: Pen, shown: Rect, scroll_px: float, overflow: float) -> None:
    """Two large buttons: a page up, a page down. Nobody has to know how to drag."""
    theme = pen.theme
    height = theme.target(96)
    strip = Rect(shown.x, shown.bottom + theme.gap / 2, shown.w, height)
    for (key, icon, can), cell in zip(
        ((SCROLL_UP, "up", scroll_px > 0), (SCROLL_DOWN, "down", scroll_px < overflow)),
        strip.columns(2, theme.gap),
        strict=True,
    ):
        pen.box(cell, WHITE, border=BLUE if can else BORDER)
        side = theme.px(56)
        spot = Rect(cell.x + (cell.w - side) / 2, cell.y + (height - side) / 2, side, side)
        pen.icon(spot, icon, BLUE if can else BORDER)
        pen.target(cell, key, enabled=can)


def _clipped(targets: list[Target], shown: Rect) -> list[Target]:
    """Only the visible part of a target can be pressed."""
    kept = []
    for target in targets:
        top, bottom = max(target.rect.y, shown.y), min(target.rect.bottom, shown.bottom)
        if bottom - top > 1:
            rect = Rect(target.rect.x, top, target.rect.w, bottom - top)
            kept.append(Target(rect, target.key, target.enabled, target.reason))
    return kept
