"""What is known beside the A4 printer's own word: jobs that ended badly, and the journal."""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from drivers.contract import Cause, DeviceState, Ok, Outcome
from drivers.document_printer.cups_printer import CupsPrinter
from drivers.print_journal import JobJournal, JobState, UnsettledJobs
from tests.drivers.document_printer.rig import document

Open = Callable[[], CupsPrinter]


@pytest.fixture
def journal(tmp_path: Path) -> JobJournal:
    return JobJournal(tmp_path / "journal.jsonl")


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Open]:
    """A driver on this journal whose print service does not run."""
    made: list[CupsPrinter] = []

    def open_one() -> CupsPrinter:
        made.append(CupsPrinter("jiujin", tmp_path / "journal.jsonl", server=str(tmp_path / "no.sock")))
        return made[-1]

    yield open_one
    for driver in made:
        driver.close()


def test_a_print_cut_off_by_a_crash_is_told_from_the_start_until_staff_have_seen_to_it(
    journal: JobJournal, opened: Open
) -> None:
    journal.record("A1", JobState.SENDING, 100)
    driver = opened()
    assert driver.status().warnings == (Cause.A4_JOB_UNKNOWN,)
    assert driver.unsettled() == UnsettledJobs(unknown=("A1",))
    probed = driver.probe()
    assert (probed.cause, probed.warnings) == (Cause.A4_SERVICE_LOST, (Cause.A4_JOB_UNKNOWN,))
    assert journal.acknowledge(["A1"]) == Ok(("A1",))
    assert driver.probe().warnings == ()
    assert driver.unsettled() == UnsettledJobs()


def test_a_job_that_another_program_is_printing_is_not_called_unknown(
    journal: JobJournal, opened: Open, tmp_path: Path
) -> None:
    with (tmp_path / "journal.lock").open("ab") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        journal.record("A1", JobState.SENDING, 100)
        driver = opened()
        assert driver.unsettled() == UnsettledJobs()
        assert driver.probe().state is DeviceState.BUSY
        assert driver.status().warnings == ()
        fcntl.flock(turn, fcntl.LOCK_UN)
    assert driver.probe().warnings == (Cause.A4_JOB_UNKNOWN,), "that program ended, and the job had no end"


def test_a_turn_ends_though_a_child_is_being_forked_with_its_file(opened: Open) -> None:
    driver = opened()
    with driver._turn(0.0):
        files = [int(entry.name) for entry in Path("/proc/self/fd").iterdir() if _is_lock(entry)]
        copies = [os.dup(file) for file in files]
    assert copies
    with driver._turn(0.0) as hindrance:
        assert hindrance is None
    for copy in copies:
        os.close(copy)


def _is_lock(entry: Path) -> bool:
    return entry.is_symlink() and entry.readlink().name == "journal.lock"


def test_a_document_that_was_refused_is_told(opened: Open) -> None:
    driver = opened()
    assert driver.print_document(document("A")).outcome is Outcome.FAILED
    assert driver.status().warnings == (Cause.A4_JOB_FAILED,)
    assert driver.unsettled() == UnsettledJobs(failed=(document("A").job_id,))
    driver.close()
    assert driver.status().warnings == ()


def test_a_journal_that_cannot_be_written_is_told(
    journal: JobJournal, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    driver = opened()

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    journal.record("A1", JobState.SENDING, 100)
    with monkeypatch.context() as full_disk:
        full_disk.setattr("drivers.line_log.os.fsync", full)
        assert driver.probe().warnings == (Cause.A4_JOB_UNKNOWN, Cause.A4_JOURNAL)
    driver.print_document(document("A"))
    assert Cause.A4_JOURNAL not in driver.status().warnings
