"""The centre's keys and the directory of terminals, read from one directory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from kiosk.case import COUNTER
from offline_queue.seal import PrivateKey, SealingKey
from offline_queue.sealing_keys import derived, read_private
from offline_queue.wire import Base64, Terminal

DEMO_MARK = "DEMO_ONLY"
PRESENT = "centre_sealing.key"
BUSINESSES, PERSONS = "jiujin.businesses/1", "jiujin.persons/1"
NAME_MAX = 64
"""Longest name of a terminal, in characters (field case X03)."""


class TrustError(Exception):
    """The trust directory cannot be used; the text says what to do and holds no key."""


class TerminalEntry(BaseModel):
    """One terminal of the directory; the public key is raw Ed25519."""

    model_config = ConfigDict(frozen=True)

    name: str = Field(max_length=NAME_MAX)
    public_key: Base64 = Field(min_length=32, max_length=32)


@dataclass(frozen=True, slots=True)
class Trust:
    """What the centre signs and opens with, and whom it knows."""

    certificate: Path
    certificate_key: Path
    acknowledgement_key: Ed25519PrivateKey = field(repr=False)
    sealing_keys: Mapping[str, PrivateKey] = field(repr=False)
    """By key id: the present one and every retired one."""
    terminals: Mapping[str, TerminalEntry] = field(repr=False)
    present_sealing_key: SealingKey
    """What the centre itself seals to: `centre_sealing.key`, else the first by name."""
    business_keys: tuple[bytes, ...] = field(repr=False)
    """What digests of businesses are keyed with, the present one first (`central.duplicates`)."""
    person_keys: tuple[bytes, ...] = field(repr=False)
    """Likewise those of persons (`central.persons`)."""

    @property
    def acknowledgement_key_id(self) -> str:
        return _id_of(self.acknowledgement_key)


@cache
def _id_of(key: Ed25519PrivateKey) -> str:
    return key_id(key.public_key().public_bytes_raw())


def key_id(raw_public_key: bytes) -> str:
    """The first 16 hexadecimal digits of the SHA-256 of the raw public key."""
    return hashlib.sha256(raw_public_key).hexdigest()[:16]


def public_key_of(raw: bytes) -> Ed25519PublicKey:
    return Ed25519PublicKey.from_public_bytes(raw)


def load_trust(directory: Path, *, production: bool) -> Trust:
    """Read everything, or raise TrustError with what is wrong.

    Every `centre_sealing*.key` is loaded: a retired key is kept under another name.
    """
    if production and (directory / DEMO_MARK).exists():
        message = f"{directory} holds demo keys; production refuses them"
        raise TrustError(message)
    certificate, certificate_key = directory / "centre_tls.pem", directory / "centre_tls.key"
    for path in (certificate, certificate_key):
        if not path.is_file():
            message = f"{path.name} is missing in the trust directory (demo: deploy/demo_trust.py makes it)"
            raise TrustError(message)
    acknowledgement = _private(directory / "centre_acknowledgement.key")
    if not isinstance(acknowledgement, Ed25519PrivateKey):
        message = "centre_acknowledgement.key is not Ed25519"
        raise TrustError(message)
    files = sorted(directory.glob("centre_sealing*.key"), key=lambda path: (path.name != PRESENT, path.name))
    sealing = dict(_sealing(path) for path in files)
    if not sealing:
        message = "no centre_sealing*.key in the trust directory"
        raise TrustError(message)
    present, key = next(iter(sealing.items()))
    return Trust(
        certificate,
        certificate_key,
        acknowledgement,
        sealing,
        _directory(directory),
        SealingKey(present, key.public_key()),
        _all_derived(files, BUSINESSES),
        _all_derived(files, PERSONS),
    )


def _all_derived(files: Iterable[Path], purpose: str) -> tuple[bytes, ...]:
    return tuple(one for path in files if (one := derived(path.read_bytes(), purpose)) is not None)


def _sealing(path: Path) -> tuple[str, PrivateKey]:
    try:
        key = read_private(path.read_bytes())
    except OSError as error:
        message = f"{path.name} cannot be read: {type(error).__name__}"
        raise TrustError(message) from error
    if key is None:
        message = f"{path.name} is no sealing key (ML-KEM-768 with X25519, or X25519)"
        raise TrustError(message)
    return key


def _private(path: Path) -> object:
    try:
        return load_pem_private_key(path.read_bytes(), None)
    except (OSError, ValueError) as error:
        message = f"{path.name} cannot be read as a private key: {type(error).__name__}"
        raise TrustError(message) from error


def _directory(directory: Path) -> dict[str, TerminalEntry]:
    try:
        document = json.loads((directory / "directory.json").read_text(encoding="utf-8"))
        found = TypeAdapter(dict[Terminal, TerminalEntry]).validate_python(document["terminals"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        message = f"directory.json cannot be used: {error}"
        raise TrustError(message) from error
    if COUNTER in found:
        message = f"directory.json: {COUNTER} 是窗口的编号，终端不能用 / {COUNTER} is the counter's, no terminal may have it"
        raise TrustError(message)
    return found
