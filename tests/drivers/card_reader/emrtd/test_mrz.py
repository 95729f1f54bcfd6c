from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card_reader.emrtd import mrz
from drivers.card_reader.emrtd.simulated_files import Holder, td3
from drivers.card_reader.emrtd.tlv import Malformed
from tests.drivers.card_reader.emrtd import vectors

_TODAY = date(2026, 6, 1)


@pytest.mark.parametrize(
    ("text", "number", "optional"),
    [
        (vectors.MRZ_TD3, "L898902C3", "ZE184226B"),
        (vectors.MRZ_TD2, "D23145890", ""),
        (vectors.MRZ_TD1, "D23145890", ""),
    ],
    ids=["td3", "td2", "td1"],
)
def test_the_specimens(text: str, number: str, optional: str) -> None:
    zone = mrz.parse(text)
    assert (zone.surname, zone.given_names) == ("ERIKSSON", "ANNA MARIA")
    assert (zone.number, zone.optional) == (number, optional)
    assert (zone.issuer, zone.nationality, zone.sex) == ("UTO", "UTO", "F")
    assert (zone.birth, zone.expiry) == ("740812", "120415")
    assert zone.name_complete


@pytest.mark.parametrize(
    "text", [vectors.MRZ_TD3, vectors.MRZ_TD2, vectors.MRZ_TD1], ids=["td3", "td2", "td1"]
)
def test_any_changed_digit_of_a_checked_field_is_found(text: str) -> None:
    start, end = {90: (5, 60), 72: (36, 72), 88: (44, 88)}[len(text)]
    for index in range(start, end):
        if not text[index].isdigit():
            continue
        changed = text[:index] + str((int(text[index]) + 1) % 10) + text[index + 1 :]
        with pytest.raises(Malformed, match="check digit"):
            mrz.parse(changed)


def test_a_number_that_goes_on_in_the_optional_data() -> None:
    # Doc 9303-5, 4.2.2: the number D23145890734, its check digit 9 behind its end
    upper = "I<UTOD23145890<7349<<<<<<<<<<<"
    middle = "3407127M9507122UTO<<<<<<<<<<<"
    whole = mrz.check_digit(upper[5:30] + middle[:7] + middle[8:15] + middle[18:29])
    zone = mrz.parse(f"{upper}{middle}{whole}STEVENSON<<PETER<JOHN<<<<<<<<<")
    assert (zone.number, zone.optional) == ("D23145890734", "")
    with pytest.raises(Malformed, match="number"):
        mrz.parse(f"{upper.replace('7349', '7348')}{middle}{whole}STEVENSON<<PETER<JOHN<<<<<<<<<")


def test_names_that_fill_their_field_are_not_called_complete() -> None:
    long = Holder("X12345678", "BENNELONG WOOLOOMOOLOO WARRANDYTE", "DINGO POTOROO", "480312", "310501")
    zone = mrz.parse(td3(long))
    assert not zone.name_complete
    assert zone.surname == "BENNELONG WOOLOOMOOLOO WARRANDYTE"
    assert zone.given_names == "DING"


def test_a_holder_with_one_name_alone() -> None:
    zone = mrz.parse(td3(Holder("X12345678", "ARKFREITH", "", "480312", "310501")))
    assert (zone.surname, zone.given_names) == ("ARKFREITH", "")


@pytest.mark.parametrize("birth", ["48<<<<", "4803<<", "<<<<<<"])
def test_an_unknown_birth_date_is_no_date(birth: str) -> None:
    zone = mrz.parse(td3(Holder("X12345678", "EXAMPLE", "ELLA", birth, "310501")))
    assert zone.birth == birth
    assert mrz.birth_date(zone.birth, _TODAY) is None


@pytest.mark.parametrize(
    ("text", "birth", "expiry"),
    [
        ("260601", date(2026, 6, 1), date(2026, 6, 1)),
        ("270101", date(1927, 1, 1), date(2027, 1, 1)),
        ("990101", date(1999, 1, 1), date(1999, 1, 1)),
        ("750101", date(1975, 1, 1), date(2075, 1, 1)),
        ("770101", date(1977, 1, 1), date(1977, 1, 1)),
        ("260230", None, None),
    ],
)
def test_the_century_of_a_date(text: str, birth: date | None, expiry: date | None) -> None:
    assert mrz.birth_date(text, _TODAY) == birth
    assert mrz.expiry_date(text, _TODAY) == expiry


def test_a_birthday_later_this_year_was_a_hundred_years_ago() -> None:
    assert mrz.birth_date("260602", _TODAY) == date(1926, 6, 2)


@pytest.mark.parametrize("text", ["", "P<UTO", vectors.MRZ_TD3.lower(), vectors.MRZ_TD3 + "<", "É" * 88])
def test_what_is_no_zone(text: str) -> None:
    with pytest.raises(Malformed):
        mrz.parse(text)


@settings(deadline=None, max_examples=60)
@given(st.sampled_from([90, 72, 88]).flatmap(lambda n: st.text("ABZ019<", min_size=n, max_size=n)))
def test_any_text_is_a_zone_or_malformed(text: str) -> None:
    try:
        zone = mrz.parse(text)
    except Malformed:
        return
    assert zone.number
