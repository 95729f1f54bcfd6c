"""Who may come in: bounded reading, the signature, the directory, bounded decompression."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, Self, TypeVar

import zstandard
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from fastapi import Request
from pydantic_core import from_json

from central import problems
from central.problems import Turned
from central.terminal_keys import TerminalKey, TerminalKeys
from offline_queue.wire import BATCH_BYTES_MAX, PREFER_TREE
from offline_queue.wire_signature import NotSigned, Refusal, verify_request

WINDOW_BYTES_MAX = 16 * 1024 * 1024
"""Largest zstd window that is granted; level 3 asks for 2 MiB."""


@dataclass(frozen=True, slots=True)
class Admitted:
    """A genuine request of a known terminal, decompressed; `signed_at` comes from its signature."""

    terminal: str
    public_key: Ed25519PublicKey
    signed_at: datetime
    content: bytes
    nonce: str = ""
    """Empty from a terminal of before it (`central.replays`)."""
    prefers_tree: bool = False
    """Whether it understands one signature over all that an answer acknowledges."""


@dataclass(frozen=True, slots=True)
class RawRequest:
    """What came over the wire; `path` with its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    address: str = ""
    """Network address of who sent it, as the server in front tells it."""


async def read(request: Request) -> RawRequest | Turned:
    """The body as sent, never more than `BATCH_BYTES_MAX` in memory. One that says it is longer is not read at all."""
    told = request.headers.get("content-length", "")
    if told.isascii() and told.isdigit() and int(told[:20]) > BATCH_BYTES_MAX:
        return problems.TOO_LARGE
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BATCH_BYTES_MAX:
            return problems.TOO_LARGE
    path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    address = request.client.host if request.client else ""
    return RawRequest(request.method, path, dict(request.headers), bytes(body), address)


def admit(
    raw: RawRequest,
    keys: TerminalKeys,
    now: datetime,
    window_s: float,
    key_age_s: float = 0.0,
    *,
    compressed: bool = True,
) -> Admitted | Turned:
    """Judge the signature first: nothing unsigned is decompressed or parsed.

    `compressed`: the body is a zstd frame, else it is taken as it came.
    `key_age_s`: how old a terminal's key and revocation may be; 0 asks the database.
    """
    known: dict[str, TerminalKey] = {}

    def resolve(terminal: str) -> Ed25519PublicKey | None:
        found = keys.find(terminal, key_age_s)
        if found is None:
            return None
        known[terminal] = found
        return found.public

    judged = verify_request(
        method=raw.method,
        path=raw.path,
        headers=raw.headers,
        body=raw.body,
        resolve_key=resolve,
        now=now,
        max_age_s=window_s,
    )
    if isinstance(judged, NotSigned):
        match judged.reason:
            case Refusal.UNKNOWN_KEY:
                return problems.UNKNOWN_TERMINAL
            case Refusal.CLOCK:
                return problems.wrong_clock(now)
            case Refusal.MISSING | Refusal.INVALID:
                return problems.BAD_SIGNATURE
    key = known[judged.key_id]
    if key.revoked:
        keys.came_back(judged.key_id, raw.address, now)
        return problems.REVOKED
    content = decompress(raw.body) if compressed else raw.body
    if isinstance(content, Turned):
        return content
    return Admitted(
        judged.key_id, key.public, judged.created, content, judged.nonce, _prefers_tree(raw.headers)
    )


class FromTerminal(Protocol):
    """A message that names the terminal it is from; each model of `offline_queue` that a terminal sends is one."""

    @property
    def terminal(self) -> str: ...

    @classmethod
    def model_validate(cls, obj: Any) -> Self: ...


M = TypeVar("M", bound=FromTerminal)


def read_message(admitted: Admitted, form: type[M], bytes_max: int = BATCH_BYTES_MAX) -> M | Turned:
    """What a request says; it must be from who signed. A validation error would quote its values: it ends here."""
    if len(admitted.content) > bytes_max:
        return problems.TOO_LARGE
    try:
        message = form.model_validate(from_json(admitted.content, allow_inf_nan=False))
    except ValueError:  # not JSON, or not the agreed form (pydantic's error is a ValueError)
        return problems.misread(admitted.content)
    return message if message.terminal == admitted.terminal else problems.BAD_SIGNATURE


def _prefers_tree(headers: Mapping[str, str]) -> bool:
    """Not covered by the request's signature: it only chooses the form in which the same is told."""
    name, wanted = PREFER_TREE
    told = next((value for key, value in headers.items() if key.lower() == name.lower()), "")
    return wanted in (preference.strip() for preference in told.split(","))


def decompress(body: bytes) -> bytes | Turned:
    """One zstd frame of at most `BATCH_BYTES_MAX` bytes; a bomb is given up when it passes the limit."""
    decompressor = zstandard.ZstdDecompressor(max_window_size=WINDOW_BYTES_MAX)
    try:
        if 0 < zstandard.frame_content_size(body) <= BATCH_BYTES_MAX:
            return decompressor.decompress(body)  # never more than the frame says
        with decompressor.stream_reader(body) as reader:
            content = bytearray()
            while chunk := reader.read(65536):
                content += chunk
                if len(content) > BATCH_BYTES_MAX:
                    return problems.TOO_LARGE
    except zstandard.ZstdError:
        return problems.MALFORMED
    return bytes(content)
