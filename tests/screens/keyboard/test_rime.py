"""The real engine answers as the reference measured it, and says how many letters each answer takes."""

from __future__ import annotations

import pytest

from screens.keyboard.engine import Candidate
from screens.keyboard.rime import Rime


def asked(rime: Rime, letters: str, *, single: bool = False) -> tuple[Candidate, ...]:
    found = rime.candidates(letters, single=single)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("letters", "first"),
    [
        ("zhangsan", "张三"),
        ("beijingshi", "北京市"),
        ("xiangcunzhenxing", "乡村振兴"),
        ("shenfenzheng", "身份证"),
        ("ludenghuaile", "路灯坏了"),
        ("lasashichengguanqu", "拉萨市城关区"),
        ("xizangzizhiqu", "西藏自治区"),
        ("xiuying", "秀英"),
    ],
)
def test_the_first_candidate_is_the_likely_one_and_takes_all_letters(
    rime: Rime, letters: str, first: str
) -> None:
    best = asked(rime, letters)[0]
    assert (best.text, best.letters) == (first, len(letters))


def test_each_candidate_says_how_many_letters_it_takes(rime: Rime) -> None:
    taken = {c.text: c.letters for c in asked(rime, "ouyangxiuying")}
    assert taken["欧阳"] == len("ouyang")
    assert taken["欧"] == len("ou")
    assert {c.text: c.letters for c in asked(rime, "lvxiulan")}["吕"] == len("lv")  # shown as lü
    assert {c.text: c.letters for c in asked(rime, "zs")}["只是"] == len("zs")


def test_letters_of_two_readings_offer_both(rime: Rime) -> None:
    taken = {c.text: c.letters for c in asked(rime, "xian")}
    assert (taken["西安"], taken["县"]) == (4, 4)
    taken = {c.text: c.letters for c in asked(rime, "xian", single=True)}
    assert (taken["县"], taken["西"]) == (4, 2)


def test_single_characters_alone_are_offered_for_names(rime: Rime) -> None:
    found = asked(rime, "zhangguiying", single=True)
    texts = [c.text for c in found]
    assert texts[0] == "张"
    assert {len(text) for text in texts} == {1}
    assert {c.letters for c in found} == {len("zhang")}
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize(
    ("letters", "name"), [("sheng", "昇"), ("ning", "甯"), ("qian", "乾"), ("zhe", "喆")]
)
def test_a_name_keeps_a_character_that_simplification_folds_away(rime: Rime, letters: str, name: str) -> None:
    assert Candidate(name, len(letters)) in asked(rime, letters, single=True)


def test_simplified_characters_come_before_the_others(rime: Rime) -> None:
    texts = [c.text for c in asked(rime, "zhang", single=True)]
    assert texts.index("张") < texts.index("漳") < texts.index("張")
    assert "張" not in [c.text for c in asked(rime, "zhang")]


def test_letters_without_a_reading_have_no_candidates(rime: Rime) -> None:
    assert asked(rime, "i") == ()
    assert asked(rime, "") == ()


def test_a_question_leaves_nothing_for_the_next(rime: Rime) -> None:
    alone = asked(rime, "san")
    asked(rime, "zhang")
    assert asked(rime, "san") == alone


@pytest.mark.parametrize("letters", ["A", "1", "张", "a b", "`", "\n"])
def test_only_letters_are_asked_for(rime: Rime, letters: str) -> None:
    with pytest.raises(ValueError, match="letters"):
        rime.candidates(letters)


def test_forgetting_ends_the_session_and_the_next_question_begins_another(rime: Rime) -> None:
    before = asked(rime, "zhangsan")
    session = rime._session
    assert rime._library.RimeFindSession(session)
    rime.forget()
    assert not rime._library.RimeFindSession(session)
    assert asked(rime, "zhangsan") == before
