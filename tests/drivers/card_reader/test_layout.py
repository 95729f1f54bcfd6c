from dataclasses import replace
from datetime import date
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.card_reader.contract import CardFailure, Document, DocumentKind, ValidityKind
from drivers.card_reader.layout import decode, encode, read_validity
from drivers.contract import Failed, Ok
from drivers.id_number import check_sign
from tests.drivers.card_reader.people import DEMO, FOREIGN_2017, FOREIGN_2023, HMT, RESIDENT

DOCUMENTS = (RESIDENT, HMT, FOREIGN_2017, FOREIGN_2023)

names = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zs"), exclude_characters="\0"), min_size=1, max_size=7
)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.kind.value)
def test_every_variant_comes_back(document: Document) -> None:
    assert len(encode(document)) == 256
    assert decode(encode(document)) == Ok(document)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.kind.value)
def test_padding_may_be_nul(document: Document) -> None:
    block = bytearray(encode(document))
    for position in range(0, 256, 2):
        inside = document.latin_name and position < 240
        if block[position : position + 2] == b" \0" and not inside:
            block[position] = 0
    assert decode(bytes(block)) == Ok(document)


@given(names)
def test_any_name_that_fits_comes_back(name: str) -> None:
    outcome = decode(encode(replace(RESIDENT, name=name)))
    assert isinstance(outcome, Ok)
    assert outcome.value.name == name
    assert outcome.value.name_complete


@given(st.binary(min_size=256, max_size=256))
def test_any_block_is_a_document_that_json_and_sqlite_can_hold_or_a_failure(block: bytes) -> None:
    outcome = decode(block)
    if isinstance(outcome, Ok):
        document = outcome.value
        for text in (
            document.name,
            document.number,
            document.address,
            document.latin_name,
            document.authority,
        ):
            text.encode()


def test_an_english_name_of_46_characters_goes_on_in_the_second_place() -> None:
    name = "EXAMPLE, ELLA MARGARETHE VON DER LANGEN WIESEN"
    assert len(name) == 46
    outcome = decode(encode(replace(FOREIGN_2023, latin_name=name)))
    assert isinstance(outcome, Ok)
    assert outcome.value.latin_name == name


def test_a_number_that_does_not_fit_is_refused_without_naming_it() -> None:
    with pytest.raises(ValueError, match="number needs 40 bytes") as caught:
        encode(replace(RESIDENT, number="11019919480312002799"))
    assert "1948" not in str(caught.value)


@pytest.mark.parametrize("field", [{"number": ""}, {"name": ""}])
def test_a_card_without_number_or_name_is_unreadable(field: dict[str, str]) -> None:
    outcome = decode(encode(replace(RESIDENT, **field)))  # type: ignore[arg-type]  # both are text fields
    assert outcome == Failed(CardFailure.UNREADABLE, "number or name is empty")


@pytest.mark.parametrize("document", [RESIDENT, HMT, FOREIGN_2023], ids=lambda document: document.kind.value)
@given(st.integers(0, 17), st.sampled_from("0123456789X*a９"))
def test_one_wrong_character_in_a_number_is_never_a_person(document: Document, at: int, wrong: str) -> None:
    number = document.number[:at] + wrong + document.number[at + 1 :]
    outcome = decode(encode(replace(document, number=number)))
    if number == document.number:
        assert outcome == Ok(document)
    else:
        assert outcome == Failed(CardFailure.UNREADABLE, "number is damaged")


@pytest.mark.parametrize(
    ("field", "damaged"),
    [
        ({"birth_date": date(1948, 3, 13)}, "birth_date"),
        ({"birth_date": None}, "birth_date"),
        ({"sex_code": "女"}, "sex_code"),
        ({"nation_code": "0A"}, "nation_code"),
    ],
)
def test_a_field_that_cannot_be_as_it_was_written_is_named(field: dict[str, Any], damaged: str) -> None:
    outcome = decode(encode(replace(RESIDENT, **field)))
    assert outcome == Failed(CardFailure.UNREADABLE, f"{damaged} is damaged")


def test_a_start_of_validity_that_is_no_digits_is_damage_and_an_empty_one_is_none() -> None:
    block = bytearray(encode(RESIDENT))
    block[188:204] = "2019O501".encode("utf-16-le")
    assert decode(bytes(block)) == Failed(CardFailure.UNREADABLE, "valid_from is damaged")
    block[188:204] = " ".encode("utf-16-le") * 8
    assert decode(bytes(block)) == Ok(replace(RESIDENT, valid_from=None))


def test_a_county_that_no_longer_exists_is_no_damage() -> None:
    first17 = "433021" + RESIDENT.number[6:17]
    old = replace(RESIDENT, number=first17 + check_sign(first17))
    assert decode(encode(old)) == Ok(old)


@pytest.mark.parametrize("size", [0, 255, 257])
def test_a_block_of_another_size_is_unreadable(size: int) -> None:
    assert isinstance(decode(bytes(size)), Failed)


@pytest.mark.parametrize(
    ("start", "end", "kind"),
    [
        ("20190501", "20240501", ValidityKind.DATED),
        ("20190501", "20290501", ValidityKind.DATED),
        ("20190501", "20390501", ValidityKind.DATED),
        ("20190501", "20390430", ValidityKind.DATED),
        ("20120229", "20220228", ValidityKind.DATED),
        ("20120229", "20220301", ValidityKind.DATED),
        ("20120229", "20320229", ValidityKind.DATED),
        ("20100101", "20191231", ValidityKind.DATED),
        ("20190501", "20490501", ValidityKind.UNREADABLE),
        ("20190501", "20280501", ValidityKind.UNREADABLE),
        ("20190501", "20290901", ValidityKind.UNREADABLE),
        ("20190501", "20290503", ValidityKind.UNREADABLE),
        ("20190501", "20190501", ValidityKind.UNREADABLE),
        ("99930501", "20290501", ValidityKind.UNREADABLE),
        ("        ", "20290502", ValidityKind.DATED),
        ("20190501", "长期      ", ValidityKind.LONG_TERM),
    ],
)
def test_a_resident_s_card_ends_after_a_term_of_the_law_or_staff_look_at_it(
    start: str, end: str, kind: ValidityKind
) -> None:
    """An expired card whose end was damaged into the future does not pass."""
    block = bytearray(encode(RESIDENT))
    block[188:204], block[204:220] = start.encode("utf-16-le"), end.encode("utf-16-le")
    outcome = decode(bytes(block))
    assert isinstance(outcome, Ok)
    assert outcome.value.validity is kind
    assert (outcome.value.valid_to is not None) == (kind is ValidityKind.DATED)


def test_two_damages_that_cancel_out_in_the_checksum_never_make_a_card_last_longer() -> None:
    own = replace(RESIDENT, validity=ValidityKind.DATED, valid_to=date(2039, 5, 1))
    block = encode(own)
    outcomes = []
    for first, second in combinations(range(204, 220, 2), 2):
        for mask in range(1, 16):
            damaged = bytearray(block)
            damaged[first] ^= mask
            damaged[second] ^= mask
            outcome = decode(bytes(damaged))
            assert isinstance(outcome, Ok)
            outcomes.append(outcome.value.valid_to)
    assert not [end for end in outcomes if end is not None and end > date(2039, 5, 1)]
    assert outcomes.count(None) > 400


@pytest.mark.parametrize("document", [HMT, FOREIGN_2017, FOREIGN_2023], ids=lambda d: d.kind.value)
def test_other_kinds_of_card_have_other_terms(document: Document) -> None:
    odd = replace(document, valid_to=date(2027, 2, 3))
    assert decode(encode(odd)) == Ok(odd)


@pytest.mark.parametrize(
    ("text", "kind", "end"),
    [
        ("20300101", ValidityKind.DATED, date(2030, 1, 1)),
        ("长期", ValidityKind.LONG_TERM, None),
        ("99991231", ValidityKind.LONG_TERM, None),
        ("", ValidityKind.UNREADABLE, None),
        ("００００００００", ValidityKind.UNREADABLE, None),
        ("２０３００１０１", ValidityKind.UNREADABLE, None),
        ("2030 1 1", ValidityKind.UNREADABLE, None),
    ],
)
def test_the_end_of_validity(text: str, kind: ValidityKind, end: date | None) -> None:
    assert read_validity(text) == (kind, end)


def test_nothing_personal_in_a_repr() -> None:
    assert RESIDENT.name not in repr(RESIDENT)
    assert RESIDENT.number not in repr(decode(encode(RESIDENT)))
    assert DEMO.kind is DocumentKind.DEMO
