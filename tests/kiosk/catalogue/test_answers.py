from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from kiosk.catalogue.answers import (
    REQUIRED,
    check_answers,
    clean_value,
    is_required,
    kept_answers,
    masked,
    shown_fields,
    shown_pages,
)
from kiosk.catalogue.ui import Control, MaskRule
from tests.kiosk.catalogue.made import PENSION, REPORT, definition


def control(name: str, field: str) -> Control:
    found = definition(name).ui.control(field)
    assert found is not None
    return found


@pytest.mark.parametrize("name", [PENSION, REPORT])
def test_the_fixtures_come_out_as_their_authors_say(name: str) -> None:
    service = definition(name)
    assert len(service.fixtures) >= 3
    for fixture in service.fixtures:
        assert shown_fields(service, fixture.answers) == fixture.expect.visible
        assert sorted(check_answers(service, fixture.answers)) == sorted(fixture.expect.errors)


def test_a_conditional_question_is_asked_required_and_dropped_with_its_condition() -> None:
    service = definition(PENSION)
    moved = {"lives_at_card_address": "no"}
    assert "living_village" not in shown_fields(service, {})
    assert check_answers(service, moved) == {"living_village": REQUIRED}
    assert is_required(service, "living_village")
    assert not is_required(service, "mobile")
    back = {"lives_at_card_address": "yes", "living_village": "110199001002", "mobile": ""}
    assert kept_answers(service, back) == {"lives_at_card_address": "yes"}
    assert check_answers(service, back) == {}


@given(
    st.dictionaries(
        st.sampled_from(["lives_at_card_address", "living_village", "mobile"]),
        st.sampled_from(["", "yes", "no", "110199001001", "13000000000", "x"]),
    )
)
def test_what_the_terminal_finds_good_the_schema_takes(answers: dict[str, str]) -> None:
    service = definition(PENSION)
    good = Draft202012Validator(service.data_schema).is_valid(kept_answers(service, answers))
    assert good == (check_answers(service, answers) == {})


def test_errors_speak_in_words_of_their_field() -> None:
    service = definition(REPORT)
    found = check_answers(
        service, {"category": "x", "description": "字" * 501, "place_village": "unsure", "contact": "12"}
    )
    assert found["description"] == {"zh": "最多 500 个字", "en": "At most 500 characters"}
    assert "区号" in found["contact"]["zh"]
    assert set(found["category"]) == {"zh", "en"}


def test_a_page_without_shown_questions_is_left_out() -> None:
    assert [page.id for page, _ in shown_pages(definition(PENSION), {})] == ["living", "contact"]


@pytest.mark.parametrize(
    ("field", "typed", "kept"),
    [
        ("description", "路口积水\u0007很深\u001b@，车过不去", "路口积水 很深 @，车过不去"),
        ("description", "一行 \r\n二行\x00\n", "一行\n二行"),
        ("description", "\u202e倒着\u200b写\ufeff", "倒着 写"),
        ("place_text", "学校\n门口", "学校 门口"),
        ("contact", "１３０ 0000-0000", "13000000000"),
    ],
)
def test_control_bytes_are_no_part_of_an_answer(field: str, typed: str, kept: str) -> None:
    assert clean_value(control(REPORT, field), typed) == kept


@pytest.mark.parametrize(
    "sign", ["𫖯", "䶮", "𬭎", "㛃", "\U00031350", "\U0002ebf0", "\ue000", "·", "葛\U000e0100"]
)
def test_rare_characters_stay(sign: str) -> None:
    assert clean_value(control(REPORT, "place_text"), sign) == sign


@given(st.text(max_size=40))
def test_cleaning_twice_is_cleaning_once(typed: str) -> None:
    for field in ("description", "place_text", "contact"):
        once = clean_value(control(REPORT, field), typed)
        assert clean_value(control(REPORT, field), once) == once
        assert not any(ord(c) < 32 and c != "\n" for c in once)


def test_answers_are_masked_by_their_rule_and_by_default() -> None:
    assert masked(control(PENSION, "mobile"), "13000000000", "zh") == "130****0000"
    assert masked(control(PENSION, "lives_at_card_address"), "yes", "en") == "Yes, I live there"
    hidden = Control.model_validate(
        {"scope": "#/properties/x", "label": {"zh": "问", "en": "Q"}, "widget": "text"}
    )
    assert hidden.mask is MaskRule.ALL
    assert "秘密" not in masked(hidden, "秘密", "zh")
