"""The keyboard's layers as data. A row's keys and indents add up to its width, in units.

A text layer is ten units wide: on a panel of 398 mm by 1080 pixels a unit is about 40 mm, so the
narrowest key keeps the 20 mm that elders need. Labels are in the resident's language.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from kiosk.locale import Texts

PUNCTUATION_ZH = ("，。、？！：；“”·", "（）《》【】—…～", "‘’￥％／－＿")
PUNCTUATION_EN = (",.?!:;'\"@#", "()[]<>/\\|", "-_+=&*%")
BESIDE_DIGITS = ("1234567890", "-/.#@:+()", ",_&*%=?")


class Layer(StrEnum):
    """What the keys type."""

    LETTERS = "letters"
    NUMBERS = "numbers"
    PUNCTUATION = "punctuation"
    NUMBER_PAD = "number_pad"
    CODE = "code"


class KeyKind(StrEnum):
    """What a key does."""

    LETTER = "letter"
    TEXT = "text"
    BACKSPACE = "backspace"
    SHIFT = "shift"
    SINGLE = "single"
    LANGUAGE = "language"
    LAYER = "layer"
    SPACE = "space"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Key:
    """One key. `types` is the letter, the text or the layer that it stands for; `spoken` is read aloud."""

    id: str
    label: str
    spoken: str
    kind: KeyKind
    width: float = 1.0
    types: str = ""
    selected: bool = False
    enabled: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Row:
    """Keys from left to right, after and before an empty `indent`, in units of width."""

    keys: tuple[Key, ...]
    indent: float = 0.0

    @property
    def width(self) -> float:
        return sum(key.width for key in self.keys) + 2 * self.indent


@dataclass(frozen=True, slots=True)
class Look:
    """What the layers depend on besides the layer itself."""

    chinese: bool
    capital: bool = False
    single: bool = False
    pinyin_reason: str = ""
    """Why pinyin cannot be switched on; empty when it can."""
    letter_x: bool = False
    """The number pad offers the X of an identity number."""


Rows = tuple[Row, ...]


def rows(layer: Layer, look: Look, t: Texts) -> Rows:
    """The rows of a layer from top to bottom."""
    match layer:
        case Layer.LETTERS:
            return _letters(look, t)
        case Layer.NUMBERS:
            return _marks(BESIDE_DIGITS, Layer.NUMBERS, look, t)
        case Layer.PUNCTUATION:
            marks = PUNCTUATION_ZH if look.chinese else PUNCTUATION_EN
            return _marks(marks, Layer.PUNCTUATION, look, t)
        case Layer.NUMBER_PAD:
            return _number_pad(look, t)
        case Layer.CODE:
            return _code(t)


def _letters(look: Look, t: Texts) -> Rows:
    def letter(character: str) -> Key:
        capital = look.chinese or look.capital  # capitals are easier to read; pinyin has no case
        label = character.upper() if capital else character
        types = character.upper() if look.capital and not look.chinese else character
        if look.chinese and character == "v":
            return Key("v", "V Ü", t("字母 {letter}", letter="ü"), KeyKind.LETTER, types="v")
        return Key(character, label, t("字母 {letter}", letter=label), KeyKind.LETTER, types=types)

    if look.chinese:
        first = Key("single", t("单字"), t("只选单个字"), KeyKind.SINGLE, 1.5, selected=look.single)
    else:
        first = Key("shift", t("大写"), t("大写字母"), KeyKind.SHIFT, 1.5, selected=look.capital)
    return (
        Row(tuple(map(letter, "qwertyuiop"))),
        Row(tuple(map(letter, "asdfghjkl")), indent=0.5),
        Row((first, *map(letter, "zxcvbnm"), _backspace(t))),
        _last(Layer.LETTERS, look, t),
    )


def _marks(lines: tuple[str, str, str], layer: Layer, look: Look, t: Texts) -> Rows:
    top, middle, bottom = (tuple(_text(mark) for mark in line) for line in lines)
    other = Layer.PUNCTUATION if layer is Layer.NUMBERS else Layer.NUMBERS
    return (
        Row(top),
        Row(middle, indent=0.5),
        Row((_switch(other, look, t), *bottom, _backspace(t))),
        _last(layer, look, t),
    )


def _number_pad(look: Look, t: Texts) -> Rows:
    zero = (_text("X"), _text("0")) if look.letter_x else (_text("0", 2.0),)
    return (
        *(Row(tuple(map(_text, line))) for line in ("123", "456", "789")),
        Row((*zero, _backspace(t, 1.0))),
        Row((_done(t, 3.0),)),
    )


def _code(t: Texts) -> Rows:
    """Digits and capitals at once: a case code mixes them."""
    return (
        *(Row(tuple(map(_text, line))) for line in ("1234567890", "QWERTYUIOP")),
        Row(tuple(map(_text, "ASDFGHJKL")), indent=0.5),
        Row((*map(_text, "ZXCVBNM"), _backspace(t, 3.0))),
        Row((_done(t, 10.0),)),
    )


def _last(layer: Layer, look: Look, t: Texts) -> Row:
    left: Iterable[Key]
    if layer is Layer.LETTERS:
        left = (_switch(Layer.NUMBERS, look, t), _switch(Layer.PUNCTUATION, look, t))
    else:
        left = (_switch(Layer.LETTERS, look, t, 3.0),)
    language = Key(
        "language",
        "中/英",
        t("换成英文字母") if look.chinese else t("换成拼音"),
        KeyKind.LANGUAGE,
        1.5,
        selected=look.chinese,
        enabled=look.chinese or not look.pinyin_reason,
        reason="" if look.chinese else look.pinyin_reason,
    )
    space = Key("space", t("空格"), t("空格"), KeyKind.SPACE, 3.5)
    return Row((*left, language, space, _done(t, 2.0)))


def _switch(to: Layer, look: Look, t: Texts, width: float = 1.5) -> Key:
    label, spoken = {
        Layer.LETTERS: (t("拼音"), t("回到拼音")) if look.chinese else ("ABC", t("回到字母")),
        Layer.NUMBERS: ("123", t("数字")),
        Layer.PUNCTUATION: (t("符号"), t("标点符号")),
    }[to]
    return Key(f"layer:{to.value}", label, spoken, KeyKind.LAYER, width, types=to.value)


def _text(mark: str, width: float = 1.0) -> Key:
    return Key(f"text:{mark}", mark, mark, KeyKind.TEXT, width, types=mark)


def _backspace(t: Texts, width: float = 1.5) -> Key:
    return Key("backspace", t("删除"), t("删除一个字"), KeyKind.BACKSPACE, width)


def _done(t: Texts, width: float) -> Key:
    return Key("done", t("完成"), t("完成"), KeyKind.DONE, width)
