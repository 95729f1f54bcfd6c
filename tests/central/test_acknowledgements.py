"""One signature an answer for terminals that ask for it; older ones get each acknowledgement signed by itself."""

from __future__ import annotations

from pathlib import Path

from offline_queue.acknowledgement import fault_of
from offline_queue.wire import BATCH_PATH, Item, Verdict, VerdictKind
from tests.central.station import Station, answer_of
from tests.central.test_batch import centre_keys

OLDER_ANSWER = {"schema", "verdicts", "centre_time"}
OLDER_VERDICT = {"item_id", "kind", "reason", "retry_after_s", "acknowledgement", "case_state"}
OLDER_ACKNOWLEDGEMENT = {"item_id", "item_hash", "registered_at", "key_id", "signature"}
"""All that an older release knows; it takes no answer with a key more."""


def faults(items: list[Item], verdicts: tuple[Verdict, ...], trust: Path) -> list[str]:
    keys = centre_keys(trust)
    return [
        fault_of(verdict.acknowledgement, item.id, item.chain_hash(), keys)
        for item, verdict in zip(items, verdicts, strict=True)
    ]


def test_a_batch_is_acknowledged_by_one_signature_that_proves_each_item(
    station: Station, trust: Path
) -> None:
    items = [station.item() for _ in range(5)]
    response = station.post(BATCH_PATH, station.batch(*items))
    assert response.text.count('"signature"') == 1
    assert faults(items, answer_of(response).verdicts, trust) == [""] * 5


def test_what_was_registered_before_is_acknowledged_beside_what_is_new(station: Station, trust: Path) -> None:
    known = [station.item() for _ in range(2)]
    before = station.send(*known)
    new = [station.item() for _ in range(2)]
    verdicts = station.send(known[0], new[0], known[1], new[1])
    kinds = [verdict.kind for verdict in verdicts]
    assert kinds == [VerdictKind.DUPLICATE, VerdictKind.REGISTERED] * 2
    assert faults([known[0], new[0], known[1], new[1]], verdicts, trust) == [""] * 4
    times = [verdict.acknowledgement and verdict.acknowledgement.registered_at for verdict in before]
    again = [verdicts[place].acknowledgement for place in (0, 2)]
    assert [acknowledgement and acknowledgement.registered_at for acknowledgement in again] == times


def test_a_refused_item_is_no_part_of_what_is_signed(station: Station, trust: Path) -> None:
    items = [station.item() for _ in range(3)]
    items[1] = items[1].model_copy(update={"sealed_sha256": "0" * 64})
    verdicts = station.send(*items)
    assert [verdict.kind.value for verdict in verdicts] == ["registered", "refused", "registered"]
    assert faults(items, verdicts, trust) == ["", "no acknowledgement", ""]


def test_an_older_terminal_gets_each_acknowledgement_signed_and_no_key_that_it_does_not_know(
    station: Station, trust: Path
) -> None:
    station.prefers_tree = False
    items = [station.item() for _ in range(3)]
    response = station.post(BATCH_PATH, station.batch(*items))
    document = response.json()
    assert document.keys() == OLDER_ANSWER
    for verdict in document["verdicts"]:
        assert verdict.keys() == OLDER_VERDICT
        assert verdict["acknowledgement"].keys() == OLDER_ACKNOWLEDGEMENT
    assert faults(items, answer_of(response).verdicts, trust) == [""] * 3


def test_a_terminal_that_is_updated_in_between_is_told_the_same_in_the_new_form(
    station: Station, trust: Path
) -> None:
    item = station.item()
    station.prefers_tree = False
    (older,) = station.send(item)
    station.prefers_tree = True
    (newer,) = station.send(item)
    assert faults([item, item], (older, newer), trust) == ["", ""]
    assert older.acknowledgement is not None
    assert newer.acknowledgement is not None
    assert newer.acknowledgement.registered_at == older.acknowledgement.registered_at
