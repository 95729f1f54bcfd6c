"""What lies over a screen: a question, or the reason why something cannot be pressed."""

from __future__ import annotations

from kiosk.journey.view import Dialog, Style
from screens.compose.buttons import button
from screens.compose.pen import Pen
from screens.geometry import Rect
from screens.scene import Align, Ring
from screens.theme import BLUE, BLUE_TINT, BORDER, INK, SHADE, WHITE, Size

RING_FULL_S = 30
"""The countdown that a full ring stands for, unless a longer one is shown."""


def put_dialog(pen: Pen, dialog: Dialog, panel: Rect) -> None:
    """A white card in the reach of the hands; only its own buttons act."""
    theme = pen.theme
    pen.box(panel, SHADE, radius=0)
    width = min(panel.w - 2 * theme.margin, theme.px(968))
    pad = theme.px(60)
    inner_w = width - 2 * pad
    ring = theme.px(200) if dialog.countdown_s is not None else 0
    title_h = pen.words_height(dialog.title, inner_w, Size.TITLE, bold=True)
    text_h = pen.words_height(dialog.text, inner_w, Size.BODY)
    ordered = sorted(dialog.actions, key=lambda action: action.style is not Style.PRIMARY)
    buttons_h = len(ordered) * theme.button_height + (len(ordered) - 1) * theme.px(22)
    between = theme.px(28)
    height = (
        2 * pad + ring + (between if ring else 0) + title_h + theme.px(14) + text_h + 2 * between + buttons_h
    )
    top = panel.y + (panel.h - height) * (0.5 if theme.landscape else 0.6)
    card = Rect(panel.x + (panel.w - width) / 2, top, width, height)
    pen.box(card, WHITE, radius=theme.px(40))
    y = card.y + pad
    x = card.x + pad
    if dialog.countdown_s is not None:
        spot = Rect(card.x + (width - ring) / 2, y, ring, ring)
        share = dialog.countdown_s / max(RING_FULL_S, dialog.countdown_s)
        pen.items.append(Ring(spot, share, BLUE, BLUE_TINT))
        pen.one_line(str(dialog.countdown_s), spot, Size.TITLE, ink=BLUE, bold=True, align=Align.CENTRE)
        y += ring + between
    y += pen.put_words(dialog.title, Rect(x, y, inner_w, 0), Size.TITLE, bold=True) + theme.px(14)
    y += pen.put_words(dialog.text, Rect(x, y, inner_w, 0), Size.BODY) + 2 * between
    for action in ordered:
        button(pen, action, Rect(x, y, inner_w, theme.button_height))
        y += theme.button_height + theme.px(22)


def put_note(pen: Pen, words: str, panel: Rect) -> None:
    """A dark line above the bottom bar: why the thing that was pressed cannot be used now."""
    theme = pen.theme
    width = min(panel.w - 2 * theme.margin, theme.px(968))
    pad = theme.px(36)
    text_h = pen.words_height(words, width - 2 * pad, Size.BODY)
    height = text_h + 2 * theme.px(26)
    rect = Rect(
        panel.x + (panel.w - width) / 2,
        panel.bottom - theme.bottom_height - theme.px(24) - height,
        width,
        height,
    )
    pen.box(rect, INK, radius=theme.px(24), border=BORDER)
    pen.put_words(words, Rect(rect.x + pad, rect.y + theme.px(26), width - 2 * pad, 0), Size.BODY, ink=WHITE)
