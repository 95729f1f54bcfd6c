"""The layers hold together: every key once, reachable, wide enough for a finger, spoken, in both languages."""

from __future__ import annotations

import string
from itertools import product

import pytest

from kiosk.case import CODE_ALPHABET
from kiosk.locale import Texts, missing, texts_for
from screens.keyboard.layout import Key, KeyKind, Layer, Look, Row, rows
from screens.keyboard.notice import WORDS, Notice

LOOKS = [
    Look(chinese=chinese, capital=capital, single=single, letter_x=letter_x, pinyin_reason=reason)
    for chinese, capital, single, letter_x, reason in product(
        (True, False), (True, False), (True, False), (True, False), ("", "为什么")
    )
]
EVERY = list(product(Layer, LOOKS))
PANEL_MM = 398
"""Width of the portrait panel of the reference terminal."""
ELDER_TARGET_MM = 20
GAP_SHARE = 0.15
"""Of a unit, left free between keys when they are drawn."""


def keys(layer: Layer, look: Look, language: str = "zh") -> list[Key]:
    return [key for row in rows(layer, look, texts_for(language)) for key in row.keys]


@pytest.mark.parametrize("layer", Layer)
def test_a_layer_has_each_key_once_and_rows_of_one_width(layer: Layer) -> None:
    for look in LOOKS:
        made = rows(layer, look, texts_for("zh"))
        ids = [key.id for row in made for key in row.keys]
        assert len(ids) == len(set(ids))
        assert {row.width for row in made} == {3.0 if layer is Layer.NUMBER_PAD else 10.0}


@pytest.mark.parametrize("layer", Layer)
def test_every_key_is_wide_enough_for_an_old_finger(layer: Layer) -> None:
    for row in rows(layer, Look(chinese=True), texts_for("zh")):
        unit_mm = PANEL_MM / row.width
        assert min(key.width - GAP_SHARE for key in row.keys) * unit_mm >= ELDER_TARGET_MM


def test_the_letters_stand_where_a_typist_expects_them() -> None:
    made = rows(Layer.LETTERS, Look(chinese=False), texts_for("zh"))
    typed = ["".join(key.types for key in row.keys if key.kind is KeyKind.LETTER) for row in made]
    assert typed == ["qwertyuiop", "asdfghjkl", "zxcvbnm", ""]
    assert len(made[0].keys) == 10


def test_pinyin_has_no_capitals_and_names_its_u_umlaut() -> None:
    typed = "".join(
        key.types
        for key in keys(Layer.LETTERS, Look(chinese=True, capital=True))
        if key.kind is KeyKind.LETTER
    )
    assert typed == "qwertyuiopasdfghjklzxcvbnm"
    (v,) = (key for key in keys(Layer.LETTERS, Look(chinese=True)) if key.id == "v")
    assert "Ü" in v.label
    assert "ü" in v.spoken


def test_shift_shows_and_types_capitals() -> None:
    capital = [
        key for key in keys(Layer.LETTERS, Look(chinese=False, capital=True)) if key.kind is KeyKind.LETTER
    ]
    assert all(key.types.isupper() and key.label == key.types for key in capital)
    small = [key for key in keys(Layer.LETTERS, Look(chinese=False)) if key.kind is KeyKind.LETTER]
    assert all(key.types.islower() and key.label == key.types for key in small)


def test_every_text_layer_is_left_deleted_in_and_finished() -> None:
    for layer, look in EVERY:
        kinds = {key.kind for key in keys(layer, look)}
        assert {KeyKind.BACKSPACE, KeyKind.DONE} <= kinds
        if layer not in (Layer.NUMBER_PAD, Layer.CODE):
            assert {KeyKind.LANGUAGE, KeyKind.SPACE} <= kinds
            targets = {key.types for key in keys(layer, look) if key.kind is KeyKind.LAYER}
            assert targets == {
                other.value
                for other in (Layer.LETTERS, Layer.NUMBERS, Layer.PUNCTUATION)
                if other is not layer
            }


def test_a_code_is_typed_without_changing_the_layer() -> None:
    offered = {key.types for key in keys(Layer.CODE, Look(chinese=True)) if key.kind is KeyKind.TEXT}
    assert offered == set(string.digits + string.ascii_uppercase)
    assert offered >= set(CODE_ALPHABET)


def test_punctuation_is_of_the_language() -> None:
    zh = {key.types for key in keys(Layer.PUNCTUATION, Look(chinese=True))}
    en = {key.types for key in keys(Layer.PUNCTUATION, Look(chinese=False))}
    assert {"，", "。", "、", "《", "·"} <= zh - en
    assert {",", ".", "'", "@"} <= en - zh


def test_every_key_has_a_label_and_something_to_say() -> None:
    for layer, look in EVERY:
        for key in keys(layer, look):
            assert key.label, key.id
            assert key.spoken, key.id
            assert key.enabled or key.reason, key.id


def test_every_word_is_translated() -> None:
    said: set[str] = set()

    class Recorder(Texts):
        def __call__(self, msgid: str, **values: object) -> str:
            said.add(msgid)
            return super().__call__(msgid, **values)

    t = Recorder("zh", {})
    for layer, look in EVERY:
        rows(layer, look, t)
    assert "字母 {letter}" in said
    assert missing("en", said | set(WORDS.values())) == []


def test_every_notice_but_none_has_its_sentence() -> None:
    assert set(WORDS) == set(Notice) - {Notice.NONE}


def test_a_row_counts_its_indents() -> None:
    key = Key("a", "a", "a", KeyKind.LETTER, 2.0)
    assert Row((key, key), indent=0.5).width == 5.0
