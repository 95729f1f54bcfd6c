"""Limits are never literals in code: they come from a signed calibration that names models, cards and data.

Missing, unsigned, out of time, for other models or another way from picture to face: assist mode,
nothing is accepted by itself.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import rfc8785
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from pydantic import ValidationError

from drivers.contract import Failed, Ok
from drivers.face.calibration.card_class import CardClass
from drivers.face.calibration.document import SCHEMA, Document
from drivers.face.calibration.faults import CalibrationFault

__all__ = ["SCHEMA", "Calibration", "CalibrationFault", "load", "read_body", "sign", "signature_path"]

PURPOSE = f"{SCHEMA}\n".encode()
BYTES_MAX = 1_000_000
SIGNATURES_MAX = 4
"""Lines of a signature file: while a calibration is replaced the former one's and the new one's."""

READS_MAX = 3
"""Tries at a file that was replaced after it was read and before its signature was."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """`document` as signed; the rest is what the terminal decides by."""

    document: Document

    @property
    def id(self) -> str:
        return self.document.id

    @property
    def model_hashes(self) -> Mapping[str, str]:
        """Matcher -> SHA-256 of its model's file."""
        return self.document.matchers

    @property
    def pipeline(self) -> Mapping[str, str]:
        return self.document.pipeline

    @property
    def limits(self) -> Mapping[str, float]:
        """Matcher -> its strictest limit over all classes, for whatever knows no class of card."""
        classes = self.document.card_classes.values()
        return {name: min(one.limits[name] for one in classes) for name in self.model_hashes}

    def limits_for(self, possible: Collection[CardClass]) -> Mapping[str, float] | None:
        """Matcher -> largest accepted distance: the strictest of all classes that a photo may be of.

        None when one of them was not calibrated, or when it is of none.
        """
        known = self.document.card_classes
        if not possible or not set(possible) <= set(known):
            return None
        return {name: min(known[one].limits[name] for one in possible) for name in self.model_hashes}

    def ended(self, today: date) -> bool:
        """The last day is still valid."""
        return today > self.document.valid_until

    def ends_soon(self, today: date) -> bool:
        """It still counts, and whoever makes the next one should begin."""
        return not self.ended(today) and today >= self.document.warned_from


def signature_path(file: Path) -> Path:
    return file.with_name(file.name + ".sig")


def sign(body: Mapping[str, Any], key: Ed25519PrivateKey) -> bytes:
    """A line of the signature file beside the body."""
    return base64.b64encode(key.sign(PURPOSE + rfc8785.dumps(dict(body))))


def load(file: Path, key_file: Path) -> Ok[Calibration] | Failed[CalibrationFault]:
    """A calibration whose signature holds; whether it fits this terminal and day is the caller's question."""
    for _ in range(READS_MAX):
        body = read_json(file)
        read = _signed(body, file, key_file)
        if isinstance(read, Ok) or read_json(file) == body:
            break
    return read if isinstance(read, Failed) else read_body(read.value, file.name)


def read_body(body: object, name: str) -> Ok[Calibration] | Failed[CalibrationFault]:
    """The content alone, whoever signed it."""
    if not isinstance(body, dict) or body.get("schema") != SCHEMA:
        return Failed(CalibrationFault.SCHEMA, name)
    try:
        # Of the very bytes that were signed, so that no two parsers can differ.
        return Ok(Calibration(Document.model_validate_json(rfc8785.dumps(body))))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part)[:40] for part in first["loc"]) or "the whole"
        return Failed(CalibrationFault.CONTENT, f"{name}, {place}: {first['msg']}")
    except (rfc8785.CanonicalizationError, ValueError):
        return Failed(CalibrationFault.UNREADABLE, name)


def read_json(file: Path) -> Ok[Any] | Failed[CalibrationFault]:
    """The file's value, bounded in size and depth."""
    try:
        with file.open("rb") as opened:
            content = opened.read(BYTES_MAX + 1)
    except OSError:
        return Failed(CalibrationFault.MISSING, file.name)
    if len(content) > BYTES_MAX:
        return Failed(CalibrationFault.UNREADABLE, f"{file.name}, more than {BYTES_MAX} bytes")
    try:
        return Ok(json.loads(content.decode("utf-8")))
    except (ValueError, RecursionError):
        return Failed(CalibrationFault.UNREADABLE, file.name)


def _signed(
    body: Ok[Any] | Failed[CalibrationFault], file: Path, key_file: Path
) -> Ok[Any] | Failed[CalibrationFault]:
    """What was read of the file, if a signature beside it fits."""
    if isinstance(body, Failed):
        return body
    try:
        with signature_path(file).open("rb") as opened:
            lines = opened.read(BYTES_MAX).split()[:SIGNATURES_MAX]
    except OSError:
        return Failed(CalibrationFault.UNSIGNED, file.name)
    try:
        key = load_pem_public_key(key_file.read_bytes())
    except (OSError, ValueError, UnsupportedAlgorithm):
        return Failed(CalibrationFault.WRONG_KEY, key_file.name)
    if not isinstance(key, Ed25519PublicKey):
        return Failed(CalibrationFault.WRONG_KEY, key_file.name)
    try:
        signed = PURPOSE + rfc8785.dumps(body.value)
    except (rfc8785.CanonicalizationError, ValueError, RecursionError):
        return Failed(CalibrationFault.UNREADABLE, file.name)
    if any(_fits(key, line, signed) for line in lines):
        return body
    if isinstance(body.value, dict) and body.value.get("schema") != SCHEMA:
        return Failed(CalibrationFault.SCHEMA, file.name)  # an older one was signed for another purpose
    return Failed(CalibrationFault.SIGNATURE, file.name)


def _fits(key: Ed25519PublicKey, line: bytes, signed: bytes) -> bool:
    try:
        key.verify(base64.b64decode(line, validate=True), signed)
    except (InvalidSignature, ValueError):  # binascii.Error is a ValueError
        return False
    return True
