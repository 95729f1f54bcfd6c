"""A signature counts for one challenge, one origin, one certificate, and the chain is a level of its own."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.contract import Check, CheckOutcome, Failed, Ok
from drivers.evidence import Assurance, CheckName, assurance
from drivers.token.contract import NONCE_SIZE, Challenge, Scheme, Signed, TokenFailure
from drivers.token.protocol import judge, message
from tests.drivers.token.soft_tokens import Issuer, issue, new_issuer

ISSUER = new_issuer()
EC_KEY = ec.generate_private_key(ec.SECP256R1())
RSA_KEY = rsa.generate_private_key(65537, 2048)
CHALLENGE = Challenge("jiujin:0142", "helper.identify")
NOW = datetime.now(UTC)


def signed_by_ec(challenge: Challenge, issuer: Issuer = ISSUER, days: int = 30) -> Signed:
    r, s = decode_dss_signature(EC_KEY.sign(message(challenge), ec.ECDSA(hashes.SHA256())))
    der = issue(issuer, EC_KEY.public_key(), days=days).public_bytes(serialization.Encoding.DER)
    return Signed(der, r.to_bytes(32, "big") + s.to_bytes(32, "big"), Scheme.ECDSA)


def signed_by_rsa(challenge: Challenge) -> Signed:
    der = issue(ISSUER, RSA_KEY.public_key()).public_bytes(serialization.Encoding.DER)
    return Signed(
        der, RSA_KEY.sign(message(challenge), padding.PKCS1v15(), hashes.SHA256()), Scheme.RSA_PKCS1
    )


def outcome_of(checks: tuple[Check, ...], name: CheckName) -> CheckOutcome:
    return next(check.outcome for check in checks if check.name == name)


@pytest.mark.parametrize("signed", [signed_by_ec(CHALLENGE), signed_by_rsa(CHALLENGE)], ids=["ec", "rsa"])
def test_the_right_key_passes(signed: Signed) -> None:
    judged = judge(signed, CHALLENGE, (new_issuer().der, ISSUER.der), NOW)
    assert isinstance(judged, Ok)
    assert outcome_of(judged.value, CheckName.SIGNATURE) is CheckOutcome.PASSED
    assert outcome_of(judged.value, CheckName.TRUSTED_CHAIN) is CheckOutcome.PASSED
    assert assurance(judged.value) is Assurance.SUBSTANTIAL


@pytest.mark.parametrize(
    "other",
    [
        replace(CHALLENGE, nonce=bytes(NONCE_SIZE)),
        replace(CHALLENGE, origin="jiujin:0143"),
        replace(CHALLENGE, purpose="staff.menu"),
        replace(CHALLENGE, origin="jiujin:0142h", purpose="elper.identify"),
    ],
    ids=["nonce", "origin", "purpose", "border"],
)
@pytest.mark.parametrize("sign", [signed_by_ec, signed_by_rsa], ids=["ec", "rsa"])
def test_an_answer_to_another_challenge_is_none(other: Challenge, sign: type) -> None:
    judged = judge(sign(other), CHALLENGE, (ISSUER.der,), NOW)
    assert judged == Failed(TokenFailure.NOT_AUTHENTIC, "the signature is not by the certificate's key")


def test_another_certificate_does_not_fit() -> None:
    stranger = issue(ISSUER, ec.generate_private_key(ec.SECP256R1()).public_key())
    swapped = replace(signed_by_ec(CHALLENGE), certificate=stranger.public_bytes(serialization.Encoding.DER))
    assert isinstance(judge(swapped, CHALLENGE, (ISSUER.der,), NOW), Failed)


@pytest.mark.parametrize("signature", [b"", b"\0" * 64, b"\xff" * 63])
def test_a_broken_signature_is_not_authentic(signature: bytes) -> None:
    judged = judge(replace(signed_by_ec(CHALLENGE), signature=signature), CHALLENGE, (ISSUER.der,), NOW)
    assert isinstance(judged, Failed)
    assert judged.reason is TokenFailure.NOT_AUTHENTIC


def test_a_key_of_another_kind_than_it_says_is_unsupported() -> None:
    judged = judge(replace(signed_by_ec(CHALLENGE), scheme=Scheme.RSA_PKCS1), CHALLENGE, (), NOW)
    assert isinstance(judged, Failed)
    assert judged.reason is TokenFailure.UNSUPPORTED_KEY


def test_a_certificate_that_is_rubbish_is_not_authentic() -> None:
    judged = judge(replace(signed_by_ec(CHALLENGE), certificate=b"rubbish"), CHALLENGE, (), NOW)
    assert isinstance(judged, Failed)
    assert judged.reason is TokenFailure.NOT_AUTHENTIC


P256 = bytes.fromhex("06082a8648ce3d030107")
SM2 = bytes.fromhex("06082a811ccf5501822d")
"""The object identifiers of the two curves, of one length."""


def test_a_certificate_of_a_kind_that_is_not_known_is_unsupported() -> None:
    """As on tokens of the SM2 kind."""
    signed = signed_by_ec(CHALLENGE)
    assert P256 in signed.certificate
    judged = judge(
        replace(signed, certificate=signed.certificate.replace(P256, SM2)), CHALLENGE, (ISSUER.der,), NOW
    )
    assert isinstance(judged, Failed)
    assert judged.reason is TokenFailure.UNSUPPORTED_KEY


@given(
    st.integers(0, 2**31),
    st.integers(0, 255),
    st.sampled_from([signed_by_ec(CHALLENGE), signed_by_rsa(CHALLENGE)]),
)
@settings(max_examples=300)
@pytest.mark.filterwarnings("ignore::cryptography.utils.CryptographyDeprecationWarning")
def test_no_certificate_is_a_defect(at: int, byte: int, signed: Signed) -> None:
    spoilt = bytearray(signed.certificate)
    spoilt[at % len(spoilt)] = byte
    judge(replace(signed, certificate=bytes(spoilt)), CHALLENGE, (ISSUER.der,), NOW)


@pytest.mark.parametrize(
    ("signed", "anchors", "at", "chain"),
    [
        (signed_by_ec(CHALLENGE), (), NOW, CheckOutcome.NOT_DONE),
        (signed_by_ec(CHALLENGE, new_issuer()), (ISSUER.der,), NOW, CheckOutcome.FAILED),
        (signed_by_ec(CHALLENGE, days=-1), (ISSUER.der,), NOW, CheckOutcome.FAILED),
        (signed_by_ec(CHALLENGE, days=90), (ISSUER.der,), NOW + timedelta(days=60), CheckOutcome.FAILED),
        (signed_by_ec(CHALLENGE), (ISSUER.der,), NOW - timedelta(days=70), CheckOutcome.FAILED),
    ],
    ids=["no anchors", "same name, other key", "expired", "issuer expired", "not yet"],
)
def test_a_right_signature_without_a_trusted_chain_is_worth_little(
    signed: Signed, anchors: tuple[bytes, ...], at: datetime, chain: CheckOutcome
) -> None:
    judged = judge(signed, CHALLENGE, anchors, at)
    assert isinstance(judged, Ok)
    assert outcome_of(judged.value, CheckName.SIGNATURE) is CheckOutcome.PASSED
    assert outcome_of(judged.value, CheckName.TRUSTED_CHAIN) is chain
    assert assurance(judged.value) is Assurance.LOW


def test_every_challenge_has_a_nonce_of_its_own() -> None:
    nonces = {Challenge("a", "b").nonce for _ in range(50)}
    assert len(nonces) == 50
    assert {len(nonce) for nonce in nonces} == {NONCE_SIZE}
