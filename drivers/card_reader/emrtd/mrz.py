"""The machine readable zone: three sizes, check digits, names, dates (Doc 9303-3 to -6).

TD1 is three lines of 30 characters, TD2 two of 36, TD3 (passports) two of 44; a chip holds them
without line ends.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from drivers.card_reader.emrtd.tlv import Malformed

FILLER: Final = "<"
NUMBER_SIZE: Final = 9
_WEIGHTS: Final = (7, 3, 1)
CHARACTERS: Final = re.compile(r"[A-Z0-9<]+")
DATE: Final = re.compile(r"[0-9<]{6}")


@dataclass(frozen=True, slots=True, repr=False)
class Mrz:
    """The fields as written, fillers at their ends taken off; dates stay YYMMDD.

    `name_complete` is False when the names filled their field to its end, as truncated names do.
    """

    code: str
    issuer: str
    number: str
    nationality: str
    birth: str
    sex: str
    expiry: str
    surname: str
    given_names: str
    optional: str
    name_complete: bool

    def __repr__(self) -> str:
        return "Mrz(masked)"


def check_digit(text: str) -> str:
    """Weights 7 3 1 over 0-9 = 0-9, A-Z = 10-35, `<` = 0; ValueError for any other character."""
    return str(sum(_value(char) * _WEIGHTS[i % 3] for i, char in enumerate(text)) % 10)


def parse(text: str) -> Mrz:
    """The zone of a document; `Malformed` names the field whose check digit is wrong."""
    if not CHARACTERS.fullmatch(text):
        msg = "a character that no MRZ has"
        raise Malformed(msg)
    match len(text):
        case 90:
            return _td1(text)
        case 72:
            return _two_lines(text, 36)
        case 88:
            return _two_lines(text, 44)
        case size:
            msg = f"an MRZ of {size} characters"
            raise Malformed(msg)


def birth_date(yymmdd: str, today: date) -> date | None:
    """The latest day not after today; None when a part is unknown (`<<`) or there is no such day."""
    return _latest(yymmdd, today)


def expiry_date(yymmdd: str, today: date) -> date | None:
    """The latest day within fifty years: documents that expired long ago stay in the past."""
    return _latest(yymmdd, date(today.year + 50, 12, 31))


def _latest(yymmdd: str, limit: date) -> date | None:
    if not yymmdd.isdigit():
        return None
    short, month, day = int(yymmdd[:2]), int(yymmdd[2:4]), int(yymmdd[4:])
    year = limit.year - (limit.year - short) % 100
    if (year, month, day) > (limit.year, limit.month, limit.day):
        year -= 100
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _value(char: str) -> int:
    if char == FILLER:
        return 0
    if char.isascii() and char.isdigit():
        return int(char)
    if "A" <= char <= "Z":
        return ord(char) - ord("A") + 10
    msg = "a character that no MRZ has"
    raise ValueError(msg)


def _check(field: str, text: str, digit: str, *, may_be_blank: bool = False) -> None:
    if may_be_blank and digit == FILLER and not text.strip(FILLER):
        return
    if check_digit(text) != digit:
        msg = f"the check digit of the {field} is wrong"
        raise Malformed(msg)


def _td1(text: str) -> Mrz:
    upper, middle, lower = text[:30], text[30:60], text[60:]
    number, optional = _number(upper[5:14], upper[14], upper[15:30])
    _check("birth date", middle[:6], middle[6])
    _check("expiry date", middle[8:14], middle[14])
    _check("whole", upper[5:30] + middle[:7] + middle[8:15] + middle[18:29], middle[29])
    second = middle[18:29].strip(FILLER)
    return _mrz(upper, middle[15:18], middle[:14], lower, number, f"{optional} {second}".strip())


def _two_lines(text: str, size: int) -> Mrz:
    upper, lower = text[:size], text[size:]
    last = size - 1
    if size == 44:
        number = lower[:NUMBER_SIZE].rstrip(FILLER)
        _check("number", lower[:9], lower[9])
        _check("personal number", lower[28:42], lower[42], may_be_blank=True)
        optional = lower[28:42].strip(FILLER)
    else:
        number, optional = _number(lower[:9], lower[9], lower[28:35])
    _check("birth date", lower[13:19], lower[19])
    _check("expiry date", lower[21:27], lower[27])
    _check("whole", lower[:10] + lower[13:20] + lower[21:last], lower[last])
    return _mrz(upper, lower[10:13], lower[13:27], upper[5:], number, optional)


def _number(field: str, digit: str, optional: str) -> tuple[str, str]:
    """A number longer than nine goes on in the optional data, its check digit at the end of it."""
    if digit != FILLER:
        _check("number", field, digit)
        return field.rstrip(FILLER), optional.strip(FILLER)
    rest, _, other = optional.partition(FILLER)
    if not rest:
        msg = "a long number without an end"
        raise Malformed(msg)
    _check("number", field + rest[:-1], rest[-1])
    return field + rest[:-1], other.strip(FILLER)


def _mrz(head: str, nationality: str, dates: str, names: str, number: str, optional: str) -> Mrz:
    """`dates` is birth with check digit, sex, expiry."""
    birth, sex, expiry = dates[:6], dates[7], dates[8:14]
    if not (DATE.fullmatch(birth) and DATE.fullmatch(expiry)) or sex not in "MFX<":
        msg = "letters in a date, or an unknown sex"
        raise Malformed(msg)
    surname, _, given = names.strip(FILLER).partition(FILLER * 2)
    return Mrz(
        code=head[:2].rstrip(FILLER),
        issuer=head[2:5].rstrip(FILLER),
        number=number,
        nationality=nationality.rstrip(FILLER),
        birth=birth,
        sex=sex,
        expiry=expiry,
        surname=_spaced(surname),
        given_names=_spaced(given),
        optional=optional,
        name_complete=names.endswith(FILLER),
    )


def _spaced(part: str) -> str:
    return " ".join(part.replace(FILLER, " ").split())
