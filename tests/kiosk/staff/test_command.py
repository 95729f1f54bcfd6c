"""`main.py staff`: asks twice, shows nothing, refuses what is weak."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from kiosk.bench.configure import village_ini
from kiosk.staff.command import staff
from kiosk.staff.door import PIN_FILE
from tests.kiosk.test_assembly import NO_DEVICES, PROJECT

PIN = "271828"


@pytest.fixture
def ini(tmp_path: Path) -> Path:
    file = tmp_path / "kiosk.ini"
    file.write_text(village_ini(PROJECT, NO_DEVICES, tmp_path / "state"), "utf-8")
    return file


def run(ini: Path, command: str, *typed: str) -> tuple[int, dict[str, object], str]:
    ran = CliRunner().invoke(
        staff, [command, "--config", str(ini), "--json"], input="".join(f"{line}\n" for line in typed)
    )
    return ran.exit_code, json.loads(ran.stdout), ran.output


def test_a_pin_is_set_and_the_door_can_be_tried(ini: Path, tmp_path: Path) -> None:
    assert run(ini, "status")[:2] == (
        1, {"ok": False, "door": "no_pin", "locked_s": 0, "tries_left": 0},
    )  # fmt: skip
    code, told, shown = run(ini, "set-pin", PIN, PIN)
    assert (code, told) == (0, {"ok": True})
    assert PIN not in shown
    assert (tmp_path / "state" / PIN_FILE).is_file()
    assert run(ini, "status")[:2] == (0, {"ok": True, "door": "shut", "locked_s": 0, "tries_left": 5})


@pytest.mark.parametrize(
    ("typed", "reason"),
    [(("123456",), "run"), (("2718",), "too_short"), ((PIN, "271829"), "different"), (("",), "not_digits")],
)
def test_what_is_refused_changes_nothing(
    ini: Path, tmp_path: Path, typed: tuple[str, ...], reason: str
) -> None:
    code, told, _ = run(ini, "set-pin", *typed)
    assert (code, told["reason"]) == (1, reason)
    assert told["message_zh"]
    assert told["message_en"]
    assert not (tmp_path / "state" / PIN_FILE).exists()
