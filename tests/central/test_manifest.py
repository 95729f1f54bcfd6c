"""Reconciliation (rule F25): what the centre acknowledged and has no more is named, and a backup doubles nothing."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from central.server import RunningCentre
from central.trust import load_trust
from offline_queue import Link, Outbox, Sender
from offline_queue.manifest import ITEMS_MAX, MANIFEST_PATH, SPANS_MAX, Manifest, ManifestAnswer
from offline_queue.records import Reconciliation
from tests.central.backups import put_back, save
from tests.central.station import Station, centre
from tests.central.test_copied_disk import take_a_case, terminal
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import FAST, TERMINAL


@contextmanager
def sending(outbox: Outbox, running: RunningCentre, station: Station, trust: Path) -> Iterator[Sender]:
    assert station.key is not None
    acknowledging = load_trust(trust, production=False)
    link = Link(running.url, terminal=TERMINAL, signing_key=station.key, ca_file=trust / "ca.pem")
    keys = {acknowledging.acknowledgement_key_id: acknowledging.acknowledgement_key.public_key()}
    sender = Sender(outbox, link, centre_keys=keys, policy=FAST, heartbeat_body=dict)
    with closing(sender):
        sender.start()
        yield sender


def send_all(outbox: Outbox, sender: Sender) -> None:
    sender.wake()
    assert wait_until(lambda: outbox.counters().pending == 0)


def reconciled(outbox: Outbox, sender: Sender) -> Reconciliation:
    """The word that the centre gives when it is asked now."""
    before = outbox.deliveries.reconciliation().asked_at
    sender.reconcile()
    assert wait_until(lambda: outbox.deliveries.reconciliation().asked_at != before), sender.status()
    return outbox.deliveries.reconciliation()


def test_a_restored_backup_doubles_nothing_and_what_it_lacks_is_named(
    database: str, trust: Path, tmp_path: Path
) -> None:
    early, late = tmp_path / "early", tmp_path / "late"
    with terminal(tmp_path / "disk", trust) as outbox:
        for _ in range(2):
            take_a_case(outbox)
        with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
            with sending(outbox, running, station, trust) as sender:
                send_all(outbox, sender)
                save(database, early)
                for _ in range(2):
                    take_a_case(outbox)
                send_all(outbox, sender)
                word = reconciled(outbox, sender)
                assert word.whole
                assert word.counter_signature is not None
                assert word.counter_signature.head_sequence == 4
            save(database, late)
        put_back(database, early)
        take_a_case(outbox)
        with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
            with sending(outbox, running, station, trust) as sender:
                send_all(outbox, sender)
                word = reconciled(outbox, sender)
                assert (word.missing, word.differing) == (2, False)
                assert word.counter_signature is not None, "the older word stays as evidence"
            assert sum(station.metric("jiujin_cases").values()) == 3
            page = station.page(f"/ops/terminals/{TERMINAL}")
            assert "manifest.missing" in page
            assert re.search(r"2 missing, at 3-4", page)
        put_back(database, late)
        with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
            with sending(outbox, running, station, trust) as sender:
                assert reconciled(outbox, sender).missing == 1, "the fifth came after that backup"
            assert sum(station.metric("jiujin_cases").values()) == 4


def test_everything_sent_again_after_a_restore_is_registered_once(
    database: str, trust: Path, tmp_path: Path
) -> None:
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        items = [station.item() for _ in range(3)]
        station.send(*items)
        save(database, tmp_path / "saved")
    put_back(database, tmp_path / "saved")
    with centre(database, trust) as running, closing(Station(running.url, trust)) as station:
        verdicts = station.send(*items)
        assert [verdict.kind.value for verdict in verdicts] == ["duplicate"] * 3
        assert sum(station.metric("jiujin_cases").values()) == 3


def ask(station: Station, *delivered: tuple[int, int], digest: str = "0" * 64) -> ManifestAnswer:
    manifest = Manifest(terminal=TERMINAL, head=station.head(), delivered=delivered, digest=digest)
    response = station.post(MANIFEST_PATH, manifest.model_dump_json(by_alias=True).encode())
    assert response.status_code == 200, response.text
    return ManifestAnswer.model_validate_json(response.content)


def test_items_with_other_hashes_are_told_and_not_signed(station: Station) -> None:
    items = [station.item() for _ in range(2)]
    station.send(*items)
    answer = ask(station, (1, 2), digest="a" * 64)
    assert answer.differing
    assert answer.counter_signature is None
    assert "manifest.differing" in station.page(f"/ops/terminals/{TERMINAL}")
    answer = ask(station, (1, 2), digest=Manifest.digest_of(item.chain_hash() for item in items))
    assert not answer.differing
    assert answer.counter_signature is not None
    page = station.page(f"/ops/terminals/{TERMINAL}")
    assert "对账：又一致了" in page
    assert ">manifest.differing<" not in page.partition("最近事件")[0]


def test_many_holes_are_counted_whole_and_told_in_part(station: Station) -> None:
    station.send(station.item())
    answer = ask(station, (1, 1), (3, 3), (5, 90))
    assert answer.missing_items == 87
    assert answer.missing == ((3, 3), (5, 90))


NONE_OF_THEM: tuple[list[list[int]], ...] = (
    [[2, 1]],
    [[1, 3], [3, 4]],
    [[0, 1]],
    [[1, ITEMS_MAX + 1]],
    [[1, 2**70]],
    [[n, n] for n in range(1, 2 * SPANS_MAX + 3, 2)],
)
"""Backwards, overlapping, zero, too many items, huge, too many spans."""


def test_a_manifest_that_is_none_is_refused_and_leaves_nothing(station: Station) -> None:
    good = Manifest(terminal=TERMINAL, head=station.head(), delivered=(), digest="0" * 64)
    for delivered in NONE_OF_THEM:
        body = good.model_dump(mode="json", by_alias=True) | {"delivered": delivered}
        response = station.post(MANIFEST_PATH, json.dumps(body).encode())
        assert response.status_code == 422, delivered
    assert "manifest." not in station.page(f"/ops/terminals/{TERMINAL}")
