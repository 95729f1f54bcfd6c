"""Whole documents: reader and simulated chip over the same bytes that a wire would carry."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from drivers.card_reader.contract import CardFailure, DocumentKind, PhotoFormat, ValidityKind
from drivers.card_reader.emrtd import pace, reader, simulated_files, tlv
from drivers.card_reader.emrtd.files import File
from drivers.card_reader.emrtd.keys import Can, MrzKey
from drivers.card_reader.emrtd.outcome import EmrtdFailure
from drivers.card_reader.emrtd.simulated_chip import (
    ATR_INFO,
    ChipFault,
    Limit,
    MemoryTransport,
    Profile,
    SimulatedChip,
)
from drivers.card_reader.emrtd.simulated_files import Holder
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.evidence import CheckName
from tests.drivers.card_reader.emrtd.world import (
    HOLDER,
    NOW,
    checks,
    detail,
    pace_info,
    portrait,
    read,
    trust,
)

_PASSED, _FAILED, _NOT_DONE = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.NOT_DONE


def _chip(issuer: Issuer, holder: Holder = HOLDER, side: int = 60, **more: object) -> Profile:
    return issuer.issue(holder, portrait(side=side), **more)  # type: ignore[arg-type]


def test_by_bac_everything_is_read(issuer: Issuer) -> None:
    outcome = read(_chip(issuer), trust(issuer))
    assert checks(outcome) == {
        CheckName.READ: _PASSED,
        CheckName.INTEGRITY: _PASSED,
        CheckName.SIGNATURE: _PASSED,
        CheckName.TRUSTED_CHAIN: _PASSED,
        CheckName.CLONE_CHECK: _NOT_DONE,
    }
    assert detail(outcome, CheckName.READ) == "BAC"
    assert isinstance(outcome, Ok)
    document = outcome.value.document
    assert document.kind is DocumentKind.PASSPORT
    assert (document.number, document.nationality, document.authority) == ("X12345678", "UTO", "UTO")
    assert (document.name, document.latin_name) == ("艾拉", "EXAMPLE, ELLA MARGARETHE")
    assert (document.sex_code, document.birth_date) == ("2", date(1948, 3, 12))
    assert (document.validity, document.valid_to) == (ValidityKind.DATED, date(2031, 5, 1))
    assert document.address == "1 IMAGINARY STREET NOWHERE"
    assert outcome.value.photo == portrait()


@pytest.mark.parametrize("cipher", pace.SUITES, ids=[suite.label for suite in pace.SUITES.values()])
def test_pace_with_every_cipher(issuer: Issuer, cipher: int) -> None:
    profile = _chip(issuer, pace=pace_info(cipher=cipher))
    profile.bac = False
    outcome = read(profile)
    assert isinstance(outcome, Ok)
    label = pace.SUITES[cipher].label
    assert detail(outcome, CheckName.READ) == f"PACE {label} with parameters 13"
    assert outcome.value.photo == portrait()


@pytest.mark.parametrize("parameters", [8, 9, 10, 11, 12, 14, 15, 16, 17, 18])
def test_pace_with_every_curve(issuer: Issuer, parameters: int) -> None:
    profile = _chip(issuer, pace=pace_info(parameters=parameters))
    profile.bac = False
    assert isinstance(read(profile), Ok)


def test_pace_by_the_number_on_the_card(issuer: Issuer) -> None:
    profile = _chip(issuer, pace=pace_info(), can="512034")
    assert isinstance(read(profile, password=Can("512034")), Ok)
    assert _failed(profile, Can("512035")) == EmrtdFailure.ACCESS_DENIED


def test_generic_mapping_is_preferred_and_the_longest_key() -> None:
    offered = [
        pace_info(pace.CHIP_AUTHENTICATION, 4),
        pace_info(cipher=1),
        pace_info(cipher=3),
        pace_info(cipher=2),
    ]
    assert pace.choose(offered) == pace_info(cipher=3)
    assert pace.choose([]) is None


def test_infos_that_are_not_known_are_passed_over() -> None:
    integrated = simulated_files.pace_info(pace_info(mapping=4))
    finite_field = simulated_files.pace_info(pace_info(mapping=1, parameters=0))
    known = simulated_files.pace_info(pace_info())
    infos = simulated_files.security_infos(integrated, finite_field, known)
    assert pace.parse_infos(infos) == [pace_info()]


def _failed(profile: Profile, password: MrzKey | Can | None = None) -> EmrtdFailure | CardFailure:
    outcome = read(profile, password=password)
    assert isinstance(outcome, Failed)
    return outcome.reason


@pytest.mark.parametrize("by_pace", [True, False])
def test_a_wrong_mrz_is_told_from_everything_else(issuer: Issuer, by_pace: bool) -> None:
    profile = _chip(issuer, pace=pace_info() if by_pace else None)
    wrong = replace(profile.key, birth="480313")
    outcome = read(profile, password=wrong)
    assert isinstance(outcome, Failed)
    assert outcome.reason is EmrtdFailure.ACCESS_DENIED
    assert "6300" in outcome.detail


def test_a_chip_with_bac_alone_cannot_be_opened_by_a_can(issuer: Issuer) -> None:
    assert _failed(_chip(issuer), Can("512034")) == EmrtdFailure.ACCESS_UNSUPPORTED


def test_bac_follows_a_pace_that_the_chip_refuses(issuer: Issuer) -> None:
    profile = _chip(issuer, pace=pace_info())
    profile.pace = None
    outcome = read(profile)
    assert isinstance(outcome, Ok)
    assert detail(outcome, CheckName.READ) == "BAC after 0022c1a4: 6A80"


def test_bac_follows_a_card_access_of_rubbish(issuer: Issuer) -> None:
    profile = _chip(issuer)
    profile.files[File.CARD_ACCESS.identifier] = bytes.fromhex("3103020105")
    assert detail(read(profile), CheckName.READ).startswith("BAC after EF.CardAccess")


def test_the_first_cause_is_kept_when_bac_is_not_there_either(issuer: Issuer) -> None:
    profile = _chip(issuer, pace=pace_info())
    profile.pace, profile.bac = None, False
    outcome = read(profile)
    assert outcome == Failed(EmrtdFailure.REFUSED, "0022c1a4: 6A80")


def test_another_kind_of_card() -> None:
    class Other:
        def transmit(self, _apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
            return Ok(bytes.fromhex("6A82"))

    outcome = reader.read(Other(), MrzKey("X", "480312", "310501"), None, NOW)
    assert isinstance(outcome, Failed)
    assert outcome.reason is EmrtdFailure.NO_APPLICATION


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (None, CardFailure.CARD_MOVED),
        (ChipFault.WRONG_MAC, EmrtdFailure.CHANNEL_BROKEN),
        (ChipFault.UNPROTECTED, EmrtdFailure.CHANNEL_BROKEN),
    ],
)
@pytest.mark.parametrize("by_pace", [True, False])
def test_what_ends_a_session_ends_the_read(
    issuer: Issuer, fault: ChipFault | None, reason: EmrtdFailure | CardFailure, by_pace: bool
) -> None:
    profile = _chip(issuer, pace=pace_info() if by_pace else None)
    if fault is not None:
        profile.faults[File.DG2.identifier] = fault
    chip = SimulatedChip(profile)
    wire = MemoryTransport(chip, File.DG2 if fault is None else None)
    outcome = reader.read(wire, profile.key, None, NOW)
    assert isinstance(outcome, Failed)
    assert outcome.reason is reason
    # nothing was asked after that
    assert chip.commands[-1].ins == (0xA4 if fault is None else 0xB0)


@pytest.mark.parametrize("fault", [ChipFault.EMPTY, ChipFault.MORE_THAN_ASKED])
def test_a_portrait_that_cannot_be_read_fails_integrity_and_leaves_the_name(
    issuer: Issuer, fault: ChipFault
) -> None:
    profile = _chip(issuer)
    profile.faults[File.DG2.identifier] = fault
    outcome = read(profile, trust(issuer))
    assert checks(outcome)[CheckName.INTEGRITY] is _FAILED
    assert "DG2" in detail(outcome, CheckName.INTEGRITY)
    assert isinstance(outcome, Ok)
    assert outcome.value.photo is None


def _shape(chip: SimulatedChip) -> list[int]:
    """How many bytes each reply held at most, of the reading commands."""
    return [command.le or 0 for command in chip.commands if command.ins in (0xB0, 0xB1)]


@pytest.mark.parametrize("limit", Limit)
@pytest.mark.parametrize("chunk", [100, 40])
def test_a_chip_that_sends_less_at_once(issuer: Issuer, limit: Limit, chunk: int) -> None:
    profile = _chip(issuer)
    profile.chunk, profile.limit = chunk, limit
    outcome = read(profile)
    assert isinstance(outcome, Ok)
    assert outcome.value.photo == portrait()


def test_long_replies_only_where_the_chip_announces_them(issuer: Issuer) -> None:
    short, long = _chip(issuer, side=380), _chip(issuer, side=380)
    long.files[ATR_INFO] = simulated_files.atr_info(2000)
    long.extended = True
    chips = [SimulatedChip(profile) for profile in (short, long)]
    for chip in chips:
        assert isinstance(reader.read(MemoryTransport(chip), short.key, None, NOW), Ok)
    assert max(_shape(chips[0])) == 256
    assert max(_shape(chips[1])) == 0x10000
    assert len(chips[1].commands) * 3 < len(chips[0].commands)


@pytest.mark.parametrize("announced", [0, 2000])
def test_a_portrait_beyond_32_kilobytes(issuer: Issuer, announced: int) -> None:
    profile = _chip(issuer, side=380, pace=pace_info())
    if announced:
        profile.files[ATR_INFO] = simulated_files.atr_info(announced)
        profile.extended = True
    assert len(profile.files[File.DG2.identifier]) > 0x8000 + 1000
    chip = SimulatedChip(profile)
    outcome = reader.read(MemoryTransport(chip), profile.key, trust(issuer), NOW)
    assert isinstance(outcome, Ok)
    assert outcome.value.photo == portrait(side=380)
    assert checks(outcome)[CheckName.INTEGRITY] is _PASSED
    assert any(command.ins == 0xB1 for command in chip.commands)


@pytest.mark.parametrize(
    ("contents", "reason"),
    [
        (bytes.fromhex("6184FFFFFFFF00"), EmrtdFailure.TOO_LARGE),
        (bytes.fromhex("6185FFFFFFFFFF00"), EmrtdFailure.MALFORMED),
        (bytes.fromhex("7500"), EmrtdFailure.MALFORMED),
        (b"", EmrtdFailure.MALFORMED),
        (b"\x61", EmrtdFailure.MALFORMED),
        (bytes.fromhex("6100"), EmrtdFailure.MALFORMED),
        (bytes.fromhex("61055F1F82FFFF"), EmrtdFailure.MALFORMED),
        (simulated_files.dg1("P<UTO" + "<" * 83), EmrtdFailure.MALFORMED),
    ],
)
def test_a_dg1_of_rubbish_is_no_identity(issuer: Issuer, contents: bytes, reason: EmrtdFailure) -> None:
    profile = _chip(issuer)
    profile.files[File.DG1.identifier] = contents
    assert _failed(profile) == reason


def test_a_portrait_in_an_unknown_format_is_said(issuer: Issuer) -> None:
    profile = issuer.issue(HOLDER, replace(portrait(), data=b"GIF89a" + bytes(100)))
    outcome = read(profile, trust(issuer))
    assert checks(outcome)[CheckName.INTEGRITY] is _PASSED
    assert "no portrait" in detail(outcome, CheckName.READ)
    assert isinstance(outcome, Ok)
    assert outcome.value.photo is None


def test_without_dg11_the_latin_name_stands(issuer: Issuer) -> None:
    holder = replace(HOLDER, full_name="", address="", full_birth="")
    outcome = read(_chip(issuer, holder), trust(issuer))
    assert checks(outcome)[CheckName.INTEGRITY] is _PASSED
    assert isinstance(outcome, Ok)
    assert outcome.value.document.name == "EXAMPLE, ELLA MARGARETHE"
    assert outcome.value.document.birth_date == date(1948, 3, 12)


def test_a_birth_date_in_another_century_comes_from_dg11(issuer: Issuer) -> None:
    holder = replace(HOLDER, birth="200312", full_birth="19200312")
    outcome = read(_chip(issuer, holder))
    assert isinstance(outcome, Ok)
    assert outcome.value.document.birth_date == date(1920, 3, 12)


def test_a_dg11_that_contradicts_the_mrz_does_not_move_the_birth_date(issuer: Issuer) -> None:
    outcome = read(_chip(issuer, replace(HOLDER, full_birth="19490312")))
    assert isinstance(outcome, Ok)
    assert outcome.value.document.birth_date == date(1948, 3, 12)


def test_a_jpeg_is_told_from_a_jpeg_2000(issuer: Issuer) -> None:
    profile = issuer.issue(HOLDER, portrait(PhotoFormat.JPEG))
    outcome = read(profile)
    assert isinstance(outcome, Ok)
    assert outcome.value.photo is not None
    assert outcome.value.photo.format is PhotoFormat.JPEG


def test_nothing_personal_is_in_a_repr_or_a_failure(issuer: Issuer) -> None:
    profile = _chip(issuer)
    outcome = read(profile, trust(issuer))
    shown = repr((outcome, profile.key, Can("512034"), HOLDER, profile))
    profile.files[File.DG1.identifier] = tlv.encode(0x61, tlv.encode(0x5F1F, b"X12345678" * 9))
    shown += repr(read(profile))
    for secret in ("X12345678", "480312", "EXAMPLE", "ELLA", "艾", "IMAGINARY", "512034"):
        assert secret not in shown
