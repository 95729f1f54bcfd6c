"""Lines: nothing lost, nothing wider than its place, no closing mark at a beginning."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from screens.wrapping import CLOSING, OPENING, is_wide, pieces, wrap

WIDE, NARROW = 2.0, 1.0


def width_of(text: str) -> float:
    """As in a font of even letters: a Han character is twice as wide as a Latin one."""
    return sum(WIDE if is_wide(character) else NARROW for character in text)


def test_a_short_text_is_one_line() -> None:
    assert wrap("您好", width_of, 20) == ["您好"]
    assert wrap("", width_of, 20) == [""]


def test_han_text_breaks_anywhere_but_before_a_closing_mark() -> None:
    assert wrap("一二三四五，六七八九十", width_of, 10) == ["一二三四", "五，六七八", "九十"]
    assert wrap("一二三四“五六”七八九", width_of, 10) == ["一二三四", "“五六”七", "八九"]


def test_english_breaks_between_words_only() -> None:
    assert wrap("The slip comes out below", width_of, 10) == ["The slip", "comes out", "below"]


def test_a_word_wider_than_a_line_is_cut_by_character() -> None:
    assert wrap("abcdefghijkl", width_of, 5) == ["abcde", "fghij", "kl"]


def test_numbers_stay_whole_among_han_characters() -> None:
    assert wrap("请拨打110、119或120", width_of, 12) == ["请拨打110、", "119或120"]


def test_paragraphs_begin_anew() -> None:
    assert wrap("一\n\n二", width_of, 10) == ["一", "", "二"]


def test_the_last_line_is_not_left_with_a_single_character() -> None:
    lines = wrap("一二三四五六七八九十甲", width_of, 20)
    assert lines == ["一二三四五六七八", "九十甲"]


TEXTS = st.text("一二三四五测试，。！（“”、 abc12-.)\n", max_size=80)
PLAIN = st.text("一二三四五测试，。！”、", max_size=60)


@given(TEXTS, st.floats(2, 40))
def test_nothing_is_lost_and_no_line_is_too_wide(text: str, width: float) -> None:
    lines = wrap(text, width_of, width)
    assert "".join(lines).replace(" ", "") == text.replace("\n", "").replace(" ", "")
    assert all(width_of(line) <= width for line in lines)


@given(PLAIN, st.integers(6, 40))
def test_no_closing_mark_begins_a_line(text: str, width: int) -> None:
    parts = pieces(text)
    if any(width_of(part) > width for part in parts):
        return  # a run of marks wider than a line has to be cut somewhere
    lines = wrap(text, width_of, float(width))
    assert all(line[0] not in CLOSING for line in lines[1:] if line)


@given(TEXTS)
def test_an_opening_mark_stays_with_what_follows(text: str) -> None:
    parts = pieces(text.replace("\n", ""))
    assert "".join(parts) == text.replace("\n", "")
    assert all(part[-1] not in OPENING for part in parts[:-1])
