from __future__ import annotations

from pathlib import Path

import pytest

from drivers.receipt_printer.journal import JobJournal, JobState


def test_a_job_without_an_end_is_found_after_a_crash(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    journal = JobJournal(path)
    journal.record("A", JobState.SENDING, 100)
    journal.record("A", JobState.DONE, 100)
    journal.record("B", JobState.SENDING, 100)
    journal.record("C", JobState.SENT, 100)
    again = JobJournal(path)
    assert [(entry.job_id, entry.state) for entry in again.unfinished()] == [
        ("B", JobState.SENDING),
        ("C", JobState.SENT),
    ]
    assert again.paper_disturbed()


def test_a_line_torn_by_a_power_cut_swallows_no_other(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    JobJournal(path).record("A", JobState.SENDING, 100)
    with path.open("ab") as file:
        file.write(b'{"job": "A", "sta')
    again = JobJournal(path)
    assert [entry.job_id for entry in again.unfinished()] == ["A"]
    again.record("B", JobState.SENDING, 100)
    assert [entry.job_id for entry in again.unfinished()] == ["A", "B"]


def test_a_refused_job_leaves_the_paper_as_it_was(tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "jobs.jsonl")
    assert not journal.paper_disturbed()
    journal.record("A", JobState.UNKNOWN, 100)
    journal.record("B", JobState.FAILED, 0, "printer.cover")
    assert journal.paper_disturbed(), "what job A left is still there"
    journal.record("C", JobState.DONE, 100)
    assert not journal.paper_disturbed()


def test_the_journal_stays_small_and_keeps_the_unfinished(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.receipt_printer.journal._COMPACT_BYTES", 2_000)
    monkeypatch.setattr("drivers.receipt_printer.journal._KEPT_JOBS", 3)
    path = tmp_path / "jobs.jsonl"
    journal = JobJournal(path)
    journal.record("lost", JobState.SENDING, 100)
    for number in range(30):
        journal.record(f"job{number}", JobState.DONE, 100)
    again = JobJournal(path)
    assert len(path.read_bytes().splitlines()) == 4
    assert [entry.job_id for entry in again.unfinished()] == ["lost"]
