"""Signing of httpx requests with the terminal's own Ed25519 key."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Generator
from datetime import UTC, datetime

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from offline_queue.wire_signature import sign_headers


def utc_now() -> datetime:
    """The wall clock, aware."""
    return datetime.now(UTC)


class RequestSigner(httpx.Auth):
    """Adds the signature as the last step before sending; the key's id is the terminal."""

    requires_request_body = True

    def __init__(self, terminal: str, key: Ed25519PrivateKey, now: Callable[[], datetime] = utc_now) -> None:
        self._terminal = terminal
        self._key = key
        self._now = now

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        """One request, signed over its body."""
        signature = sign_headers(
            method=request.method,
            path=request.url.raw_path.decode("ascii"),
            headers=request.headers,
            body=request.content,
            key=self._key,
            key_id=self._terminal,
            created=self._now(),
            nonce=secrets.token_urlsafe(12),
        )
        request.headers.update(signature)
        yield request
