"""I06: lower-case x, 15 digits, full-width digits, 31 February. County code 110199 does not exist."""

from __future__ import annotations

import pytest

from kiosk.identity import IdNumber, NumberProblem, read_number

GOOD = [
    ("11019919851224990X", "11019919851224990X"),
    ("11019919851224990x", "11019919851224990X"),
    ("11019919851224990Ｘ", "11019919851224990X"),
    ("11019919851224990ｘ", "11019919851224990X"),
    (" 110199 19900101 9998 ", "110199199001019998"),
    ("１１０１９９１９９００１０１９９９8", "110199199001019998"),
]
BAD = [
    ("110199199001019990", NumberProblem.CHECK_DIGIT),
    ("110199901301999", NumberProblem.DATE),
    ("123456789012345", NumberProblem.DATE),
    ("110199189702311239", NumberProblem.DATE),
    ("11019919900101999Y", NumberProblem.SIGNS),
    ("٣١١٠١٩٩١٩٩٠٠١٠١٩٩", NumberProblem.SIGNS),
    ("1101991990010199", NumberProblem.LENGTH),
    ("", NumberProblem.LENGTH),
]


@pytest.mark.parametrize(("typed", "stored"), GOOD)
def test_what_residents_type_is_stored_in_one_form(typed: str, stored: str) -> None:
    read = read_number(typed, confirmed=False)
    assert isinstance(read, IdNumber)
    assert read.value == stored
    assert stored not in repr(read)


@pytest.mark.parametrize(("typed", "problem"), BAD)
def test_the_wrong_part_is_named(typed: str, problem: NumberProblem) -> None:
    assert read_number(typed) is problem


def test_fifteen_digits_are_judged_only_once_confirmed() -> None:
    typed = "110199900101999"
    assert read_number(typed, confirmed=False) is NumberProblem.UNFINISHED
    read = read_number(typed)
    assert isinstance(read, IdNumber)
    assert read.value == "110199199001019998"
    assert read.upgraded
