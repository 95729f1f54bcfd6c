"""Whether the centre's word is good: only then may a sealed body be dropped."""

from __future__ import annotations

from collections.abc import Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from offline_queue import wire


def fault_of(
    acknowledgement: wire.Acknowledgement | None,
    item_id: str,
    item_hash: str,
    centre_keys: Mapping[str, Ed25519PublicKey],
) -> str:
    """Empty when it is signed by a known key of the centre over exactly this item; else what is wrong."""
    if acknowledgement is None:
        return "no acknowledgement"
    if acknowledgement.item_id != item_id or acknowledgement.item_hash != item_hash:
        return "acknowledges another item"
    key = centre_keys.get(acknowledgement.key_id)
    if key is None:
        return "signed by an unknown key"
    try:
        key.verify(acknowledgement.signature, acknowledgement.signed_bytes())
    except InvalidSignature:
        return "signature is wrong"
    return ""
