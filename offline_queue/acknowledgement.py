"""Whether the centre's word is good: only then may a sealed body be dropped."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Protocol

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue import hash_tree, wire
from offline_queue.wire import Acknowledgement


def each_its_own(answer: wire.BatchAnswer) -> wire.BatchAnswer:
    """The same answer with an acknowledgement in each verdict whose item is in the answer's signed tree."""
    tree = answer.tree
    told = [(verdict.item_id, verdict.taken) for verdict in answer.verdicts if verdict.taken is not None]
    if tree is None or not told:
        return answer
    grown = hash_tree.levels(
        [Acknowledgement.leaf_of(id_, taken.item_hash, taken.registered_at) for id_, taken in told]
    )
    paths = (hash_tree.path(grown, place) for place in range(len(told)))
    verdicts = tuple(
        verdict
        if (taken := verdict.taken) is None
        else verdict.model_copy(
            update={
                "acknowledgement": Acknowledgement.model_construct(
                    item_id=verdict.item_id, **dict(taken), **dict(tree), path=next(paths)
                )
            }
        )
        for verdict in answer.verdicts
    )
    return answer.model_copy(update={"verdicts": verdicts})


def fault_of(
    acknowledgement: Acknowledgement | None,
    item_id: str,
    item_hash: str,
    centre_keys: Mapping[str, Ed25519PublicKey],
) -> str:
    """Empty when it is signed by a known key of the centre over exactly this item; else what is wrong."""
    if acknowledgement is None:
        return "no acknowledgement"
    if acknowledgement.item_id != item_id or acknowledgement.item_hash != item_hash:
        return "acknowledges another item"
    return fault_of_signature(acknowledgement, centre_keys)


class SignedWord(Protocol):
    """What the centre signs: an acknowledgement, a letter, a counter-signature."""

    @property
    def key_id(self) -> str: ...
    @property
    def signature(self) -> bytes: ...

    def signed_bytes(self) -> bytes: ...


def fault_of_signature(word: SignedWord, centre_keys: Mapping[str, Ed25519PublicKey]) -> str:
    """Empty when a known key of the centre signed it."""
    key = centre_keys.get(word.key_id)
    if key is None:
        return "signed by an unknown key"
    if not _is_signed(key.public_bytes_raw(), word.signature, word.signed_bytes()):
        return "signature is wrong"
    return ""


@lru_cache(maxsize=1)  # the items of one answer lead to the same root
def _is_signed(public_key: bytes, signature: bytes, content: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, content)
    except InvalidSignature:
        return False
    return True
