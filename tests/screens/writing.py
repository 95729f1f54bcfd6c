"""The writing sheet in all its states, without the real pinyin."""

from __future__ import annotations

from collections.abc import Iterator

from kiosk.journey.view import Field, FieldKind
from screens.compose.page import Local
from screens.compose.writing import candidate_width, candidates_room
from screens.keyboard.engine import Candidate, EngineState
from screens.keyboard.kind import keyboard_kind
from screens.keyboard.model import Keyboard
from screens.theme import Theme
from screens.typeset import Typesetter

LONGEST = "zhuangchuangshuangzhuangchuang"
"""As many letters as the keyboard takes in one go."""
FULL = "路面有一个大坑，下雨就积水。"


class Many:
    """An engine that always has more candidates than fit, short and long."""

    state = EngineState.READY
    forgotten = 0

    def candidates(self, letters: str, *, single: bool) -> tuple[Candidate, ...]:
        words = "測试的候选词语很多" if single else ("欧阳", "秀", "中华人民共和国", "壮", "三里村委员会")
        return tuple(Candidate(word, len(letters)) for word in (*words, *words, *words))

    def forget(self) -> None:
        self.forgotten += 1


class Gone(Many):
    """Pinyin that cannot be opened."""

    state = EngineState.UNAVAILABLE


TEXT = Field("place", FieldKind.TEXT, "具体位置（可以不填）", hint="比如：小学门口往东", max_length=60)
STORY = Field("story", FieldKind.LONG_TEXT, "情况", error="请多写几个字，至少 4 个", max_length=500)
NUMBER = Field("phone", FieldKind.NUMBER, "联系电话（可以不填）", hint="想听答复才需要填", max_length=12)

PIN = Field("pin", FieldKind.PIN, "PIN 码", hint="6 到 12 位数字", max_length=12)


def sheets(language: str, theme: Theme, types: Typesetter) -> Iterator[tuple[str, Local]]:
    """Name and what is being written: every layer, empty and full, with letters under way."""

    def keyboard(field: Field, text: str = "", engine: Many | None = None, *, x: bool = False) -> Keyboard:
        return Keyboard(
            language,
            keyboard_kind(field.kind),
            field.max_length,
            engine or Many(),
            text=text,
            letter_x=x,
            candidates_width=candidates_room(theme),
            width_of=lambda text: candidate_width(theme, types, text),
        )

    for field in (TEXT, STORY):
        for press in ("", "layer:numbers", "layer:punctuation", "language", "single", "shift"):
            pressed = keyboard(field)
            pressed.press(press)
            yield f"{field.id} {press}", Local(field=field, keyboard=pressed)
        full = keyboard(field, (FULL * 40)[: field.max_length])
        full.press("q")
        yield f"{field.id} full", Local(field=field, keyboard=full)
        yield f"{field.id} without pinyin", Local(field=field, keyboard=keyboard(field, "", Gone()))
    for letters in ("n", LONGEST):
        for press in ("", "more", "single", "done"):
            under_way = keyboard(TEXT, "三里村")
            if language != "zh":
                under_way.press("language")
            for letter in letters:
                under_way.press(letter)
            if press == "more":
                under_way.more()
            else:
                under_way.press(press)
            assert under_way.composing
            yield f"letters {len(letters)} {press}", Local(field=TEXT, keyboard=under_way)
    for digits in ("", "271828314159"):
        yield f"pin {len(digits)}", Local(field=PIN, keyboard=keyboard(PIN, digits))
    for x in (False, True):
        yield f"pad {x}", Local(field=NUMBER, keyboard=keyboard(NUMBER, "138001380001", x=x))
