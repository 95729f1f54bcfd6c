"""Who has the disk and every key of the terminal reads nobody's data."""

from __future__ import annotations

import hashlib
import hmac
import json
import random
from dataclasses import replace

import pytest
import zstandard
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from offline_queue import intake, schema
from offline_queue.database import derived, migrate_outbox
from offline_queue.records import Attached, Draft, ItemState, NotCommitted, Refused, Settlement
from offline_queue.seal import SealBroken, item_aad, open_sealed
from offline_queue.store import Outbox
from offline_queue.wire import Kind
from tests.offline_queue.stolen import every_byte, places_of
from tests.offline_queue.terminal import TERMINAL, TerminalKit, committed, draft

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


def test_what_the_centre_has_is_not_left_in_the_free_pages(kit: TerminalKit) -> None:
    """Sealed, but sealed bytes too are nobody's once the centre has them: a key may be lost in ten years."""
    outbox = kit.open()
    chance = random.Random(7)  # noqa: S311 - a test's bytes
    picture = Attached("image/jpeg", chance.randbytes(20_000))
    for lane, payload in (("SMALL", b"words"), ("LARGE", chance.randbytes(9000))):
        committed(outbox, draft(lane=lane, payload=payload, attachments=(picture,)))
    outbox.deliveries.catch_up()
    items = [*outbox.deliveries.unsettled()]
    sealed = [item.sealed for item in items]
    for item in items:
        attached = outbox.deliveries.attachment(item.sequence, 1)
        assert attached is not None
        sealed.append(attached)
    # Within one page: a page's own bytes come between those of longer ones.
    pieces = [one[at : at + 48] for one in sealed for at in range(0, len(one) - 48, 48)]
    outbox.close()

    def left() -> int:
        found = b"".join(every_byte(kit.directory).values())
        return sum(piece in found for piece in pieces)

    assert left() > 0.9 * len(pieces), "the search finds what is there"
    outbox = kit.open()
    outbox.deliveries.settle([Settlement(n, ItemState.ACKNOWLEDGED, "registered") for n in (1, 2)])
    outbox.close()
    assert left() == 0


LEVELS = [json.dumps({"level": level}).encode() for level in range(1, 6)]
WITHOUT_NONCE = schema.MIGRATIONS.index(schema._NO_GUESSES)
"""The version of an outbox whose MACs were made without one."""


def aad_of(wanted: Draft) -> bytes:
    return item_aad(
        terminal=TERMINAL, item_id=wanted.id, lane=wanted.lane, kind=wanted.kind.value, service=wanted.service,
        definition_version=wanted.definition_version,
    )  # fmt: skip


def mac_of_before(kit: TerminalKit, wanted: Draft) -> bytes:
    told = json.dumps(
        [aad_of(wanted).hex(), hashlib.sha256(wanted.payload).hexdigest()], separators=(",", ":")
    )
    return hmac.digest(derived(kit.database_key, "content"), told.encode(), "sha256")


def guessed(kit: TerminalKit, wanted: Draft, nonce: bytes) -> list[bytes]:
    """The levels whose MAC, made with all that lies on the disk and this nonce, is found there."""
    found = b"".join(every_byte(kit.directory).values())
    key, aad = derived(kit.database_key, "content"), aad_of(wanted)
    tries = {level: replace(wanted, payload=level, nonce=nonce) for level in LEVELS}
    return [
        level
        for level, tried in tries.items()
        if intake.content_mac(key, tried, aad) in found or mac_of_before(kit, tried) in found
    ]


@pytest.mark.parametrize("settled", [False, True])
def test_an_evaluation_is_not_guessed_with_the_key_that_lies_beside_it(
    kit: TerminalKit, settled: bool
) -> None:
    outbox = kit.open()
    wanted = draft(kind=Kind.EVALUATION, payload=LEVELS[2])
    committed(outbox, wanted)
    if settled:
        outbox.deliveries.settle([Settlement(1, ItemState.ACKNOWLEDGED, "registered")])
    assert guessed(kit, wanted, wanted.nonce) == [LEVELS[2]], (
        "who has the nonce knows it again: the search finds"
    )
    assert guessed(kit, wanted, bytes(16)) == []
    assert wanted.nonce not in b"".join(every_byte(kit.directory).values())
    assert committed(outbox, wanted).already
    outbox.close()


def test_the_length_of_what_is_sealed_does_not_tell_the_level(outbox: Outbox) -> None:
    for number, level in enumerate(LEVELS):
        committed(outbox, draft(lane=f"LANE{number}", kind=Kind.EVALUATION, payload=level))
    items = outbox.deliveries.next_batch(held_lanes=(), items_max=9, bytes_max=99999)
    assert len({len(item.sealed) for item in items}) == 1


def test_a_nonce_is_never_the_same_nor_short() -> None:
    wanted = draft()
    assert wanted.nonce != draft(id=wanted.id).nonce
    with pytest.raises(ValueError, match="16 bytes"):
        draft(nonce=b"")


def write_as_before(kit: TerminalKit, outbox: Outbox, wanted: Draft) -> None:
    """Commit it as a program without nonces did."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(intake, "content_mac", lambda *_: mac_of_before(kit, wanted))
        committed(outbox, wanted)


def test_what_was_settled_before_there_was_a_nonce_cannot_be_guessed_any_more(kit: TerminalKit) -> None:
    outbox = kit.open()
    sent, waits, new = (
        draft(lane=lane, kind=Kind.EVALUATION, payload=LEVELS[2]) for lane in ("SENT", "WAITS", "NEW")
    )
    write_as_before(kit, outbox, sent)
    write_as_before(kit, outbox, waits)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("offline_queue.transactions.MAC_BYTES", 32)  # so did that program
        outbox.deliveries.settle([Settlement(1, ItemState.ACKNOWLEDGED, "registered")])
    committed(outbox, new)
    outbox.close()
    migrate_outbox(kit.directory, kit.database_key, WITHOUT_NONCE)
    assert [guessed(kit, one, bytes(16)) for one in (sent, waits)] == [[LEVELS[2]]] * 2

    outbox = kit.open()
    outbox.close()
    assert guessed(kit, sent, bytes(16)) == []
    outbox = kit.open()
    assert committed(outbox, new).already, "what has a nonce is known again, whatever version it lay in"
    for one in (sent, waits):
        answer = outbox.commit(one)
        assert isinstance(answer, NotCommitted)
        assert (answer.reason, "cannot be compared" in answer.detail) == (Refused.CONFLICT, True)
    outbox.deliveries.settle([Settlement(2, ItemState.ACKNOWLEDGED, "registered")])
    outbox.close()
    assert guessed(kit, waits, bytes(16)) == []


def test_what_makes_business_the_same_is_not_guessed_either(kit: TerminalKit) -> None:
    """Its key is never on the disk: with every key that is, no guess is found."""
    outbox = kit.open()
    business = f"{NUMBER} 2026"
    committed(outbox, draft(business=business))
    (digest,) = outbox._duplicates.digests(business)
    found = b"".join(every_byte(kit.directory).values())
    assert digest in found, "the search finds what is there"
    purposes = ("content", "keycheck", "duplicates", "business")
    held = [
        kit.database_key,
        kit.signing_key.private_bytes_raw(),
        bytes(32),
        *(derived(kit.database_key, p) for p in purposes),
    ]
    assert [key for key in held if hmac.digest(key, business.encode(), "sha256") in found] == []
    assert all(key not in found for key in outbox._duplicates._keys.values())
    outbox.deliveries.settle([Settlement(1, ItemState.ACKNOWLEDGED, "registered")])
    outbox.close()
    assert digest not in b"".join(every_byte(kit.directory).values()), "and dropped at the acknowledgement"
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
