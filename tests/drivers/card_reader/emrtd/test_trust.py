"""Passive authentication: each way in which a document can be wrong, and what is said of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import ecdsa
import pytest
from asn1crypto import pem, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from drivers.card_reader.emrtd import curves, public_keys, simulated_files, simulated_keys, tlv
from drivers.card_reader.emrtd import trust as trust_module
from drivers.card_reader.emrtd.files import File
from drivers.card_reader.emrtd.public_keys import EcKey, Scheme, SignatureFailure, Unsupported
from drivers.card_reader.emrtd.simulated_chip import Profile
from drivers.card_reader.emrtd.simulated_issuer import Issuer
from drivers.card_reader.emrtd.simulated_keys import Period, SigningKey
from drivers.card_reader.emrtd.trust import TrustStore
from drivers.contract import CheckOutcome, Failed, Ok
from drivers.evidence import CheckName
from tests.drivers.card_reader.emrtd.world import HOLDER, NOW, checks, detail, portrait, read
from tests.drivers.card_reader.emrtd.world import trust as trusted

_DAY = timedelta(days=1)
_PASSED, _FAILED, _NOT_DONE = CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.NOT_DONE


def _levels(profile: Profile, store: TrustStore | None) -> tuple[CheckOutcome, CheckOutcome, CheckOutcome]:
    found = checks(read(profile, store))
    return found[CheckName.INTEGRITY], found[CheckName.SIGNATURE], found[CheckName.TRUSTED_CHAIN]


def _chain(issuer: Issuer, store: TrustStore | None = None, **sod: Any) -> tuple[CheckOutcome, str]:
    outcome = read(issuer.issue(HOLDER, portrait(), **sod), trusted(issuer) if store is None else store)
    assert checks(outcome)[CheckName.SIGNATURE] is _PASSED
    return checks(outcome)[CheckName.TRUSTED_CHAIN], detail(outcome, CheckName.TRUSTED_CHAIN)


@pytest.mark.parametrize("version", [0, 1])
@pytest.mark.parametrize("hash_name", public_keys.HASHES)
def test_every_hash_and_both_versions_of_the_list(issuer: Issuer, hash_name: str, version: int) -> None:
    profile = issuer.issue(HOLDER, portrait(), hash_name=hash_name, version=version)
    outcome = read(profile, trusted(issuer))
    assert checks(outcome)[CheckName.INTEGRITY] is _PASSED
    assert ("weak: sha1" in detail(outcome, CheckName.INTEGRITY)) is (hash_name == "sha1")


def _with(issuer: Issuer, key: SigningKey) -> Issuer:
    return Issuer(key, key, NOW, issuer.country)


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521", "BP-256", "BP-384", "BP-512", "P-224"])
@pytest.mark.parametrize("explicit", [False, True])
def test_ecdsa_on_every_curve(issuer: Issuer, curve: str, explicit: bool) -> None:
    hash_name = {"P-384": "sha384", "BP-384": "sha384", "P-521": "sha512", "BP-512": "sha512"}.get(
        curve, "sha224"
    )
    made = _with(issuer, simulated_keys.elliptic(curve, hash_name, explicit=explicit))
    assert _levels(made.issue(HOLDER, portrait()), trusted(made)) == (_PASSED, _PASSED, _PASSED)


@pytest.mark.parametrize("kind", ["rsa", "pss"])
@pytest.mark.parametrize("hash_name", ["sha1", "sha256", "sha384", "sha512"])
def test_rsa_of_both_kinds(issuer: Issuer, rsa_2048: SigningKey, kind: str, hash_name: str) -> None:
    made = _with(issuer, SigningKey(rsa_2048.private, kind, hash_name))
    outcome = read(made.issue(HOLDER, portrait()), trusted(made))
    assert checks(outcome)[CheckName.TRUSTED_CHAIN] is _PASSED
    for name in (CheckName.SIGNATURE, CheckName.TRUSTED_CHAIN):
        assert ("weak: sha1" in detail(outcome, name)) is (hash_name == "sha1")


def test_a_short_rsa_key_is_flagged(issuer: Issuer, chip_rsa_1024: SigningKey) -> None:
    made = Issuer(issuer.root_key, chip_rsa_1024.with_hash("sha256"), NOW)
    outcome = read(made.issue(HOLDER, portrait()), trusted(made))
    assert checks(outcome)[CheckName.SIGNATURE] is _PASSED
    assert "weak: RSA of 1024 bits" in detail(outcome, CheckName.SIGNATURE)


@pytest.mark.parametrize("name", ["BRAINPOOLP224r1", "BRAINPOOLP320r1", "NIST192p"])
def test_curves_that_the_simulator_has_not(name: str) -> None:
    """Signed by `ecdsa` itself, so these three have no second witness."""
    curve = getattr(ecdsa, name)
    private = ecdsa.SigningKey.generate(curve)
    signature = private.sign_digest(public_keys.digest("sha256", b"text"), allow_truncate=True)
    key = EcKey(curve, private.verifying_key.to_string("uncompressed"))
    assert public_keys.verify_ecdsa(key, public_keys.digest("sha256", b"text"), signature, plain=True)
    assert not public_keys.verify_ecdsa(key, public_keys.digest("sha256", b"test"), signature, plain=True)


def _flipped(profile: Profile, file: File, index: int) -> Profile:
    data = bytearray(profile.files[file.identifier])
    data[index] ^= 1
    profile.files[file.identifier] = bytes(data)
    return profile


def test_a_changed_portrait(issuer: Issuer) -> None:
    profile = _flipped(issuer.issue(HOLDER, portrait()), File.DG2, -1)
    assert _levels(profile, trusted(issuer)) == (_FAILED, _PASSED, _PASSED)


def test_a_changed_name_in_dg1_and_in_dg11(issuer: Issuer) -> None:
    for file, index in ((File.DG1, 13), (File.DG11, -1)):
        profile = _flipped(issuer.issue(HOLDER, portrait()), file, index)
        outcome = read(profile, trusted(issuer))
        assert checks(outcome)[CheckName.INTEGRITY] is _FAILED
        assert file.name in detail(outcome, CheckName.INTEGRITY)


def _replaced(issuer: Issuer, old: bytes, new: bytes) -> Profile:
    profile = issuer.issue(HOLDER, portrait())
    sod = profile.files[File.SOD.identifier]
    assert sod.count(old) == 1
    profile.files[File.SOD.identifier] = sod.replace(old, new)
    return profile


def test_a_hash_replaced_in_the_list_with_the_changed_data(issuer: Issuer) -> None:
    """DG1 and its hash fit, the signed digest of the list does not."""
    profile = issuer.issue(HOLDER, portrait())
    group = profile.files[File.DG1.identifier]
    changed = group.replace(b"MARGARETHE", b"MARGARETHA")
    hashes_of = [public_keys.digest("sha256", data) for data in (group, changed)]
    profile = _replaced(issuer, hashes_of[0], hashes_of[1])
    profile.files[File.DG1.identifier] = changed
    assert _levels(profile, trusted(issuer)) == (_PASSED, _FAILED, _PASSED)


def test_a_changed_signature(issuer: Issuer) -> None:
    profile = _flipped(issuer.issue(HOLDER, portrait()), File.SOD, -1)
    assert _levels(profile, trusted(issuer)) == (_PASSED, _FAILED, _PASSED)


def test_a_changed_signing_time_breaks_the_signature(issuer: Issuer) -> None:
    profile = _replaced(issuer, b"260531120000Z", b"260530120000Z")
    assert _levels(profile, trusted(issuer)) == (_PASSED, _FAILED, _PASSED)


def test_a_document_that_somebody_signed_himself(issuer: Issuer) -> None:
    """All by another key under the country's own name: the chain says so, and only the chain."""
    forger = Issuer(simulated_keys.elliptic(), simulated_keys.elliptic(), NOW)
    assert _levels(forger.issue(HOLDER, portrait()), trusted(issuer)) == (_PASSED, _PASSED, _FAILED)


def test_an_unknown_country_is_not_judged(issuer: Issuer) -> None:
    other = Issuer(issuer.root_key, issuer.signer_key, NOW, "XX")
    verdict = _chain(other, trusted(issuer))
    assert verdict == (_NOT_DONE, "no CSCA certificate of XX for this signer")


def test_without_a_folder_nothing_is_trusted(issuer: Issuer) -> None:
    assert _levels(issuer.issue(HOLDER, portrait()), None) == (_PASSED, _PASSED, _NOT_DONE)


def test_a_second_key_of_the_same_name_is_found(issuer: Issuer) -> None:
    """A country renews its CSCA under its old name."""
    older = Issuer(simulated_keys.elliptic(), issuer.signer_key, NOW)
    store = TrustStore((older.root(), issuer.root()), trusted(issuer).revocations)
    assert _chain(issuer, store)[0] is _PASSED


def _ended(now: datetime) -> Period:
    return Period(now - 400 * _DAY, now - _DAY)


def _begins(now: datetime) -> Period:
    return Period(now + _DAY, now + 400 * _DAY)


@pytest.mark.parametrize(
    ("period", "word"), [(_ended, "ended on 2026-05-31"), (_begins, "begins on 2026-06-02")]
)
def test_certificates_that_are_not_in_date(issuer: Issuer, period: Any, word: str) -> None:
    outcome, why = _chain(issuer, signer=issuer.signer(period=period(NOW)))
    assert (outcome, word in why, "document signer" in why) == (_FAILED, True, True)
    outcome, why = _chain(issuer, trusted(issuer, root=issuer.root(period=period(NOW))))
    assert (outcome, word in why, "CSCA" in why) == (_FAILED, True, True)


def test_a_signing_time_outside_of_the_keys_usage_period(issuer: Issuer) -> None:
    usage = Period(NOW - 300 * _DAY, NOW - 200 * _DAY)
    signer = issuer.signer(key_usage_period=usage)
    assert _chain(issuer, signer=signer, signing_time=NOW - 250 * _DAY)[0] is _PASSED
    for moment in (NOW - 301 * _DAY, NOW - 199 * _DAY):
        outcome, why = _chain(issuer, signer=signer, signing_time=moment)
        assert (outcome, "usage period" in why) == (_FAILED, True)


def test_keys_that_may_not_do_what_they_did(issuer: Issuer) -> None:
    cases: list[tuple[x509.Certificate | None, x509.Certificate | None]] = [
        (issuer.root(usage=frozenset({"crl_sign"})), None),
        (None, issuer.signer(usage=frozenset({"key_encipherment"}))),
        (None, issuer.signer(ca=True, usage=frozenset({"digital_signature"}))),
        (issuer.root(ca=False, usage=frozenset({"key_cert_sign", "crl_sign"})), None),
    ]
    for root, signer in cases:
        outcome, why = _chain(issuer, trusted(issuer, root=root), signer=signer)
        assert (outcome, "may not sign" in why) == (_FAILED, True)


def test_a_revoked_signer_also_by_an_outdated_list(issuer: Issuer) -> None:
    for period in (None, Period(NOW - 90 * _DAY, NOW - 60 * _DAY)):
        store = trusted(issuer, revocations=issuer.revocations(7, period=period))
        assert _chain(issuer, store) == (_FAILED, "the document signer's certificate is revoked")
    assert _chain(issuer, trusted(issuer, revocations=issuer.revocations(8)))[0] is _PASSED


def test_a_list_that_is_missing_or_out_of_date_is_not_a_pass(issuer: Issuer) -> None:
    old = Period(NOW - 60 * _DAY, NOW - _DAY)
    future = Period(NOW + _DAY, NOW + 30 * _DAY)
    for revocations, word in (
        (b"", "no revocation list"),
        (issuer.revocations(period=old), "outdated since 2026-05-31"),
        (issuer.revocations(period=future), "in the future"),
    ):
        outcome, why = _chain(issuer, trusted(issuer, revocations=revocations))
        assert (outcome, word in why) == (_NOT_DONE, True)


def test_a_list_by_another_key_counts_for_nothing(issuer: Issuer) -> None:
    forger = Issuer(simulated_keys.elliptic(), issuer.signer_key, NOW)
    for serials in ((), (7,)):
        store = trusted(issuer, revocations=forger.revocations(*serials))
        outcome, why = _chain(issuer, store)
        assert (outcome, "no revocation list" in why) == (_NOT_DONE, True)


def test_a_list_of_changes_alone_says_nothing_good_but_revokes(issuer: Issuer) -> None:
    period = Period(NOW - _DAY, NOW + 30 * _DAY)
    for serials, expected in (((), _NOT_DONE), ((7,), _FAILED)):
        changes = simulated_keys.revocation_list(
            issuer.root_name, issuer.root_key, period, serials, changes_to=3
        )
        assert _chain(issuer, trusted(issuer, revocations=changes))[0] is expected


def test_an_extension_that_is_not_understood_and_critical(issuer: Issuer) -> None:
    """What it forbids is not known here."""
    signer = issuer.signer(constrained=True)
    outcome, why = _chain(issuer, signer=signer)
    assert (outcome, "critical extension" in why) == (_FAILED, True)


def test_of_two_lists_the_newer_one_counts(issuer: Issuer) -> None:
    old = trusted(issuer, revocations=issuer.revocations(period=Period(NOW - 60 * _DAY, NOW - _DAY)))
    new = trusted(issuer)
    store = TrustStore(new.certificates, new.revocations + old.revocations)
    assert _chain(issuer, store)[0] is _PASSED


@pytest.mark.parametrize(
    "contents", [b"", b"\x77\x00", tlv.encode(0x77, b"\x30\x03\x02\x01\x05"), b"\x60\x00"]
)
def test_a_sod_of_rubbish_fails_integrity(issuer: Issuer, contents: bytes) -> None:
    profile = issuer.issue(HOLDER, portrait())
    profile.files[File.SOD.identifier] = contents
    assert _levels(profile, trusted(issuer)) == (_FAILED, _NOT_DONE, _NOT_DONE)


def test_a_chip_without_a_sod_fails_integrity(issuer: Issuer) -> None:
    profile = issuer.issue(HOLDER, portrait())
    del profile.files[File.SOD.identifier]
    outcome = read(profile, trusted(issuer))
    assert checks(outcome)[CheckName.INTEGRITY] is _FAILED
    assert "6A82" in detail(outcome, CheckName.INTEGRITY)


def test_a_signed_group_that_the_chip_withholds(issuer: Issuer) -> None:
    profile = issuer.issue(HOLDER, portrait())
    del profile.files[File.DG11.identifier]
    outcome = read(profile, trusted(issuer))
    assert checks(outcome)[CheckName.INTEGRITY] is _FAILED
    assert detail(outcome, CheckName.INTEGRITY).startswith("DG11 is signed and cannot be read")


def test_an_mrz_that_nobody_signed(issuer: Issuer) -> None:
    """The list is right and says nothing of DG1."""
    profile = issuer.issue(HOLDER, portrait())
    groups = {2: profile.files[File.DG2.identifier]}
    profile.files[File.SOD.identifier] = issuer.security_object(groups)
    outcome = read(profile, trusted(issuer))
    assert checks(outcome)[CheckName.SIGNATURE] is _PASSED
    assert checks(outcome)[CheckName.INTEGRITY] is _FAILED
    assert detail(outcome, CheckName.INTEGRITY) == "DG1 is not in the signed list"


def test_a_chip_in_another_booklet(issuer: Issuer) -> None:
    """Opened by the printed MRZ, but DG1 (rightly signed) is of another document."""
    other = issuer.issue(HOLDER, portrait())
    profile = issuer.issue(
        simulated_files.Holder("X99999999", "EXAMPLE", "OTTO", "480312", "310501"), portrait()
    )
    profile.key = other.key
    outcome = read(profile, trusted(issuer))
    assert checks(outcome)[CheckName.INTEGRITY] is _FAILED
    assert "MRZ that opened" in detail(outcome, CheckName.INTEGRITY)


def test_the_folder(issuer: Issuer, tmp_path: Path) -> None:
    issuer.write_trust(tmp_path)
    other = Issuer(issuer.root_key, issuer.signer_key, NOW, "XX")
    both = pem.armor("CERTIFICATE", issuer.root().dump()) + pem.armor("CERTIFICATE", other.root().dump())
    (tmp_path / "both.pem").write_bytes(both)
    (tmp_path / "bad.cer").write_bytes(b"\x30\x03\x02\x01\x05")
    (tmp_path / "cut.crl").write_bytes(issuer.revocations()[:-5])
    (tmp_path / "readme.txt").write_text("not looked at")
    store = trust_module.load_folder(tmp_path)
    assert sorted(trust_module.country(root) for root in store.certificates) == ["UT", "UT", "XX"]
    assert len(store.revocations) == 1
    assert [problem.partition(":")[0] for problem in store.problems] == ["bad.cer", "cut.crl"]
    assert _chain(issuer, store)[0] is _PASSED


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    store = trust_module.load_folder(tmp_path / "none")
    assert store.certificates == ()
    assert "No such file" in store.problems[0]


def test_a_generator_of_the_forgers_own_is_no_known_curve() -> None:
    """Explicit parameters with one thing changed (CVE-2020-0601's trick) are refused."""
    key = simulated_keys.elliptic(explicit=True)
    right = key.public_info()
    assert isinstance(public_keys.load(right), EcKey)
    curve = curves.STANDARD[12]
    forged = right.dump().replace(curves.encode(curve.generator), curves.encode(curve.generator * 2))
    from asn1crypto import keys

    with pytest.raises(Unsupported):
        public_keys.load(keys.PublicKeyInfo.load(forged))


def test_a_point_beside_the_curve_is_malformed() -> None:
    from asn1crypto import keys

    info = simulated_keys.elliptic().public_info().dump()
    with pytest.raises(tlv.Malformed):
        public_keys.load(keys.PublicKeyInfo.load(info[:-1] + bytes([info[-1] ^ 1])))


def test_a_key_of_another_kind_than_the_signature(rsa_2048: SigningKey) -> None:
    key = public_keys.load(rsa_2048.public_info())
    outcome = public_keys.verify(key, Scheme("ecdsa", "sha256"), b"", b"")
    assert isinstance(outcome, Failed)
    assert outcome.reason is SignatureFailure.UNSUPPORTED


def test_ecdsa_of_another_library_is_verified_and_its_change_is_not() -> None:
    key = simulated_keys.elliptic("BP-384", "sha384")
    loaded = public_keys.load(key.public_info())
    signature = key.private.sign(b"text", ec.ECDSA(hashes.SHA384()))
    assert public_keys.verify(loaded, Scheme("ecdsa", "sha384"), b"text", signature) == Ok("")
    changed = public_keys.verify(loaded, Scheme("ecdsa", "sha384"), b"test", signature)
    assert isinstance(changed, Failed)
    assert changed.reason is SignatureFailure.WRONG
