"""The technician sees what lies beside the outbox, and deletes it only by name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kiosk.set_aside_command import COMMANDS
from kiosk.settings import Settings
from offline_queue import aside
from tests.kiosk.test_queue_commands import WAITING, a_dozen_wait, config, database, outbox_of, settings

__all__ = ["a_dozen_wait", "config", "settings"]


def run(config: Path, name: str, *words: str, typed: str = "") -> tuple[int, dict[str, Any], str]:
    (command,) = [command for command in COMMANDS if command.name == name]
    answered = CliRunner().invoke(command, [*words, "--config", str(config), "--json"], input=typed)
    return answered.exit_code, json.loads(answered.stdout or "{}"), answered.stderr


@pytest.fixture
def damaged(settings: Settings, request: pytest.FixtureRequest) -> str:
    request.getfixturevalue("a_dozen_wait")
    return aside.set_aside(database(settings)).name


@pytest.fixture
def salvaged(settings: Settings, damaged: str) -> str:
    outbox = outbox_of(settings)
    outbox.salvage()
    outbox.close()
    return damaged.replace("damaged", "salvaged")


def files(settings: Settings) -> list[str]:
    folder = database(settings).parent
    return [path.name for path in folder.glob("outbox.*-2*.db")]


def test_nothing_lies_there(config: Path) -> None:
    assert run(config, "set-aside") == (0, {"ok": True, "files": []}, "")


def test_what_was_not_salvaged_is_told_and_asks_for_a_person(config: Path, damaged: str) -> None:
    code, told, _ = run(config, "set-aside")
    assert (code, told["ok"]) == (1, False)
    [file] = told["files"]
    assert (file["file"], file["state"], file["items"], file["only_here"]) == (
        damaged,
        "damaged",
        WAITING,
        WAITING,
    )
    said = CliRunner().invoke(COMMANDS[0], ["--config", str(config)]).stdout
    assert "queue salvage" in said
    assert f"{WAITING} only here" in said


def test_it_is_not_deleted_before_it_is_salvaged_but_by_express_wish(
    config: Path, settings: Settings, damaged: str
) -> None:
    code, told, _ = run(config, "remove-set-aside", damaged, "--confirm", damaged)
    assert (code, told["outcome"], files(settings)) == (1, "not_salvaged", [damaged])
    code, told, _ = run(config, "remove-set-aside", damaged, "--confirm", damaged, "--unsalvaged")
    assert (code, told["outcome"], files(settings)) == (0, "deleted", [])
    assert told["file"]["only_here"] == WAITING
    assert run(config, "set-aside")[:2] == (0, {"ok": True, "files": []})


def test_a_salvaged_one_is_deleted_when_its_name_is_typed_again(
    config: Path, settings: Settings, salvaged: str
) -> None:
    code, told, _ = run(config, "set-aside")
    assert (code, told["files"][0]["state"]) == (0, "salvaged")
    for typed in ("yes\n", "\n" * 3, ""):
        code, told, said = run(config, "remove-set-aside", salvaged, typed=typed)
        assert (code, told) in [(2, {}), (1, {})], said
        assert salvaged in files(settings)
    assert run(config, "remove-set-aside", salvaged, "--confirm", "another")[0] == 2
    assert run(config, "remove-set-aside", salvaged, typed=f"{salvaged}\n")[0] == 0
    assert files(settings) == []
    outbox = outbox_of(settings)
    assert outbox.counters().pending == WAITING, "what was salvaged waits as before"
    outbox.close()


@pytest.mark.parametrize("name", ["outbox.db", "../state/outbox/outbox.db", "outbox.keycheck", "x", ""])
def test_nothing_else_can_be_deleted_by_it(
    config: Path, settings: Settings, salvaged: str, name: str
) -> None:
    code, told, _ = run(config, "remove-set-aside", name, "--confirm", name, "--unsalvaged")
    assert (code, told["outcome"]) == (1, "not_found")
    assert database(settings).exists()
    assert salvaged in files(settings)


def test_a_running_terminal_keeps_its_files_to_itself(
    config: Path, settings: Settings, salvaged: str
) -> None:
    outbox = outbox_of(settings)
    assert run(config, "set-aside")[0] == run(config, "remove-set-aside", salvaged)[0] == 78
    outbox.close()
