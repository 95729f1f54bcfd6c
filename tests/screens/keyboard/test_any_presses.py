"""Whatever is pressed, in whatever order: the text keeps its bounds and nothing breaks."""

from __future__ import annotations

import string
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.locale import texts_for
from screens.keyboard.engine import Candidate, EngineState
from screens.keyboard.layout import Layer, Look, rows
from screens.keyboard.model import Keyboard, Kind
from screens.keyboard.rime import Rime
from tests.screens.keyboard.spelling import Spelling

EVERY_KEY = sorted(
    {
        key.id
        for layer in Layer
        for chinese in (True, False)
        for row in rows(layer, Look(chinese=chinese, letter_x=True), texts_for("zh"))
        for key in row.keys
    }
)
LIKELY = ["o", "u", "y", "a", "n", "g", "x", "i", "space", "backspace", "language", "single", "shift", "done"]
ACTS = st.one_of(
    st.sampled_from(LIKELY),
    st.sampled_from(EVERY_KEY),
    st.integers(-2, 12),
    st.sampled_from(["<more>", "<previous>", "<poll>", "<wipe>", "<fail>", "<ready>", "no such key"]),
    st.text(max_size=3).map("insert:".__add__),
)


def act_on(keyboard: Keyboard, engine: Spelling, act: str | int) -> None:
    match act:
        case int():
            keyboard.choose(act)
        case "<more>":
            keyboard.more()
        case "<previous>":
            keyboard.previous()
        case "<poll>":
            keyboard.poll()
        case "<wipe>":
            keyboard.wipe()
            assert (keyboard.text, keyboard.composing) == ("", "")
        case "<fail>":
            engine.state = EngineState.UNAVAILABLE
        case "<ready>":
            engine.state = EngineState.READY
        case str() if act.startswith("insert:"):
            keyboard.insert(act.removeprefix("insert:"))
        case _:
            keyboard.press(act)


def holds(keyboard: Keyboard, max_length: int) -> None:
    assert len(keyboard.text) <= max_length
    assert keyboard.full == (len(keyboard.text) == max_length)
    assert set(keyboard.composing) <= set(string.ascii_lowercase)
    assert not any(unicodedata.category(character)[0] == "C" for character in keyboard.text)
    assert keyboard.rows()
    assert keyboard.composing or not keyboard.candidates()
    assert not (keyboard.done and keyboard.composing)


@given(
    st.lists(ACTS, max_size=80),
    st.integers(0, 12),
    st.sampled_from(["text", "number"]),
    st.sampled_from(["zh", "en"]),
)
def test_any_presses(acts: list[str | int], max_length: int, kind: Kind, language: str) -> None:
    engine = Spelling()
    keyboard = Keyboard(language, kind, max_length, engine, letter_x=True, candidates_width=8)
    for act in acts:
        before, version = (keyboard.text, keyboard.composing, keyboard.candidates()), keyboard.version
        act_on(keyboard, engine, act)
        holds(keyboard, max_length)
        if kind == "number":
            assert set(keyboard.text) <= set("0123456789X")
        if (keyboard.text, keyboard.composing, keyboard.candidates()) != before:
            assert keyboard.version > version


class Real(Spelling):
    """librime behind the same acts."""

    def __init__(self, rime: Rime) -> None:
        super().__init__()
        self._rime = rime

    def candidates(self, letters: str, *, single: bool) -> tuple[Candidate, ...]:
        found = self._rime.candidates(letters, single=single)
        assert found is not None
        assert all(1 <= candidate.letters <= len(letters) and candidate.text for candidate in found)
        return found


@settings(max_examples=40, deadline=None)
@given(
    acts=st.lists(
        st.one_of(
            st.sampled_from([*string.ascii_lowercase, "single", "backspace", "space"]), st.integers(0, 7)
        ),
        max_size=40,
    )
)
def test_any_letters_to_the_real_engine(rime: Rime, acts: list[str | int]) -> None:
    engine = Real(rime)
    keyboard = Keyboard("zh", "text", 30, engine)
    for act in acts:
        act_on(keyboard, engine, act)
        holds(keyboard, 30)
