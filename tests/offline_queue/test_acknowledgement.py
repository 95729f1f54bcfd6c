"""One signature over an answer: each item's acknowledgement is proved alone, and only for that item."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from hypothesis import given
from hypothesis import strategies as st

from offline_queue import hash_tree
from offline_queue.acknowledgement import each_its_own, fault_of
from offline_queue.wire import (
    BATCH_ITEMS_MAX,
    PATH_MAX,
    Acknowledgement,
    BatchAnswer,
    Taken,
    TreeSignature,
    Verdict,
    VerdictKind,
)

KEY = Ed25519PrivateKey.generate()
KEYS = {"centre": KEY.public_key()}
TIME = "2026-11-26T08:00:00.000Z"


def hash_of(number: int) -> str:
    return f"{number:064x}"


def answered(count: int, *, refused: int | None = None) -> BatchAnswer:
    """The centre's answer to items `0` to `count - 1`, one of which may be refused."""
    numbers = [number for number in range(count) if number != refused]
    leaves = [Acknowledgement.leaf_of(str(number), hash_of(number), TIME) for number in numbers]
    root = hash_tree.levels(leaves)[-1][0]
    signature = KEY.sign(Acknowledgement.root_bytes(root, "centre"))
    verdicts = [
        Verdict(item_id=str(number), kind=VerdictKind.REFUSED)
        if number == refused
        else Verdict(
            item_id=str(number),
            kind=VerdictKind.REGISTERED,
            taken=Taken(item_hash=hash_of(number), registered_at=TIME),
        )
        for number in range(count)
    ]
    tree = TreeSignature(key_id="centre", signature=signature)
    sent = BatchAnswer(verdicts=tuple(verdicts), centre_time=TIME, tree=tree)
    return BatchAnswer.model_validate_json(sent.model_dump_json(by_alias=True))


def stored_alone(answer: BatchAnswer, place: int) -> Acknowledgement:
    """One acknowledgement as a file would hold it."""
    own = each_its_own(answer).verdicts[place].acknowledgement
    assert own is not None
    return Acknowledgement.model_validate_json(own.model_dump_json())


def fault(told: Acknowledgement | None, number: int, keys: dict[str, Ed25519PublicKey] = KEYS) -> str:
    return fault_of(told, str(number), hash_of(number), keys)


@pytest.mark.parametrize("count", [1, 2, 3, 7, 64, 65, BATCH_ITEMS_MAX])
def test_each_item_of_an_answer_is_acknowledged_and_provable_without_the_others(count: int) -> None:
    answer = answered(count)
    assert [fault(stored_alone(answer, number), number) for number in range(count)] == [""] * count
    assert max(len(stored_alone(answer, number).path or ()) for number in range(count)) <= PATH_MAX


def test_a_refused_item_gets_no_acknowledgement_and_takes_no_place_in_the_tree() -> None:
    answer = answered(5, refused=2)
    verdicts = each_its_own(answer).verdicts
    assert fault(verdicts[2].acknowledgement, 2) == "no acknowledgement"
    assert [fault(verdicts[number].acknowledgement, number) for number in (0, 1, 3, 4)] == [""] * 4


def test_the_centres_own_word_about_another_item_or_other_content_is_none_about_this_one() -> None:
    told = stored_alone(answered(3), 1)
    assert fault_of(told, "1", hash_of(1), KEYS) == ""
    assert fault_of(told, "1", hash_of(2), KEYS) == "acknowledges another item"
    assert fault_of(told, "2", hash_of(1), KEYS) == "acknowledges another item"


CHANGES: dict[str, dict[str, object]] = {
    "time": {"registered_at": "2026-11-26T08:00:01.000Z"},
    "shorter path": {"path": ()},
    "no path": {"path": None},
    "other signature": {"signature": b"\0" * 64},
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES.keys())
def test_an_acknowledgement_that_was_changed_is_not_accepted(change: dict[str, object]) -> None:
    assert fault(stored_alone(answered(5), 3).model_copy(update=change), 3) == "signature is wrong"


def test_the_proof_of_one_item_serves_no_other() -> None:
    answer = answered(5)
    assert fault(stored_alone(answer, 3), 4) == "acknowledges another item"
    renamed = stored_alone(answer, 3).model_copy(update={"item_id": "4", "item_hash": hash_of(4)})
    assert fault(renamed, 4) == "signature is wrong"


def test_another_key_of_the_same_name_is_not_the_centre() -> None:
    stranger = {"centre": Ed25519PrivateKey.generate().public_key()}
    assert fault(stored_alone(answered(5), 3), 3, stranger) == "signature is wrong"


def test_an_answer_whose_tree_is_not_signed_acknowledges_nothing() -> None:
    unsigned = answered(3).model_copy(update={"tree": None})
    assert [fault(verdict.acknowledgement, 0) for verdict in each_its_own(unsigned).verdicts] == [
        "no acknowledgement"
    ] * 3


@given(st.lists(st.binary(max_size=8), min_size=1, max_size=130), st.data())
def test_a_path_leads_from_its_leaf_to_the_root_and_from_nothing_else(
    contents: list[bytes], data: st.DataObject
) -> None:
    tree = hash_tree.levels([hash_tree.leaf(content) for content in contents])
    (root,) = tree[-1]
    place = data.draw(st.integers(0, len(contents) - 1))
    neighbours = hash_tree.path(tree, place)
    assert hash_tree.root(hash_tree.leaf(contents[place]), neighbours) == root
    stranger = data.draw(st.binary(max_size=64).filter(lambda content: content not in contents))
    assert hash_tree.root(hash_tree.leaf(stranger), neighbours) != root


def test_a_pair_of_nodes_is_not_taken_for_a_leaf() -> None:
    one, other = sorted(hash_tree.leaf(content) for content in (b"a", b"b"))
    (root,) = hash_tree.levels([one, other])[-1]
    assert root not in (hash_tree.leaf(one + other), hash_tree.leaf(b"\1" + one + other))
