"""The centre's sealing keys as files. Pure: bytes of PEM in, keys out.

| blocks in the file | suite |
|---|---|
| ML-KEM-768, X25519 | hybrid: a disk stolen today stays sealed when X25519 alone no longer holds |
| X25519 | classic |

Each block is PKCS 8 or SubjectPublicKeyInfo, as other tools read and write them. Either half of the hybrid
suffices to keep a body sealed. A key's id is the first 16 hexadecimal digits of the SHA-256 of its raw
public keys, one after another.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from typing import TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey, MLKEM768PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey, MLKEM768X25519PublicKey
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from offline_queue.seal import PrivateKey, SealingKey

_BLOCK = re.compile(rb"-----BEGIN ([A-Z ]+)-----.+?-----END \1-----", re.DOTALL)
K = TypeVar("K")


def read_public(pem: bytes) -> SealingKey | None:
    """What a terminal seals to; None when the file holds no sealing key."""
    match _blocks(pem, load_pem_public_key):
        case [MLKEM768PublicKey() as lattice, X25519PublicKey() as curve]:
            return SealingKey(_id(lattice, curve), MLKEM768X25519PublicKey(lattice, curve))
        case [X25519PublicKey() as curve]:
            return SealingKey(_id(curve), curve)
    return None


def read_private(pem: bytes) -> tuple[str, PrivateKey] | None:
    """A key's id and what opens bodies sealed to it; None when the file holds no sealing key."""
    match _blocks(pem, lambda block: load_pem_private_key(block, None)):
        case [MLKEM768PrivateKey() as lattice, X25519PrivateKey() as curve]:
            id_ = _id(lattice.public_key(), curve.public_key())
            return id_, MLKEM768X25519PrivateKey(lattice, curve)
        case [X25519PrivateKey() as curve]:
            return _id(curve.public_key()), curve
    return None


def derived(pem: bytes, purpose: str) -> bytes | None:
    """32 bytes that only who holds this private key can have, another 32 for each purpose; None for no sealing key."""
    match _blocks(pem, lambda block: load_pem_private_key(block, None)):
        case [MLKEM768PrivateKey() | X25519PrivateKey(), *_] as found:
            secret = b"".join(key.private_bytes_raw() for key in found)  # type: ignore[union-attr] # one of both
            return HKDF(SHA256(), 32, salt=None, info=purpose.encode()).derive(secret)
    return None


def _blocks(pem: bytes, load: Callable[[bytes], K]) -> Sequence[K]:
    try:
        return [load(block.group()) for block in _BLOCK.finditer(pem)]
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return []


def _id(*keys: MLKEM768PublicKey | X25519PublicKey) -> str:
    return hashlib.sha256(b"".join(key.public_bytes_raw() for key in keys)).hexdigest()[:16]
