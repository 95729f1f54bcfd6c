"""A second case about the same business is noticed while the first waits; the disk tells nobody whose it is."""

from __future__ import annotations

import hashlib
import hmac

from offline_queue.duplicates import DAY_NS, DuplicateKeys
from offline_queue.records import ItemState, Settlement
from tests.offline_queue.stolen import every_byte
from tests.offline_queue.terminal import TerminalKit, committed, draft

BUSINESS = "110199199001019998:2026"


def test_it_waits_until_the_last_of_them_is_acknowledged(kit: TerminalKit) -> None:
    outbox = kit.open()
    assert not outbox.duplicate_waits(BUSINESS)
    for lane in ("ONE", "TWO"):
        committed(outbox, draft(lane=lane, business=BUSINESS))
    for sequence in (1, 2):
        assert outbox.duplicate_waits(BUSINESS)
        assert not outbox.duplicate_waits(BUSINESS + "1")
        outbox.deliveries.settle([Settlement(sequence, ItemState.ACKNOWLEDGED, "registered")])
    assert not outbox.duplicate_waits(BUSINESS)
    outbox.close()


def test_who_has_the_disk_and_its_keys_cannot_try_all_numbers(kit: TerminalKit) -> None:
    outbox = kit.open()
    committed(outbox, draft(business=BUSINESS))
    [[stored]] = outbox._owner.ask(lambda c: c.execute("select duplicate_digest from delivery").fetchall())
    outbox.close()
    found = b"".join(every_byte(kit.directory).values())
    assert bytes(stored) in found, "the search finds what is there"
    held = (b"", kit.database_key, kit.signing_key.private_bytes_raw())
    guesses = [hmac.digest(key, BUSINESS.encode(), "sha256") for key in held]
    guesses.append(hashlib.sha256(BUSINESS.encode()).digest())
    assert not [guess for guess in guesses if guess in found]
    again = kit.open()
    assert not again.duplicate_waits(BUSINESS), "the key was in memory only"
    again.close()


def test_the_key_changes_daily_and_yesterdays_still_recognises() -> None:
    now = [DAY_NS - 1]
    keys = DuplicateKeys(lambda: now[0])
    first = keys.digest(BUSINESS)
    assert keys.digests(BUSINESS) == (first,)
    now[0] += 1
    assert keys.digest(BUSINESS) != first
    assert keys.digests(BUSINESS)[1:] == (first,)
    now[0] += DAY_NS
    assert first not in keys.digests(BUSINESS)
