"""The PIN of the staff menu: which may be chosen, and the one file that knows it as a slow hash.

Six digits are a million guesses, some hours of one core with scrypt: who can read the file has the
PIN sooner or later. It is kept from everybody but the terminal's own user (0600); the door counts tries.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from pathlib import Path

from kiosk.catalogue import strict_json
from kiosk.durable import write_durably

LEAST_DIGITS, MOST_DIGITS = 6, 12
LEAST_DIFFERENT = 3
SCRYPT_N, SCRYPT_R, SCRYPT_P = 2**15, 8, 1
"""RFC 7914 parameters: 32 MB and some 0.1 s on a terminal's processor."""
SCRYPT_N_MOST = 2**18
"""A file that asks for more is not ours: the terminal must not be stopped by it."""
SCRYPT_MEMORY = 2**29
SALT_BYTES, HASH_BYTES = 16, 32
MODE = 0o600


class Weakness(StrEnum):
    """Why a PIN is refused."""

    NOT_DIGITS = "not_digits"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    FEW_DIGITS = "few_digits"
    RUN = "run"
    REPEATED = "repeated"


WORDS: dict[Weakness, tuple[str, str]] = {
    Weakness.NOT_DIGITS: ("PIN 只能是数字 0 到 9", "a PIN has the digits 0 to 9 only"),
    Weakness.TOO_SHORT: ("PIN 至少 6 位", "a PIN has at least 6 digits"),
    Weakness.TOO_LONG: ("PIN 最多 12 位", "a PIN has at most 12 digits"),
    Weakness.FEW_DIGITS: ("至少要有 3 个不同的数字", "use at least 3 different digits"),
    Weakness.RUN: ("不能是连号，如 123456", "no run such as 123456"),
    Weakness.REPEATED: ("不能是重复的一段，如 142142", "no repeated group such as 142142"),
}


def weakness(pin: str) -> Weakness | None:
    """Why this PIN may not be set, or None."""
    if not (pin.isascii() and pin.isdigit()):
        return Weakness.NOT_DIGITS
    if len(pin) < LEAST_DIGITS:
        return Weakness.TOO_SHORT
    if len(pin) > MOST_DIGITS:
        return Weakness.TOO_LONG
    if len(set(pin)) < LEAST_DIFFERENT:
        return Weakness.FEW_DIGITS
    steps = {(int(b) - int(a)) % 10 for a, b in pairwise(pin)}
    if steps in ({1}, {9}):
        return Weakness.RUN
    if pin in (pin + pin)[1:-1]:  # a text of equal groups is found in its own double
        return Weakness.REPEATED
    return None


@dataclass(frozen=True, slots=True, repr=False)
class PinHash:
    """What the file holds."""

    n: int
    salt: bytes
    digest: bytes

    def fits(self, pin: str) -> bool:
        """Compare in constant time; takes the time of one scrypt."""
        return hmac.compare_digest(_digest(pin, self.salt, self.n), self.digest)


def _digest(pin: str, salt: bytes, n: int) -> bytes:
    return hashlib.scrypt(
        pin.encode(), salt=salt, n=n, r=SCRYPT_R, p=SCRYPT_P, maxmem=SCRYPT_MEMORY, dklen=HASH_BYTES
    )


def write_pin(file: Path, pin: str) -> None:
    """Set the PIN durably. ValueError for a weak one, OSError when the disk refuses."""
    weak = weakness(pin)
    if weak is not None:
        raise ValueError(weak.value)
    salt = secrets.token_bytes(SALT_BYTES)
    kept = {
        "kdf": "scrypt",
        "n": SCRYPT_N,
        "r": SCRYPT_R,
        "p": SCRYPT_P,
        "salt": salt.hex(),
        "hash": _digest(pin, salt, SCRYPT_N).hex(),
    }
    write_durably(file, json.dumps(kept).encode(), MODE)


def read_pin(file: Path) -> PinHash:
    """FileNotFoundError: none is set. ValueError or another OSError: it cannot be read."""
    kept = strict_json.read(file.read_bytes())
    if not isinstance(kept, dict) or (kept.get("kdf"), kept.get("r"), kept.get("p")) != (
        "scrypt",
        SCRYPT_R,
        SCRYPT_P,
    ):
        raise ValueError("not a PIN of this program")
    n, salt, digest = kept.get("n"), kept.get("salt"), kept.get("hash")
    if type(n) is not int or not SCRYPT_N <= n <= SCRYPT_N_MOST or n & (n - 1):
        raise ValueError("scrypt's n is out of bounds")
    if type(salt) is not str or type(digest) is not str:
        raise ValueError("salt and hash are texts")
    found = PinHash(n, bytes.fromhex(salt), bytes.fromhex(digest))
    if len(found.salt) < SALT_BYTES or len(found.digest) != HASH_BYTES:
        raise ValueError("salt or hash is too short")
    return found
