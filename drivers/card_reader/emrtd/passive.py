"""Passive authentication: the data is what was issued, by a signer of a known country.

(Doc 9303-11, section 5.1.) It says nothing about the chip: a copy carries the same signature.
"""

from __future__ import annotations

import hmac
from datetime import datetime

from drivers.card_reader.emrtd import public_keys, trust
from drivers.card_reader.emrtd.public_keys import SignatureFailure, Unsupported
from drivers.card_reader.emrtd.security_object import SecurityObject
from drivers.card_reader.emrtd.tlv import Malformed
from drivers.card_reader.emrtd.trust import TrustStore, Verdict
from drivers.contract import CheckOutcome, Failed


def integrity(sod: SecurityObject, groups: dict[int, bytes], missing: dict[int, str]) -> Verdict:
    """Every data group that was read against its hash; `missing` are signed ones that gave nothing."""
    for number, why in missing.items():
        if number in sod.hashes:
            return Verdict(CheckOutcome.FAILED, f"DG{number} is signed and cannot be read ({why})")
    for number, data in groups.items():
        wanted = sod.hashes.get(number)
        if wanted is None:
            return Verdict(CheckOutcome.FAILED, f"DG{number} is not in the signed list")
        if not hmac.compare_digest(wanted, public_keys.digest(sod.hash_name, data)):
            return Verdict(CheckOutcome.FAILED, f"DG{number} is not what was signed")
    weak = "; weak: sha1" if sod.hash_name == "sha1" else ""
    return Verdict(CheckOutcome.PASSED, ", ".join(f"DG{number}" for number in sorted(groups)) + weak)


def signature(sod: SecurityObject) -> Verdict:
    """The signature of the SOD by the certificate that it carries."""
    if not sod.digest_fits:
        return Verdict(CheckOutcome.FAILED, "the signed digest is not that of the list of hashes")
    if sod.signer is None:
        return Verdict(CheckOutcome.NOT_DONE, "the SOD carries no certificate of its signer")
    try:
        with public_keys.asn1_errors("certificate"):  # it is parsed when its key is asked for
            key = public_keys.load(sod.signer.public_key)
        how = public_keys.scheme(sod.algorithm, sod.digest_name)
    except Unsupported as error:
        return Verdict(CheckOutcome.NOT_DONE, str(error))
    except Malformed as error:
        return Verdict(CheckOutcome.FAILED, str(error))
    verified = public_keys.verify(key, how, sod.signed, sod.signature)
    if isinstance(verified, Failed):
        known = verified.reason is SignatureFailure.WRONG
        return Verdict(CheckOutcome.FAILED if known else CheckOutcome.NOT_DONE, verified.detail)
    label = f"{how.kind} {how.hash_name}"
    return Verdict(CheckOutcome.PASSED, f"{label}; weak: {verified.value}" if verified.value else label)


def chain(sod: SecurityObject, store: TrustStore | None, now: datetime) -> Verdict:
    """The signer's certificate against the folder; a signature that is not right has no chain."""
    if store is None:
        return Verdict(CheckOutcome.NOT_DONE, "no CSCA folder is configured")
    if sod.signer is None:
        return Verdict(CheckOutcome.NOT_DONE, "the SOD carries no certificate of its signer")
    return trust.judge(store, sod.signer, sod.signing_time, now)
