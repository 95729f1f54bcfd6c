"""A whole screen: chrome, head, body, buttons, and what lies over them."""

from __future__ import annotations

from dataclasses import dataclass

from kiosk.journey.states import State
from kiosk.journey.view import Field, View
from kiosk.locale import Texts, texts_for
from screens.compose.arrange import Body, put_frame
from screens.compose.blocks import block_heights, body_height, put_block, takes_rest
from screens.compose.buttons import action_key
from screens.compose.chrome import put_bar, put_top
from screens.compose.overlay import put_dialog, put_note
from screens.compose.pen import Pen
from screens.compose.writing import put_writing
from screens.geometry import Rect
from screens.keyboard.model import Keyboard
from screens.scene import Layer, Scene, Target
from screens.theme import BLUE, PAPER, WHITE, Size, Theme
from screens.typeset import Typesetter

SCROLL_UP, SCROLL_DOWN = "scroll:up", "scroll:down"


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
    room = room_between_bars(theme)
    if view.state is State.ATTRACT:
        ground.targets += [Target(room, action_key(action)) for action in view.actions]
    body, overflow, shown = _body(ground, view, put_frame(ground, view, room), local.scroll_px)
    if overflow:
        _scroll_buttons(ground, shown, local.scroll_px, overflow, texts_for(view.language))
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
        overflow = 0.0  # nothing moves beneath a question
        over.items += question.items
    elif local.note:
        put_note(over, local.note, panel)
        targets.append(over.targets[-1])
    if over.items:
        layers.append(Layer(tuple(over.items)))
    corner = Rect(0, 0, theme.top_height + theme.margin, theme.top_height)
    asks = view.state is State.ATTRACT and view.dialog is None
    return Scene(tuple(layers), tuple(targets), overflow, shown, corner if asks else None)


def room_between_bars(theme: Theme) -> Rect:
    """For head, body and buttons."""
    return Rect(
        theme.margin,
        theme.top_height + theme.px(40),
        theme.width_px - 2 * theme.margin,
        theme.height_px - theme.top_height - theme.bottom_height - theme.px(40) - theme.px(36),
    )


def _body(pen: Pen, view: View, body: Body, scroll_px: float) -> tuple[Pen, float, Rect]:
    """The blocks, how much of them does not fit, and the part of the screen that they may use."""
    room, shown = body.room, body.room
    heights = block_heights(pen, body.blocks, room.w, busy=view.busy)
    total = body_height(pen, body.blocks, room.w, busy=view.busy)
    overflow = max(0.0, total - room.h)
    if overflow:
        # A strip at the end of the body for the two scroll buttons.
        strip = pen.theme.target(96) + pen.theme.gap
        shown = room.top_part(room.h - strip)
        overflow = total - shown.h
    painted = pen.scratch()
    y = shown.y - min(max(0.0, scroll_px), overflow)
    rest = max(0.0, room.h - total)
    growing = sum(takes_rest(block) for block in body.blocks)
    for block, least in zip(body.blocks, heights, strict=True):
        height = least + rest / growing if takes_rest(block) else least
        used = put_block(painted, block, Rect(room.x, y, room.w, height), busy=view.busy)
        y += used + pen.theme.gap
    return painted, overflow, shown


def _scroll_buttons(pen: Pen, shown: Rect, scroll_px: float, overflow: float, t: Texts) -> None:
    """Two large buttons: a page up, a page down. Nobody has to know how to drag."""
    theme = pen.theme
    height = theme.target(96)
    strip = Rect(shown.x, shown.bottom + theme.gap / 2, shown.w, height)
    for (key, icon, words, can), cell in zip(
        (
            (SCROLL_UP, "up", t("往上看"), scroll_px > 0),
            (SCROLL_DOWN, "down", t("往下看，还有"), scroll_px < overflow),
        ),
        strip.columns(2, theme.gap),
        strict=True,
    ):
        if not can:
            continue  # nothing more lies that way
        pen.box(cell, WHITE, border=BLUE)
        side, pad = theme.px(56), theme.px(20)
        px = pen.fitting((words,), cell.w - side - 3 * pad, Size.BODY, Size.BODY, bold=True)
        words_w = pen.types.width(words, px, bold=True) + 2
        left = cell.x + (cell.w - side - pad - words_w) / 2
        pen.icon(Rect(left, cell.y + (height - side) / 2, side, side), icon, BLUE)
        line = Rect(left + side + pad, cell.y, words_w, height)
        pen.one_line(words, line, Size.BODY, ink=BLUE, bold=True)
        pen.target(cell, key)


def _clipped(targets: list[Target], shown: Rect) -> list[Target]:
    """Only the visible part of a target can be pressed."""
    kept = []
    for target in targets:
        top, bottom = max(target.rect.y, shown.y), min(target.rect.bottom, shown.bottom)
        if bottom - top > 1:
            rect = Rect(target.rect.x, top, target.rect.w, bottom - top)
            kept.append(Target(rect, target.key, target.enabled, target.reason))
    return kept
