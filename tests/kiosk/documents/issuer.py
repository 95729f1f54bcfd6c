"""An issuer of documents and a centre of the tests' own: keys made here, sound and spoiled documents."""

from __future__ import annotations

import hashlib
import io
import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from asn1crypto import keys as asn1_keys
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.x509.oid import NameOID
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import fields, signers
from pyhanko_certvalidator.registry import SimpleCertificateStore

from kiosk.case import new_case_code
from kiosk.documents.authorisation import signed
from tests.drivers.document_printer.rig import pdf

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
TERMINAL = "0142"


@dataclass(frozen=True, slots=True)
class Holder:
    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.PEM)


def holder(name: str, issuer: Holder | None = None, *, until: datetime = NOW + timedelta(days=9)) -> Holder:
    """A root, or with `issuer` who may sign documents under it."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    usage = {
        "key_encipherment": False, "data_encipherment": False, "key_agreement": False,
        "encipher_only": False, "decipher_only": False,
        "digital_signature": issuer is not None, "content_commitment": issuer is not None,
        "key_cert_sign": issuer is None, "crl_sign": issuer is None,
    }  # fmt: skip
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=9))
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.KeyUsage(**usage), critical=True)
        .sign(issuer.key if issuer else key, hashes.SHA256())
    )
    return Holder(certificate, key)


@cache
def root() -> Holder:
    return holder("Test documents")


@cache
def signer() -> Holder:
    return holder("Test issuer", root())


def sign(
    document: bytes, by: Holder | None = None, under: Holder | None = None, field_name: str = "Sig"
) -> bytes:
    """The document with one more signature over all of it."""
    by, under = by or signer(), under or root()
    known = SimpleCertificateStore()
    known.register(_asn1(under))
    der = by.key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    out: Any = signers.sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(document)),
        signers.PdfSignatureMetadata(field_name=field_name, subfilter=fields.SigSeedSubFilter.PADES),
        signers.SimpleSigner(_asn1(by), asn1_keys.PrivateKeyInfo.load(der), known),
    )
    return bytes(out.getvalue())


def _asn1(of: Holder) -> asn1_x509.Certificate:
    return asn1_x509.Certificate.load(of.certificate.public_bytes(serialization.Encoding.DER))


@cache
def certificate() -> bytes:
    """A sound document of two pages."""
    return sign(pdf(pages=2))


@dataclass(slots=True)
class Centre:
    """Makes authorisations; `changed` replaces what a sound one would say."""

    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)

    def authorise(self, document: bytes, **changed: object) -> bytes:
        content: dict[str, Any] = {
            "schema": "jiujin.document/1",
            "id": str(uuid.uuid4()),
            "case_code": new_case_code(TERMINAL),
            "terminal": TERMINAL,
            "sha256": hashlib.sha256(document).hexdigest(),
            "copies": 1,
            "expires_at": (NOW + timedelta(hours=1)).isoformat(),
        }
        return signed({**content, **changed}, self.key)
