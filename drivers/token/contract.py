"""What an authenticator with a key of its own promises: it signs a challenge that was never signed before."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drivers.contract import Check, Device, Failed, Ok

NONCE_SIZE = 32


class PinState(StrEnum):
    """How many tries the PIN has left; tokens tell no number, only these (PKCS#11 token flags)."""

    FINE = "fine"
    WRONG_BEFORE = "wrong_before"
    FINAL_TRY = "final_try"
    LOCKED = "locked"
    NOT_SET = "not_set"


class TokenFailure(StrEnum):
    """Why nobody was authenticated."""

    MODULE_MISSING = "module_missing"
    MODULE_CRASHED = "module_crashed"
    MODULE_SILENT = "module_silent"
    REMOVED = "removed"
    ERROR = "error"
    PIN_WRONG = "pin_wrong"
    PIN_FINAL_TRY = "pin_final_try"
    """Not tried: one more wrong PIN would lock the token, and the caller did not say that this may be."""
    PIN_LOCKED = "pin_locked"
    PIN_NOT_SET = "pin_not_set"
    PIN_WANTED = "pin_wanted"
    """None was given, and without one the token shows or uses no key."""
    NO_KEY = "no_key"
    UNSUPPORTED_KEY = "unsupported_key"
    NOT_AUTHENTIC = "not_authentic"


class Scheme(StrEnum):
    """How a signature was made; the hash is SHA-256 in both."""

    RSA_PKCS1 = "rsa_pkcs1"
    ECDSA = "ecdsa"
    """r and s side by side, as PKCS#11 gives them."""


@dataclass(frozen=True, slots=True, repr=False)
class TokenInfo:
    """One token that is plugged in. The label may hold its owner's name: for the screen, never for a log.

    `slot`: the module's own number of where it sits.
    """

    label: str
    serial: str
    pin: PinState
    slot: int = 0

    def __repr__(self) -> str:
        return f"TokenInfo(slot={self.slot}, pin={self.pin.value!r}, masked)"


@dataclass(frozen=True, slots=True)
class Challenge:
    """What is to be signed: for whom, what for, and a nonce that makes it unique."""

    origin: str
    purpose: str
    nonce: bytes = field(default_factory=lambda: secrets.token_bytes(NONCE_SIZE))


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """A token's answer: the certificate (DER) and the signature by its key."""

    certificate: bytes
    signature: bytes
    scheme: Scheme

    def __repr__(self) -> str:
        return f"Signed(scheme={self.scheme.value!r}, masked)"


@dataclass(frozen=True, slots=True, repr=False)
class Authentication:
    """Whose certificate signed our challenge, and what was checked (`drivers.evidence`)."""

    certificate: bytes
    evidence: tuple[Check, ...]

    def __repr__(self) -> str:
        return "Authentication(masked)"


class Authenticator(Device, Protocol):
    """Tokens with keys."""

    def tokens(self) -> Ok[tuple[TokenInfo, ...]] | Failed[TokenFailure]:
        """The tokens that are plugged in now, each with its PIN's state."""
        ...

    def authenticate(
        self, token: TokenInfo, pin: str | None, purpose: str, *, final_try_allowed: bool = False
    ) -> Ok[Authentication] | Failed[TokenFailure]:
        """Let the token sign a fresh challenge. The PIN is tried once, never again by itself.

        Without a PIN nobody logs in and no try is used up: a key that is free signs, any other is
        `PIN_WANTED`, and who holds the token is not known.
        """
        ...
