"""The technician's commands for the queue, on a stopped terminal's own files."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk import keys
from kiosk.cli import NOT_CONFIGURED, queue
from kiosk.settings import Settings, load
from offline_queue import Outbox
from offline_queue.room import PAGE_BYTES
from offline_queue.schema import NEWEST
from tests.kiosk.terminal.hall import TRUST
from tests.offline_queue.terminal import committed, draft

WAITING = 12


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "kiosk.ini"
    file.write_text(
        f"[terminal]\nnumber = 0142\nstate = {tmp_path}/state\n"
        f"[centre]\nsealing_key = {TRUST}/centre_sealing.pub\n"
        f"[trust]\nterminal_key = {TRUST}/terminal_0142.key\ndatabase_key = {TRUST}/outbox.key\n",
        "utf-8",
    )
    return file


@pytest.fixture
def settings(config: Path, tmp_path: Path) -> Settings:
    return load(config, tmp_path / "kept.ini").settings


def database(settings: Settings) -> Path:
    return settings.terminal.state / "outbox" / "outbox.db"


def outbox_of(settings: Settings) -> Outbox:
    return Outbox.open(
        settings.terminal.state / "outbox",
        terminal="0142",
        database_key=keys.database_key(settings.trust.database_key),
        signing_key=keys.private_key(settings.trust.terminal_key),
        sealing_key=keys.sealing_key(settings.centre.sealing_key),
    )


@pytest.fixture
def a_dozen_wait(settings: Settings) -> None:
    outbox = outbox_of(settings)
    for number in range(1, WAITING + 1):
        committed(outbox, draft(lane=f"0142{number:04}", boot_id=f"boot-{number:02}"))
    outbox.close()


def run(config: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the object, and what went to standard error."""
    answered = CliRunner().invoke(queue, [*words, "--config", str(config), "--json"])
    return answered.exit_code, json.loads(answered.stdout or "{}"), answered.stderr


@pytest.mark.usefixtures("a_dozen_wait")
def test_verify_names_the_first_broken_link(config: Path, settings: Settings) -> None:
    never = {"asked_at": None, "missing": 0, "differing": False, "counter_signed": None}
    whole = {"ok": True, "checked": WAITING, "broken": None, "centre": never}
    assert run(config, "verify")[:2] == (0, whole)
    content = database(settings).read_bytes()
    database(settings).write_bytes(content.replace(b"boot-02", b"boot-99"))
    code, data, _ = run(config, "verify")
    assert (code, data["broken"]) == (1, {"sequence": 2, "what": "header"})
    words = CliRunner().invoke(queue, ["verify", "--config", str(config)]).stdout
    assert "第 2 件断了" in words


@pytest.mark.usefixtures("a_dozen_wait")
def test_verify_tells_what_the_centre_has_lost(config: Path, settings: Settings) -> None:
    with closing(sqlite3.connect(database(settings))) as connection, connection:
        connection.execute("update reconciliation set asked_at = '2026-11-25T08:00:00.000Z', missing = 2")
    code, data, _ = run(config, "verify")
    assert (code, data["ok"], data["centre"]["missing"]) == (1, False, 2)
    words = CliRunner().invoke(queue, ["verify", "--config", str(config)]).stdout
    assert "中心少了 2 件签收过的" in words


@pytest.mark.usefixtures("a_dozen_wait")
def test_salvage_brings_back_what_can_be_read(config: Path, settings: Settings) -> None:
    assert run(config, "salvage")[:2] == (0, {"ok": True, "files": []})
    data = bytearray(database(settings).read_bytes())
    start = data.index(b"boot-06") // PAGE_BYTES * PAGE_BYTES
    data[start : start + PAGE_BYTES] = b"\xff" * PAGE_BYTES
    database(settings).write_bytes(bytes(data))
    code, told, _ = run(config, "salvage")
    [file] = told["files"]
    assert file["recovered"] + file["lost"] == WAITING
    assert min(file["recovered"], file["lost"]) > 0
    assert code == 1, "a case that cannot be found again is not fine"
    assert run(config, "status")[1]["pending"] == file["recovered"]
    assert run(config, "salvage")[:2] == (0, {"ok": True, "files": []})


@pytest.mark.usefixtures("a_dozen_wait")
def test_status_tells_how_long_the_oldest_waits_and_how_well_that_is_known(config: Path) -> None:
    told = run(config, "status")[1]
    assert told["oldest_known"] is False, "another boot's case, and no centre told its time"
    assert told["oldest_waited_s"] >= 0


@pytest.mark.usefixtures("a_dozen_wait")
def test_migrate_goes_back_and_forward_and_loses_no_case(config: Path) -> None:
    older = NEWEST - 1
    assert run(config, "migrate", "--to", str(older))[:2] == (0, {"ok": True, "from": NEWEST, "to": older})
    assert run(config, "migrate")[:2] == (0, {"ok": True, "from": older, "to": NEWEST})
    assert run(config, "status")[1]["pending"] == WAITING
    assert run(config, "verify")[0] == 0
    code, _data, said = run(config, "migrate", "--to", "99")
    assert code == NOT_CONFIGURED
    assert "1" in said


@pytest.mark.usefixtures("a_dozen_wait")
def test_a_running_terminal_keeps_its_queue_to_itself(config: Path, settings: Settings) -> None:
    outbox = outbox_of(settings)
    for command in ("status", "verify", "salvage", "migrate"):
        code, data, said = run(config, command)
        assert (code, data) == (NOT_CONFIGURED, {})
        assert "另一个程序正在使用待送件 / another process has this outbox" in said
    outbox.close()
