"""Every scenario of tests/scenarios through the real command, as a technician would call it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from drivers.card_reader.virtual_service import VirtualService
from drivers.contract import Failed
from kiosk.cli import cli
from tests.groups import FACES, ONE_READER

pytestmark = pytest.mark.xdist_group(FACES)
PROJECT = Path(__file__).resolve().parent.parent
SCENARIOS = [path.stem for path in sorted((PROJECT / "tests" / "scenarios").glob("*.toml"))]


def rehearse(name: str, into: Path) -> tuple[int, dict[str, Any]]:
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
    """A card with a chip, as a helper's, needs the machine's one card service: not beside another test that has it."""
    script = (PROJECT / "tests" / "scenarios" / f"{name}.toml").read_text("utf-8")
    return (
        pytest.param(name, marks=pytest.mark.xdist_group(ONE_READER))
        if "helper_card" in script or '"pcsc"' in script
        else name
    )


@pytest.mark.parametrize("name", [_in_its_group(name) for name in SCENARIOS])
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
    source = (PROJECT / "tests" / "scenarios" / "printer_out.toml").read_text("utf-8")
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
