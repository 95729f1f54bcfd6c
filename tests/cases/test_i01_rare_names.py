"""I01: a character outside the basic plane is one character; a name cut at the field's end says so."""

from __future__ import annotations

import json
import sqlite3

from drivers.card_reader import layout
from drivers.contract import Ok
from tests.cases.blocks import RESIDENT, block

CUT = "测试用名甲乙丙丁戊己庚辛壬癸"


def test_a_rare_character_is_one() -> None:
    decoded = layout.decode(block({**RESIDENT, 0: "钱\U0002cb4a"}))
    assert isinstance(decoded, Ok)
    assert [ord(character) for character in decoded.value.name] == [0x94B1, 0x2CB4A]
    assert decoded.value.name_complete


def test_half_a_character_at_the_fields_end_is_left_out_and_told() -> None:
    assert len(CUT) == 14
    decoded = layout.decode(block({**RESIDENT, 0: CUT + "\ud872"}))
    assert isinstance(decoded, Ok)
    assert decoded.value.name == CUT
    assert not decoded.value.name_complete
    # json and sqlite take it, which half a pair they would not
    json.dumps(decoded.value.name, ensure_ascii=False).encode()
    with sqlite3.connect(":memory:") as database:
        assert database.execute("select ?", (decoded.value.name,)).fetchone() == (CUT,)
    database.close()


def test_hex_digits_are_no_text_that_is_guessed() -> None:
    decoded = layout.decode(block({**RESIDENT, 0: "94B12DE5"}))
    assert isinstance(decoded, Ok)
    assert decoded.value.name == "94B12DE5"
