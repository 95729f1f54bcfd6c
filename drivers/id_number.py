"""The rules inside an 18-character number of GB 11643-1999, of which the foreigners' new numbers are a kind.

Pure: used for what a chip says and for what a person types. The region code is not judged, because
old people carry the codes of counties that no longer exist.
"""

from __future__ import annotations

import re
from datetime import date
from enum import StrEnum
from typing import Final

LENGTH: Final = 18
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK_SIGNS: Final = "10X98765432"
"""ISO 7064 MOD 11-2: 2 ** (17 - i) mod 11 as weights."""


class Flaw(StrEnum):
    """The first rule that a number of 18 characters breaks."""

    SIGNS = "signs"
    DATE = "date"
    CHECK_DIGIT = "check_digit"


def check_sign(first17: str) -> str:
    """The 18th character that belongs to 17 digits."""
    return _CHECK_SIGNS[sum(w * int(d) for w, d in zip(_WEIGHTS, first17, strict=True)) % 11]


def birth_date(number: str) -> date | Flaw:
    """17 digits and a digit or capital X -> the date of birth inside, or what is wrong with the number."""
    if not re.fullmatch(r"[0-9]{17}[0-9X]", number):
        return Flaw.SIGNS
    try:
        born = date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return Flaw.DATE
    return born if check_sign(number[:17]) == number[17] else Flaw.CHECK_DIGIT
