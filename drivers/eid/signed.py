"""Electronic identities checked against the keys of their issuers, without the network."""

from __future__ import annotations

import hmac
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key

from drivers.contract import Failed, Ok
from drivers.eid import protocol
from drivers.eid.contract import Eid, EidFailure

SKEW_S = 60
"""An issuer's clock and this terminal's may be apart by so much, at either end of a code's life: the terminal's
counts as confirmed up to 30 s from the centre's (`kiosk.clock.Clock.confirm`), and the issuer's may err the other
way. A minute is the usual leeway for signed tokens; RFC 7519, 4.1.4, has "no more than a few minutes".
"""
SHOWN_MAX = 10_000


class IssuerKeyError(Exception):
    """A file in the issuers' folder is no public key that can be used; the text names the file."""


def issuers_in(folder: Path) -> dict[str, Ed25519PublicKey]:
    """Name -> key, of every `NAME.pub` in it. Raises IssuerKeyError, OSError."""
    found: dict[str, Ed25519PublicKey] = {}
    for file in sorted(folder.glob("*.pub")):
        try:
            key = load_pem_public_key(file.read_bytes())
        except (ValueError, UnsupportedAlgorithm) as error:
            raise IssuerKeyError(file.name) from error
        if not isinstance(key, Ed25519PublicKey):
            raise IssuerKeyError(file.name)
        found[file.stem] = key
    return found


class SignedEids:
    """Implements `EidChecker`. `up_s`: seconds since this program began, by a clock that nobody sets. What was
    issued before that is refused, since what was shown to the one before is not known any more.
    """

    def __init__(self, keys: Mapping[str, Ed25519PublicKey], up_s: Callable[[], float]) -> None:
        self._keys = dict(keys)
        self._up_s = up_s
        self._lock = threading.Lock()
        self._shown: dict[str, int] = {}
        """Token id -> when it expires: until then it is remembered."""

    @property
    def issuers(self) -> tuple[str, ...]:
        return tuple(self._keys)

    def looks_like(self, text: str) -> bool:
        return protocol.read(text) is not None

    def check(
        self, text: str, number: str, now: datetime, *, clock_trusted: bool
    ) -> Ok[Eid] | Failed[EidFailure]:
        read = protocol.read(text)
        if read is None:
            return Failed(EidFailure.NOT_AN_EID)
        claims, key = read.claims, self._keys.get(read.claims.issuer)
        if key is None or not _is_signed(key, read):
            return Failed(EidFailure.UNKNOWN_ISSUER)
        if not clock_trusted:
            return Failed(EidFailure.CLOCK)
        now_s = now.timestamp()
        if claims.issued_s > now_s + SKEW_S:
            return Failed(EidFailure.NOT_YET)
        # Reckoned back from the clock that is trusted now: at the start it may have said anything.
        if now_s > claims.expires_s + SKEW_S or claims.issued_s < now_s - self._up_s():
            return Failed(EidFailure.EXPIRED)
        if not hmac.compare_digest(claims.holder, protocol.holder_of(claims.token_id, number)):
            return Failed(EidFailure.ANOTHER_PERSON)
        if not self._first_time(claims, now_s):
            return Failed(EidFailure.SHOWN_BEFORE)
        return Ok(Eid(claims.issuer, datetime.fromtimestamp(claims.issued_s, UTC)))

    def _first_time(self, claims: protocol.Claims, now_s: float) -> bool:
        with self._lock:
            self._shown = {one: until for one, until in self._shown.items() if until + SKEW_S >= now_s}
            if claims.token_id in self._shown or len(self._shown) >= SHOWN_MAX:
                return False
            self._shown[claims.token_id] = claims.expires_s
            return True


def _is_signed(key: Ed25519PublicKey, read: protocol.Signed) -> bool:
    try:
        key.verify(read.signature, read.message)
    except InvalidSignature:
        return False
    return True
