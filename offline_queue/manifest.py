"""The messages of a reconciliation: what a terminal was acknowledged against what the centre holds (rule F25).

Shared by both ends, as `wire` is. A chain head that every heartbeat brings shows items that never came;
a manifest shows those that came and are gone, as after a restored backup of the centre.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from offline_queue.wire import (
    SCHEMA,
    SEQUENCE_MAX,
    Base64,
    ChainHead,
    Id,
    Message,
    Sha256Hex,
    Terminal,
    Time,
    canonical,
)

MANIFEST_PATH = "/v1/manifest"
SPANS_MAX = 1000
ITEMS_MAX = 100_000

Sequence = Annotated[int, Field(ge=1, le=SEQUENCE_MAX)]
Span = tuple[Sequence, Sequence]
"""First and last sequence of an unbroken stretch."""


class Manifest(Message):
    """Which items the centre has acknowledged to this terminal, for it to compare with what it holds.

    `delivered`: ascending and apart from each other. `digest`: `digest_of` their hashes in order.
    """

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    terminal: Terminal
    head: ChainHead
    delivered: Annotated[tuple[Span, ...], Field(max_length=SPANS_MAX)]
    digest: Sha256Hex

    @model_validator(mode="after")
    def _spans_are_in_order(self) -> Self:
        last = 0
        for first, end in self.delivered:
            if not last < first <= end:
                message = "the spans of a manifest ascend and do not touch twice"
                raise ValueError(message)
            last = end
        if sum(end - first + 1 for first, end in self.delivered) > ITEMS_MAX:
            message = f"a manifest names at most {ITEMS_MAX} items"
            raise ValueError(message)
        return self

    @staticmethod
    def digest_of(item_hashes: Iterable[str]) -> str:
        """SHA-256 over the hashes, one after the other."""
        digest = hashlib.sha256()
        for item_hash in item_hashes:
            digest.update(bytes.fromhex(item_hash))
        return digest.hexdigest()


class CounterSignature(Message):
    """The centre's signed word that at this time it held everything that this digest names, up to this head."""

    terminal: Terminal
    head_sequence: Annotated[int, Field(ge=0, le=SEQUENCE_MAX)]
    head_hash: Sha256Hex
    digest: Sha256Hex
    at: Time
    key_id: Id
    signature: Base64

    def signed_bytes(self) -> bytes:
        told = self.model_dump(mode="json", exclude={"signature"})
        return canonical({"purpose": "jiujin.counter-signature/1", **told})


class ManifestAnswer(Message):
    """`missing`: acknowledged once and not here any more. `differing`: all here, with other hashes.

    The counter-signature is there only when nothing is missing and nothing differs. At most
    `SPANS_MAX` spans are told; `missing_items` counts all.
    """

    schema_: Annotated[Literal["jiujin.sync/1"], Field(alias="schema")] = SCHEMA
    missing: Annotated[tuple[Span, ...], Field(max_length=SPANS_MAX)] = ()
    missing_items: Annotated[int, Field(ge=0, le=ITEMS_MAX)] = 0
    differing: bool = False
    counter_signature: CounterSignature | None = None
    centre_time: Time


def spans_of(sequences: Iterable[int]) -> tuple[Span, ...]:
    """Ascending numbers as unbroken stretches."""
    spans: list[Span] = []
    for sequence in sequences:
        if spans and spans[-1][1] + 1 == sequence:
            spans[-1] = (spans[-1][0], sequence)
        else:
            spans.append((sequence, sequence))
    return tuple(spans)
