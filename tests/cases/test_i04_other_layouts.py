"""I04: each kind of card has its own layout, and a kind we do not know is nobody."""

from __future__ import annotations

from datetime import date

import pytest

from drivers.card_reader import layout
from drivers.card_reader.contract import CardFailure, DocumentKind, ValidityKind
from drivers.contract import Failed, Ok
from tests.cases.blocks import RESIDENT, block

OLD = {
    0: "SAMPLE, TEST PERSON",
    120: "1",
    122: "XXA110090010199",
    152: "XXA",
    158: "测试丙",
    188: "20200101",
    204: "20300101",
    220: "19900101",
    236: "01",
    240: "1100",
    248: "I",
}
HMT = {**RESIDENT, 32: "    ", 122: "810000199001019996", 220: "H00000000", 238: "01", 248: "J"}
NEW = {
    0: "测试丁",
    30: "2",
    32: "01",
    36: "19900101",
    52: "SAMPLE, TEST PERSON OF THE VERY LON",
    122: "911999199001019991",
    188: "20240101",
    204: "20340101",
    220: "GNAME",
    242: "XXA",
    248: "Y",
    250: "001",
}


def test_old_foreigners_card() -> None:
    decoded = layout.decode(block(OLD))
    assert isinstance(decoded, Ok)
    card = decoded.value
    assert card.kind is DocumentKind.FOREIGN_PR_2017
    assert (card.latin_name, card.name, card.number) == ("SAMPLE, TEST PERSON", "测试丙", "XXA110090010199")
    assert (card.nationality, card.nation_code) == ("XXA", "")
    assert (card.birth_date, card.valid_to) == (date(1990, 1, 1), date(2030, 1, 1))
    # the day of issue is not the start of validity
    assert card.valid_from is None


def test_permit_of_hong_kong_macao_and_taiwan() -> None:
    decoded = layout.decode(block(HMT))
    assert isinstance(decoded, Ok)
    card = decoded.value
    assert card.kind is DocumentKind.HMT_PERMIT
    assert (card.number, card.pass_number, card.issue_count) == ("810000199001019996", "H00000000", "01")
    assert (card.nation_code, card.nationality) == ("", "")
    assert card.address == RESIDENT[52]


def test_new_foreigners_card() -> None:
    decoded = layout.decode(block(NEW))
    assert isinstance(decoded, Ok)
    card = decoded.value
    assert card.kind is DocumentKind.FOREIGN_PR_2023
    assert (card.name, card.latin_name) == ("测试丁", "SAMPLE, TEST PERSON OF THE VERY LONGNAME")
    assert (card.number, card.number[1:3]) == ("911999199001019991", "11")
    assert (card.nationality, card.nation_code, card.issue_count) == ("XXA", "", "01")
    assert (card.address, card.authority, card.former_number) == ("", "", "001")


@pytest.mark.parametrize("flag", ["Q", "j", "Ｊ", "0", "\ud872"])
def test_an_unknown_kind_is_never_a_resident(flag: str) -> None:
    refused = layout.decode(block({**RESIDENT, 248: flag}))
    assert isinstance(refused, Failed)
    assert refused.reason is CardFailure.UNSUPPORTED_KIND


@pytest.mark.parametrize("end", ["长期", "99991231"])
def test_validity_without_end(end: str) -> None:
    decoded = layout.decode(block({**RESIDENT, 204: end.ljust(8)}))
    assert isinstance(decoded, Ok)
    assert (decoded.value.validity, decoded.value.valid_to) == (ValidityKind.LONG_TERM, None)


@pytest.mark.parametrize("end", ["", "00000000", "20230229", "长期有效"])
def test_validity_that_cannot_be_read(end: str) -> None:
    decoded = layout.decode(block({**RESIDENT, 204: end.ljust(8)}))
    assert isinstance(decoded, Ok)
    assert (decoded.value.validity, decoded.value.valid_to) == (ValidityKind.UNREADABLE, None)
