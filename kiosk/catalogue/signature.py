"""Who published a definition: an Ed25519 signature over its canonical JSON, in a file beside it.

`NAME.json.sig` is `{"key_id", "sha256", "signature"}`: the publisher's key, the hash of the
content, and the signature of `PURPOSE` with the canonical JSON (RFC 8785) in base64.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from enum import StrEnum
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PURPOSE = b"jiujin.definition/1\n"


class SignatureState(StrEnum):
    """What a signature file says of a document."""

    GOOD = "good"
    UNREADABLE = "unreadable"
    OTHER_PUBLISHER = "other_publisher"
    CONTENT_CHANGED = "content_changed"
    FORGED = "forged"


def content_hash(document: Any) -> str:
    """SHA-256 of the canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def key_id(key: Ed25519PublicKey) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()[:16]


def signature_path(file: Path) -> Path:
    return file.with_name(file.name + ".sig")


def sign(document: Any, key: Ed25519PrivateKey, purpose: bytes = PURPOSE) -> bytes:
    """The content of the signature file. A signature for one purpose is worth nothing for another."""
    signature = key.sign(purpose + rfc8785.dumps(document))
    content = {
        "key_id": key_id(key.public_key()),
        "sha256": content_hash(document),
        "signature": base64.b64encode(signature).decode("ascii"),
    }
    return json.dumps(content, indent=1).encode() + b"\n"


def check_signature(
    document: Any, signature_file: bytes, key: Ed25519PublicKey, purpose: bytes = PURPOSE
) -> SignatureState:
    """Only `GOOD` counts; the other states say what to look for. Key id and hash are claims."""
    try:
        claim = json.loads(signature_file)
        raw = base64.b64decode(claim["signature"], validate=True)
        claimed_hash, claimed_key = claim.get("sha256"), claim.get("key_id")
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, binascii.Error):
        return SignatureState.UNREADABLE
    try:
        key.verify(raw, purpose + rfc8785.dumps(document))
    except InvalidSignature:
        if claimed_key != key_id(key):
            return SignatureState.OTHER_PUBLISHER
        changed = claimed_hash != content_hash(document)
        return SignatureState.CONTENT_CHANGED if changed else SignatureState.FORGED
    return SignatureState.GOOD


def is_signed(document: Any, signature_file: bytes, key: Ed25519PublicKey) -> bool:
    """True only for a good signature of exactly this content."""
    return check_signature(document, signature_file, key) is SignatureState.GOOD
