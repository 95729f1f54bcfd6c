"""The messages between a terminal and the centre, shared by both ends.

Importing this module loads neither a database nor an HTTP client. Bodies are JSON, compressed
with zstd, inside requests signed by RFC 9421 with the body's digest. Heartbeat bodies are
opaque here.

Versions. A terminal speaks one, the centre understands it and the two before (N-2), since a terminal may be offline
across two releases; so the centre is updated first. Within a version a request may gain a key only if it is left out
when it has nothing to say, and an answer gains none that the terminal did not ask for: both ends refuse unknown keys.
An item that brings such a key to a centre older than it is refused alone (`item.form`) and stays.
What the centre does not know at all it answers with 415 (`schema.unknown`), which the terminal takes for a state of the
link: everything stays queued. `tests/central/recorded` holds the traffic of each version.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import operator
from collections.abc import Mapping
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer
from pydantic_core import to_json

from offline_queue import hash_tree

SCHEMA: Literal["jiujin.sync/1"] = "jiujin.sync/1"
BATCH_PATH = "/v1/batch"
HEARTBEAT_PATH = "/v1/heartbeat"
BATCH_ITEMS_MAX = 100
BATCH_BYTES_MAX = 8 * 1024 * 1024
"""Upper bound of a decompressed body; the centre refuses more (a bomb guard)."""
ATTACHMENTS_MAX = 8
"""Of one item."""
ATTACHMENT_BYTES_MAX = 6 * 1024 * 1024
"""Of one sealed attachment: `seal.PAYLOAD_BYTES_MAX` with what compression and seal may add."""
ATTACHMENT_PATH = "/v1/attachments/{terminal}/{item_id}/{sha256}"
PART_BYTES_MAX = 1024 * 1024
"""Of one request that carries a part of an attachment."""
TOO_MANY_UPLOADS = "uploads.too_many"
"""`Problem.code`: the centre holds as many attachments without an item as it grants a terminal; items still come in."""
GENESIS_HASH = "0" * 64
"""The previous hash of a terminal's first item."""
PREFER_TREE = ("Prefer", "acknowledgement=tree")
"""Header (RFC 7240) of a terminal that understands one signature over all items of an answer; a centre that does
not know it signs each."""
SEQUENCE_MAX = 2**53 - 1
"""The greatest whole number that canonical JSON (RFC 8785) knows; a database's 64 bits hold it."""
WAIT_MAX_S = 86_400.0
"""A wish of the centre for a longer wait than a day is no wish."""
ID_MAX = 128
TIME_MAX = 64
WORDS_MAX = 4096
"""Characters of the centre's words: bounds against nonsense, far over what it says."""
PATH_MAX = 7
"""Levels of a tree of `BATCH_ITEMS_MAX` leaves above them."""


def _decode(value: object) -> object:
    return binascii.a2b_base64(value, strict_mode=True) if isinstance(value, str) else value


def _is_none(value: object) -> bool:
    return value is None


Base64 = Annotated[
    bytes,
    BeforeValidator(_decode),
    PlainSerializer(lambda value: base64.b64encode(value).decode("ascii"), when_used="json"),
]
Sha256Hex = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
Wait = Annotated[float, Field(ge=0, le=WAIT_MAX_S, allow_inf_nan=False)]
"""Seconds."""
Id = Annotated[str, Field(max_length=ID_MAX)]
Time = Annotated[str, Field(max_length=TIME_MAX, description="RFC 3339")]
CentreWords = Annotated[str, Field(max_length=WORDS_MAX)]
Terminal = Annotated[str, Field(pattern=r"^[0-9A-Z]{4}$")]
"""Issuing terminal, as encoded in its case codes."""


def canonical(texts: Mapping[str, str | int]) -> bytes:
    """RFC 8785 for one object of texts and whole numbers within 2**53, by pydantic's encoder, which is compiled.

    The names are ASCII, so that their order is the same in UTF-8 and UTF-16. ValueError for a lone surrogate.
    """
    return to_json(dict(sorted(texts.items())))


class Message(BaseModel):
    """Strict and immutable; an unknown key is an error of the sender."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Kind(StrEnum):
    """What an item is."""

    WITHDRAWAL = "withdrawal"
    CASE = "case"
    EVALUATION = "evaluation"


class ClockQuality(StrEnum):
    """How far a terminal's wall time may be trusted."""

    SYNCED = "synced"
    UNSYNCED = "unsynced"
    JUMPED = "jumped"


class Attachment(Message):
    """What an item says about a sealed file that is uploaded before it, by `ATTACHMENT_PATH`.

    The order of the fields is that of the alphabet, so that the item's canonical header holds them so.
    """

    media_type: Annotated[str, Field(pattern=r"^[a-z]+/[a-z0-9.+-]{1,40}$")]
    number: Annotated[int, Field(ge=1, le=ATTACHMENTS_MAX)]
    sealed_bytes: Annotated[int, Field(ge=1, le=ATTACHMENT_BYTES_MAX)]
    sealed_sha256: Sha256Hex


class Item(Message):
    """One sealed record. Everything but `sealed` is in the clear and holds nothing personal."""

    id: Annotated[str, Field(description="idempotency key, UUIDv7, made when the case begins")]
    terminal: Terminal
    lane: Annotated[str, Field(max_length=32, description="case code; order is kept within it")]
    kind: Kind
    service: Annotated[str, Field(max_length=64)]
    definition_version: Annotated[str, Field(max_length=32)]
    sequence: Annotated[int, Field(ge=1, le=SEQUENCE_MAX, description="per-terminal counter, no gaps")]
    previous_hash: Sha256Hex
    received_at_kiosk: Annotated[str, Field(description="RFC 3339 UTC wall time, as claimed")]
    clock_quality: ClockQuality
    boot_id: str
    monotonic_ns: int
    sealed_sha256: Sha256Hex
    sealed: Base64
    # Left out when there are none: so the hashes of items from before stay, and an older centre takes the others.
    attachments: Annotated[
        tuple[Attachment, ...], Field(max_length=ATTACHMENTS_MAX, exclude_if=operator.not_)
    ] = ()
    # No part of the header, whose hash was given out before: only says why no body comes with it.
    erased: Annotated[
        bool,
        Field(exclude_if=operator.not_, description="withdrawn before it was sent: no body, no attachments"),
    ] = False

    @property
    def enclosed(self) -> tuple[Attachment, ...]:
        """The attachments that come with it."""
        return () if self.erased else self.attachments

    def header(self) -> dict[str, Any]:
        """Everything but the body."""
        return self.model_dump(mode="json", exclude={"sealed", "erased"})

    def chain_hash(self) -> str:
        """SHA-256 over the canonical header (RFC 8785), which covers the body by its hash."""
        return self.hash_of(self.header())

    @staticmethod
    def hash_of(header: Mapping[str, Any]) -> str:
        # RFC 8785 knows no integer over 2**53 - 1, which is 104 days of nanoseconds since boot.
        plain = {**header, "monotonic_ns": str(header["monotonic_ns"])}
        return hashlib.sha256(canonical(plain)).hexdigest()

    def body_matches(self) -> bool:
        """Whether the sealed body has the hash that the header names; an erased case has none."""
        if self.erased:
            return self.kind is Kind.CASE and not self.sealed
        return hashlib.sha256(self.sealed).hexdigest() == self.sealed_sha256


class ChainHead(Message):
    """The end of a terminal's chain, signed with its Ed25519 key."""

    sequence: Annotated[int, Field(ge=0, le=SEQUENCE_MAX)]
    hash: Sha256Hex
    signature: Base64

    @staticmethod
    def signed_bytes(terminal: str, sequence: int, hash_: str) -> bytes:
        return canonical(
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
    """The centre's signed word that it has the item; only this permits deletion. It can be proved alone.

    Without `path` the signature covers this item. With it, it covers the root of a tree of all items that one
    answer acknowledged (`offline_queue.hash_tree`), and the path leads there from this item.
    """

    item_id: Id
    item_hash: Sha256Hex
    """`Item.chain_hash()` of the item as registered."""
    registered_at: Time
    key_id: Id
    signature: Base64
    # Left out when there is none: a terminal that does not know it takes no unknown key.
    path: Annotated[tuple[Base64, ...] | None, Field(max_length=PATH_MAX, exclude_if=_is_none)] = None

    def signed_bytes(self) -> bytes:
        if self.path is not None:
            leaf = self.leaf_of(self.item_id, self.item_hash, self.registered_at)
            return self.root_bytes(hash_tree.root(leaf, self.path), self.key_id)
        return self.bytes_of(self.model_dump(mode="json", exclude={"signature", "path"}))

    @staticmethod
    def bytes_of(told: Mapping[str, str]) -> bytes:
        """What the signature of one item covers: every other field."""
        return canonical({"purpose": "jiujin.acknowledgement/1", **told})

    @staticmethod
    def leaf_of(item_id: str, item_hash: str, registered_at: str) -> bytes:
        told = {"item_id": item_id, "item_hash": item_hash, "registered_at": registered_at}
        return hash_tree.leaf(canonical(told))

    @staticmethod
    def root_bytes(root: bytes, key_id: str) -> bytes:
        """What the signature of a tree covers."""
        return canonical({"purpose": "jiujin.acknowledgement/2", "root": root.hex(), "key_id": key_id})


class Taken(Message):
    """What a verdict adds to the tree of its answer: with the item's id the content of one leaf."""

    item_hash: Sha256Hex
    registered_at: Time


class TreeSignature(Message):
    """Over the root of the tree of an answer: a leaf for each verdict that is `taken`, in their order."""

    key_id: Id
    signature: Base64


class Verdict(Message):
    """One per item. `registered` and `duplicate` carry an acknowledgement, or are `taken` in a signed tree."""

    item_id: Id
    kind: VerdictKind
    reason: CentreWords = ""
    retry_after_s: Wait | None = None
    acknowledgement: Acknowledgement | None = None
    case_state: Id = ""
    taken: Annotated[Taken | None, Field(exclude_if=_is_none)] = None


class BatchAnswer(Message):
    """Verdicts in the order of the items. `tree` only for a terminal that asked for it with `PREFER_TREE`."""

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    verdicts: Annotated[tuple[Verdict, ...], Field(max_length=BATCH_ITEMS_MAX)]
    centre_time: Time
    tree: Annotated[TreeSignature | None, Field(exclude_if=_is_none)] = None


class UploadFault(StrEnum):
    """Why a part was not taken: it does not begin where the centre's part ends, or the whole had another digest."""

    OFFSET = "offset"
    DIGEST = "digest"


class UploadState(Message):
    """What the centre holds of one attachment: the next part begins at `offset` (bytes)."""

    offset: Annotated[int, Field(ge=0, le=ATTACHMENT_BYTES_MAX)]
    whole: bool
    fault: UploadFault | None = None


class Heartbeat(Message):
    """Last state of a terminal; `body` is opaque to the queue (`kiosk.health` writes it)."""

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    terminal: Terminal
    head: ChainHead
    body: dict[str, Any]


class HeartbeatAnswer(Message):
    """The centre heard it; `interval_s` is when it wants the next one, `inbox` the newest number there."""

    centre_time: Time
    interval_s: Wait = 300.0
    inbox: Annotated[int, Field(ge=0, le=SEQUENCE_MAX)] = 0


class Problem(Message):
    """An error about the request as a whole (401, 403, 413, 422, 503): items stay queued."""

    code: Id
    message_zh: CentreWords
    message_en: CentreWords
    centre_time: Time = ""
    """RFC 3339 UTC; filled when `code` is `clock`, so that a terminal can sign again with it."""
