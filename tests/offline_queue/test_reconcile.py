"""The centre's word on what it holds is believed only about exactly what was asked, by a key that is known."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from offline_queue.manifest import CounterSignature, Manifest, ManifestAnswer, spans_of
from offline_queue.reconcile import fault_of
from offline_queue.wire import GENESIS_HASH, ChainHead

KEY = Ed25519PrivateKey.generate()
KEYS = {"centre": KEY.public_key()}
ASKED = Manifest(
    terminal="0142",
    head=ChainHead(sequence=4, hash="a" * 64, signature=b"."),
    delivered=((1, 4),),
    digest="b" * 64,
)
AT = "2026-11-25T08:00:00.000Z"


def signed(key: Ed25519PrivateKey = KEY, **changes: Any) -> ManifestAnswer:
    told = {"terminal": "0142", "head_sequence": 4, "head_hash": "a" * 64, "digest": "b" * 64, "at": AT,
            "key_id": "centre", "signature": b"", **changes}  # fmt: skip
    word = CounterSignature.model_validate(told)
    word = word.model_copy(update={"signature": key.sign(word.signed_bytes())})
    return ManifestAnswer(counter_signature=word, centre_time=AT)


def test_a_word_about_this_manifest_is_good() -> None:
    assert fault_of(signed(), ASKED, KEYS) == ""


@pytest.mark.parametrize(
    "changes",
    [{"terminal": "0777"}, {"head_sequence": 5}, {"head_hash": "c" * 64}, {"digest": GENESIS_HASH}],
    ids=lambda changes: next(iter(changes)),
)
def test_a_word_about_another_one_is_not(changes: dict[str, Any]) -> None:
    assert fault_of(signed(**changes), ASKED, KEYS) == "signs another manifest"


def test_nor_one_by_another_key() -> None:
    assert fault_of(signed(key_id="other"), ASKED, KEYS) == "signed by an unknown key"
    assert fault_of(signed(Ed25519PrivateKey.generate()), ASKED, KEYS) == "signature is wrong"


def test_all_well_without_a_signature_is_no_word_at_all() -> None:
    assert fault_of(ManifestAnswer(centre_time=AT), ASKED, KEYS) == "no counter-signature"
    assert fault_of(ManifestAnswer(missing_items=1, centre_time=AT), ASKED, KEYS) == ""


def test_a_changed_time_breaks_the_signature() -> None:
    answer = signed()
    assert answer.counter_signature is not None
    moved = answer.counter_signature.model_copy(update={"at": "2026-11-26T08:00:00.000Z"})
    assert (
        fault_of(answer.model_copy(update={"counter_signature": moved}), ASKED, KEYS) == "signature is wrong"
    )


@given(st.sets(st.integers(1, 200)))
def test_spans_hold_every_number_once_and_no_other(numbers: set[int]) -> None:
    spans = spans_of(sorted(numbers))
    assert [n for first, last in spans for n in range(first, last + 1)] == sorted(numbers)
    assert all(later[0] > earlier[1] + 1 for earlier, later in itertools.pairwise(spans))
