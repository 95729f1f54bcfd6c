from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from screens.keyboard.composer import MOST_LETTERS, Composer
from screens.keyboard.engine import Candidate, EngineState
from tests.screens.keyboard.spelling import KNOWN, Spelling


def composing(letters: str, engine: Spelling | None = None) -> Composer:
    composer = Composer(engine or Spelling())
    for letter in letters:
        assert composer.type(letter)
    return composer


def test_choosing_consumes_its_letters_and_keeps_the_rest() -> None:
    composer = composing("ouyangxiuying")
    assert composer.choose(0) == "欧阳"
    assert composer.letters == "xiuying"
    assert [c.text for c in composer.candidates] == list(KNOWN["xiu"])
    assert composer.choose(0) == "秀"
    assert composer.choose(0) == "英"
    assert (composer.letters, composer.candidates) == ("", ())


def test_single_characters_are_picked_one_by_one() -> None:
    composer = composing("ouyang")
    composer.offer_single(only=True)
    assert [c.text for c in composer.candidates] == list(KNOWN["ou"])
    composer.offer_single(only=False)
    assert composer.candidates[0].text == "欧阳"


def test_backspace_and_clear_ask_anew() -> None:
    composer = composing("oux")
    assert composer.backspace()
    assert composer.candidates[0].text == "欧"
    composer.clear()
    assert (composer.letters, composer.candidates) == ("", ())
    assert not composer.backspace()


def test_an_empty_line_asks_nothing() -> None:
    engine = Spelling()
    composer = composing("o", engine)
    asked = engine.asked
    composer.backspace()
    assert engine.asked == asked


def test_a_candidate_that_takes_no_letter_is_not_offered() -> None:
    class Stuck(Spelling):
        def candidates(self, letters: str, *, single: bool) -> tuple[Candidate, ...]:
            del letters, single
            return (Candidate("空", 0), Candidate("一", 1))

    composer = composing("yi", Stuck())
    assert [c.text for c in composer.candidates] == ["一"]


def test_it_asks_again_when_the_engine_is_ready() -> None:
    engine = Spelling(EngineState.OPENING)
    composer = composing("ou", engine)
    assert not composer.candidates
    engine.state = EngineState.READY
    composer.refresh()
    assert composer.candidates[0].text == "欧"


ACTS = st.one_of(
    st.sampled_from([*"ouyangxi", "backspace", "clear", "single", "words"]),
    st.characters(),
    st.sampled_from(["", "ab", "Ａ", "ü", "\n"]),
    st.integers(-3, 20),
)


@given(st.lists(ACTS, max_size=120))
def test_no_act_breaks_it(acts: list[str | int]) -> None:
    composer = Composer(Spelling())
    for act in acts:
        before = composer.letters
        match act:
            case int():
                offered = dict(enumerate(composer.candidates))
                chosen = composer.choose(act)
                if chosen is None:
                    assert composer.letters == before
                    assert act not in offered
                else:
                    assert composer.letters == before[offered[act].letters :]
                    assert len(composer.letters) < len(before)
            case "backspace":
                assert composer.backspace() is bool(before)
            case "clear":
                composer.clear()
            case "single" | "words":
                composer.offer_single(only=act == "single")
                assert composer.letters == before
            case letter:
                took = composer.type(letter)
                assert composer.letters == (before + letter if took else before)
        assert set(composer.letters) <= set(string.ascii_lowercase)
        assert len(composer.letters) <= MOST_LETTERS
        assert composer.letters or not composer.candidates
