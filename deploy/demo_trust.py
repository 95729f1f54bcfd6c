"""Make the trust roots of the demo: `python deploy/demo_trust.py --into .setup/trust`.

They are made on each machine at set-up, never committed, and carry a mark that production refuses.
What is there already is kept; a certificate near its end is made anew.

| file | what |
|---|---|
| ca.pem, centre_tls.pem, centre_tls.key | the demo authority, the centre's certificate for localhost |
| centre_acknowledgement.key, .pub | Ed25519, signs what permits a terminal to delete |
| centre_sealing.key, .pub | ML-KEM-768, then X25519: what cases are sealed to |
| terminal_0142.key, .pub | Ed25519 of the demo terminal |
| document_root.pem, document_signer.pem, .key | who signs the demo's documents (PDF), and the root above |
| publisher.key, .pub, calibration.key, .pub | Ed25519, sign service definitions and face calibrations |
| outbox.key | 32 random bytes, key of the terminal's queue |
| directory.json | terminals and the centre's key ids with their public keys |

Keys are PKCS 8 or SubjectPublicKeyInfo in PEM. A key id is `key_id()` of the raw public key.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import ipaddress
import json
import os
import re
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

DEMO_TERMINAL = "0142"
DEMO_TERMINAL_NAME = "清河镇便民服务站（演示）"
MARK_FILE = "DEMO_ONLY"
"""Beside this file stand keys that anybody with this machine can read: production refuses them."""
VALIDITY_DAYS = 365
RENEW_DAYS = 30

PrivateKey = Ed25519PrivateKey | MLKEM768PrivateKey | X25519PrivateKey
PublicKey = Ed25519PublicKey | MLKEM768PublicKey | X25519PublicKey
_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)


def key_id(raw: bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(raw).hexdigest()[:16]


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, never readable by others in between."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def _private_pem(key: PrivateKey | ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_pem(key: PublicKey) -> bytes:
    return key.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)


def _pair(into: Path, name: str, *kinds: type[PrivateKey]) -> bytes:
    """The raw public key of the pair `name`, made when it is missing; several kinds stand one after another.

    A file made before a kind was added is kept as it is.
    """
    key_path = into / f"{name}.key"
    if key_path.exists():
        blocks = [block.group() for block in _BLOCK.finditer(key_path.read_bytes())]
        keys = [serialization.load_pem_private_key(block, None) for block in blocks]
        if not keys or not all(isinstance(key, kinds) for key in keys):
            message = f"{key_path.name} holds another kind of key; remove it and start again"
            raise SystemExit(message)
        key_path.chmod(0o600)
    else:
        keys = [kind.generate() for kind in kinds]
        _write(key_path, b"".join(map(_private_pem, keys)), 0o600)
    public = [key.public_key() for key in keys]
    if not (into / f"{name}.pub").exists():
        _write(into / f"{name}.pub", b"".join(map(_public_pem, public)), 0o644)
    return b"".join(key.public_bytes_raw() for key in public)


def _certificate_good(path: Path, now: datetime) -> bool:
    if not path.exists():
        return False
    certificate = x509.load_pem_x509_certificate(path.read_bytes())
    return now + timedelta(days=RENEW_DAYS) < certificate.not_valid_after_utc


def _builder(
    subject: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    issuer: x509.Name,
    issuer_key: ec.EllipticCurvePrivateKey,
) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    issuer_id = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=VALIDITY_DAYS))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer_id, critical=False)
    )


def _issue(
    into: Path,
    authority: tuple[str, str],
    holder: tuple[str, str],
    usage: x509.KeyUsage,
    *extensions: x509.ExtensionType,
) -> None:
    """An authority (file, name) whose own key is forgotten at once, and the one certificate it issued."""
    (authority_file, authority_name), (holder_file, holder_name) = authority, holder
    key_path = into / f"{holder_file}.key"
    files = (into / f"{authority_file}.pem", into / f"{holder_file}.pem")
    if all(_certificate_good(file, datetime.now(UTC)) for file in files) and key_path.exists():
        return
    root_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    root_name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, authority_name)])
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, holder_name)])
    root = (
        _builder(root_name, root_key, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs_certificates=True), critical=True)
        .sign(root_key, hashes.SHA256())
    )
    builder = (
        _builder(name, key, root_name, root_key)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(usage, critical=True)
    )
    for extension in extensions:
        builder = builder.add_extension(extension, critical=False)
    _write(key_path, _private_pem(key), 0o600)
    for file, certificate in zip(files, (root, builder.sign(root_key, hashes.SHA256())), strict=True):
        _write(file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)


def _tls(into: Path) -> None:
    loopback = [x509.IPAddress(ipaddress.ip_address(text)) for text in ("127.0.0.1", "::1")]
    _issue(
        into,
        ("ca", "Jiujin demo authority"),
        ("centre_tls", "localhost"),
        _usage(signs_certificates=False),
        x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]),
        x509.SubjectAlternativeName([x509.DNSName("localhost"), *loopback]),
    )


def _documents(into: Path) -> None:
    _issue(
        into,
        ("document_root", "Jiujin demo documents"),
        ("document_signer", "就近演示发证机关"),
        _usage(signs_certificates=False, commits=True),
    )


def _usage(*, signs_certificates: bool, commits: bool = False) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=commits,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def make_demo_trust(into: Path) -> None:
    """Make what is missing. Safe to repeat; no key that exists is replaced."""
    into.mkdir(parents=True, exist_ok=True, mode=0o700)
    _tls(into)
    _documents(into)
    acknowledgement = _pair(into, "centre_acknowledgement", Ed25519PrivateKey)
    sealing = _pair(into, "centre_sealing", MLKEM768PrivateKey, X25519PrivateKey)
    terminal = _pair(into, f"terminal_{DEMO_TERMINAL}", Ed25519PrivateKey)
    _pair(into, "publisher", Ed25519PrivateKey)
    _pair(into, "calibration", Ed25519PrivateKey)
    if not (into / "outbox.key").exists():
        _write(into / "outbox.key", secrets.token_bytes(32), 0o600)

    def entry(raw: bytes) -> dict[str, str]:
        return {"key_id": key_id(raw), "public_key": base64.b64encode(raw).decode("ascii")}

    directory = {
        "schema": "jiujin.directory/1",
        "demo": True,
        "centre": {"acknowledgement": entry(acknowledgement), "sealing": entry(sealing)},
        "terminals": {DEMO_TERMINAL: {"name": DEMO_TERMINAL_NAME, **entry(terminal)}},
    }
    text = json.dumps(directory, ensure_ascii=False, indent=2) + "\n"
    if not (into / "directory.json").exists():
        _write(into / "directory.json", text.encode(), 0o644)
    if not (into / MARK_FILE).exists():
        _write(into / MARK_FILE, b"Demo keys. Never use them in production.\n", 0o644)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make the demo's keys and certificates.")
    parser.add_argument("--into", type=Path, required=True, help="directory, made when missing")
    make_demo_trust(parser.parse_args().into)


if __name__ == "__main__":
    main()
