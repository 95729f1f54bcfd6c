"""DG2, DG11, EF.COM and EF.CardAccess: what they hold, and rubbish."""

from __future__ import annotations

import contextlib
import struct
from datetime import date

import pytest
from asn1crypto import keys
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.card_reader.contract import EncodedPhoto, PhotoFormat
from drivers.card_reader.emrtd import (
    data_groups,
    face_record,
    pace,
    passive,
    public_keys,
    simulated_files,
    simulated_keys,
    tlv,
)
from drivers.card_reader.emrtd.security_object import parse_sod
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.emrtd.tlv import Malformed
from drivers.contract import CheckOutcome, Failed
from tests.drivers.card_reader.emrtd.world import NOW, portrait

_JPEG = EncodedPhoto(PhotoFormat.JPEG, b"\xff\xd8\xff\xe0 a picture")


@pytest.mark.parametrize("points", [0, 1, 9])
def test_the_portrait_stands_behind_the_feature_points(points: int) -> None:
    assert face_record.parse_record(simulated_files.face_record(_JPEG, points)) == _JPEG


def test_the_signature_of_the_image_counts_not_the_records_word_for_it() -> None:
    codestream = EncodedPhoto(PhotoFormat.JPEG2000, bytes.fromhex("FF4FFF51") + b"more")
    record = simulated_files.face_record(codestream)
    said_jpeg = record.replace(struct.pack(">BBHH", 1, 1, 240, 320), struct.pack(">BBHH", 1, 0, 240, 320))
    assert face_record.parse_record(said_jpeg) == codestream


def _patched(offset: int, layout: str, *values: int) -> bytes:
    record = bytearray(simulated_files.face_record(_JPEG))
    struct.pack_into(layout, record, offset, *values)
    return bytes(record)


@pytest.mark.parametrize(
    "record",
    [
        b"",
        b"FAC\x00010\x00",
        _patched(0, ">I", 0),
        _patched(8, ">I", 0xFFFFFFFF),
        _patched(12, ">H", 0),
        _patched(14, ">I", 0xFFFFFFFF),
        _patched(14, ">I", 0),
        _patched(18, ">H", 0xFFFF),
        simulated_files.face_record(EncodedPhoto(PhotoFormat.JPEG, b"")),
        simulated_files.face_record(EncodedPhoto(PhotoFormat.JPEG, b"%!PS")),
    ],
    ids=[
        "empty",
        "cut",
        "magic",
        "record length",
        "no face",
        "long block",
        "short block",
        "points",
        "no image",
        "other image",
    ],
)
def test_face_records_that_do_not_hold_what_they_say(record: bytes) -> None:
    with pytest.raises(Malformed):
        face_record.parse_record(record)


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_dg2_with_changed_bytes_is_a_portrait_or_malformed(data: st.DataObject) -> None:
    dg2 = bytearray(simulated_files.dg2(_JPEG))
    for _ in range(data.draw(st.integers(1, 4))):
        dg2[data.draw(st.integers(0, len(dg2) - 1))] = data.draw(st.integers(0, 255))
    try:
        photo = face_record.parse_dg2(bytes(dg2))
    except Malformed:
        return
    assert photo.data in bytes(dg2)


@pytest.mark.parametrize("count", [b"\x00", b""])
def test_a_dg2_without_a_face(count: bytes) -> None:
    group = tlv.encode(0x02, count) + tlv.encode(0x7F60, b"")
    with pytest.raises(Malformed, match="no face"):
        face_record.parse_dg2(tlv.encode(0x75, tlv.encode(0x7F61, group)))


def _dg11(*nodes: tuple[int, bytes]) -> data_groups.AdditionalDetails:
    return data_groups.parse_dg11(tlv.encode(0x6B, b"".join(tlv.encode(*node) for node in nodes)))


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("艾<<拉", "艾拉"),
        ("欧阳<<明<月", "欧阳明月"),
        ("𠮷田<<太郎", "𠮷田太郎"),
        ("EXAMPLE<<ELLA<M", "EXAMPLE ELLA M"),
        ("ΠΑΠΑΣ<<ΝΙΚΟΣ", "ΠΑΠΑΣ ΝΙΚΟΣ"),
        ("阿依古丽·买买提", "阿依古丽·买买提"),
        ("ARKFREITH", "ARKFREITH"),
    ],
)
def test_the_full_name(text: str, name: str) -> None:
    assert _dg11((0x5F0E, text.encode())).full_name == name


def test_the_other_fields_of_dg11() -> None:
    group = tlv.encode(0x02, b"\x01") + tlv.encode(0x5F0F, b"EXAMPLE<<ALIAS")
    details = _dg11(
        (0xA0, group),
        (0x5F10, b"0123456789<<"),
        (0x5F42, "虚设县<柳湾村7号".encode()),
        (0x5F2B, bytes.fromhex("19480312")),
    )
    assert details.other_names == ("EXAMPLE ALIAS",)
    assert details.personal_number == "0123456789"
    assert details.address == "虚设县 柳湾村7号"
    assert details.birth_date == date(1948, 3, 12)


@pytest.mark.parametrize("value", [b"19480312", bytes.fromhex("19480312")])
def test_a_full_birth_date_in_either_writing(value: bytes) -> None:
    assert _dg11((0x5F2B, value)).birth_date == date(1948, 3, 12)


@pytest.mark.parametrize(
    "value", [b"1948<<<<", b"19480000", b"", b"\xff\xff\xff\xff", b"19481340", b"194803121"]
)
def test_an_unknown_full_birth_date_is_none(value: bytes) -> None:
    assert _dg11((0x5F2B, value)).birth_date is None


@pytest.mark.parametrize("value", [b"\xff\xfe", b"A\x1b@B", b"A\nB", b"X" * 1001])
def test_texts_that_are_none(value: bytes) -> None:
    with pytest.raises(Malformed):
        _dg11((0x5F0E, value))


def test_ef_com_lists_the_groups() -> None:
    assert data_groups.parse_com(simulated_files.com([2, 1, 15, 11])) == (1, 2, 11, 15)


@settings(deadline=None, max_examples=60)
@given(st.binary(max_size=120))
def test_any_bytes_are_contents_or_malformed(data: bytes) -> None:
    parsers = (
        data_groups.parse_dg1,
        data_groups.parse_dg11,
        data_groups.parse_com,
        face_record.parse_dg2,
        face_record.parse_record,
        pace.parse_infos,
        parse_sod,
    )
    for parse in parsers:
        for opened in (data, tlv.encode(0x6B, data), tlv.encode(0x77, data), tlv.encode(0x31, data)):
            try:
                parse(opened)
            except Malformed:
                continue


@settings(deadline=None, max_examples=60)
@given(st.data())
def test_a_sod_with_changed_bytes_is_parsed_or_malformed(issuer: Issuer, data: st.DataObject) -> None:
    sod = bytearray(_sod(issuer))
    for _ in range(data.draw(st.integers(1, 6))):
        sod[data.draw(st.integers(0, len(sod) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        parse_sod(bytes(sod))


_EC_KEY = bytes.fromhex("06072A8648CE3D0201")
"""The object identifier of an elliptic key, at the beginning of what says what key a certificate holds."""


def test_a_certificate_whose_key_is_not_what_it_should_be_is_a_failed_check() -> None:
    """The library parses a certificate's key only when it is asked for."""
    key = simulated_keys.elliptic()
    sod = Issuer(key, key, NOW).security_object({1: b"one"})
    at = sod.index(_EC_KEY) - 4
    assert sod[at] == 0x30
    verdict = passive.signature(parse_sod(sod[:at] + b"\xb0" + sod[at + 1 :]))
    assert verdict.outcome is CheckOutcome.FAILED
    assert "certificate" in verdict.detail


@pytest.mark.parametrize(
    ("modulus", "exponent"),
    [(-(2**2047 + 1), 3), (2**2047 + 1, -3), (2**2047 + 1, 0), (2**2047, 3), (2**2047 + 1, 2**2048 + 1)],
    ids=["negative modulus", "negative exponent", "no exponent", "even", "larger than the modulus"],
)
def test_rsa_numbers_that_are_no_key_are_malformed(modulus: int, exponent: int) -> None:
    """A hostile chip would otherwise make the arithmetic raise."""
    numbers = keys.RSAPublicKey({"modulus": modulus, "public_exponent": exponent})
    info = keys.PublicKeyInfo({"algorithm": {"algorithm": "rsa"}, "public_key": numbers})
    with pytest.raises(Malformed):
        public_keys.load(keys.PublicKeyInfo.load(info.dump()))


def test_a_salt_of_a_negative_size_is_a_wrong_signature() -> None:
    key = public_keys.RsaKey(2**2047 + 1, 65537)
    how = public_keys.Scheme("pss", "sha256", "sha256", -1)
    verified = public_keys.verify(key, how, b"data", bytes(256))
    assert isinstance(verified, Failed)
    assert verified.reason is public_keys.SignatureFailure.WRONG


_SODS: dict[int, bytes] = {}


def _sod(issuer: Issuer) -> bytes:
    if id(issuer) not in _SODS:
        _SODS[id(issuer)] = issuer.security_object({1: b"one", 2: simulated_files.dg2(portrait())})
    return _SODS[id(issuer)]


_TYPE = bytes.fromhex("0606678108010101")
"""The object identifier of a list of hashes."""


def test_a_sod_that_names_a_group_twice(issuer: Issuer) -> None:
    second = bytes.fromhex("0201020420")
    sod = _sod(issuer)
    assert sod.count(second) == 1
    with pytest.raises(Malformed, match="twice"):
        parse_sod(sod.replace(second, bytes.fromhex("0201010420")))


@pytest.mark.parametrize("which", [0, 1])
def test_a_sod_that_signs_something_else(issuer: Issuer, which: int) -> None:
    """By its content, or by its signed attributes."""
    parts = _sod(issuer).split(_TYPE)
    assert len(parts) == 3
    other = _TYPE[:-1] + b"\x02"
    joints = [other, _TYPE] if which == 0 else [_TYPE, other]
    with pytest.raises(Malformed, match="something else"):
        parse_sod(parts[0] + joints[0] + parts[1] + joints[1] + parts[2])


def test_a_sod_with_two_signers(issuer: Issuer) -> None:
    """Which of them would be believed? Neither."""
    from asn1crypto import cms

    envelope = cms.ContentInfo.load(tlv.read_only(_sod(issuer), 0x77))
    signers = envelope["content"]["signer_infos"]
    second = signers[0].copy()
    second["signature"] = b"another"
    signers.append(second)
    with pytest.raises(Malformed, match="2 signers"):
        parse_sod(tlv.encode(0x77, envelope.dump(force=True)))
