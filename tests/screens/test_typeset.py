"""Widths by the fonts that paint, rare characters by the second font, and nothing kept."""

from __future__ import annotations

import pytest

from drivers.receipt_printer.fonts import covered
from screens import typeset
from screens.theme import Size
from screens.typeset import Typesetter
from tests.screens.panels import STANDING, types

RARE = "𬭊𠮷㛃𫖯䶮𬭎𪚥"
"""Characters of names (rule D27); the last one only the second font has."""


def fresh() -> Typesetter:
    return Typesetter(types().fonts)


@pytest.mark.parametrize("bold", [False, True])
@pytest.mark.parametrize("character", RARE)
def test_a_rare_character_of_a_name_is_drawn_by_some_font(character: str, bold: bool) -> None:
    runs = list(fresh().face(40, bold=bold).runs(f"张{character}"))
    assert "".join(piece for piece, _ in runs) == f"张{character}"  # never a substitute
    for piece, font in runs:
        assert ink(font, piece) != ink(font, "\U0010ffff"), "the box that stands for a missing glyph"


def ink(font: object, text: str) -> bytes:
    return bytes(font.getmask(text))  # type: ignore[attr-defined]


@pytest.mark.parametrize("bold", [False, True])
def test_what_the_first_font_does_not_have_comes_from_the_second(bold: bool) -> None:
    (first, usual), (second, rare) = fresh().face(40, bold=bold).runs(f"张{RARE[-1]}")
    assert (first, second) == ("张", RARE[-1])
    assert usual.path != rare.path
    assert fresh().width(RARE[-1], 40, bold=bold) == pytest.approx(40, abs=2)


def test_bold_is_not_regular() -> None:
    made = fresh()
    assert made.width("Name", 40, bold=True) > made.width("Name", 40)


def test_lines_fit_their_width_by_the_same_measure() -> None:
    made = fresh()
    px = STANDING.theme(elder=True).text(Size.BODY)
    text = "请把身份证放平，听到“滴”一声再拿开 and wait for the sound"
    lines = made.lines(text, px, 300.0)
    assert len(lines) > 2
    assert all(made.width(line, px) <= 300 for line in lines)


def test_forget_empties_the_memory_of_words() -> None:
    made = fresh()
    made.lines("测试欧阳明住在清河镇", 40, 200.0)
    assert made._widths
    made.forget()
    assert not made._widths


def test_the_memory_of_words_does_not_grow_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(typeset, "CACHE_LINES_MAX", 10)
    made = fresh()
    for number in range(100):
        made.width(str(number), 40)
        assert len(made._widths) <= 10
    assert made.width("7", 40) == fresh().width("7", 40)


def test_a_warm_typesetter_reads_no_font_for_a_rare_character() -> None:
    covered.cache_clear()
    made = fresh()
    made.warm()
    read = covered.cache_info().misses
    assert read == len({*made.fonts.regular, *made.fonts.bold})
    made.width(f"张{RARE}", 40)
    made.width(f"张{RARE}", 40, bold=True)
    assert covered.cache_info().misses == read


def test_no_repr_shows_the_words() -> None:
    made = fresh()
    made.width("测试欧阳明", 40)
    assert "欧阳" not in repr(made)
