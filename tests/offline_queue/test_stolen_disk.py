"""Who has the disk and every key of the terminal reads nobody's data."""

from __future__ import annotations

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from offline_queue.records import ItemState, Settlement
from offline_queue.seal import SealBroken, item_aad, open_sealed
from tests.offline_queue.stolen import every_byte, places_of
from tests.offline_queue.terminal import TerminalKit, committed, draft

NAME, NUMBER = "测试甲", "110199199001019998"
PAYLOAD = f'{{"name": "{NAME}", "number": "{NUMBER}"}}'.encode()
PLANTED = "PLANTEDCONTROL"


@pytest.mark.parametrize("closed", [False, True])
def test_no_plaintext_anywhere(kit: TerminalKit, closed: bool) -> None:
    outbox = kit.open()
    for number in range(5):
        committed(outbox, draft(lane=f"{PLANTED}{number}", payload=PAYLOAD))
    outbox.deliveries.settle([Settlement(1, ItemState.ACKNOWLEDGED, "registered")])
    if closed:
        outbox.close()
    found = every_byte(kit.directory)
    assert places_of(PLANTED, found), "a case code tells of nobody: the search finds what is there"
    assert {"outbox.ballast", "outbox.db"} < set(found)
    assert places_of(NAME, found) + places_of(NUMBER, found) == []
    outbox.close()


def test_a_seal_that_only_compressed_would_be_noticed(
    kit: TerminalKit, monkeypatch: pytest.MonkeyPatch
) -> None:
    compress = zstandard.ZstdCompressor(level=3).compress
    monkeypatch.setattr("offline_queue.store.seal", lambda payload, _key, _aad: compress(payload))
    outbox = kit.open()
    committed(outbox, draft(payload=PAYLOAD))
    found = every_byte(kit.directory)
    assert places_of(NAME, found)
    assert places_of(NUMBER, found)
    outbox.close()


def test_no_key_of_the_terminal_opens_what_it_sealed(kit: TerminalKit) -> None:
    outbox = kit.open()
    wanted = draft(payload=PAYLOAD)
    committed(outbox, wanted)
    [item] = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=9999)
    aad = item_aad(
        terminal=item.terminal, item_id=item.id, lane=item.lane, kind=item.kind.value, service=item.service,
        definition_version=item.definition_version,
    )  # fmt: skip
    outbox.close()
    assert open_sealed(item.sealed, {"seal-1": kit.sealing_private}, aad) == PAYLOAD, "the centre's does"
    for held in (kit.database_key, kit.signing_key.private_bytes_raw()):
        key = X25519PrivateKey.from_private_bytes(held)
        assert open_sealed(item.sealed, {"seal-1": key}, aad) == SealBroken("tampered", "seal-1")
