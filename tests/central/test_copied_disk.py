"""What a terminal cannot see from inside, its disk as a whole copied or set back, the centre sees (field case D01)."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from kiosk.case import new_case_code
from offline_queue import Link, Outbox
from offline_queue.link import Answered
from offline_queue.records import ItemState, Settlement
from offline_queue.schema import Connection
from offline_queue.signing import utc_now
from offline_queue.wire import Batch, Heartbeat, VerdictKind
from tests.central.station import SERVICE, VERSION, Station, case_payload, sealing_key, signing_key
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import TERMINAL, committed, draft
from tests.offline_queue.test_salvage import damage


@contextmanager
def terminal(disk: Path, trust: Path) -> Iterator[Outbox]:
    """A real outbox on this disk, with the keys that the centre knows."""
    outbox = Outbox.open(
        disk, terminal=TERMINAL, database_key=bytes(32), signing_key=signing_key(trust, f"terminal_{TERMINAL}"),
        sealing_key=sealing_key(trust), ballast_bytes=0,
    )  # fmt: skip
    with closing(outbox):
        yield outbox


def take_a_case(outbox: Outbox, **changes: Any) -> None:
    code = new_case_code(TERMINAL)
    header = {"lane": code, "service": SERVICE, "definition_version": VERSION, **changes}
    committed(outbox, draft(payload=case_payload(code), **header))


def link(station: Station, now: datetime) -> Link:
    assert station.key is not None
    ca_file = station.trust / "ca.pem"
    return Link(station.url, terminal=TERMINAL, signing_key=station.key, ca_file=ca_file, now=lambda: now)


def send(outbox: Outbox, station: Station) -> None:
    items = outbox.deliveries.next_batch(held_lanes=(), items_max=50, bytes_max=999_999)
    with closing(link(station, utc_now())) as line:
        answer = line.send_batch(Batch(terminal=TERMINAL, head=outbox.head(), items=items))
    assert isinstance(answer, Answered), answer
    assert {verdict.kind for verdict in answer.answer.verdicts} == {VerdictKind.REGISTERED}
    outbox.deliveries.settle([Settlement(i.sequence, ItemState.ACKNOWLEDGED, "registered") for i in items])


def beat(outbox: Outbox, station: Station) -> None:
    """A minute later: the centre compares the order in which heads were signed, to the second."""
    with closing(link(station, utc_now() + timedelta(minutes=1))) as line:
        line.send_heartbeat(Heartbeat(terminal=TERMINAL, head=outbox.head(), body={}))


def forked(station: Station) -> bool:
    return station.metric("jiujin_forked_chains") == {"": 1}


def missing(station: Station) -> int:
    """The missing numbers on the page of the terminal."""
    [number] = re.findall(
        r"Missing numbers.*?<dd[^>]*>(\d+)</dd>", station.page(f"/ops/terminals/{TERMINAL}"), re.DOTALL
    )
    return int(number)


def test_two_machines_from_one_disk(station: Station, trust: Path, tmp_path: Path) -> None:
    with terminal(tmp_path / "disk", trust) as outbox:
        take_a_case(outbox)
        send(outbox, station)
    shutil.copytree(tmp_path / "disk", tmp_path / "clone")
    for disk in ("disk", "clone"):
        assert not forked(station)
        with terminal(tmp_path / disk, trust) as outbox:
            take_a_case(outbox)
            assert outbox.verify().whole, "from inside each of them is whole"
            beat(outbox, station)
    assert forked(station)


def test_a_disk_set_back_to_an_older_state(station: Station, trust: Path, tmp_path: Path) -> None:
    with terminal(tmp_path / "disk", trust) as outbox:
        take_a_case(outbox)
    shutil.copytree(tmp_path / "disk", tmp_path / "older")
    with terminal(tmp_path / "disk", trust) as outbox:
        take_a_case(outbox)
        send(outbox, station)
    assert not forked(station)
    with terminal(tmp_path / "older", trust) as outbox:
        assert outbox.verify().whole
        beat(outbox, station)
    assert forked(station)
    assert "记录链倒退" in station.page(f"/ops/terminals/{TERMINAL}")


def drop_the_second(connection: Connection) -> None:
    for statement in (
        "drop trigger item_is_kept",
        "delete from item where sequence = 2",
        "delete from delivery",
        "update ledger set sequence = 0, head_hash = (select previous_hash from item where sequence = 1)",
    ):
        connection.execute(statement)


def test_a_tail_dropped_with_the_terminals_own_key(station: Station, trust: Path, tmp_path: Path) -> None:
    """Who has the key signs a shorter chain; what the centre has heard of stays missing there."""
    with terminal(tmp_path / "disk", trust) as outbox:
        for _ in range(2):
            take_a_case(outbox)
        beat(outbox, station)
        outbox._owner.ask(drop_the_second)
        assert outbox.verify().whole
        assert outbox.head().sequence == 1
        with closing(link(station, utc_now() + timedelta(minutes=2))) as line:
            line.send_heartbeat(Heartbeat(terminal=TERMINAL, head=outbox.head(), body={}))
    assert forked(station)


def test_a_damaged_disk_leaves_missing_numbers_and_no_second_chain(
    station: Station, trust: Path, tmp_path: Path
) -> None:
    with terminal(tmp_path / "disk", trust) as outbox:
        for number in range(1, 13):
            take_a_case(outbox, boot_id=f"boot-{number:02}")
        beat(outbox, station)
    damage(tmp_path / "disk" / "outbox.db", b"boot-06")
    with terminal(tmp_path / "disk", trust) as outbox:
        take_a_case(outbox)
        send(outbox, station)
        assert missing(station) == 12
        [result] = outbox.salvage()
        assert 0 < result.lost < 12
        send(outbox, station)
        # More than a few are opened, and counted as links, after the answer.
        assert wait_until(lambda: missing(station) == result.lost)
    assert station.metric("jiujin_forked_chains") == {"": 0}
