"""Every scenario of tests/scenarios through the real command, as a technician would call it."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from drivers.card_reader.virtual_service import VirtualService
from drivers.contract import Failed
from kiosk.cli import cli
from kiosk.rehearsal.scenario import Step, find, load
from tests.drivers.card_reader.card_service import our_turn
from tests.groups import FACES, ONE_READER

PROJECT = Path(__file__).resolve().parent.parent
SCENARIOS = PROJECT / "tests" / "scenarios"


def rehearse(name: str, into: Path) -> tuple[int, dict[str, Any]]:
    """It uses the card service that runs, and so ends with it: not with one of another test."""
    with our_turn() if load(find(name, SCENARIOS)).uses_card_service else nullcontext():
        finished = subprocess.run(
            [sys.executable, str(PROJECT / "main.py"), "rehearse", name, "--json", "--into", str(into)],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=280,
            check=False,
        )
    assert finished.stdout, finished.stderr.decode()[-2000:]
    report: dict[str, Any] = json.loads(finished.stdout)
    return finished.returncode, report


def _in_its_group(name: str) -> Any:
    scenario = load(SCENARIOS / f"{name}.toml")
    if Step("press", "face") in scenario.steps:
        return pytest.param(name, marks=pytest.mark.xdist_group(FACES))
    if scenario.uses_card_service:
        return pytest.param(name, marks=pytest.mark.xdist_group(ONE_READER))
    return name


@pytest.mark.parametrize("name", [_in_its_group(path.stem) for path in sorted(SCENARIOS.glob("*.toml"))])
def test_a_scenario_holds(name: str, tmp_path: Path) -> None:
    code, report = rehearse(name, tmp_path)
    wrong = [line for line in report["expectations"] if not line["ok"]]
    assert (report["trouble"], wrong, report["leftovers"]) == ("", [], [])
    assert report["ok"] is True
    assert code == 0
    empty = {place for place, files in report["looked_through"].items() if not files}
    assert empty <= {"temp"}, "a place without a file was not looked through"
    slip_bytes = report["receipt"]["bytes"]
    assert report["timings_ms"].get("slip_bytes") == slip_bytes
    if report["receipt"]["outcome"] in ("done", "failed"):  # of an unknown one any part may have been sent
        assert (slip_bytes > 0) == (report["receipt"]["outcome"] == "done")
    if slip_bytes:
        assert not empty, "the library that encodes slips makes a temporary file, and it was not here"


def test_a_broken_expectation_fails_the_rehearsal(tmp_path: Path) -> None:
    """The same visit, expected to print two slips, must not pass."""
    source = (SCENARIOS / "printer_out.toml").read_text("utf-8")
    bent = tmp_path / "bent.toml"
    bent.write_text(source.replace("registered = 1", "registered = 2"), "utf-8")
    code, report = rehearse(str(bent), tmp_path)
    assert report["ok"] is False
    assert code == 1


def test_a_scenario_for_which_the_smart_card_service_is_missing_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(VirtualService, "start", lambda _self: Failed("not_installed", "no pcscd"))
    words = ["rehearse", "smart_card_trouble", "--into", str(tmp_path)]
    ended = CliRunner().invoke(cli, words)
    assert ended.exit_code == 1
    assert "智能卡服务没有运行" in ended.output
    assert "smart_card_trouble needs: no pcscd" in ended.output


def test_a_scenario_with_a_typing_error_names_it(tmp_path: Path) -> None:
    bent = tmp_path / "bent.toml"
    bent.write_text('[[step]]\npres = "begin"\n', "utf-8")
    finished = subprocess.run(
        [sys.executable, str(PROJECT / "main.py"), "rehearse", str(bent)],
        cwd=PROJECT,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert finished.returncode == 2
    assert b"did you mean press?" in finished.stderr
