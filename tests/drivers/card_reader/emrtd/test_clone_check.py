"""Active and chip authentication: the right chip passes, a copy does not."""

from __future__ import annotations

import pytest

from drivers.card_reader.contract import CardFailure
from drivers.card_reader.emrtd import active_authentication, public_keys, simulated_files, simulated_keys, tlv
from drivers.card_reader.emrtd.ciphers import Suite
from drivers.card_reader.emrtd.files import File
from drivers.card_reader.emrtd.outcome import Refusal
from drivers.card_reader.emrtd.public_keys import RsaKey
from drivers.card_reader.emrtd.reader import TravelDocument
from drivers.card_reader.emrtd.simulated_chip import Profile, StaticKey
from drivers.card_reader.emrtd.simulated_chip_keys import (
    aa_info,
    ca_infos,
    dg14,
    dg15,
    recoverable,
    signer,
    static_key,
)
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.emrtd.simulated_keys import SigningKey
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.evidence import Assurance, CheckName, assurance
from tests.drivers.card_reader.emrtd.world import HOLDER, checks, detail, pace_info, portrait, read, trust

_PASSED, _FAILED, _NOT_DONE = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.NOT_DONE


def _verdict(outcome: Ok[TravelDocument] | Refusal) -> tuple[CheckOutcome, str]:
    return checks(outcome)[CheckName.CLONE_CHECK], detail(outcome, CheckName.CLONE_CHECK)


def _active(issuer: Issuer, key: SigningKey, *infos: bytes, by_pace: bool = False) -> Profile:
    extra = {15: dg15(key)} | ({14: dg14(*infos)} if infos else {})
    profile = issuer.issue(HOLDER, portrait(), pace=pace_info() if by_pace else None, extra=extra)
    profile.sign = signer(key)
    return profile


def _chip_authenticated(issuer: Issuer, key: StaticKey, infos: bytes) -> Profile:
    profile = issuer.issue(HOLDER, portrait(), extra={14: dg14(infos)})
    profile.static_key = key
    return profile


@pytest.mark.parametrize("hash_name", ["sha1", "sha256", "sha512"])
def test_active_authentication_by_rsa(issuer: Issuer, chip_rsa_1024: SigningKey, hash_name: str) -> None:
    outcome = read(_active(issuer, chip_rsa_1024.with_hash(hash_name)), trust(issuer))
    assert _verdict(outcome) == (_PASSED, "active authentication; weak: RSA of 1024 bits")
    assert isinstance(outcome, Ok)
    assert assurance(outcome.value.evidence) is Assurance.HIGH


def test_active_authentication_by_a_long_rsa_key_needs_a_long_reply(
    issuer: Issuer, rsa_2048: SigningKey
) -> None:
    profile = _active(issuer, rsa_2048, by_pace=True)
    profile.extended = True
    assert _verdict(read(profile, trust(issuer))) == (_PASSED, "active authentication")


@pytest.mark.parametrize("stated", [True, False])
@pytest.mark.parametrize(
    ("curve", "hash_name"), [("P-256", "sha256"), ("BP-384", "sha384"), ("P-224", "sha1")]
)
def test_active_authentication_by_ecdsa(issuer: Issuer, curve: str, hash_name: str, stated: bool) -> None:
    key = simulated_keys.elliptic(curve, hash_name)
    profile = _active(issuer, key, *([aa_info(hash_name)] if stated else []))
    assert _verdict(read(profile, trust(issuer))) == (_PASSED, "active authentication")


def test_a_hash_that_dg14_does_not_name_is_refused(issuer: Issuer) -> None:
    profile = _active(issuer, simulated_keys.elliptic("P-256", "sha1"), aa_info("sha256"))
    assert _verdict(read(profile, trust(issuer)))[0] is _FAILED


@pytest.mark.parametrize("kind", ["rsa", "ecdsa"])
def test_a_copy_passes_passive_authentication_and_fails_here(
    issuer: Issuer, chip_rsa_1024: SigningKey, kind: str
) -> None:
    """Every file copied; the copy's own key signs the challenge."""
    if kind == "rsa":
        profile, own = _active(issuer, chip_rsa_1024), simulated_keys.rsa_key(bits=1024)
    else:
        profile, own = _active(issuer, simulated_keys.elliptic()), simulated_keys.elliptic()
    profile.sign = signer(own)
    outcome = read(profile, trust(issuer))
    found = checks(outcome)
    assert found.pop(CheckName.CLONE_CHECK) is _FAILED
    assert set(found.values()) == {_PASSED}
    assert isinstance(outcome, Ok)
    assert assurance(outcome.value.evidence) is Assurance.LOW


def test_a_copy_that_does_not_sign_at_all(issuer: Issuer, chip_rsa_1024: SigningKey) -> None:
    profile = _active(issuer, chip_rsa_1024)
    profile.sign = None
    assert _verdict(read(profile, trust(issuer))) == (_FAILED, "active authentication: 6D00")


def test_a_copy_that_plays_an_old_answer(issuer: Issuer, chip_rsa_1024: SigningKey) -> None:
    profile = _active(issuer, chip_rsa_1024)
    old = signer(chip_rsa_1024)(bytes(8))
    profile.sign = lambda _challenge: old
    assert _verdict(read(profile, trust(issuer)))[0] is _FAILED


@pytest.mark.parametrize("number", [14, 15])
def test_a_copy_that_withholds_its_key_file(issuer: Issuer, chip_rsa_1024: SigningKey, number: int) -> None:
    profile = _active(issuer, chip_rsa_1024, ca_infos(static_key()))
    del profile.files[{14: File.DG14, 15: File.DG15}[number].identifier]
    outcome = read(profile, trust(issuer))
    assert checks(outcome)[CheckName.CLONE_CHECK] is _FAILED
    assert checks(outcome)[CheckName.INTEGRITY] is _FAILED


def test_a_copy_with_a_key_file_of_its_own(issuer: Issuer, chip_rsa_1024: SigningKey) -> None:
    """It proves its key, which nobody signed: integrity says so."""
    own = simulated_keys.rsa_key(bits=1024)
    profile = _active(issuer, chip_rsa_1024)
    profile.files[File.DG15.identifier] = dg15(own)
    profile.sign = signer(own)
    outcome = read(profile, trust(issuer))
    assert checks(outcome)[CheckName.CLONE_CHECK] is _PASSED
    assert checks(outcome)[CheckName.INTEGRITY] is _FAILED
    assert isinstance(outcome, Ok)
    assert assurance(outcome.value.evidence) is Assurance.LOW


def test_a_signature_that_recovers_everything_is_refused(chip_rsa_1024: SigningKey) -> None:
    """Header 4A: such a signature says nothing of the challenge, so it could be an old one."""
    numbers = chip_rsa_1024.private.private_numbers()
    key = RsaKey(numbers.public_numbers.n, numbers.public_numbers.e)
    challenge = b"12345678"
    for header, right in ((b"\x6a", True), (b"\x4a", False)):
        message = header + recoverable(128, challenge, "sha256")[1:]
        signed = pow(int.from_bytes(message, "big"), numbers.d, key.modulus).to_bytes(128, "big")
        assert active_authentication.verify_rsa(key, challenge, signed) is right


def test_a_padded_header_and_the_other_root(chip_rsa_1024: SigningKey) -> None:
    """6B BB .. BA in front of a short recovered part; and n - s in the place of s."""
    numbers = chip_rsa_1024.private.private_numbers()
    key = RsaKey(numbers.public_numbers.n, numbers.public_numbers.e)
    challenge, recovered = b"12345678", b"recovered"
    body = recovered + public_keys.digest("sha1", recovered + challenge) + b"\xbc"
    message = b"\x6b" + b"\xbb" * (128 - len(body) - 2) + b"\xba" + body
    signed = pow(int.from_bytes(message, "big"), numbers.d, key.modulus)
    for value in (signed, key.modulus - signed):
        assert active_authentication.verify_rsa(key, challenge, value.to_bytes(128, "big"))
    broken = message.replace(b"\xbb", b"\xbc", 1)
    signed = pow(int.from_bytes(broken, "big"), numbers.d, key.modulus)
    assert not active_authentication.verify_rsa(key, challenge, signed.to_bytes(128, "big"))


@pytest.mark.parametrize("suite", Suite)
@pytest.mark.parametrize(("explicit", "key_id"), [(True, None), (False, 3)])
def test_chip_authentication(issuer: Issuer, suite: Suite, explicit: bool, key_id: int | None) -> None:
    key = static_key(13, suite)
    profile = _chip_authenticated(issuer, key, ca_infos(key, explicit=explicit, key_id=key_id))
    outcome = read(profile, trust(issuer))
    assert _verdict(outcome) == (_PASSED, f"chip authentication {suite.label}")
    assert isinstance(outcome, Ok)
    assert assurance(outcome.value.evidence) is Assurance.HIGH


def test_a_key_without_a_protocol_goes_with_3des(issuer: Issuer) -> None:
    key = static_key(12, Suite.TDES)
    public = tlv.read_all(ca_infos(key))[0].raw
    outcome = read(_chip_authenticated(issuer, key, public), trust(issuer))
    assert _verdict(outcome) == (_PASSED, "chip authentication 3DES")


@pytest.mark.parametrize("suite", Suite)
def test_a_copy_without_the_static_key(issuer: Issuer, suite: Suite) -> None:
    profile = _chip_authenticated(issuer, static_key(13, suite), ca_infos(static_key(13, suite)))
    assert _verdict(read(profile, trust(issuer)))[0] is _FAILED
    profile.static_key = None
    assert _verdict(read(profile, trust(issuer)))[0] is _FAILED


def test_both_protocols_and_the_one_that_fails_counts(issuer: Issuer, chip_rsa_1024: SigningKey) -> None:
    key = static_key()
    profile = _active(issuer, chip_rsa_1024, ca_infos(key))
    profile.static_key = key
    outcome, why = _verdict(read(profile, trust(issuer)))
    assert (outcome, "active" in why, "chip authentication AES-128" in why) == (_PASSED, True, True)
    profile.sign = signer(simulated_keys.rsa_key(bits=1024))
    outcome, why = _verdict(read(profile, trust(issuer)))
    assert (outcome, why) == (_FAILED, "active authentication: the chip's signature is wrong")


def test_a_chip_that_leaves_during_the_check_is_no_copy(issuer: Issuer, chip_rsa_1024: SigningKey) -> None:
    from drivers.card_reader.emrtd import reader
    from drivers.card_reader.emrtd.simulated_chip import MemoryTransport, SimulatedChip
    from tests.drivers.card_reader.emrtd.world import NOW

    class Leaving(MemoryTransport):
        def transmit(self, apdu: bytes) -> Ok[bytes] | Failed[CardFailure]:
            return Failed(CardFailure.CARD_MOVED) if apdu[1] == 0x88 else super().transmit(apdu)

    profile = _active(issuer, chip_rsa_1024)
    outcome = reader.read(Leaving(SimulatedChip(profile)), profile.key, trust(issuer), NOW)
    assert isinstance(outcome, Failed)
    assert outcome.reason is CardFailure.CARD_MOVED


@pytest.mark.parametrize(
    ("contents", "outcome"),
    [
        (tlv.encode(0x6E, b"\x31\x02\x30\x00"), _FAILED),
        (tlv.encode(0x6E, bytes.fromhex("310D300B0609") + bytes.fromhex("04007F000702020101")), _NOT_DONE),
        (tlv.encode(0x6E, b"\x31\x00"), _NOT_DONE),
    ],
    ids=["rubbish", "finite-field key", "nothing in it"],
)
def test_other_contents_of_dg14(issuer: Issuer, contents: bytes, outcome: CheckOutcome) -> None:
    profile = issuer.issue(HOLDER, portrait(), extra={14: contents})
    assert _verdict(read(profile, trust(issuer)))[0] is outcome


def test_a_card_access_that_dg14_does_not_sign(issuer: Issuer) -> None:
    """Somebody between chip and reader took the strong offer out, or put a weak one in."""
    signed = dg14(simulated_files.pace_info(pace_info()), ca_infos(static_key()))
    for offered, outcome in ((pace_info(), _PASSED), (pace_info(cipher=1), _FAILED)):
        profile = issuer.issue(HOLDER, portrait(), pace=offered, extra={14: signed})
        assert checks(read(profile, trust(issuer)))[CheckName.INTEGRITY] is outcome
