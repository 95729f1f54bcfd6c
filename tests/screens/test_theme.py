"""Sizes: as designed on the panel they were drawn for, and never under the floors."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiosk.journey.view import Tone
from screens import theme as colours
from screens.theme import (
    BODY_MM,
    INK_PER_EM,
    LABEL_MM,
    LINE_HEIGHT,
    TARGET_MM,
    TONES,
    TOP_BAR_MM,
    TYPE_SCALE,
    Colour,
    Size,
    Theme,
    colour,
)
from tests.screens.panels import STANDING

PANELS = st.builds(
    Theme.for_panel,
    st.integers(600, 4000),
    st.integers(600, 4000),
    st.floats(150, 1200),
    elder=st.booleans(),
)


def test_the_panel_of_the_drawings_has_the_sizes_of_the_drawings() -> None:
    for elder in (False, True):
        theme = STANDING.theme(elder=elder)
        assert {size: theme.text(size) for size in Size} == {s: TYPE_SCALE[s][elder] for s in Size}
        assert theme.px(100) == 100


@given(PANELS, st.sampled_from(Size))
def test_no_type_is_below_the_floor(theme: Theme, size: Size) -> None:
    assert theme.text(size) * INK_PER_EM / theme.pixels_per_mm >= BODY_MM[theme.elder] - 1e-9
    assert theme.line(size) >= theme.text(size) * 1.3 - 1  # rule D17: line spacing of 1.3


@given(PANELS, st.integers(0, 300))
def test_no_target_is_below_the_finger(theme: Theme, units: int) -> None:
    assert theme.target(units) / theme.pixels_per_mm >= TARGET_MM[theme.elder] - 1e-9
    for height in (theme.button_height, theme.bottom_height - 2 * theme.bar_inset):
        assert height / theme.pixels_per_mm >= TARGET_MM[theme.elder] - 1e-9


def test_the_floors_are_those_of_the_rule() -> None:
    assert BODY_MM == {False: 4.0, True: 5.2}
    assert TARGET_MM == {False: 15.0, True: 20.0}
    assert LINE_HEIGHT >= 1.3
    for elder in (False, True):
        assert TOP_BAR_MM <= LABEL_MM[elder] < BODY_MM[elder]
    # 16 minutes of arc at 60 cm: the least of ISO 9241-303.
    assert TOP_BAR_MM >= 600 * 2 * 0.002327


def test_a_colour_is_read_from_its_hex() -> None:
    assert colour("#FF0080", 0.5) == (1.0, 0.0, 128 / 255, 0.5)


def luminance(ink: Colour) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in ink[:3])
    return sum(share * part for share, part in zip((0.2126, 0.7152, 0.0722), parts, strict=True))


def contrast(one: Colour, other: Colour) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


GROUNDS = {
    "paper": colours.PAPER,
    "white": colours.WHITE,
    "blue tint": colours.BLUE_TINT,
}
INKS = {"ink": colours.INK, "second ink": colours.SECOND_INK, "blue": colours.BLUE}


@pytest.mark.parametrize(("ink", "ground"), list(itertools.product(INKS, GROUNDS)))
def test_words_stand_out_from_their_ground(ink: str, ground: str) -> None:
    """Rule D17: 4.5 to 1."""
    assert contrast(INKS[ink], GROUNDS[ground]) >= 4.5


@pytest.mark.parametrize("tone", list(Tone))
def test_words_in_a_tone_stand_out(tone: Tone) -> None:
    """The network's words are written in the tone itself, messages in ink."""
    tints = TONES[tone]
    assert contrast(tints.strong, tints.ground) >= 4.5
    assert contrast(colours.INK, tints.ground) >= 4.5


def test_what_cannot_be_pressed_can_still_be_read() -> None:
    assert contrast(colours.DISABLED_INK, colours.WHITE) >= 4.5
    assert contrast(colours.DISABLED_INK, colours.FLAT) >= 4.5  # the reason is written in it
    assert contrast(colours.WHITE, colours.BLUE) >= 4.5
    assert contrast(colours.WHITE, colours.INK) >= 4.5
    assert contrast(colours.BRICK, colours.PAPER) >= 4.5
