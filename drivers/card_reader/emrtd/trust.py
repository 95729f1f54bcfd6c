"""The folder of country signing certificates (CSCA) and revocation lists, and whom it vouches for.

Rules (Doc 9303-12): a document signer's certificate is valid as long as the documents it signed, so
both certificates must be valid *now*; its private key signed only within its usage period, so a
signing time outside of that, or of the certificate, is wrong. What is in the folder is trusted
because somebody put it there: keep it to certificates from a diplomatic or a verified source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from drivers.card_reader.emrtd import public_keys
from drivers.card_reader.emrtd.public_keys import Asn1, SignatureFailure, Unsupported, asn1_errors
from drivers.card_reader.emrtd.tlv import Malformed
from drivers.contract import CheckOutcome, Failed, Ok

_CERTIFICATES: Final = (".cer", ".crt", ".der", ".pem")
_REVOCATIONS: Final = (".crl",)
_LARGEST_FILE: Final = 4 << 20
_UNKNOWN: Final = "an unknown country"


@dataclass(frozen=True, slots=True)
class TrustStore:
    """Parsed certificates and lists; `problems` names each file that is neither, with the reason."""

    certificates: tuple[Asn1, ...] = ()
    revocations: tuple[Asn1, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """An outcome with its reason."""

    outcome: CheckOutcome
    detail: str


def load_folder(folder: Path) -> TrustStore:
    """Every .cer .crt .der .pem (certificates) and .crl file, DER or PEM; a bad file never hides a good one."""
    certificates: list[Asn1] = []
    revocations: list[Asn1] = []
    problems: list[str] = []
    try:
        paths = sorted(
            path for path in folder.iterdir() if path.suffix.lower() in _CERTIFICATES + _REVOCATIONS
        )
    except OSError as error:
        return TrustStore(problems=(f"{folder}: {error.strerror}",))
    for path in paths:
        try:
            if path.stat().st_size > _LARGEST_FILE:
                raise Malformed("too large")  # reported with the other reasons
            data = path.read_bytes()
            if path.suffix.lower() in _REVOCATIONS:
                revocations.extend(_revocation(block) for block in _blocks(data))
            else:
                certificates.extend(_certificate(block) for block in _blocks(data))
        except OSError as error:
            problems.append(f"{path.name}: {error.strerror}")
        except Malformed as error:
            problems.append(f"{path.name}: {error}")
    return TrustStore(tuple(certificates), tuple(revocations), tuple(problems))


def judge(store: TrustStore, signer: Asn1, signing_time: datetime | None, now: datetime) -> Verdict:
    """Whether this document signer leads to a country of the folder, is in date and is not revoked."""
    try:
        with asn1_errors("certificate"):
            return _judge(store, signer, signing_time, now.astimezone(UTC))
    except Malformed as error:
        return Verdict(CheckOutcome.FAILED, str(error))


def country(certificate: Asn1) -> str:
    """The issuing country's code, two letters."""
    name = certificate.issuer.native.get("country_name", "")
    return (
        name if isinstance(name, str) and name.isascii() and name.isalpha() and len(name) <= 3 else _UNKNOWN
    )


def _judge(store: TrustStore, signer: Asn1, signing_time: datetime | None, now: datetime) -> Verdict:
    where = country(signer)
    roots = [root for root in store.certificates if root.subject == signer.issuer]
    if not roots:
        return Verdict(CheckOutcome.NOT_DONE, f"no CSCA certificate of {where} for this signer")
    unsupported = ""
    for root in roots:
        verified = _signed_by(root, signer, "tbs_certificate")
        if isinstance(verified, Ok):
            problem = _rules(root, signer, signing_time, now)
            if problem:
                return Verdict(CheckOutcome.FAILED, problem)
            return _revoked(store, root, signer, now, f"CSCA of {where}", verified.value)
        if verified.reason is SignatureFailure.UNSUPPORTED:
            unsupported = verified.detail
    if unsupported:
        return Verdict(CheckOutcome.NOT_DONE, unsupported)
    return Verdict(CheckOutcome.FAILED, f"none of {len(roots)} CSCA keys of {where} signed this signer")


def _signed_by(root: Asn1, signed: Asn1, body: str) -> Ok[str] | Failed[SignatureFailure]:
    try:
        key = public_keys.load(root.public_key)
        how = public_keys.scheme(signed["signature_algorithm"])
    except Unsupported as error:
        return Failed(SignatureFailure.UNSUPPORTED, str(error))
    signature = signed["signature_value" if body == "tbs_certificate" else "signature"].native
    return public_keys.verify(key, how, signed[body].dump(), bytes(signature))


def _rules(root: Asn1, signer: Asn1, signing_time: datetime | None, now: datetime) -> str:
    """The first rule that is broken, "" for none."""
    if not root.ca or not _may(root, "key_cert_sign"):
        return "the CSCA certificate may not sign certificates"
    if signer.ca or not _may(signer, "digital_signature"):
        return "the document signer's certificate may not sign documents"
    if _unknown_critical(root, signer):
        return "a critical extension that is not understood"
    for name, certificate in (("document signer", signer), ("CSCA", root)):
        if now < certificate.not_valid_before:
            return f"the {name}'s certificate begins on {certificate.not_valid_before:%Y-%m-%d}"
        if now > certificate.not_valid_after:
            return f"the {name}'s certificate ended on {certificate.not_valid_after:%Y-%m-%d}"
    if signing_time is not None:
        starts, ends = _usage_period(signer)
        if not starts <= signing_time <= ends:
            return f"signed on {signing_time:%Y-%m-%d}, outside of the key's usage period"
    return ""


def _may(certificate: Asn1, usage: str) -> bool:
    """Without the extension a key may do everything (RFC 5280, 4.2.1.3)."""
    stated = certificate.key_usage_value
    return stated is None or usage in stated.native


def _unknown_critical(*certificates: Asn1) -> bool:
    known = {"key_usage", "basic_constraints", "extended_key_usage", "private_key_usage_period"}
    return any(set(certificate.critical_extensions) - known for certificate in certificates)


def _usage_period(signer: Asn1) -> tuple[datetime, datetime]:
    """The private key's usage period, which the certificate's own dates bound."""
    starts, ends = signer.not_valid_before, signer.not_valid_after
    stated = signer.private_key_usage_period_value
    if stated is not None:
        starts = max(starts, stated["not_before"].native or starts)
        ends = min(ends, stated["not_after"].native or ends)
    return starts, ends


def _revoked(store: TrustStore, root: Asn1, signer: Asn1, now: datetime, whose: str, weak: str) -> Verdict:
    lists = [
        entry
        for entry in store.revocations
        if entry.issuer == root.subject
        and _may(root, "crl_sign")
        and isinstance(_signed_by(root, entry, "tbs_cert_list"), Ok)
    ]
    if any(_lists_serial(entry, signer.serial_number) for entry in lists):
        # also when outdated: a revocation is not taken back
        return Verdict(CheckOutcome.FAILED, "the document signer's certificate is revoked")
    # a critical extension (part of a list, changes to a list) means that it is not the whole list
    whole = [entry for entry in lists if not entry.critical_extensions]
    if not whole:
        return Verdict(CheckOutcome.NOT_DONE, f"{whose}; no revocation list of it")
    newest = max(whole, key=lambda entry: entry["tbs_cert_list"]["this_update"].native)
    begins = newest["tbs_cert_list"]["this_update"].native
    ends = newest["tbs_cert_list"]["next_update"].native
    if now < begins:
        return Verdict(
            CheckOutcome.NOT_DONE, f"{whose}; its revocation list is of {begins:%Y-%m-%d}, in the future"
        )
    if ends is None or now > ends:
        since = "without an end" if ends is None else f"outdated since {ends:%Y-%m-%d}"
        return Verdict(CheckOutcome.NOT_DONE, f"{whose}; its revocation list is {since}")
    return Verdict(CheckOutcome.PASSED, f"{whose}; weak: {weak}" if weak else whose)


def _lists_serial(revocations: Asn1, serial: int) -> bool:
    entries = revocations["tbs_cert_list"]["revoked_certificates"]
    return any(entry["user_certificate"].native == serial for entry in entries or ())


def _blocks(data: bytes) -> Iterator[bytes]:
    """The DER objects of a file: one, or several in PEM."""
    from asn1crypto import pem

    with asn1_errors("file"):
        if not pem.detect(data):
            yield data
            return
        for _name, _headers, block in pem.unarmor(data, multiple=True):
            yield block


def _certificate(block: bytes) -> Asn1:
    from asn1crypto import x509

    with asn1_errors("certificate"):
        certificate = x509.Certificate.load(block, strict=True)
        # parses what is asked for later
        _ = (
            certificate.subject.native,
            certificate.not_valid_after,
            certificate.ca,
            certificate.public_key.native,
        )
        return certificate


def _revocation(block: bytes) -> Asn1:
    from asn1crypto import crl

    with asn1_errors("revocation list"):
        entry = crl.CertificateList.load(block, strict=True)
        _ = (entry.issuer.native, entry["tbs_cert_list"]["this_update"].native, _lists_serial(entry, 0))
        return entry
