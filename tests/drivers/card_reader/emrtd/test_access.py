"""Chips that play along with BAC or PACE and do not know the password."""

from __future__ import annotations

import pytest

from drivers.card_reader.emrtd import bac, ciphers, keys, pace, tlv
from drivers.card_reader.emrtd.channel import Channel
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.files import File, read_file
from drivers.card_reader.emrtd.outcome import EmrtdFailure
from drivers.contract import Failed, Ok
from tests.drivers.card_reader.emrtd import vectors
from tests.drivers.card_reader.emrtd.vectors import Recording

_RANDOM = {8: vectors.BAC_NONCE, 16: vectors.BAC_KEYING}


def _bac(answer: str) -> Ok[object] | Failed[object]:
    wire = Recording(vectors.BAC[0], (vectors.BAC[1][0], answer))
    return bac.establish(Channel(wire), vectors.BAC_KEY, _RANDOM.__getitem__)  # type: ignore[return-value]


def _sealed(chip_nonce: bytes, nonce: bytes) -> str:
    """An answer with a right MAC to these two nonces."""
    seed = vectors.BAC_KEY.secret[:16]
    encryption_key, mac_key = (keys.derive(Suite.TDES, seed, counter) for counter in (1, 2))
    sealed = ciphers.encrypt(Suite.TDES, encryption_key, bytes(8), chip_nonce + nonce + bytes(16))
    return (sealed + ciphers.mac(Suite.TDES, mac_key, sealed)).hex() + "9000"


def test_bac_answers_that_are_not_of_this_chip() -> None:
    changed_mac = vectors.BAC_ANSWER[:-2] + "48" + "9000"
    assert _bac(changed_mac) == Failed(EmrtdFailure.ACCESS_DENIED, "BAC: the chip's answer has a wrong MAC")
    other = Failed(EmrtdFailure.ACCESS_DENIED, "BAC: the chip's answer is to another challenge")
    assert _bac(_sealed(bytes(8), vectors.BAC_NONCE)) == other
    assert _bac(_sealed(vectors.BAC_CHIP_NONCE, bytes(8))) == other
    assert isinstance(_bac(_sealed(vectors.BAC_CHIP_NONCE, vectors.BAC_NONCE)), Ok)


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        ("9000", EmrtdFailure.MALFORMED),
        (vectors.BAC_ANSWER + "009000", EmrtdFailure.MALFORMED),
        ("63C2", EmrtdFailure.ACCESS_DENIED),
        ("6982", EmrtdFailure.ACCESS_DENIED),
        ("6A82", EmrtdFailure.MISSING),
        ("6F00", EmrtdFailure.REFUSED),
    ],
)
def test_bac_answers_that_are_none(answer: str, reason: EmrtdFailure) -> None:
    outcome = _bac(answer)
    assert isinstance(outcome, Failed)
    assert outcome.reason is reason


def test_a_challenge_of_another_length() -> None:
    wire = Recording((vectors.BAC[0][0], "AABB9000"))
    outcome = bac.establish(Channel(wire), vectors.BAC_KEY)
    assert outcome == Failed(EmrtdFailure.MALFORMED, "a challenge of 2 bytes")


def _pace(step: int, answer: str) -> Ok[object] | Failed[object]:
    """The published conversation with another answer at this step."""
    (info,) = pace.parse_infos(vectors.PACE_CARD_ACCESS)
    exchanges = list(vectors.PACE)
    exchanges[step] = (exchanges[step][0], answer)
    scalars = iter(vectors.PACE_TERMINAL)
    wire = Recording(*exchanges)
    return pace.establish(Channel(wire), info, vectors.PACE_KEY, lambda _curve: next(scalars))  # type: ignore[return-value]


def test_a_wrong_token_is_a_wrong_password() -> None:
    outcome = _pace(4, "7C0A86083ABB9674BCE93C099000")
    assert outcome == Failed(EmrtdFailure.ACCESS_DENIED, "PACE: the chip's token is wrong")
    assert _pace(4, "6300") == Failed(EmrtdFailure.ACCESS_DENIED, "PACE: 6300")


def test_a_chip_that_sends_our_own_key_back() -> None:
    own = vectors.PACE[3][0][18:-2]
    outcome = _pace(3, f"7C438441{own}9000")
    assert outcome == Failed(EmrtdFailure.MALFORMED, "PACE: the chip sent the terminal's own key back")


_BESIDE = vectors.PACE[2][1][:-6] + "00" + "9000"


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        (1, "7C0280009000"),
        (1, "7C009000"),
        (1, "9000"),
        (2, _BESIDE),
        (2, "7C03820100 9000"),
        (3, "7C048402 9000"),
    ],
    ids=["short nonce", "no nonce", "nothing", "beside the curve", "infinity", "cut"],
)
def test_pace_answers_that_are_none(step: int, answer: str) -> None:
    outcome = _pace(step, answer)
    assert isinstance(outcome, Failed)
    assert outcome.reason is EmrtdFailure.MALFORMED


def test_attempts_that_are_counted_do_not_stop_pace() -> None:
    assert isinstance(_pace(0, "63C1"), Ok)


def test_a_file_that_opens_with_another_tag() -> None:
    wire = Recording(("00A4020C020101", "9000"), ("00B0000008", "7506000102030405 9000"))
    outcome = read_file(Channel(wire), File.DG1)
    assert outcome == Failed(EmrtdFailure.MALFORMED, "DG1 opens with tag 0x75")


def test_a_file_of_eight_bytes_or_fewer() -> None:
    contents = tlv.encode(0x61, b"abc").hex()
    wire = Recording(("00A4020C020101", "9000"), ("00B0000008", f"{contents}6282"))
    assert read_file(Channel(wire), File.DG1) == Ok(bytes.fromhex(contents))


def test_a_file_that_ends_before_what_it_announces() -> None:
    wire = Recording(
        ("00A4020C020101", "9000"), ("00B0000008", "6110AABBCCDDEEFF 9000"), ("00B000080A", "6282")
    )
    outcome = read_file(Channel(wire), File.DG1)
    assert outcome == Failed(EmrtdFailure.MALFORMED, "DG1 ends after 8 of 18 bytes")
