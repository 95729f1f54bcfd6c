"""What a screen sees of the keyboard: text, letters, candidates, notices, keys."""

from __future__ import annotations

import pytest

from screens.keyboard.engine import EngineState
from screens.keyboard.layout import Layer
from screens.keyboard.model import Keyboard
from screens.keyboard.notice import WORDS, Notice
from tests.screens.keyboard.spelling import Spelling


def chinese(max_length: int = 20, engine: Spelling | None = None, text: str = "") -> Keyboard:
    return Keyboard("zh", "text", max_length, engine or Spelling(), text=text)


def press_all(keyboard: Keyboard, keys: str) -> None:
    for key in keys:
        assert keyboard.press(key), key


def choose(keyboard: Keyboard, text: str) -> None:
    """Turn pages until `text` is offered, and choose it."""
    while text not in (offered := [c.text for c in keyboard.candidates()]):
        assert keyboard.more()
    assert keyboard.choose(offered.index(text))


def says(keyboard: Keyboard) -> Notice:
    """A function, as `finished` is, since mypy takes a property for unchanging."""
    return keyboard.notice


def finished(keyboard: Keyboard) -> bool:
    return keyboard.done


def ids(keyboard: Keyboard) -> set[str]:
    return {key.id for row in keyboard.rows() for key in row.keys}


def test_a_name_is_picked_character_by_character() -> None:
    keyboard = chinese()
    press_all(keyboard, "ouyang")
    assert keyboard.composing == "ouyang"
    assert keyboard.press("single")
    assert "欧阳" not in [c.text for c in keyboard.candidates()]
    choose(keyboard, "欧")
    assert (keyboard.text, keyboard.composing) == ("欧", "yang")
    choose(keyboard, "阳")
    assert (keyboard.text, keyboard.composing, keyboard.candidates()) == ("欧阳", "", ())


def test_pages_of_candidates_turn_both_ways() -> None:
    keyboard = Keyboard("zh", "text", 20, Spelling(), candidates_width=6)
    press_all(keyboard, "ou")
    first = keyboard.candidates()
    assert [c.text for c in first] == ["欧", "偶", "藕"]
    assert not keyboard.has_previous
    assert not keyboard.previous()
    assert keyboard.more()
    assert [c.text for c in keyboard.candidates()] == ["呕", "鸥", "殴"]
    assert not keyboard.has_more
    assert not keyboard.more()
    assert keyboard.previous()
    assert keyboard.candidates() == first


def test_new_letters_show_the_first_page_again() -> None:
    keyboard = Keyboard("zh", "text", 20, Spelling(), candidates_width=6)
    press_all(keyboard, "ou")
    assert keyboard.more()
    assert keyboard.press("y")
    assert not keyboard.has_previous


@pytest.mark.parametrize("index", [-1, 6, 99])
def test_what_is_not_offered_cannot_be_chosen(index: int) -> None:
    keyboard = chinese()
    press_all(keyboard, "ou")
    before = keyboard.version
    assert not keyboard.choose(index)
    assert (keyboard.text, keyboard.composing, keyboard.version) == ("", "ou", before)


def test_space_takes_the_first_candidate_or_the_letters_or_is_a_space() -> None:
    keyboard = chinese()
    press_all(keyboard, "ou")
    assert keyboard.press("space")
    press_all(keyboard, "zz")
    assert keyboard.press("space")
    assert keyboard.press("space")
    assert keyboard.text == "欧zz "


def test_backspace_takes_letters_first_then_characters_then_nothing() -> None:
    keyboard = chinese(text="王")
    press_all(keyboard, "o")
    assert keyboard.press("backspace")
    assert (keyboard.text, keyboard.composing) == ("王", "")
    assert keyboard.press("backspace")
    assert keyboard.text == ""
    assert not keyboard.press("backspace")


def test_done_and_marks_wait_until_the_letters_are_chosen() -> None:
    keyboard = chinese()
    press_all(keyboard, "ou")
    assert not keyboard.press("done")
    assert not finished(keyboard)
    assert says(keyboard) is Notice.CHOOSE_FIRST
    assert keyboard.press("layer:punctuation")
    assert not keyboard.press("text:，")
    assert says(keyboard) is Notice.CHOOSE_FIRST
    assert keyboard.choose(0)
    assert says(keyboard) is Notice.NONE
    assert keyboard.press("text:，")
    assert keyboard.press("done")
    assert finished(keyboard)
    assert keyboard.text == "欧，"
    assert keyboard.press("backspace")
    assert not finished(keyboard)


def test_what_does_not_fit_is_refused_visibly_and_nothing_is_cut() -> None:
    keyboard = chinese(max_length=1)
    press_all(keyboard, "ouyang")
    assert keyboard.candidates()[0].text == "欧阳"
    assert not keyboard.choose(0)
    assert (keyboard.text, keyboard.composing, keyboard.notice) == ("", "ouyang", Notice.FULL)
    choose(keyboard, "欧")
    assert keyboard.full
    assert not keyboard.choose(0)
    assert keyboard.text == "欧"


def test_a_full_field_says_so_and_takes_no_letter() -> None:
    keyboard = chinese(max_length=2, text="王三")
    assert keyboard.full
    assert says(keyboard) is Notice.FULL
    assert not keyboard.press("o")
    assert keyboard.composing == ""
    assert keyboard.press("backspace")
    assert says(keyboard) is Notice.NONE


def test_too_many_letters_are_refused_visibly() -> None:
    keyboard = chinese()
    press_all(keyboard, "a" * 30)
    assert not keyboard.press("a")
    assert says(keyboard) is Notice.LETTERS_FULL
    assert len(keyboard.composing) == 30


def test_a_field_cannot_begin_longer_than_it_may_be() -> None:
    with pytest.raises(ValueError, match="3 characters stand where 2 may") as caught:
        chinese(max_length=2, text="王三五")
    assert "王" not in str(caught.value)


def test_english_with_one_capital_at_a_time() -> None:
    keyboard = chinese()
    assert keyboard.press("language")
    assert keyboard.press("shift")
    press_all(keyboard, "ab")
    assert keyboard.text == "Ab"
    assert keyboard.composing == ""
    assert keyboard.press("language")
    press_all(keyboard, "ou")
    assert keyboard.composing == "ou"


def test_switching_to_english_keeps_the_letters() -> None:
    keyboard = chinese(max_length=3)
    press_all(keyboard, "wc")
    assert keyboard.press("language")
    assert (keyboard.text, keyboard.composing) == ("wc", "")
    full = chinese(max_length=1)
    press_all(full, "wc")
    assert not full.press("language")
    assert (full.text, full.composing, full.notice) == ("", "wc", Notice.FULL)


def test_layers_switch_and_a_key_of_another_layer_is_none() -> None:
    keyboard = chinese()
    assert keyboard.press("layer:numbers")
    assert keyboard.layer is Layer.NUMBERS
    assert not keyboard.press("q")
    press_all(keyboard, ["text:3", "text:-", "text:0"])  # type: ignore[arg-type]  # key by key
    assert keyboard.press("layer:punctuation")
    assert "text:。" in ids(keyboard)
    assert keyboard.press("language")
    assert "text:。" not in ids(keyboard)
    assert keyboard.press("layer:letters")
    assert "shift" in ids(keyboard)
    assert keyboard.text == "3-0"


def test_an_english_resident_begins_with_letters() -> None:
    keyboard = Keyboard("en", "text", 10, Spelling())
    press_all(keyboard, "ou")
    assert keyboard.text == "ou"


def test_the_number_pad_has_digits_and_x_only_where_allowed() -> None:
    plain = Keyboard("zh", "number", 18, Spelling())
    assert ids(plain) == {f"text:{digit}" for digit in "0123456789"} | {"backspace", "done"}
    identity = Keyboard("zh", "number", 18, Spelling(), letter_x=True)
    assert ids(identity) - ids(plain) == {"text:X"}
    assert identity.press("text:1")
    assert identity.press("text:X")
    assert identity.text == "1X"
    assert not plain.insert("X")
    assert plain.notice is Notice.REFUSED
    assert not plain.insert("１")  # a full-width digit is no digit of a number


@pytest.mark.parametrize(
    "text", ["\n", "a\tb", "\x1b[2J", "\u202eabc", "\u200b", "\ud800", "\u2028", "\x00", ""]
)
def test_control_and_format_characters_are_refused(text: str) -> None:
    keyboard = chinese()
    assert not keyboard.insert(text)
    assert (keyboard.text, keyboard.notice) == ("", Notice.REFUSED)


def test_rare_characters_are_written() -> None:
    keyboard = chinese(max_length=2)
    assert keyboard.insert("𠮷䶮")
    assert keyboard.full
    assert keyboard.press("backspace")
    assert keyboard.text == "𠮷"


def test_every_visible_change_raises_the_version() -> None:
    keyboard = chinese(max_length=3)
    seen = keyboard.version
    for act in (
        "o",
        "u",
        "single",
        "space",
        "layer:numbers",
        "text:1",
        "text:2",
        "text:3",
        "backspace",
        "done",
    ):
        keyboard.press(act)
        assert keyboard.version > seen, act
        seen = keyboard.version


def test_wipe_drops_everything_here_and_in_the_engine() -> None:
    engine = Spelling()
    keyboard = chinese(engine=engine, text="王")
    press_all(keyboard, "ou")
    keyboard.press("single")
    keyboard.press("layer:numbers")
    keyboard.press("done")
    before = keyboard.version
    keyboard.wipe()
    assert (keyboard.text, keyboard.composing, keyboard.candidates()) == ("", "", ())
    assert (keyboard.layer, keyboard.notice, keyboard.done) == (Layer.LETTERS, Notice.NONE, False)
    assert not any(key.selected for row in keyboard.rows() for key in row.keys if key.id == "single")
    assert engine.forgotten == 1
    assert keyboard.version > before


def test_nothing_typed_is_in_a_repr() -> None:
    keyboard = chinese(text="王")
    press_all(keyboard, "ou")
    shown = repr((keyboard, keyboard._composer, keyboard.candidates()))
    for typed in ("王", "ou", "欧"):
        assert typed not in shown


def test_letters_wait_for_pinyin_to_become_ready() -> None:
    engine = Spelling(EngineState.OPENING)
    keyboard = chinese(engine=engine)
    press_all(keyboard, "ou")
    assert keyboard.candidates() == ()
    assert says(keyboard) is Notice.OPENING
    assert not keyboard.poll()
    engine.state = EngineState.READY
    assert keyboard.poll()
    assert keyboard.candidates()[0].text == "欧"
    assert says(keyboard) is Notice.NONE


def test_without_pinyin_the_keyboard_says_so_and_offers_the_rest() -> None:
    keyboard = chinese(engine=Spelling(EngineState.UNAVAILABLE))
    assert says(keyboard) is Notice.UNAVAILABLE
    assert keyboard.notice_words == WORDS[Notice.UNAVAILABLE]
    press_all(keyboard, "ou")
    assert keyboard.text == "ou"
    (language,) = (key for row in keyboard.rows() for key in row.keys if key.id == "language")
    assert not language.enabled
    assert language.reason == WORDS[Notice.UNAVAILABLE]
    assert not keyboard.press("language")
    assert keyboard.press("layer:numbers")
    assert keyboard.press("text:1")


def test_pinyin_that_goes_away_leaves_letters() -> None:
    engine = Spelling()
    keyboard = chinese(engine=engine)
    press_all(keyboard, "ou")
    engine.state = EngineState.UNAVAILABLE
    assert keyboard.poll()
    assert (keyboard.composing, keyboard.notice) == ("", Notice.UNAVAILABLE)
    press_all(keyboard, "ab")
    assert keyboard.text == "ab"


def texts_in(thing: object) -> set[str]:
    """Every text that hangs on an object of the keyboard, however deep."""
    if isinstance(thing, str):
        return {thing}
    if isinstance(thing, dict):
        return texts_in((*thing, *thing.values()))
    if isinstance(thing, tuple | list):
        return {text for part in thing for text in texts_in(part)}
    if type(thing).__module__.startswith("screens.keyboard"):
        slots = [getattr(thing, name) for name in getattr(type(thing), "__slots__", ())]
        return texts_in((*slots, *getattr(thing, "__dict__", {}).values()))
    return set()


def test_nothing_of_the_writing_hangs_on_a_wiped_keyboard() -> None:
    keyboard = chinese(text="三里村")
    for letter in "ouyang":
        keyboard.press(letter)
    assert keyboard.candidates()
    assert {"三里村", "ouyang", "欧阳", "欧"} <= texts_in(keyboard)
    keyboard.wipe()
    assert not {"三里村", "ouyang", "欧阳", "欧"} & texts_in(keyboard)
