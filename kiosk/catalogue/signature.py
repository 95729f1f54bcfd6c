"""Who published a definition: an Ed25519 signature over its canonical JSON, in a file beside it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

PURPOSE = b"jiujin.definition/1\n"


def content_hash(document: Any) -> str:
    """SHA-256 of the canonical JSON (RFC 8785)."""
    return hashlib.sha256(rfc8785.dumps(document)).hexdigest()


def signature_path(file: Path) -> Path:
    return file.with_name(file.name + ".sig")


def sign(document: Any, key: Ed25519PrivateKey) -> bytes:
    """The content of the signature file."""
    signature = key.sign(PURPOSE + rfc8785.dumps(document))
    return json.dumps(
        {"sha256": content_hash(document), "signature": base64.b64encode(signature).decode("ascii")}
    ).encode()


def is_signed(document: Any, signature_file: bytes, key: Ed25519PublicKey) -> bool:
    """True only for a good signature of exactly this content."""
    try:
        raw = base64.b64decode(json.loads(signature_file)["signature"], validate=True)
        key.verify(raw, PURPOSE + rfc8785.dumps(document))
    except (InvalidSignature, ValueError, KeyError, TypeError, binascii.Error):
        return False
    return True
