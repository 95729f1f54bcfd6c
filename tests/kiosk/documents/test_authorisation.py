"""The centre's word, and that it is used once: over restarts, between processes, on a full disk."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest

from drivers.contract import Failed, Ok, Outcome
from kiosk.catalogue.signature import sign
from kiosk.documents.authorisation import Authorisation, Ledger, check
from kiosk.documents.refusal import Refusal
from tests.kiosk.documents.issuer import NOW, TERMINAL, Centre

PDF = b"%PDF-a document"


def allowed(centre: Centre, file: bytes, document: bytes = PDF) -> Refusal | Authorisation:
    found = check(file, document, [centre.key.public_key()], TERMINAL, NOW)
    return found.value if isinstance(found, Ok) else found.reason


def authorisation(**changed: object) -> Authorisation:
    centre = Centre()
    found = allowed(centre, centre.authorise(PDF, **changed))
    assert isinstance(found, Authorisation)
    return found


def test_either_key_of_a_centre_that_changes_its_own_is_good() -> None:
    before, after = Centre(), Centre()
    both = [before.key.public_key(), after.key.public_key()]
    for centre in (before, after):
        assert isinstance(check(centre.authorise(PDF), PDF, both, TERMINAL, NOW), Ok)
    stranger = check(Centre().authorise(PDF), PDF, both, TERMINAL, NOW)
    assert isinstance(stranger, Failed)
    assert stranger.reason is Refusal.AUTHORISATION_FORGED


def test_a_sound_one_allows_its_document_and_no_other() -> None:
    centre = Centre()
    file = centre.authorise(PDF)
    assert isinstance(allowed(centre, file), Authorisation)
    assert allowed(centre, file, PDF + b" ") is Refusal.OTHER_DOCUMENT


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"terminal": "0143"}, Refusal.AUTHORISATION_ELSEWHERE),
        ({"expires_at": NOW.isoformat()}, Refusal.AUTHORISATION_EXPIRED),
        ({"expires_at": "2026-11-26T00:00:00"}, Refusal.AUTHORISATION_UNREADABLE),
        ({"copies": 2}, Refusal.AUTHORISATION_UNREADABLE),
        ({"case_code": "0142K7QF93WDXM2B"}, Refusal.AUTHORISATION_UNREADABLE),
        ({"case_code": "../../etc/passwd"}, Refusal.AUTHORISATION_UNREADABLE),
        ({"id": "1"}, Refusal.AUTHORISATION_UNREADABLE),
        ({"schema": "jiujin.document/2"}, Refusal.AUTHORISATION_UNREADABLE),
        ({"more": 1}, Refusal.AUTHORISATION_UNREADABLE),
    ],
)
def test_what_the_centre_signed_is_still_looked_at(changed: dict[str, object], reason: Refusal) -> None:
    centre = Centre()
    assert allowed(centre, centre.authorise(PDF, **changed)) is reason


def test_only_the_centres_key_counts_and_only_for_this_purpose() -> None:
    centre = Centre()
    file = centre.authorise(PDF)
    assert allowed(Centre(), file) is Refusal.AUTHORISATION_FORGED
    content = json.loads(file)["authorisation"]
    later = {**content, "expires_at": (NOW + timedelta(days=9)).isoformat()}
    forged = {**json.loads(file), "authorisation": later}
    assert allowed(centre, json.dumps(forged).encode()) is Refusal.AUTHORISATION_FORGED
    other = {"authorisation": content, "signature": json.loads(sign(content, centre.key))}
    assert allowed(centre, json.dumps(other).encode()) is Refusal.AUTHORISATION_FORGED


@pytest.mark.parametrize("file", [b"", b"{}", b"[]", b"\xff", b'{"authorisation": {}, "authorisation": {}}'])
def test_what_cannot_be_read_allows_nothing(file: bytes) -> None:
    assert allowed(Centre(), file) is Refusal.AUTHORISATION_UNREADABLE
    empty = b'{"authorisation": {}, "signature": {}}'
    assert allowed(Centre(), empty) is Refusal.AUTHORISATION_FORGED


def test_one_is_used_once_whatever_became_of_it_and_over_restarts(tmp_path: Path) -> None:
    first, second = authorisation(), authorisation()
    ledger = Ledger(tmp_path / "state" / "ledger")
    assert not ledger.is_spent(first)
    assert ledger.spend(first) == Ok(None)
    assert ledger.settle(first, Outcome.UNKNOWN) == Ok(None)
    again = Ledger(tmp_path / "state" / "ledger")
    assert again.is_spent(first)
    assert again.spend(first) == Failed(Refusal.AUTHORISATION_USED)
    assert again.spend(second) == Ok(None)


def test_a_line_torn_by_a_power_cut_is_no_use_and_swallows_no_other(tmp_path: Path) -> None:
    one, other = authorisation(), authorisation()
    path = tmp_path / "ledger"
    path.write_text(f'{{"id": "{one.id}", "ca')
    ledger = Ledger(path)
    assert ledger.spend(other) == Ok(None)
    assert ledger.spend(one) == Ok(None), "nothing was printed before its line was whole"
    for used in (one, other):
        assert Ledger(path).spend(used) == Failed(Refusal.AUTHORISATION_USED)


def test_what_cannot_be_recorded_may_not_be_used(tmp_path: Path) -> None:
    (tmp_path / "ledger").mkdir()
    refused = Ledger(tmp_path / "ledger").spend(authorisation())
    assert isinstance(refused, Failed)
    assert refused.reason is Refusal.NOT_RECORDED


def spend(path: Path, wanted: Authorisation) -> bool:
    return isinstance(Ledger(path).spend(wanted), Ok)


def test_of_two_programs_only_one_gets_it(tmp_path: Path) -> None:
    """The lock belongs to an opened file, so two threads are as foreign to each other as two programs."""
    wanted = [authorisation() for _ in range(20)]
    with ThreadPoolExecutor(4) as pool:
        both = [pool.submit(spend, tmp_path / "ledger", one) for one in wanted for _ in range(4)]
        assert sum(result.result() for result in both) == len(wanted)


def test_a_use_is_on_the_disk_before_it_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[bytes] = []
    real = os.fsync

    def note(descriptor: int) -> None:
        if (tmp_path / "ledger").is_file():
            synced.append((tmp_path / "ledger").read_bytes())
        real(descriptor)

    monkeypatch.setattr(os, "fsync", note)
    used = authorisation()
    assert Ledger(tmp_path / "ledger").spend(used) == Ok(None)
    assert used.id.encode() in synced[0]
