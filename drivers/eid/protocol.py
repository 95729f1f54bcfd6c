"""The text of an electronic identity, to values and back: pure.

`JJEID1:` payload `.` signature, each in base64url without padding. The payload is JSON:

| | |
|---|---|
| `iss` | the issuer's name, as its key is filed here |
| `jti` | drawn for this one, 16 to 64 letters and digits |
| `iat`, `exp` | seconds since 1970, at most `LIFE_MAX_S` apart |
| `sub` | HMAC-SHA256 of the card's number under `jti`, hexadecimal: who has the card can tell, who sees the phone cannot read it off |

The signature is Ed25519 over everything before the dot, so that no part can be put into another frame.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import re
from dataclasses import dataclass

PREFIX = "JJEID1:"
CHARACTERS_MAX = 512
LIFE_MAX_S = 120
_PART = re.compile(r"[A-Za-z0-9_-]+")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")
_TOKEN_ID = re.compile(r"[A-Za-z0-9]{16,64}")
_HOLDER = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Claims:
    """What is signed."""

    issuer: str
    token_id: str
    issued_s: int
    expires_s: int
    holder: str


@dataclass(frozen=True, slots=True, repr=False)
class Signed:
    """Read and not yet believed."""

    claims: Claims
    message: bytes
    signature: bytes


def holder_of(token_id: str, number: str) -> str:
    """Who it is about, for who knows the number."""
    return hmac.new(token_id.encode(), number.strip().upper().encode(), hashlib.sha256).hexdigest()


def message_of(claims: Claims) -> bytes:
    """What is to be signed."""
    payload = {
        "iss": claims.issuer,
        "jti": claims.token_id,
        "iat": claims.issued_s,
        "exp": claims.expires_s,
        "sub": claims.holder,
    }
    return PREFIX.encode() + _encoded(json.dumps(payload, separators=(",", ":")).encode())


def text_of(message: bytes, signature: bytes) -> str:
    """What the phone shows."""
    return (message + b"." + _encoded(signature)).decode("ascii")


def read(text: str) -> Signed | None:
    """None for what has not exactly this form."""
    if len(text) > CHARACTERS_MAX or not text.startswith(PREFIX):
        return None
    payload, dot, signature = text.removeprefix(PREFIX).partition(".")
    if not (dot and _PART.fullmatch(payload) and _PART.fullmatch(signature)):
        return None
    try:
        told, signed = json.loads(_decoded(payload)), _decoded(signature)
    except (ValueError, RecursionError, binascii.Error):
        return None
    match told:
        case {
            "iss": str(issuer),
            "jti": str(token_id),
            "iat": int(issued),
            "exp": int(expires),
            "sub": str(holder),
        } if len(told) == 5 and not isinstance(issued, bool) and not isinstance(expires, bool):
            pass
        case _:
            return None
    if not (_NAME.fullmatch(issuer) and _TOKEN_ID.fullmatch(token_id) and _HOLDER.fullmatch(holder)):
        return None
    if not 0 < expires - issued <= LIFE_MAX_S:
        return None
    claims = Claims(issuer, token_id, issued, expires, holder)
    return Signed(claims, f"{PREFIX}{payload}".encode(), signed)


def _encoded(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decoded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
