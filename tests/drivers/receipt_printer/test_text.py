from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.receipt_printer.text import clean_text, wrap


def _columns(text: str) -> float:
    return sum(2 if ord(character) > 0x2E80 else 1 for character in text)


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("", [""]),
        ("一二三四五六", ["一二三四", "五六"]),
        ("一二三四。五", ["一二三", "四。五"]),
        ("一二三（四）五", ["一二三", "（四）五"]),
        ("一二 12345 三", ["一二", "12345 三"]),
        ("一二三12345", ["一二三", "12345"]),
        ("word another", ["word", "another"]),
        ("1234567890", ["12345678", "90"]),
        ("一二三四 五", ["一二三四", "五"]),
    ],
)
def test_lines_break_where_a_reader_expects(text: str, lines: list[str]) -> None:
    assert wrap(text, 8, _columns) == lines


@given(st.text(alphabet="一二，。（）ab1 ", max_size=40))
def test_nothing_but_spaces_is_lost_and_no_line_is_too_wide(text: str) -> None:
    lines = wrap(text, 8, _columns)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")
    assert all(_columns(line) <= 8 for line in lines)


@given(st.text(max_size=60))
def test_clean_text_holds_nothing_that_commands(text: str) -> None:
    clean = clean_text(text)
    assert not {unicodedata.category(character) for character in clean} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    assert clean_text(clean) == clean


def test_clean_text_keeps_names_as_they_are() -> None:
    assert clean_text("阿依·测试 𬭎䶮 O'Brien") == "阿依·测试 𬭎䶮 O'Brien"
    assert clean_text("甲\ud800乙") == "甲〓乙"
    assert clean_text("甲\r\n\u2028乙\u200b\ufe0f") == "甲 乙"
