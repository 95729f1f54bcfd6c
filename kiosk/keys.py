"""The keys of one terminal, read from files. What is missing or wrong is named by its file."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from offline_queue.seal import SealingKey
from offline_queue.sealing_keys import read_public

DATABASE_KEY_BYTES = 32
_BLOCK = re.compile(rb"-----BEGIN PUBLIC KEY-----.+?-----END PUBLIC KEY-----", re.DOTALL)
DEMO_MARK = "DEMO_ONLY"
"""The file that `deploy/demo_trust.py` puts beside the demo's keys."""


class KeyFileError(Exception):
    """A key file cannot be used; the text says which and what to do, in both languages, never a key."""


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        message = (
            f"{path.name} 读不出来，请安装时生成密钥，或在 kiosk.ini 写对文件 / "
            f"{path.name} cannot be read: make keys at set-up, or name the right file in kiosk.ini ({error.strerror})"
        )
        raise KeyFileError(message) from error


def private_key(path: Path) -> Ed25519PrivateKey:
    """An Ed25519 private key from PKCS 8 PEM."""
    try:
        key = serialization.load_pem_private_key(_read(path), None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        message = f"{path.name} 不是 PEM 格式的私钥 / {path.name} is not a private key in PEM"
        raise KeyFileError(message) from error
    if not isinstance(key, Ed25519PrivateKey):
        message = f"{path.name} 不是 Ed25519 密钥 / {path.name} is not an Ed25519 key"
        raise KeyFileError(message)
    return key


def public_key(path: Path) -> Ed25519PublicKey:
    """An Ed25519 public key from SubjectPublicKeyInfo PEM."""
    return _public_key(path, _read(path))


def public_keys(path: Path) -> tuple[Ed25519PublicKey, ...]:
    """One or more of them in one file: while the centre changes its key, the present and the next."""
    content = _read(path)
    blocks = _BLOCK.findall(content)
    return tuple(_public_key(path, block) for block in blocks or [content])


def _public_key(path: Path, pem: bytes) -> Ed25519PublicKey:
    try:
        key = serialization.load_pem_public_key(pem)
    except (ValueError, UnsupportedAlgorithm) as error:
        message = f"{path.name} 不是 PEM 格式的公钥 / {path.name} is not a public key in PEM"
        raise KeyFileError(message) from error
    if not isinstance(key, Ed25519PublicKey):
        message = f"{path.name} 不是 Ed25519 密钥 / {path.name} is not an Ed25519 key"
        raise KeyFileError(message)
    return key


def sealing_key(path: Path) -> SealingKey:
    """The centre's sealing key; `offline_queue.sealing_keys` says what is in the file."""
    key = read_public(_read(path))
    if key is None:
        message = (
            f"{path.name} 不是封装用的公钥 / "
            f"{path.name} is not a sealing key (ML-KEM-768 with X25519, or X25519)"
        )
        raise KeyFileError(message)
    return key


def refuse_demo(*files: Path) -> None:
    """KeyFileError when any of the files lies in a folder that set-up marked as the demo's."""
    for file in files:
        if (file.parent / DEMO_MARK).exists():
            message = (
                f"{file.name} 是演示用的钥匙，正式终端不能用；演示请在 kiosk.ini 写 demo = true / "
                f"{file.name} is a demo key, which a real terminal refuses; for a demo write demo = true in kiosk.ini"
            )
            raise KeyFileError(message)


def database_key(path: Path) -> bytes:
    """The 32 random bytes that open the outbox."""
    key = _read(path)
    if len(key) != DATABASE_KEY_BYTES:
        message = (
            f"{path.name} 有 {len(key)} 字节，应为 {DATABASE_KEY_BYTES} 字节 / "
            f"{path.name} has {len(key)} bytes, {DATABASE_KEY_BYTES} are needed"
        )
        raise KeyFileError(message)
    return key


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]
