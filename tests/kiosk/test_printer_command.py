"""The technician's commands for the receipt printer, on a terminal's own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from drivers.print_journal import JobJournal, JobState
from kiosk.paper.spool import journal_path, paper_roll
from kiosk.printer_command import printer
from kiosk.settings import Settings, load


@pytest.fixture
def config(tmp_path: Path) -> Path:
    file = tmp_path / "kiosk.ini"
    file.write_text(
        f"[terminal]\nnumber = 0142\nstate = {tmp_path}/state\n"
        "[receipt_printer]\nnear_end_sensor = false\nroll_length_m = 5\n",
        "utf-8",
    )
    return file


@pytest.fixture
def settings(config: Path, tmp_path: Path) -> Settings:
    return load(config, tmp_path / "kept.ini").settings


def run(config: Path, *words: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the object, and the words of the same command."""
    answered = CliRunner().invoke(printer, [*words, "--config", str(config), "--json"])
    return answered.exit_code, json.loads(answered.stdout), answered.stdout


def test_a_terminal_without_a_history_is_fine_and_stays_without_files(config: Path, tmp_path: Path) -> None:
    code, data, _ = run(config, "status")
    assert (code, data["ok"], data["jobs"], data["used_cm"]) == (0, True, [], 0)
    assert not (tmp_path / "state" / "print-journal.jsonl").exists()


def test_slips_that_wait_are_named_and_seen_to(config: Path, settings: Settings) -> None:
    journal = JobJournal(journal_path(settings))
    journal.record("A", JobState.UNKNOWN, 100, "printer.silent")
    journal.record("B", JobState.FAILED, 0, "printer.paper_out")
    code, data, _ = run(config, "status")
    assert code == 1
    assert [(job["code"], job["state"], job["cause"]) for job in data["jobs"]] == [
        ("A", "unknown", "printer.silent"),
        ("B", "failed", "printer.paper_out"),
    ]
    words = CliRunner().invoke(printer, ["status", "--config", str(config)]).stdout
    assert "A " in words
    assert "不知道打出来没有 / not known" in words
    code, data, _ = run(config, "acknowledge", "A", "Z")
    assert (code, data["acknowledged"], data["unknown_codes"]) == (1, ["A"], ["Z"])
    assert [entry.job_id for entry in journal.unsettled()] == ["B"]
    code, data, _ = run(config, "acknowledge", "--all")
    assert (code, data["acknowledged"]) == (0, ["B"])
    assert run(config, "status")[0] == 0


def test_to_acknowledge_needs_to_be_told_what(config: Path) -> None:
    for words in (["acknowledge"], ["acknowledge", "A", "--all"]):
        assert CliRunner().invoke(printer, [*words, "--config", str(config)]).exit_code == 2


def test_a_new_roll_is_counted_from_nothing(config: Path, settings: Settings) -> None:
    roll = paper_roll(settings)
    roll.printed(4_500 * 8)
    code, data, _ = run(config, "status")
    assert (code, data["low"], data["used_cm"]) == (1, True, 452)
    code, data, _ = run(config, "new-roll")
    assert (code, data["used_before_cm"]) == (0, 452)
    assert roll.roll.used_mm == 0
    assert run(config, "status")[0] == 0


def test_a_record_that_cannot_be_written_is_said(config: Path, settings: Settings) -> None:
    path = journal_path(settings)
    path.mkdir(parents=True)
    code, data, _ = run(config, "status")
    assert code == 1
    assert data["problem"]
    (path.parent / "paper-roll.jsonl").mkdir()
    code, data, _ = run(config, "new-roll")
    assert (code, data["ok"]) == (1, False)
