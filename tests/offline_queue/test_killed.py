"""SIGKILL of a real process at each step of a commit: never lost once committed, never doubled."""

from __future__ import annotations

import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest

from offline_queue import new_item_id
from offline_queue.link import Link
from tests.offline_queue.simulated import Centre
from tests.offline_queue.terminal import TerminalKit, Watched, committed, draft

ROOT = Path(__file__).resolve().parents[2]


def kill_at(kit: TerminalKit, item_id: str, step: str) -> None:
    signing = kit.signing_key.private_bytes_raw().hex()
    sealing = kit.sealing_private.public_key().public_bytes_raw().hex()
    command = [
        sys.executable, "-m", "tests.offline_queue.committing_child", str(kit.directory), item_id, step, signing, sealing,
    ]  # fmt: skip
    assert subprocess.run(command, cwd=ROOT, check=False).returncode == -signal.SIGKILL


@pytest.mark.parametrize(("step", "kept"), [("sealed", False), ("inserted", False), ("committed", True)])
def test_killed_at(step: str, kept: bool, kit: TerminalKit, centre: Centre, link: Link) -> None:
    outbox = kit.open()
    committed(outbox, draft(lane="BEFORE"))
    outbox.close()
    item_id = new_item_id()
    kill_at(kit, item_id, step)
    outbox = kit.open()
    assert outbox.counters().opened_fresh_because == ""
    assert outbox.counters().pending == (2 if kept else 1)
    again = committed(outbox, draft(id=item_id, nonce=uuid.UUID(item_id).bytes))
    assert again.already is kept, "the visit goes on with its own id and nonce"
    assert committed(outbox, draft(lane="AFTER")).sequence == 3
    assert outbox.verify().whole
    with Watched(outbox, link, centre) as watched:
        watched.until(lambda: outbox.counters().pending == 0, "all delivered")
    assert len(centre.order) == len(set(centre.order)) == 3
    assert item_id in centre.order
    outbox.close()
