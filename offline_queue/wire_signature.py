"""RFC 9421 signatures of requests, for both ends. Imports neither a database nor an HTTP client.

Covered always: method, path, query, content type, content encoding and the body through
Content-Digest. Authority and scheme are left out because a proxy in front may change them; the
tag keeps a signature from being used for anything else.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from http_message_signatures import (
    HTTPMessageSigner,
    HTTPMessageVerifier,
    HTTPSignatureKeyResolver,
    InvalidSignature,
)
from http_message_signatures.algorithms import ED25519
from http_message_signatures.exceptions import HTTPMessageSignaturesException

TAG = "jiujin-sync"
COVERED = ("@method", "@path", "@query", "content-type", "content-encoding", "content-digest")
NONCE_MAX = 64
MAX_AGE_S = 300.0
"""Default half-width of the window around the centre's clock in which `created` must lie."""


class Refusal(StrEnum):
    """Why a request's signature is not accepted. `clock`: it is genuine, but `created` is outside the window."""

    MISSING = "missing"
    UNKNOWN_KEY = "unknown_key"
    INVALID = "invalid"
    CLOCK = "clock"


@dataclass(frozen=True, slots=True)
class Signed:
    """A genuine request, body included."""

    key_id: str
    created: datetime
    nonce: str = ""
    """Makes each request another one; a signer of before it has none."""


@dataclass(frozen=True, slots=True)
class NotSigned:
    """A request that is not to be trusted. `key_id` is proved only when the reason is `clock`."""

    reason: Refusal
    key_id: str = ""
    detail: str = ""


@dataclass(slots=True)
class _Message:
    method: str
    url: str
    headers: dict[str, str]


class _OneKey(HTTPSignatureKeyResolver):
    def __init__(self, private: Ed25519PrivateKey) -> None:
        self._private = private

    def resolve_private_key(self, key_id: str) -> Ed25519PrivateKey:  # noqa: ARG002 - the library's interface
        return self._private

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey:  # noqa: ARG002 - the library's interface
        return self._private.public_key()


class _Directory(HTTPSignatureKeyResolver):
    def __init__(self, resolve: Callable[[str], Ed25519PublicKey | None]) -> None:
        self._resolve = resolve
        self.asked = ""
        self.found = False

    def resolve_public_key(self, key_id: str) -> Ed25519PublicKey | None:
        self.asked = key_id
        key = self._resolve(key_id)
        self.found = key is not None
        return key


class _Verifier(HTTPMessageVerifier):
    def validate_created_and_expires(self, sig_input: Any, max_age: Any = None) -> None:
        """Judged after the signature, by `verify_request`, against a clock that it is given."""


def sign_headers(
    *,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    key: Ed25519PrivateKey,
    key_id: str,
    created: datetime,
    nonce: str | None = None,
) -> dict[str, str]:
    """The headers to add: Content-Digest, Signature-Input, Signature.

    `path` begins with a slash and may have a query; `headers` must hold Content-Type and
    Content-Encoding; `created` is aware; `nonce` (RFC 9421, section 2.3) is new for each request.
    """
    message = _Message(method, _absolute(path), {name.lower(): value for name, value in headers.items()})
    before = dict(message.headers)
    signer = HTTPMessageSigner(signature_algorithm=ED25519, key_resolver=_OneKey(key))
    signer.sign(
        message,
        key_id=key_id,
        created=created,
        nonce=nonce,
        tag=TAG,
        label="jiujin",
        covered_component_ids=COVERED[:-1],
        body=body,
    )
    return {name: value for name, value in message.headers.items() if before.get(name.lower()) != value}


def verify_request(
    *,
    method: str,
    path: str,
    headers: Mapping[str, str],
    body: bytes,
    resolve_key: Callable[[str], Ed25519PublicKey | None],
    now: datetime | None = None,
    max_age_s: float | None = MAX_AGE_S,
) -> Signed | NotSigned:
    """Whether this request, with exactly this body, is from the holder of the key that it names.

    `body` is what came over the wire, before decompression. `max_age_s=None` takes any `created`.
    A request is judged genuine first and late second, so that only a real terminal is told the time.
    """
    lowered = {name.lower(): value for name, value in headers.items()}
    if "signature" not in lowered or "signature-input" not in lowered or "content-digest" not in lowered:
        return NotSigned(Refusal.MISSING)
    directory = _Directory(resolve_key)
    verifier = _Verifier(signature_algorithm=ED25519, key_resolver=directory)
    try:
        # The body must be handed over: without it the library accepts any body under a genuine digest header.
        results = verifier.verify(
            _Message(method, _absolute(path), lowered),
            max_age=None,
            expect_tag=TAG,
            require_components=COVERED,
            body=body,
        )
    except (InvalidSignature, HTTPMessageSignaturesException) as refused:
        unknown = bool(directory.asked) and not directory.found
        return NotSigned(Refusal.UNKNOWN_KEY if unknown else Refusal.INVALID, directory.asked, str(refused))
    if len(results) != 1 or not isinstance(results[0].parameters.get("created"), int):
        return NotSigned(Refusal.INVALID, directory.asked, "one signature with `created` is asked for")
    seconds = int(results[0].parameters["created"])
    present = now or datetime.now(UTC)
    if max_age_s is not None and abs(present.timestamp() - seconds) > max_age_s:
        return NotSigned(Refusal.CLOCK, directory.asked, f"created {seconds}")
    if not 0 <= seconds < 253_402_300_800:  # year 10000: datetime's own end
        return NotSigned(Refusal.INVALID, directory.asked, "created is no time")
    nonce = results[0].parameters.get("nonce", "")
    if not (isinstance(nonce, str) and len(nonce) <= NONCE_MAX):
        return NotSigned(Refusal.INVALID, directory.asked, "the nonce is too long")
    return Signed(directory.asked, datetime.fromtimestamp(seconds, UTC), nonce)


def _absolute(path: str) -> str:
    # Only path and query are covered; the library wants a whole address to take them from.
    return "https://centre.invalid" + path
