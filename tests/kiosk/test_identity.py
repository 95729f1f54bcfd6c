from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.id_number import check_sign
from kiosk.identity import (
    NUMBER_WORDS,
    IdNumber,
    NumberProblem,
    age_on,
    mask_address,
    mask_mobile,
    mask_name,
    mask_number,
    normalise_name,
    read_number,
)

DATES = st.dates(min_value=date(1880, 1, 1), max_value=date(2026, 11, 1))
REGIONS = st.from_regex(r"[1-9][0-9]{5}", fullmatch=True).filter(str.isascii)
ORDERS = st.from_regex(r"[0-9]{3}", fullmatch=True).filter(str.isascii)


@given(REGIONS, DATES, ORDERS)
def test_any_region_with_a_real_date_and_its_check_sign_is_right(region: str, born: date, order: str) -> None:
    first17 = f"{region}{born:%Y%m%d}{order}"
    read = read_number(first17 + check_sign(first17))
    assert isinstance(read, IdNumber)
    assert (read.birth_date, read.region) == (born, region)


@given(REGIONS, DATES, ORDERS, st.integers(0, 16), st.integers(1, 9))
def test_any_one_wrong_digit_is_found(region: str, born: date, order: str, at: int, by: int) -> None:
    first17 = f"{region}{born:%Y%m%d}{order}"
    right = first17 + check_sign(first17)
    wrong = right[:at] + str((int(right[at]) + by) % 10) + right[at + 1 :]
    assert read_number(wrong) in (NumberProblem.CHECK_DIGIT, NumberProblem.DATE)


@given(st.text())
def test_no_text_is_a_defect_and_no_repr_shows_it(text: str) -> None:
    read = read_number(text)
    assert isinstance(read, IdNumber | NumberProblem)
    assert "110199" not in repr(read)


def test_the_century_old_and_abolished_counties_are_right() -> None:
    assert isinstance(read_number("43302118801231301" + check_sign("43302118801231301")), IdNumber)


def test_every_problem_has_words_in_both_languages() -> None:
    assert set(NUMBER_WORDS) == set(NumberProblem)
    for words in NUMBER_WORDS.values():
        assert words["zh"]
        assert words["en"]
        assert "非法" not in words["zh"]


@pytest.mark.parametrize(
    ("name", "masked"),
    [
        ("张三", "张*"),
        ("张三丰", "张*"),
        ("欧阳测试", "欧阳*"),
        ("欧阳", "欧*"),
        ("阿依古丽·样例", "阿依古丽·…"),
        ("阿依古丽•样例", "阿依古丽·…"),
        ("SAMPLE PERSON", "SAMPLE *"),
        ("钱𬭊", "钱*"),
        ("𬭎", "𬭎*"),
        ("", "*"),
    ],
)
def test_names_are_masked_by_one_rule(name: str, masked: str) -> None:
    assert mask_name(name) == masked


def test_numbers_mobiles_and_addresses_are_masked() -> None:
    assert mask_number("110199199001019998") == "1101**********9998"
    assert mask_number("H0007") == "****7"
    assert mask_number("") == ""
    assert mask_mobile("13000000000") == "130****0000"
    assert mask_mobile("1300") == "***0"
    assert mask_address("清河镇三里村12号") == "清河镇三里村**"
    assert mask_address("无名处所") == "无名处**"


@given(st.text(alphabet="测试样例甲乙丙·•.A ", max_size=14))
def test_normalising_a_name_twice_changes_nothing_more(name: str) -> None:
    assert normalise_name(normalise_name(name)) == normalise_name(name)


def test_age_counts_completed_years() -> None:
    assert age_on(date(1948, 3, 12), date(2026, 3, 11)) == 77
    assert age_on(date(1948, 3, 12), date(2026, 3, 12)) == 78
    assert age_on(date(2012, 2, 29), date(2026, 2, 28)) == 13
    assert age_on(date(2012, 2, 29), date(2026, 3, 1)) == 14
