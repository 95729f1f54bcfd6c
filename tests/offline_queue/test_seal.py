from __future__ import annotations

from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.hpke import MLKEM768X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from offline_queue.seal import (
    PAYLOAD_BYTES_MAX,
    PrivateKey,
    SealBroken,
    SealingKey,
    attachment_aad,
    item_aad,
    open_sealed,
    seal,
)

PLAIN = X25519PrivateKey.generate()
HYBRID = MLKEM768X25519PrivateKey(MLKEM768PrivateKey.generate(), X25519PrivateKey.generate())
PRIVATE: dict[str, PrivateKey] = {"plain": PLAIN, "hybrid": HYBRID}
KEYS = (SealingKey("plain", PLAIN.public_key()), SealingKey("hybrid", HYBRID.public_key()))
AAD = item_aad(terminal="0142", item_id="1", lane="L", kind="case", service="s", definition_version="1")


@given(payload=st.binary(max_size=4000), key=st.sampled_from(KEYS))
def test_opens_only_for_what_it_belongs_to(payload: bytes, key: SealingKey) -> None:
    envelope = seal(payload, key, AAD)
    assert open_sealed(envelope, PRIVATE, AAD) == payload
    assert open_sealed(envelope, PRIVATE, AAD + b" ") == SealBroken("tampered", key.key_id)
    assert open_sealed(envelope, {}, AAD) == SealBroken("unknown_key", key.key_id)
    other = X25519PrivateKey.generate()
    assert isinstance(open_sealed(envelope, {key.key_id: other}, AAD), SealBroken)


@given(position=st.integers(min_value=0, max_value=10_000), key=st.sampled_from(KEYS))
def test_any_changed_byte_is_noticed(position: int, key: SealingKey) -> None:
    envelope = bytearray(seal(b"words", key, AAD))
    envelope[position % len(envelope)] ^= 1
    assert isinstance(open_sealed(bytes(envelope), PRIVATE, AAD), SealBroken)


@given(st.binary(max_size=60) | st.binary(max_size=60).map(lambda tail: b"JJS" + tail))
def test_rubbish_is_a_value(envelope: bytes) -> None:
    assert isinstance(open_sealed(envelope, PRIVATE, AAD), SealBroken)


@pytest.mark.parametrize("key", KEYS, ids=lambda key: key.key_id)
def test_an_attachment_opens_only_in_its_own_place(key: SealingKey) -> None:
    place: dict[str, Any] = {"terminal": "0142", "item_id": "1", "number": 1, "media_type": "image/jpeg"}
    picture = bytes(range(256)) * 1000
    envelope = seal(picture, key, attachment_aad(**place))
    assert open_sealed(envelope, PRIVATE, attachment_aad(**place)) == picture
    for change in ({"terminal": "0777"}, {"item_id": "2"}, {"number": 2}, {"media_type": "image/png"}):
        moved = attachment_aad(**{**place, **change})
        assert open_sealed(envelope, PRIVATE, moved) == SealBroken("tampered", key.key_id)
    assert open_sealed(envelope, PRIVATE, AAD) == SealBroken("tampered", key.key_id), "nor as a case"


def test_too_large_and_misnamed_are_defects_of_the_caller() -> None:
    with pytest.raises(ValueError, match="at most"):
        seal(bytes(PAYLOAD_BYTES_MAX + 1), KEYS[0], AAD)
    with pytest.raises(ValueError, match="ASCII"):
        SealingKey("钥", PLAIN.public_key())
    assert open_sealed(seal(bytes(PAYLOAD_BYTES_MAX), KEYS[0], AAD), PRIVATE, AAD) == bytes(PAYLOAD_BYTES_MAX)
