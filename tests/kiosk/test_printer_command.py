"""The technician's commands for print jobs and for the roll, on a terminal's own files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner

from drivers.print_journal import JobJournal, JobState
from kiosk.documents.command import document
from kiosk.paper.spool import document_journal_path, journal_path, paper_roll
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


JOURNALS = {printer: journal_path, document: document_journal_path}


@pytest.fixture(params=JOURNALS, ids=lambda group: group.name)
def group(request: pytest.FixtureRequest) -> click.Group:
    """The commands of each printer that keeps a journal of its jobs."""
    found: click.Group = request.param
    return found


def run(config: Path, *words: str, group: click.Group = printer) -> tuple[int, dict[str, Any], str]:
    """Exit code, the object, and the words of the same command."""
    answered = CliRunner().invoke(group, [*words, "--config", str(config), "--json"])
    return answered.exit_code, json.loads(answered.stdout), answered.stdout


def test_a_terminal_without_a_history_is_fine_and_stays_without_files(
    group: click.Group, config: Path, settings: Settings
) -> None:
    code, data, _ = run(config, "status", group=group)
    assert (code, data["ok"], data["jobs"], data.get("used_cm", 0)) == (0, True, [], 0)
    assert not JOURNALS[group](settings).exists()


def test_prints_that_wait_are_named_and_seen_to(group: click.Group, config: Path, settings: Settings) -> None:
    journal = JobJournal(JOURNALS[group](settings))
    journal.record("A", JobState.UNKNOWN, 100, "printer.silent")
    journal.record("B", JobState.FAILED, 0, "printer.paper_out")
    code, data, _ = run(config, "status", group=group)
    assert code == 1
    assert [(job["code"], job["state"], job["cause"]) for job in data["jobs"]] == [
        ("A", "unknown", "printer.silent"),
        ("B", "failed", "printer.paper_out"),
    ]
    words = CliRunner().invoke(group, ["status", "--config", str(config)]).stdout
    assert "A " in words
    assert "不知道打出来没有 / not known" in words
    code, data, _ = run(config, "acknowledge", "A", "Z", group=group)
    assert (code, data["acknowledged"], data["unknown_codes"]) == (1, ["A"], ["Z"])
    assert [entry.job_id for entry in journal.unsettled()] == ["B"]
    code, data, _ = run(config, "acknowledge", "--all", group=group)
    assert (code, data["acknowledged"]) == (0, ["B"])
    assert run(config, "status", group=group)[0] == 0


def test_to_acknowledge_needs_to_be_told_what(config: Path, group: click.Group) -> None:
    for words in (["acknowledge"], ["acknowledge", "A", "--all"]):
        assert CliRunner().invoke(group, [*words, "--config", str(config)]).exit_code == 2


def test_a_new_roll_is_counted_from_nothing(config: Path, settings: Settings) -> None:
    roll = paper_roll(settings)
    roll.printed(4_500 * 8)
    code, data, _ = run(config, "status")
    assert (code, data["low"], data["used_cm"]) == (1, True, 452)
    code, data, _ = run(config, "new-roll")
    assert (code, data["used_before_cm"]) == (0, 452)
    assert roll.roll.used_mm == 0
    assert run(config, "status")[0] == 0


def test_a_record_that_cannot_be_read_is_said(group: click.Group, config: Path, settings: Settings) -> None:
    JOURNALS[group](settings).mkdir(parents=True)
    code, data, _ = run(config, "status", group=group)
    assert code == 1
    assert data["problem"]


def test_a_roll_that_cannot_be_written_is_said(config: Path, settings: Settings) -> None:
    path = journal_path(settings)
    path.mkdir(parents=True)
    (path.parent / "paper-roll.jsonl").mkdir()
    code, data, _ = run(config, "new-roll")
    assert (code, data["ok"]) == (1, False)
