"""Numbers, names and validity of identity documents, and how they are masked. Pure; knows no reader.

A number is right when its check digit and its date are right, and nothing more: the region code is
information, because old people carry the codes of counties that no longer exist.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from drivers import id_number
from drivers.id_number import LENGTH as NUMBER_LENGTH
from drivers.id_number import check_sign

OLD_NUMBER_LENGTH = 15
_FULL_WIDTH = {0xFF10 + i: str(i) for i in range(10)} | {0xFF38: "X", 0xFF58: "X"}


class NumberProblem(StrEnum):
    """Which part of a typed number is wrong. The words never repeat the number."""

    UNFINISHED = "unfinished"
    LENGTH = "length"
    SIGNS = "signs"
    DATE = "date"
    CHECK_DIGIT = "check_digit"


NUMBER_WORDS: dict[NumberProblem, dict[str, str]] = {
    NumberProblem.UNFINISHED: {
        "zh": "还没有输完，共 18 位。",
        "en": "Not complete yet: 18 characters in all.",
    },
    NumberProblem.LENGTH: {
        "zh": "身份证号码应是 18 位（老证 15 位），请再数一数。",
        "en": "An ID number has 18 characters (old cards: 15). Please count again.",
    },
    NumberProblem.SIGNS: {
        "zh": "身份证号码只有数字，最后一位可以是 X。",
        "en": "An ID number has digits only; the last character may be X.",
    },
    NumberProblem.DATE: {
        "zh": "第 7 到 14 位的出生日期不存在，请对照证件看一看。",
        "en": "The date of birth inside the number does not exist. Please compare with the card.",
    },
    NumberProblem.CHECK_DIGIT: {
        "zh": "有一位数字可能输错了，请对照证件看一看。",
        "en": "One character seems mistyped. Please compare with the card.",
    },
}


@dataclass(frozen=True, slots=True, repr=False)
class IdNumber:
    """A right number in its stored form: 18 characters, capital X. `region` is not judged."""

    value: str
    birth_date: date
    region: str
    upgraded: bool = False

    def __repr__(self) -> str:
        return "IdNumber(masked)"


def normalise_number(typed: str) -> str:
    """Full-width signs folded, spaces dropped, x made capital; nothing is judged."""
    return "".join(typed.translate(_FULL_WIDTH).split()).upper()


def read_number(typed: str, *, confirmed: bool = True) -> IdNumber | NumberProblem:
    """Judge a typed number. 15 digits are an old number only once `confirmed`: until then they
    are an 18-digit number that somebody is still typing.
    """
    text = normalise_number(typed)
    body = text[:-1] if len(text) == NUMBER_LENGTH and text.endswith("X") else text
    if not (body.isascii() and (body.isdigit() or not body)):
        return NumberProblem.SIGNS
    if len(text) < NUMBER_LENGTH and not confirmed:
        return NumberProblem.UNFINISHED
    if len(text) not in (NUMBER_LENGTH, OLD_NUMBER_LENGTH):
        return NumberProblem.LENGTH
    upgraded = len(text) == OLD_NUMBER_LENGTH
    if upgraded:
        first17 = text[:6] + "19" + text[6:]
        text = first17 + check_sign(first17)
    born = id_number.birth_date(text)
    if isinstance(born, id_number.Flaw):
        return NumberProblem(born.value)
    return IdNumber(text, born, text[:6], upgraded)


MIDDLE_DOT = "\u00b7"
_DOT_LOOKALIKES = frozenset("\u00b7\u2022\u30fb\uff0e.\u2027\uff65\u2219\u22c5\u2024")


def normalise_name(typed: str) -> str:
    """Edges trimmed; a look-alike of the middle dot between two non-Latin characters is U+00B7.

    Nothing else is changed: doubled dots stay doubled, rare characters stay what they are.
    """
    signs = list(typed.strip())
    for i, sign in enumerate(signs):
        if sign not in _DOT_LOOKALIKES:
            continue
        around = (signs[i - 1] if i else "", signs[i + 1] if i + 1 < len(signs) else "")
        if not any(neighbour.isascii() and neighbour.isalnum() for neighbour in around):
            signs[i] = MIDDLE_DOT
    return "".join(signs)


def same_name(one: str, other: str) -> bool:
    """Equal after normalising; a missing or doubled dot is a different name."""
    return normalise_name(one) == normalise_name(other)


_SURNAMES = (
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 "
    "慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 司空 闾丘 子车 亓官 司寇 巫马 公西 颛孙 壤驷 公良 漆雕 乐正 宰父 谷梁 拓跋 夹谷 "
    "轩辕 令狐 段干 百里 呼延 东郭 南门 羊舌 微生 左丘 东门 西门 第五"
)
COMPOUND_SURNAMES = frozenset(_SURNAMES.split())
"""Surnames of two characters, from the customary list of compound surnames."""


def mask_name(name: str) -> str:
    """Rule D6: 张*, 欧阳*, 阿依古丽·…; one star whatever the length, so that it tells nothing."""
    name = normalise_name(name)
    if MIDDLE_DOT in name.strip(MIDDLE_DOT):
        return f"{name.strip(MIDDLE_DOT).split(MIDDLE_DOT, 1)[0]}{MIDDLE_DOT}…"
    if " " in name:
        return f"{name.split(maxsplit=1)[0]} *"
    if len(name) > 2 and name[:2] in COMPOUND_SURNAMES:
        return f"{name[:2]}*"
    return f"{name[:1]}*"


def mask_number(number: str) -> str:
    """Rule D6: the first and the last 4 characters; of short numbers only the last quarter."""
    if len(number) >= OLD_NUMBER_LENGTH:
        return f"{number[:4]}{'*' * (len(number) - 8)}{number[-4:]}"
    shown = len(number) // 4
    return "*" * (len(number) - shown) + (number[-shown:] if shown else "")


def mask_mobile(mobile: str) -> str:
    """Rule D6: 138****8000; anything of another length like a number."""
    return f"{mobile[:3]}****{mobile[-4:]}" if len(mobile) == 11 else mask_number(mobile)


def mask_address(address: str) -> str:
    """Up to the last village, street or town that is named; the rest is stars."""
    end = max((address.rfind(sign) for sign in "省市县区乡镇村街路道"), default=-1) + 1
    return f"{address[:end]}**" if end else f"{address[:3]}**"


def age_on(birth_date: date, on: date) -> int:
    """Completed years of life; who was born on 29 February has a birthday on 1 March."""
    return on.year - birth_date.year - ((on.month, on.day) < (birth_date.month, birth_date.day))


class CardValidity(StrEnum):
    """What a document's dates mean on a day. Only the first two may be used."""

    VALID = "valid"
    LONG_TERM = "long_term"
    EXPIRED = "expired"
    NOT_YET = "not_yet"
    UNREADABLE = "unreadable"


def card_validity(kind: str, valid_from: date | None, valid_to: date | None, today: date) -> CardValidity:
    """`kind` is `dated`, `long_term` or anything else (unreadable). The end day is still valid.

    Unreadable is never taken for valid or for expired. 9999-12-31 means without end.
    """
    endless = kind == "long_term" or (kind == "dated" and valid_to is not None and valid_to.year == 9999)
    if not endless and (kind != "dated" or valid_to is None):
        return CardValidity.UNREADABLE
    if valid_from is not None and valid_from > today:
        return CardValidity.NOT_YET
    if endless:
        return CardValidity.LONG_TERM
    return CardValidity.EXPIRED if valid_to is not None and valid_to < today else CardValidity.VALID
