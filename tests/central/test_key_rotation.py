"""The centre changes its keys: what was sealed to the old one opens, nobody is believed too early, nothing doubles."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from central.server import RunningCentre
from kiosk import keys
from offline_queue import Link, LinkState, Outbox, Sender
from tests.central.conftest import make_trust
from tests.central.station import Station, centre, sealing_key, signing_key
from tests.central.test_copied_disk import take_a_case, terminal
from tests.drivers.waiting import wait_until
from tests.offline_queue.terminal import FAST, TERMINAL


@pytest.fixture
def changed(trust: Path, tmp_path: Path) -> Path:
    """The centre's folder after the change: new keys under the old names, the retired sealing key kept."""
    after = tmp_path / "trust-after"
    shutil.copytree(trust, after)
    (after / "centre_sealing.key").rename(after / "centre_sealing_retired.key")
    for name in ("centre_sealing.pub", "centre_acknowledgement.key", "centre_acknowledgement.pub"):
        (after / name).unlink()
    return make_trust(after)


@contextmanager
def sending(outbox: Outbox, running: RunningCentre, trust: Path, believed: Path) -> Iterator[Sender]:
    """A sender that believes the keys in this file."""
    signing = signing_key(trust, f"terminal_{TERMINAL}")
    link = Link(running.url, terminal=TERMINAL, signing_key=signing, ca_file=trust / "ca.pem")
    centre_keys = {keys.key_id(key): key for key in keys.public_keys(believed)}
    with closing(Sender(outbox, link, centre_keys=centre_keys, policy=FAST)) as sender:
        sender.start()
        yield sender


def states(running: RunningCentre, trust: Path) -> dict[str, float]:
    with closing(Station(running.url, trust)) as station:
        return {state: count for state, count in station.metric("jiujin_cases").items() if count}


def test_both_keys_change_and_every_case_is_registered_once(
    database: str, trust: Path, changed: Path, tmp_path: Path
) -> None:
    old, new = trust / "centre_acknowledgement.pub", changed / "centre_acknowledgement.pub"
    both = tmp_path / "both.pub"
    both.write_bytes(old.read_bytes() + new.read_bytes())
    with terminal(tmp_path / "disk", trust) as outbox:
        take_a_case(outbox)
        with centre(database, trust) as running, sending(outbox, running, trust, old):
            assert wait_until(lambda: outbox.counters().pending == 0)
        take_a_case(outbox)  # sealed to the old key, sent after the change
        with centre(database, changed) as running:
            with sending(outbox, running, trust, old) as sender:
                assert wait_until(lambda: sender.status().link_state is LinkState.ACKNOWLEDGEMENT_INVALID)
                assert outbox.counters().pending == 1, "a word that cannot be checked drops nothing"
            with sending(outbox, running, trust, both):
                assert wait_until(lambda: outbox.counters().pending == 0)
                outbox.use_sealing_key(sealing_key(changed))
                take_a_case(outbox)
                assert wait_until(lambda: outbox.counters().pending == 0)
            assert states(running, trust) == {'{state="registered"}': 3.0}


def test_a_case_sealed_to_a_key_that_the_centre_has_not_yet_waits_and_is_not_lost(
    database: str, trust: Path, changed: Path, tmp_path: Path
) -> None:
    """The terminals were told of the next key before the centre was."""
    with terminal(tmp_path / "disk", trust) as outbox:
        outbox.use_sealing_key(sealing_key(changed))
        take_a_case(outbox)
        believed = trust / "centre_acknowledgement.pub"
        with centre(database, trust) as running, sending(outbox, running, trust, believed) as sender:
            assert wait_until(lambda: sender.status().link_state is LinkState.ONLINE)
            assert outbox.counters().pending == 1
            assert states(running, trust) == {}
        believed = changed / "centre_acknowledgement.pub"
        with centre(database, changed) as running, sending(outbox, running, trust, believed):
            assert wait_until(lambda: outbox.counters().pending == 0)
            assert states(running, trust) == {'{state="registered"}': 1.0}
