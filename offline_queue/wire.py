"""The messages between a terminal and the centre, shared by both ends.

Importing this module loads neither a database nor an HTTP client. Bodies are JSON, compressed
with zstd, inside requests signed by RFC 9421 with the body's digest. Heartbeat bodies are
opaque here.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

import rfc8785
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

SCHEMA: Literal["jiujin.sync/1"] = "jiujin.sync/1"
BATCH_PATH = "/v1/batch"
HEARTBEAT_PATH = "/v1/heartbeat"
BATCH_ITEMS_MAX = 100
BATCH_BYTES_MAX = 8 * 1024 * 1024
"""Upper bound of a decompressed body; the centre refuses more (a bomb guard)."""
GENESIS_HASH = "0" * 64
"""The previous hash of a terminal's first item."""


def _decode(value: object) -> object:
    return base64.b64decode(value, validate=True) if isinstance(value, str) else value


Base64 = Annotated[
    bytes,
    BeforeValidator(_decode),
    PlainSerializer(lambda value: base64.b64encode(value).decode("ascii"), when_used="json"),
]
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Terminal = Annotated[str, Field(pattern=r"^[0-9A-Z]{4}$")]
"""Issuing terminal, as encoded in its case codes."""


def canonical(texts: Mapping[str, str | int]) -> bytes:
    """RFC 8785 for one object of texts and whole numbers within 2**53, by the fast encoder of the language.

    The names are ASCII, so that their order is the same in UTF-8 and UTF-16. ValueError for a lone surrogate.
    """
    return json.dumps(texts, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


class Message(BaseModel):
    """Strict and immutable; an unknown key is an error of the sender."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What an item is. The order of the sending classes is `offline_queue.policy`."""

    WITHDRAWAL = "withdrawal"
    CASE = "case"
    EVALUATION = "evaluation"


class ClockQuality(StrEnum):
    """How far a terminal's wall time may be trusted."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"
    JUMPED = "jumped"


class Item(Message):
    """One sealed record. Everything but `sealed` is in the clear and holds nothing personal."""

    id: Annotated[str, Field(description="idempotency key, UUIDv7, made when the case begins")]
    terminal: Terminal
    lane: Annotated[str, Field(max_length=32, description="case code; order is kept within it")]
    kind: Kind
    service: Annotated[str, Field(max_length=64)]
    definition_version: Annotated[str, Field(max_length=32)]
    sequence: Annotated[int, Field(ge=1, description="per-terminal counter, no gaps")]
    previous_hash: Sha256Hex
    received_at_kiosk: Annotated[str, Field(description="RFC 3339 UTC wall time, as claimed")]
    clock_quality: ClockQuality
    boot_id: str
    monotonic_ns: int
    sealed_sha256: Sha256Hex
    sealed: Base64

    def chain_hash(self) -> str:
        """SHA-256 over the canonical header (RFC 8785), which covers the body by its hash."""
        header = self.model_dump(mode="json", exclude={"sealed"})
        # RFC 8785 knows no integer over 2**53 - 1, which is 104 days of nanoseconds since boot.
        header["monotonic_ns"] = str(self.monotonic_ns)
        return hashlib.sha256(canonical(header)).hexdigest()

    def body_matches(self) -> bool:
        """Whether the sealed body has the hash that the header names."""
        return hashlib.sha256(self.sealed).hexdigest() == self.sealed_sha256


class ChainHead(Message):
    """The end of a terminal's chain, signed with its Ed25519 key."""

    sequence: Annotated[int, Field(ge=0)]
    hash: Sha256Hex
    signature: Base64

    @staticmethod
    def signed_bytes(terminal: str, sequence: int, hash_: str) -> bytes:
        return rfc8785.dumps(
            {"purpose": "jiujin.chain-head/1", "terminal": terminal, "sequence": sequence, "hash": hash_}
        )


class Batch(Message):
    """Up to `BATCH_ITEMS_MAX` items of one carrying terminal, in the order of their sequence."""

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    terminal: Terminal
    head: ChainHead
    items: Annotated[tuple[Item, ...], Field(max_length=BATCH_ITEMS_MAX)]


class VerdictKind(StrEnum):
    """The centre's answer to one item."""

    REGISTERED = "registered"
    DUPLICATE = "duplicate"
    CONFLICT = "conflict"
    REFUSED = "refused"
    LATER = "later"


class Acknowledgement(Message):
    """The centre's signed word that it has the item; only this permits deletion."""

    item_id: str
    item_hash: Sha256Hex
    """`Item.chain_hash()` of the item as registered."""
    registered_at: str
    key_id: str
    signature: Base64

    def signed_bytes(self) -> bytes:
        return self.bytes_of(self.model_dump(mode="json", exclude={"signature"}))

    @staticmethod
    def bytes_of(told: Mapping[str, str]) -> bytes:
        """What the signature covers: every other field."""
        return canonical({"purpose": "jiujin.acknowledgement/1", **told})


class Verdict(Message):
    """One per item. `registered` and `duplicate` carry an acknowledgement."""

    item_id: str
    kind: VerdictKind
    reason: str = ""
    retry_after_s: float | None = None
    acknowledgement: Acknowledgement | None = None
    case_state: str = ""


class BatchAnswer(Message):
    """Verdicts in the order of the items."""

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    verdicts: tuple[Verdict, ...]
    centre_time: str


class Heartbeat(Message):
    """Last state of a terminal; `body` is opaque to the queue (`kiosk.health` writes it)."""

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    terminal: Terminal
    head: ChainHead
    body: dict[str, Any]


class HeartbeatAnswer(Message):
    """The centre heard it; `interval_s` is when it wants the next one, `inbox` the newest number there."""

    centre_time: str
    interval_s: float = 300.0
    inbox: int = 0


class Problem(Message):
    """An error about the request as a whole (401, 403, 413, 422, 503): items stay queued."""

    code: str
    message_zh: str
    message_en: str
    centre_time: str = ""
    """RFC 3339 UTC; filled when `code` is `clock`, so that a terminal can sign again with it."""
