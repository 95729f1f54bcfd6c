"""What came out in a journal's whole life: each key once, through crashes, copies and the going of old lines."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from drivers.print_journal import JobJournal, JobState
from drivers.print_tally import PrintTally


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "jobs.jsonl"


def printed(journal: JobJournal, job: str, key: str, end: JobState = JobState.DONE) -> None:
    journal.record(job, JobState.SENDING, 100, counted_as=key)
    journal.record(job, end, 100, counted_as=key)


def both(journal: JobJournal, path: Path) -> PrintTally:
    """What the writer says, and what the next start reads."""
    told = journal.tally()
    assert JobJournal(path).tally() == told
    return told


def test_a_key_counts_once_and_what_has_none_never(path: Path) -> None:
    journal = JobJournal(path)
    printed(journal, "A", "a")
    printed(journal, "A", "a")
    printed(journal, "test-strip", "")
    assert both(journal, path) == PrintTally(printed=1)
    printed(journal, "A", "withdrawal of A")
    assert both(journal, path) == PrintTally(printed=2), "another promise under the same code"


@pytest.mark.parametrize(
    ("ends", "counted"),
    [
        ([JobState.UNKNOWN], PrintTally(unknown=1)),
        ([JobState.FAILED], PrintTally()),
        ([JobState.UNKNOWN, JobState.DONE], PrintTally(printed=1)),
        ([JobState.FAILED, JobState.DONE], PrintTally(printed=1)),
        ([JobState.DONE, JobState.UNKNOWN], PrintTally(printed=1)),
        ([JobState.DONE, JobState.FAILED], PrintTally(printed=1)),
        ([JobState.UNKNOWN, JobState.FAILED], PrintTally(unknown=1)),
        ([JobState.UNKNOWN, JobState.UNKNOWN], PrintTally(unknown=1)),
    ],
)
def test_what_once_came_out_stays_so_and_unknown_is_never_printed(
    path: Path, ends: list[JobState], counted: PrintTally
) -> None:
    journal = JobJournal(path)
    for end in ends:
        printed(journal, "A", "a", end)
    assert both(journal, path) == counted
    journal.acknowledge(["A"])
    assert both(journal, path) == counted, "that staff saw to it says nothing of the paper"


def test_a_crash_makes_it_unknown_once_however_often_it_is_started(path: Path) -> None:
    JobJournal(path).record("A", JobState.SENDING, 100, counted_as="a")
    assert JobJournal(path).tally() == PrintTally(), "it may be printing now"
    for _start in range(3):
        started = JobJournal(path)
        started.end_unfinished()
        assert both(started, path) == PrintTally(unknown=1)


def test_what_the_disk_did_not_take_is_not_counted_as_printed(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = JobJournal(path)
    journal.record("A", JobState.SENDING, 100, counted_as="a")

    def full(*_line: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full_disk:
        full_disk.setattr("drivers.line_log.LineLog.append", full)
        journal.record("A", JobState.DONE, 100, counted_as="a")
    assert journal.tally() == PrintTally()
    started = JobJournal(path)
    started.end_unfinished()
    assert started.tally() == PrintTally(unknown=1)


def test_it_is_kept_when_old_lines_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.print_journal._COMPACT_BYTES", 2_000)
    monkeypatch.setattr("drivers.print_journal._KEPT_JOBS", 3)
    monkeypatch.setattr("drivers.print_tally._KEPT_KEYS", 3)
    journal = JobJournal(path)
    printed(journal, "lost", "lost", JobState.UNKNOWN)
    journal.record("cut off", JobState.SENDING, 100, counted_as="cut off")
    for round_ in range(5):
        for number in range(30):
            printed(journal, f"job{round_}-{number}", f"key{round_}-{number}")
        before = path.stat().st_size
        journal = JobJournal(path)
        assert path.stat().st_size < before, "old lines went"
        assert both(journal, path) == PrintTally(printed=30 * (round_ + 1), unknown=1)
        printed(journal, f"job{round_}-29", f"key{round_}-29")
        assert both(journal, path) == PrintTally(printed=30 * (round_ + 1), unknown=1), "a copy after that"
    journal.end_unfinished()
    assert both(journal, path) == PrintTally(printed=150, unknown=2)
    assert len(path.read_bytes()) < 20_000


@pytest.mark.parametrize(
    "line",
    [
        b'{"tally": 5}',
        b'{"tally": {"printed": "5", "unknown": 0, "keys": {}}}',
        b'{"tally": {"printed": 5, "unknown": -1, "keys": {}}}',
        b'{"tally": {"printed": 5, "unknown": 0}}',
        b'{"tally": {"printed": 5, "unkn',
    ],
)
def test_a_damaged_tally_takes_nothing_with_it(path: Path, line: bytes) -> None:
    printed(JobJournal(path), "A", "a")
    with path.open("ab") as file:
        file.write(line + b"\n")
    journal = JobJournal(path)
    printed(journal, "B", "b")
    assert both(journal, path) == PrintTally(printed=2)


def test_another_process_writes_too(path: Path) -> None:
    terminal, technician = JobJournal(path), JobJournal(path)
    printed(terminal, "A", "a", JobState.UNKNOWN)
    technician.acknowledge(["A"])
    printed(terminal, "B", "b")
    assert both(terminal, path) == PrintTally(printed=1, unknown=1)
