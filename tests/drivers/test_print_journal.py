from __future__ import annotations

import errno
from pathlib import Path

import pytest

from drivers.contract import Failed, Ok
from drivers.print_journal import JobEntry, JobJournal, JobState


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


@pytest.mark.parametrize(
    "line",
    [
        b'{"job": "A", "state": "done", "bytes": 1e999, "wall_s": 0, "monotonic_ns": 0, "cause": ""}',
        b'{"job": "A", "state": "done", "bytes": 1, "wall_s": 1e999, "monotonic_ns": 0, "cause": ""}',
        b"[" * 100_000,
        b'{"job": ' * 100_000,
    ],
    ids=["a count without end", "a time without end", "nested too deep", "objects too deep"],
)
def test_a_damaged_line_is_passed_over_like_a_torn_one(tmp_path: Path, line: bytes) -> None:
    path = tmp_path / "jobs.jsonl"
    JobJournal(path).record("A", JobState.SENDING, 100)
    with path.open("ab") as file:
        file.write(line + b"\n")
    assert [entry.job_id for entry in JobJournal(path).unfinished()] == ["A"]


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
    monkeypatch.setattr("drivers.print_journal._COMPACT_BYTES", 2_000)
    monkeypatch.setattr("drivers.print_journal._KEPT_JOBS", 3)
    path = tmp_path / "jobs.jsonl"
    journal = JobJournal(path)
    journal.record("lost", JobState.SENDING, 100)
    journal.record("failed", JobState.FAILED, 0)
    for number in range(30):
        journal.record(f"job{number}", JobState.DONE, 100)
    again = JobJournal(path)
    assert len(path.read_bytes().splitlines()) == 6, "the tally, two that are not settled, the last three"
    assert [entry.job_id for entry in again.unfinished()] == ["lost"]
    assert [entry.job_id for entry in again.unsettled()] == ["failed"]


def _ids(entries: tuple[JobEntry, ...]) -> list[str]:
    return [entry.job_id for entry in entries]


def test_what_a_crash_cut_off_is_unknown_until_staff_have_seen_to_it(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    journal = JobJournal(path)
    journal.record("done", JobState.DONE, 100)
    journal.record("cut", JobState.SENDING, 100)
    journal.record("cut off at the end", JobState.SENT, 100)
    journal.record("failed", JobState.FAILED, 100, "printer.paper_out")
    assert _ids(journal.unsettled()) == ["failed"], "what is being printed has not ended yet"
    started = JobJournal(path)
    started.end_unfinished()
    assert started.unfinished() == ()
    assert _ids(started.unsettled()) == ["failed", "cut", "cut off at the end"]
    assert [entry.state for entry in started.unsettled()] == [
        JobState.FAILED,
        JobState.UNKNOWN,
        JobState.UNKNOWN,
    ]
    assert started.acknowledge(["cut", "cut", "never heard of", "done"]) == Ok(("cut",))
    assert _ids(started.unsettled()) == ["failed", "cut off at the end"]
    again = JobJournal(path)
    again.end_unfinished()
    assert _ids(again.unsettled()) == ["failed", "cut off at the end"]
    assert again.paper_disturbed(), "an acknowledgement takes no paper out of the printer"


def test_a_copy_that_came_out_settles_the_job_that_failed(tmp_path: Path) -> None:
    journal = JobJournal(tmp_path / "jobs.jsonl")
    journal.record("A", JobState.FAILED, 100)
    journal.record("A", JobState.DONE, 100)
    assert journal.unsettled() == ()


def test_two_processes_write_one_journal(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    terminal, technician = JobJournal(path), JobJournal(path)
    terminal.record("A", JobState.FAILED, 0)
    assert _ids(technician.unsettled()) == ["A"]
    assert technician.acknowledge(["A"]) == Ok(("A",))
    assert terminal.unsettled() == ()
    terminal.record("B", JobState.FAILED, 0)
    assert _ids(technician.unsettled()) == ["B"]


def test_a_disk_that_refuses_is_an_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "jobs.jsonl"
    JobJournal(path).record("A", JobState.SENDING, 100)
    journal = JobJournal(path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full_disk:
        full_disk.setattr("drivers.line_log.os.fsync", full)
        assert isinstance(journal.record("B", JobState.SENDING, 100), Failed)
        assert "No space" in journal.problem
        journal.end_unfinished()
        assert "A" in _ids(journal.unsettled()), "known, though not written"
        assert isinstance(journal.acknowledge(["A"]), Failed)
    assert isinstance(journal.record("C", JobState.DONE, 100), Ok)
    assert journal.problem == ""


def test_what_is_known_outlives_a_moment_in_which_it_cannot_be_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jobs.jsonl"
    journal = JobJournal(path)
    journal.record("A", JobState.UNKNOWN, 100)
    JobJournal(path).record("B", JobState.FAILED, 0)

    def refuse(_path: Path) -> bytes:
        raise OSError(errno.EMFILE, "Too many open files")

    with monkeypatch.context() as crowded:
        crowded.setattr(Path, "read_bytes", refuse)
        assert _ids(journal.unsettled()) == ["A"]
        assert journal.paper_disturbed(), "else what A left would hang on the next resident's slip"
        assert "Too many" in journal.problem
    assert _ids(journal.unsettled()) == ["A", "B"], "what another wrote is still to be read"
    assert journal.problem == "", "it is readable again, though nobody has written since"


def test_that_a_journal_can_be_read_again_does_not_say_that_it_can_be_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "jobs.jsonl"
    journal = JobJournal(path)
    journal.record("A", JobState.DONE, 100)

    def refuse(*_given: object) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    with monkeypatch.context() as failing:
        failing.setattr("drivers.line_log.os.fsync", refuse)
        journal.record("B", JobState.SENDING, 100)
        path.touch()  # so that there is something to read
        failing.setattr(Path, "read_bytes", refuse)
        journal.unsettled()
    journal.unsettled()
    assert journal.problem.startswith("write")
    assert isinstance(journal.record("C", JobState.DONE, 100), Ok)
    assert journal.problem == ""


def test_a_journal_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    path = tmp_path / "jobs.jsonl"
    path.mkdir()
    journal = JobJournal(path)
    assert journal.problem
    assert journal.unsettled() == ()


def test_whoever_only_looks_makes_no_folder(tmp_path: Path) -> None:
    assert JobJournal(tmp_path / "state" / "jobs.jsonl").unsettled() == ()
    assert not (tmp_path / "state").exists()
