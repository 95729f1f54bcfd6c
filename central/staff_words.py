"""What staff write about a case is read by its resident and by other staff: short, printable, and nothing personal."""

from __future__ import annotations

import re
from dataclasses import dataclass

BY_MAX = 32
WHY_MAX = 120
WORDS_MAX = 200
_LONG_NUMBER = re.compile(r"(?:\d[ -]?){11,}")
"""Eleven digits are a mobile number, more are an identity card's or a bank's; no date and no hotline has as many."""


class UnfitWordsError(ValueError):
    """The text says in both languages which words are unfit and why; it does not quote them."""


@dataclass(frozen=True, slots=True)
class Signed:
    """Who did something, and why. `by`: a role or staff number, never a name."""

    by: str
    why: str

    def __str__(self) -> str:
        return f"by {self.by}: {self.why}"


def signed(by: str, why: str) -> Signed:
    """Raises UnfitWordsError."""
    return Signed(fit("--by", by, BY_MAX), fit("--why", why, WHY_MAX))


def fit(name: str, text: str, at_most: int) -> str:
    """The text without spaces around it. Raises UnfitWordsError, which names the option."""
    text = text.strip()
    if not text:
        message = f"{name}: 不能为空 / must not be empty"
    elif len(text) > at_most:
        message = (
            f"{name}: 最多 {at_most} 字，现有 {len(text)} 字 / at most {at_most} characters, not {len(text)}"
        )
    elif not text.isprintable():
        message = f"{name}: 里面有看不见的字符 / it has invisible characters"
    elif _LONG_NUMBER.search(text):
        message = (
            f"{name}: 里面像有号码，这里不能写身份证号、手机号"
            " / there seems to be a number of a person in it, which must not stand here"
        )
    else:
        return text
    raise UnfitWordsError(message)
