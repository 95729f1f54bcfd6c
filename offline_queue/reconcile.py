"""The terminal's part of a reconciliation: tell what was acknowledged, check and keep the centre's word on it."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue.acknowledgement import fault_of_signature
from offline_queue.manifest import (
    ITEMS_MAX,
    SPANS_MAX,
    CounterSignature,
    Manifest,
    ManifestAnswer,
    spans_of,
)
from offline_queue.records import Reconciliation
from offline_queue.schema import Connection
from offline_queue.transactions import transaction
from offline_queue.wire import ChainHead


def acknowledged(connection: Connection) -> tuple[list[int], list[str]]:
    """Sequences and hashes of the newest acknowledged items that are still known here, ascending."""
    rows = connection.execute(
        "select sequence, item_hash from settled join delivery using (sequence) where state = 'acknowledged' "
        "order by sequence desc limit ?",
        (ITEMS_MAX,),
    ).fetchall()
    return [row[0] for row in reversed(rows)], [row[1] for row in reversed(rows)]


def build(connection: Connection, terminal: str, head: ChainHead) -> Manifest:
    """Of the newest `SPANS_MAX` stretches when there are more: what came first was compared on earlier days."""
    sequences, hashes = acknowledged(connection)
    spans = spans_of(sequences)[-SPANS_MAX:]
    first = spans[0][0] if spans else 0
    digest = Manifest.digest_of(
        hash_ for sequence, hash_ in zip(sequences, hashes, strict=True) if sequence >= first
    )
    return Manifest(terminal=terminal, head=head, delivered=spans, digest=digest)


def fault_of(answer: ManifestAnswer, asked: Manifest, centre_keys: Mapping[str, Ed25519PublicKey]) -> str:
    """Empty when the centre's word is about exactly this manifest; else what is wrong with it."""
    signed = answer.counter_signature
    if signed is None:
        return "" if answer.missing_items or answer.differing else "no counter-signature"
    told = (signed.terminal, signed.head_sequence, signed.head_hash, signed.digest)
    if told != (asked.terminal, asked.head.sequence, asked.head.hash, asked.digest):
        return "signs another manifest"
    return fault_of_signature(signed, centre_keys)


def keep(connection: Connection, answer: ManifestAnswer) -> None:
    """The last word replaces the one before; a good counter-signature stays until the next good one."""
    with transaction(connection):
        connection.execute(
            "update reconciliation set asked_at = ?, missing = ?, differing = ?",
            (answer.centre_time, answer.missing_items, answer.differing),
        )
        if answer.counter_signature is not None:
            connection.execute(
                "update reconciliation set counter_signature = ?",
                (answer.counter_signature.model_dump_json(),),
            )


def kept(connection: Connection) -> Reconciliation:
    asked_at, missing, differing, signed = connection.execute(
        "select asked_at, missing, differing, counter_signature from reconciliation"
    ).fetchone()
    counter_signature = CounterSignature.model_validate_json(signed) if signed else None
    return Reconciliation(asked_at, missing, bool(differing), counter_signature)
