"""The signed message and how it is judged. Pure: no module, no token."""

from __future__ import annotations

from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

from drivers.contract import Check, CheckOutcome, Failed, Ok
from drivers.evidence import CheckName, evidence
from drivers.token.contract import Challenge, Scheme, Signed, TokenFailure

_TAG = b"jiujin.token/1"


def message(challenge: Challenge) -> bytes:
    """Tag, origin, purpose and nonce, each behind its length in two bytes: no two challenges look alike."""
    parts = (_TAG, challenge.origin.encode(), challenge.purpose.encode(), challenge.nonce)
    return b"".join(len(part).to_bytes(2, "big") + part for part in parts)


def judge(
    signed: Signed, challenge: Challenge, anchors: tuple[bytes, ...], at: datetime, *, by_pin: bool = True
) -> Ok[tuple[Check, ...]] | Failed[TokenFailure]:
    """The evidence; `NOT_AUTHENTIC` when the certificate's key did not sign this very challenge.

    `anchors`: certificates (DER) of the issuers that are trusted; `at` in UTC; `by_pin`: a PIN opened the key.
    """
    try:
        certificate = x509.load_der_x509_certificate(signed.certificate)
        key = certificate.public_key()
    except (ValueError, x509.InvalidVersion):
        return Failed(TokenFailure.NOT_AUTHENTIC, "the certificate cannot be read")
    except UnsupportedAlgorithm:
        return Failed(TokenFailure.UNSUPPORTED_KEY, "the certificate's key is of no known kind, such as SM2")
    try:
        _verify(key, signed, message(challenge))
    except InvalidSignature:
        return Failed(TokenFailure.NOT_AUTHENTIC, "the signature is not by the certificate's key")
    except TypeError:
        return Failed(TokenFailure.UNSUPPORTED_KEY, "the certificate's key fits no scheme")
    passed = CheckOutcome.PASSED
    chain, detail = _chain(certificate, anchors, at)
    return Ok(
        evidence(
            {
                CheckName.READ: (passed, "the certificate"),
                CheckName.INTEGRITY: (chain, "the certificate's own signature"),
                CheckName.SIGNATURE: (passed, f"over our nonce and origin, {signed.scheme.value}"),
                CheckName.TRUSTED_CHAIN: (chain, detail),
                CheckName.CLONE_CHECK: (
                    CheckOutcome.NOT_DONE,
                    "that the key cannot be copied is the module's word",
                ),
                CheckName.HOLDER_CHECK: (passed, "PIN")
                if by_pin
                else (CheckOutcome.NOT_DONE, "the key signs without a PIN"),
                CheckName.LOSS_REPORT: (CheckOutcome.NOT_DONE, "no revocation list was asked"),
            }
        )
    )


def _verify(key: object, signed: Signed, data: bytes) -> None:
    """Raises InvalidSignature, or TypeError when the key is of another kind than the scheme."""
    match signed.scheme:
        case Scheme.RSA_PKCS1 if isinstance(key, rsa.RSAPublicKey):
            key.verify(signed.signature, data, padding.PKCS1v15(), hashes.SHA256())
        case Scheme.ECDSA if isinstance(key, ec.EllipticCurvePublicKey):
            half = len(signed.signature) // 2
            r, s = (
                int.from_bytes(part, "big") for part in (signed.signature[:half], signed.signature[half:])
            )
            key.verify(encode_dss_signature(r, s), data, ec.ECDSA(hashes.SHA256()))
        case _:
            raise TypeError


def _chain(
    certificate: x509.Certificate, anchors: tuple[bytes, ...], at: datetime
) -> tuple[CheckOutcome, str]:
    if not anchors:
        return CheckOutcome.NOT_DONE, "no issuer is configured"
    if not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        return CheckOutcome.FAILED, "the certificate is out of its dates"
    for anchor in map(x509.load_der_x509_certificate, anchors):
        try:
            certificate.verify_directly_issued_by(anchor)
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
            continue
        if not anchor.not_valid_before_utc <= at <= anchor.not_valid_after_utc:
            return CheckOutcome.FAILED, "the issuer is out of its dates"
        return CheckOutcome.PASSED, "issued by a configured issuer"
    return CheckOutcome.FAILED, "issued by nobody who is configured"
