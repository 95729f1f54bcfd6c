"""Checks a definition and puts its signature beside it."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from kiosk.catalogue.load import Rejection, read
from kiosk.catalogue.signature import is_signed, sign, signature_path
from kiosk.catalogue.strict_json import NotStrictJsonError, parse


class PublishError(Exception):
    """The definition may not be published; the text says why in both languages."""


def sign_definition(file: Path, key: Ed25519PrivateKey) -> None:
    """Write `FILE.json.sig`, after the definition passed every check."""
    found = read(file)
    if isinstance(found, Rejection):
        message = f"{found.message_zh} / {found.message_en}"
        raise PublishError(message)
    signature_path(file).write_bytes(sign(parse(file.read_bytes()), key))


def is_published(file: Path, key: Ed25519PrivateKey) -> bool:
    """Whether the file already carries a signature of this key over its present content."""
    signature = signature_path(file)
    if not signature.is_file():
        return False
    try:
        document = parse(file.read_bytes())
    except NotStrictJsonError:
        return False
    return is_signed(document, signature.read_bytes(), key.public_key())
