"""Software tokens (SoftHSM2) with invented owners, and an issuer that signed their certificates."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from tests.drivers.token.store_certificate import KEY_ID

ROOT = Path(__file__).parents[3]
MODULES = tuple(
    map(Path, ("/usr/lib/softhsm/libsofthsm2.so", "/usr/lib/x86_64-linux-gnu/softhsm/libsofthsm2.so"))
)
PIN = "246810"
NOW = datetime.now(UTC)


def module() -> Path:
    return next(path for path in MODULES if path.exists())


@dataclass(frozen=True)
class Issuer:
    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(serialization.Encoding.DER)


def new_issuer(name: str = "虚设市证书中心") -> Issuer:
    key = ec.generate_private_key(ec.SECP256R1())
    return Issuer(key, _certificate(name, name, key.public_key(), key, ca=True))


def _certificate(
    subject: str,
    issuer: str,
    public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey,
    signer: ec.EllipticCurvePrivateKey,
    *,
    ca: bool,
    days: int = 30,
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    return (
        x509.CertificateBuilder()
        .subject_name(named(subject))
        .issuer_name(named(issuer))
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(NOW - timedelta(days=60))
        .not_valid_after(NOW + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(signer, hashes.SHA256())
    )


def issue(
    issuer: Issuer, public: ec.EllipticCurvePublicKey | rsa.RSAPublicKey, *, days: int = 30
) -> x509.Certificate:
    return _certificate(
        "鲁大川",
        issuer.certificate.subject.rfc4514_string().removeprefix("CN="),
        public,
        issuer.key,
        ca=False,
        days=days,
    )


def make(folder: Path, label: str, kind: str, issuer: Issuer, *, free: bool = False) -> None:
    """One token in `folder` (one folder holds several) with a key of this kind and its certificate.

    `free`: an RSA key that signs for anybody who has the token, without the PIN.
    """
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
    key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
    pem, der, free_key = folder / "key.pem", folder / "certificate.der", folder / "key.der"
    pem.write_bytes(_private(key, serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8))
    der.write_bytes(issue(issuer, key.public_key()).public_bytes(serialization.Encoding.DER))
    configure(folder)
    tool, pin = "softhsm2-util", ("--pin", PIN)
    _run(folder, tool, "--init-token", "--free", "--label", label, "--so-pin", "0000", *pin)
    more = []
    if free:
        pkcs1 = serialization.PrivateFormat.TraditionalOpenSSL
        free_key.write_bytes(_private(key, serialization.Encoding.DER, pkcs1))
        more.append(str(free_key))
    else:
        named = ("--token", label, "--label", "k", "--id", KEY_ID.hex())
        _run(folder, tool, "--import", str(pem), *named, *pin)
    store = (sys.executable, "-m", "tests.drivers.token.store_certificate")
    _run(folder, *store, str(module()), label, PIN, str(der), *more)
    for file in (pem, der, free_key):
        file.unlink(missing_ok=True)


def _private(
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey,
    encoding: serialization.Encoding,
    shape: serialization.PrivateFormat,
) -> bytes:
    return key.private_bytes(encoding, shape, serialization.NoEncryption())


def configure(folder: Path) -> Path:
    """The configuration for this folder's tokens; give its path as SOFTHSM2_CONF."""
    (folder / "tokens").mkdir(exist_ok=True)
    path = folder / "softhsm2.conf"
    path.write_text(
        f"directories.tokendir = {folder / 'tokens'}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    return path


def _run(folder: Path, *command: str) -> None:
    environment = os.environ | {"SOFTHSM2_CONF": str(folder / "softhsm2.conf")}
    subprocess.run(command, check=True, env=environment, cwd=ROOT, capture_output=True)
