"""Keys, certificates and revocation lists of an invented country. Made when needed, never stored in the project."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from drivers.card_reader.emrtd.public_keys import Asn1

_CURVES: Final[dict[str, type[ec.EllipticCurve]]] = {
    "P-224": ec.SECP224R1,
    "P-256": ec.SECP256R1,
    "P-384": ec.SECP384R1,
    "P-521": ec.SECP521R1,
    "BP-256": ec.BrainpoolP256R1,
    "BP-384": ec.BrainpoolP384R1,
    "BP-512": ec.BrainpoolP512R1,
}


@dataclass(frozen=True, slots=True, repr=False)
class SigningKey:
    """A private key and how it signs: `kind` is rsa, pss or ecdsa. `explicit` spells the curve out."""

    private: Any
    kind: str
    hash_name: str = "sha256"
    explicit: bool = False

    def with_hash(self, hash_name: str) -> SigningKey:
        return replace(self, hash_name=hash_name)

    def sign(self, data: bytes) -> bytes:
        how = getattr(hashes, self.hash_name.upper())()
        if self.kind == "ecdsa":
            return bytes(self.private.sign(data, ec.ECDSA(how)))
        scheme: padding.AsymmetricPadding = padding.PKCS1v15()
        if self.kind == "pss":
            scheme = padding.PSS(padding.MGF1(how), how.digest_size)
        return bytes(self.private.sign(data, scheme, how))

    def algorithm(self) -> Asn1:
        from asn1crypto import algos

        if self.kind != "pss":
            return algos.SignedDigestAlgorithm({"algorithm": f"{self.hash_name}_{self.kind}"})
        digest = {"algorithm": self.hash_name}
        parameters = {
            "hash_algorithm": digest,
            "mask_gen_algorithm": {"algorithm": "mgf1", "parameters": digest},
            "salt_length": getattr(hashes, self.hash_name.upper()).digest_size,
        }
        return algos.SignedDigestAlgorithm({"algorithm": "rsassa_pss", "parameters": parameters})

    def public_info(self) -> Asn1:
        """SubjectPublicKeyInfo."""
        from asn1crypto import keys

        spki = serialization.PublicFormat.SubjectPublicKeyInfo
        info = keys.PublicKeyInfo.load(
            self.private.public_key().public_bytes(serialization.Encoding.DER, spki)
        )
        return spelled_out(info) if self.explicit else info


def elliptic(curve: str = "P-256", hash_name: str = "sha256", *, explicit: bool = False) -> SigningKey:
    return SigningKey(ec.generate_private_key(_CURVES[curve]()), "ecdsa", hash_name, explicit)


def rsa_key(kind: str = "rsa", hash_name: str = "sha256", bits: int = 2048) -> SigningKey:
    return SigningKey(rsa.generate_private_key(65537, bits), kind, hash_name)


def spelled_out(info: Asn1) -> Asn1:
    """The same key with its curve's parameters in the place of its name, as Doc 9303-12 wants them."""
    from asn1crypto import core, keys

    from drivers.card_reader.emrtd import curves

    curve = curves.by_name(info["algorithm"]["parameters"].chosen.dotted)
    if curve is None:
        msg = "no curve of a travel document"
        raise ValueError(msg)
    shape = curve.curve
    size = (shape.p().bit_length() + 7) // 8
    domain = keys.SpecifiedECDomain(
        {
            "version": "ecdpVer1",
            "field_id": {"field_type": "prime_field", "parameters": core.Integer(shape.p())},
            "curve": {
                "a": (shape.a() % shape.p()).to_bytes(size, "big"),
                "b": shape.b().to_bytes(size, "big"),
            },
            "base": curves.encode(curve.generator),
            "order": curve.order,
            "cofactor": 1,
        }
    )
    algorithm = {"algorithm": "ec", "parameters": keys.ECDomainParameters(name="specified", value=domain)}
    return keys.PublicKeyInfo({"algorithm": algorithm, "public_key": bytes(info["public_key"].native)})


def name(country: str, common: str) -> Asn1:
    from asn1crypto import x509

    return x509.Name.build({"country_name": country, "common_name": common})


@dataclass(frozen=True, slots=True)
class Period:
    """From and to, aware."""

    begins: datetime
    ends: datetime


def certificate(
    subject: Asn1,
    key: SigningKey,
    issuer: Asn1,
    signer: SigningKey,
    period: Period,
    *,
    serial: int = 1,
    ca: bool = False,
    usage: frozenset[str] | None = None,
    key_usage_period: Period | None = None,
    constrained: bool = False,
) -> Asn1:
    """An X.509 certificate; without `usage` the one that fits. `constrained`: with a critical policy."""
    from asn1crypto import x509

    if usage is None:
        usage = frozenset({"key_cert_sign", "crl_sign"} if ca else {"digital_signature"})
    extensions = [
        {"extn_id": "key_usage", "critical": True, "extn_value": set(usage)},
        {"extn_id": "key_identifier", "critical": False, "extn_value": key.public_info().sha1},
    ]
    if ca:
        limits = {"ca": True, "path_len_constraint": 0}
        extensions.append({"extn_id": "basic_constraints", "critical": True, "extn_value": limits})
    if key_usage_period is not None:
        dates = {"not_before": key_usage_period.begins, "not_after": key_usage_period.ends}
        extensions.append({"extn_id": "private_key_usage_period", "critical": False, "extn_value": dates})
    if constrained:
        limits = {"require_explicit_policy": 0}
        extensions.append({"extn_id": "policy_constraints", "critical": True, "extn_value": limits})
    body = x509.TbsCertificate(
        {
            "version": "v3",
            "serial_number": serial,
            "signature": signer.algorithm(),
            "issuer": issuer,
            "validity": {"not_before": _time(period.begins), "not_after": _time(period.ends)},
            "subject": subject,
            "subject_public_key_info": key.public_info(),
            "extensions": extensions,
        }
    )
    return x509.Certificate(
        {
            "tbs_certificate": body,
            "signature_algorithm": signer.algorithm(),
            "signature_value": signer.sign(body.dump()),
        }
    )


def revocation_list(
    issuer: Asn1,
    signer: SigningKey,
    period: Period,
    serials: tuple[int, ...] = (),
    *,
    changes_to: int | None = None,
) -> bytes:
    """A revocation list; `changes_to` makes it the changes to the list of that number alone."""
    from asn1crypto import crl

    body: dict[str, Any] = {
        "version": "v2",
        "signature": signer.algorithm(),
        "issuer": issuer,
        "this_update": _time(period.begins),
        "next_update": _time(period.ends),
    }
    if serials:
        date = _time(period.begins)
        body["revoked_certificates"] = [{"user_certificate": one, "revocation_date": date} for one in serials]
    if changes_to is not None:
        extension = {"extn_id": "delta_crl_indicator", "critical": True, "extn_value": changes_to}
        body["crl_extensions"] = [extension]
    listed = crl.TbsCertList(body)
    whole = {
        "tbs_cert_list": listed,
        "signature_algorithm": signer.algorithm(),
        "signature": signer.sign(listed.dump()),
    }
    return bytes(crl.CertificateList(whole).dump())


def _time(moment: datetime) -> Asn1:
    from asn1crypto import core, x509

    return x509.Time(name="utc_time", value=core.UTCTime(moment))
