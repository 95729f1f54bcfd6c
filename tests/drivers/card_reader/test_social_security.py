"""The social-security card: three ways of addressing through a real pcscd, and what its records mean."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

import pytest

from drivers.card_reader.contract import CardFailure, CardRead, Document, DocumentKind, ValidityKind
from drivers.card_reader.identity_file import IdentityFile
from drivers.card_reader.pcsc import PcscReader
from drivers.card_reader.social_security import (
    BIRTH,
    NAME,
    NAME_REST,
    NATION,
    NUMBER,
    SEX,
    VALID_TO,
    Addressing,
    SocialSecurityCard,
    decode,
)
from drivers.card_reader.virtual_card import CardFault, IdentityFileCard, VirtualCard
from drivers.card_reader.virtual_service import READER_NAME, VirtualService
from drivers.card_reader.virtual_social_security import VirtualSocialSecurityCard
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.evidence import Assurance, CheckName, assurance
from tests.drivers.card_reader.people import HELPER, SOCIAL_SECURITY
from tests.drivers.card_reader.test_card_readers import NEVER
from tests.drivers.waiting import wait_until
from tests.groups import ONE_READER

HOLDER = {NUMBER: b"110199194803120024", NAME: "沈秋萍".encode("gbk").ljust(30, b"\0"), SEX: b"2"}
ISSUER = {VALID_TO: bytes.fromhex("20330501")}


@pytest.fixture
def reader(card_service: VirtualService) -> Iterator[PcscReader]:
    assert isinstance(card_service.start(), Ok)
    reader = PcscReader(READER_NAME, (IdentityFile(), SocialSecurityCard()), conversation_s=3.0)
    yield reader
    reader.close()


def read(reader: PcscReader, card: VirtualCard) -> Ok[CardRead] | Failed[CardFailure]:
    card.insert()
    try:
        return reader.read(10.0, NEVER)
    finally:
        card.remove()


@pytest.mark.xdist_group(ONE_READER)
class TestThroughTheService:
    @pytest.mark.parametrize("addressing", list(Addressing))
    def test_each_addressing_is_found_out(self, reader: PcscReader, addressing: Addressing) -> None:
        outcome = read(reader, VirtualCard(VirtualSocialSecurityCard(SOCIAL_SECURITY, addressing)))
        assert isinstance(outcome, Ok), outcome
        assert outcome.value.document == SOCIAL_SECURITY
        assert outcome.value.photo is None

    def test_what_anybody_can_copy_is_of_low_assurance(self, reader: PcscReader) -> None:
        outcome = read(reader, VirtualCard(VirtualSocialSecurityCard(SOCIAL_SECURITY)))
        assert isinstance(outcome, Ok), outcome
        passed = {check.name for check in outcome.value.evidence if check.outcome is CheckOutcome.PASSED}
        assert passed == {CheckName.READ}
        assert assurance(outcome.value.evidence) is Assurance.LOW

    def test_a_long_name_is_put_together_from_two_records(self, reader: PcscReader) -> None:
        person = replace(SOCIAL_SECURITY, name="阿依古丽·买买提江·阿卜杜热合曼𬭊")
        outcome = read(reader, VirtualCard(VirtualSocialSecurityCard(person)))
        assert isinstance(outcome, Ok), outcome
        assert outcome.value.document.name == person.name
        assert outcome.value.document.name_complete

    def test_applications_are_asked_in_their_order(self, reader: PcscReader) -> None:
        for card, kind in (
            (IdentityFileCard(HELPER), DocumentKind.HELPER),
            (VirtualSocialSecurityCard(SOCIAL_SECURITY), DocumentKind.SOCIAL_SECURITY),
        ):
            outcome = read(reader, VirtualCard(card))
            assert isinstance(outcome, Ok), outcome
            assert outcome.value.document.kind is kind
            assert wait_until(lambda: reader.card_present() is False)

    @pytest.mark.parametrize(
        ("card", "reason"),
        [
            (VirtualSocialSecurityCard(SOCIAL_SECURITY, version="9.99"), CardFailure.UNSUPPORTED_KIND),
            (VirtualSocialSecurityCard(SOCIAL_SECURITY, locked=True), CardFailure.UNSUPPORTED_KIND),
        ],
        ids=["unknown version", "behind a PIN"],
    )
    def test_what_is_not_readable_here_is_unsupported(
        self, reader: PcscReader, card: VirtualSocialSecurityCard, reason: CardFailure
    ) -> None:
        outcome = read(reader, VirtualCard(card))
        assert isinstance(outcome, Failed)
        assert outcome.reason is reason

    def test_rubbish_is_never_a_person(self, reader: PcscReader) -> None:
        card = VirtualCard(VirtualSocialSecurityCard(SOCIAL_SECURITY))
        card.misbehave(CardFault.GARBAGE)
        outcome = read(reader, card)
        assert isinstance(outcome, Failed)
        assert outcome.reason is CardFailure.UNREADABLE


def document(holder: dict[int, bytes], issuer: dict[int, bytes] | None = None) -> Document:
    outcome = decode(ISSUER if issuer is None else issuer, holder)
    assert isinstance(outcome, Ok)
    return outcome.value


def test_padding_of_every_kind_is_no_part_of_a_value() -> None:
    padded = document(HOLDER | {NUMBER: b"11019919480312018x\0\0", NAME: "沈秋萍".encode("gbk") + b"   "})
    assert (padded.number, padded.name) == ("11019919480312018X", "沈秋萍")


def test_a_name_cut_inside_a_character_is_said_to_be_incomplete() -> None:
    cut = document(HOLDER | {NAME: "沈秋萍".encode("gbk")[:-1]})
    assert (cut.name, cut.name_complete) == ("沈秋", False)
    four = document(HOLDER | {NAME: "沈𬭊".encode("gb18030")[:-1]})
    assert (four.name, four.name_complete) == ("沈", False)


@pytest.mark.parametrize(
    "broken",
    [{NUMBER: b""}, {NUMBER: b"1101\xe9"}, {NAME: b"\0" * 30}, {NAME: b"\xff\xff\xffabc"}],
    ids=["no number", "number no text", "no name", "name no GBK"],
)
def test_without_number_or_name_there_is_no_person(broken: dict[int, bytes]) -> None:
    outcome = decode(ISSUER, HOLDER | broken)
    assert isinstance(outcome, Failed)
    assert outcome.reason is CardFailure.UNREADABLE


@pytest.mark.parametrize("raw", ["FFFFFFFF", "00000000", "20330229", "2033", "20330A01"])
def test_a_validity_that_is_no_date_is_unreadable(raw: str) -> None:
    found = document(HOLDER, {VALID_TO: bytes.fromhex(raw)})
    assert (found.validity, found.valid_to) == (ValidityKind.UNREADABLE, None)


def test_codes_that_are_no_codes_are_left_out() -> None:
    found = document(HOLDER | {SEX: b"\xff", NATION: b"\xff", BIRTH: b"\xff" * 4, NAME_REST: b""})
    assert (found.sex_code, found.nation_code, found.birth_date) == ("", "", None)
    assert document(HOLDER | {BIRTH: bytes.fromhex("19480312")}).birth_date == date(1948, 3, 12)
