"""Limits are never literals in code: they come from a signed calibration that names models and data.

Missing, unsigned, for other models or another alignment: assist mode, nothing is accepted by itself.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from drivers.contract import Failed, Ok

SCHEMA = "jiujin.face-calibration/1"
LARGEST_DISTANCE = 2.0
"""Between two vectors of unit length: a limit there would accept everybody."""
PURPOSE = b"jiujin.face-calibration/1\n"


@dataclass(frozen=True, slots=True)
class Calibration:
    """`limits`: matcher -> largest accepted distance; `model_hashes`: matcher -> SHA-256."""

    id: str
    limits: Mapping[str, float]
    model_hashes: Mapping[str, str]
    alignment: str


def signature_path(file: Path) -> Path:
    return file.with_name(file.name + ".sig")


def sign(body: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """The content of the signature file beside the body."""
    return base64.b64encode(key.sign(PURPOSE + rfc8785.dumps(dict(body))))


def load(file: Path, key_file: Path) -> Ok[Calibration] | Failed[str]:
    """A calibration whose signature holds; the reason names what is wrong, for the technician."""
    try:
        body = json.loads(file.read_text("utf-8"))
        signature = base64.b64decode(signature_path(file).read_bytes(), validate=True)
        key = load_pem_public_key(key_file.read_bytes())
    except OSError as error:
        return Failed("missing", Path(error.filename or "").name)
    except (ValueError, binascii.Error, RecursionError):
        return Failed("unreadable", file.name)
    if not isinstance(key, Ed25519PublicKey):
        return Failed("wrong_key", key_file.name)
    try:
        key.verify(signature, PURPOSE + rfc8785.dumps(body))
    except InvalidSignature:
        return Failed("signature", file.name)
    except rfc8785.CanonicalizationError:
        return Failed("unreadable", file.name)
    if not isinstance(body, dict) or body.get("schema") != SCHEMA:
        return Failed("schema", file.name)
    try:
        return _read(body)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        return Failed("content", f"{file.name}: {type(error).__name__}")


def _read(body: dict[str, Any]) -> Ok[Calibration] | Failed[str]:
    matchers: dict[str, dict[str, Any]] = body["matchers"]
    limits = {name: float(m["limit"]) for name, m in matchers.items()}
    if not limits or not all(0.0 < limit < LARGEST_DISTANCE for limit in limits.values()):
        return Failed("content", "limits")
    return Ok(
        Calibration(
            id=body["id"],
            limits=limits,
            model_hashes={name: str(m["sha256"]) for name, m in matchers.items()},
            alignment=body["alignment"],
        )
    )
