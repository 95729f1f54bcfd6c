"""Sealing to the centre's public key (HPKE, RFC 9180): the terminal cannot read back what it wrote.

Envelope: b"JJS" | suite (1 byte) | length of key id (1 byte) | key id (ASCII) | HPKE message.
The plaintext is compressed first, padded by nobody: lengths are visible to who holds the disk.
The associated data goes into HPKE's `info`, with the envelope's own head, so neither can be swapped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum

import zstandard
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hpke import (
    AEAD,
    KDF,
    KEM,
    MLKEM768X25519PrivateKey,
    MLKEM768X25519PublicKey,
    Suite,
)

from offline_queue.wire import canonical

MAGIC = b"JJS"
PAYLOAD_BYTES_MAX = 5 * 1024 * 1024
"""A larger payload would not fit, base64 in JSON, into the centre's limit of a body."""

PublicKey = X25519PublicKey | MLKEM768X25519PublicKey
PrivateKey = X25519PrivateKey | MLKEM768X25519PrivateKey


class SuiteId(IntEnum):
    """The algorithm's name inside the envelope."""

    X25519_SHA256_AES256GCM = 1
    MLKEM768_X25519_SHA256_AES256GCM = 2


_SUITE_BYTES = frozenset(SuiteId)
_SUITES = {
    SuiteId.X25519_SHA256_AES256GCM: Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
    SuiteId.MLKEM768_X25519_SHA256_AES256GCM: Suite(KEM.MLKEM768_X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM),
}


@dataclass(frozen=True, slots=True)
class SealingKey:
    """A public key of the centre; its type chooses the suite. `key_id`: 1 to 64 ASCII characters."""

    key_id: str
    public: PublicKey

    def __post_init__(self) -> None:
        if not (self.key_id.isascii() and 1 <= len(self.key_id) <= 64):
            message = "a sealing key's id has 1 to 64 ASCII characters"
            raise ValueError(message)


@dataclass(frozen=True, slots=True)
class SealBroken:
    """An envelope that does not open: `malformed`, `unknown_key`, `tampered` or `too_large`."""

    reason: str
    key_id: str = ""


def item_aad(
    *, terminal: str, item_id: str, lane: str, kind: str, service: str, definition_version: str
) -> bytes:
    """What a sealed body belongs to; the centre computes the same from the item's clear header."""
    return canonical(
        {
            "purpose": "jiujin.seal/1",
            "terminal": terminal,
            "id": item_id,
            "lane": lane,
            "kind": kind,
            "service": service,
            "definition_version": definition_version,
        }
    )


def attachment_aad(*, terminal: str, item_id: str, number: int, media_type: str) -> bytes:
    """What a sealed attachment belongs to: the item, its place among the item's attachments (from 1), its kind."""
    return canonical(
        {
            "purpose": "jiujin.seal-attachment/1",
            "terminal": terminal,
            "id": item_id,
            "number": number,
            "media_type": media_type,
        }
    )


def seal(payload: bytes, key: SealingKey, aad: bytes) -> bytes:
    """The envelope. ValueError for a payload over `PAYLOAD_BYTES_MAX` bytes."""
    if len(payload) > PAYLOAD_BYTES_MAX:
        message = f"payload of {len(payload)} bytes; at most {PAYLOAD_BYTES_MAX}"
        raise ValueError(message)
    hybrid = isinstance(key.public, MLKEM768X25519PublicKey)
    suite = SuiteId.MLKEM768_X25519_SHA256_AES256GCM if hybrid else SuiteId.X25519_SHA256_AES256GCM
    head = MAGIC + bytes((suite, len(key.key_id))) + key.key_id.encode("ascii")
    compressed = zstandard.ZstdCompressor(level=3).compress(payload)
    return head + _SUITES[suite].encrypt(compressed, key.public, info=head + aad)


def open_sealed(envelope: bytes, private_keys: Mapping[str, PrivateKey], aad: bytes) -> bytes | SealBroken:
    """The payload, with the private key that the envelope names (retired keys included by the caller)."""
    if len(envelope) < len(MAGIC) + 2 or not envelope.startswith(MAGIC):
        return SealBroken("malformed")
    suite_byte, id_length = envelope[3], envelope[4]
    head, message = envelope[: 5 + id_length], envelope[5 + id_length :]
    if suite_byte not in _SUITE_BYTES or not head[5:].isascii():
        return SealBroken("malformed")
    key_id = head[5:].decode("ascii")
    private = private_keys.get(key_id)
    if private is None:
        return SealBroken("unknown_key", key_id)
    if isinstance(private, MLKEM768X25519PrivateKey) != (
        suite_byte == SuiteId.MLKEM768_X25519_SHA256_AES256GCM
    ):
        return SealBroken("malformed", key_id)
    try:
        compressed = _SUITES[SuiteId(suite_byte)].decrypt(message, private, info=head + aad)
    except InvalidTag:
        return SealBroken("tampered", key_id)
    try:
        if zstandard.frame_content_size(compressed) > PAYLOAD_BYTES_MAX:
            return SealBroken("too_large", key_id)
        return zstandard.ZstdDecompressor().decompress(compressed, max_output_size=PAYLOAD_BYTES_MAX)
    except zstandard.ZstdError:
        return SealBroken("malformed", key_id)


def envelope_key_id(envelope: bytes) -> str | None:
    """The id of the key that an envelope is sealed to, without opening it; None when it is no envelope."""
    if len(envelope) < len(MAGIC) + 2 or not envelope.startswith(MAGIC) or envelope[3] not in _SUITE_BYTES:
        return None
    named = envelope[5 : 5 + envelope[4]]
    return named.decode("ascii") if len(named) == envelope[4] and named.isascii() else None
