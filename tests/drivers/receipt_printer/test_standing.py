"""What is known beside the printer's own word: jobs that ended badly, the journal, the roll."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest

from drivers import print_journal as journal_module
from drivers.contract import Cause, DeviceState, Failed, Ok, Outcome
from drivers.print_journal import JobJournal, JobState, UnsettledJobs
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.roll import PaperRoll
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from tests.drivers.receipt_printer.slips import fonts, slip


def _printer(far_end: SimulatedPrinter, folder: Path, roll: PaperRoll | None = None) -> EscposPrinter:
    return EscposPrinter(far_end.address, fonts(), folder / "jobs.jsonl", roll=roll)


def test_a_print_cut_off_by_a_crash_is_told_until_staff_have_seen_to_it(
    far_end: SimulatedPrinter, tmp_path: Path
) -> None:
    crashed = JobJournal(tmp_path / "jobs.jsonl")
    crashed.record("J4K7", JobState.SENDING, 100)
    printer = _printer(far_end, tmp_path)
    assert printer.status().warnings == (Cause.PRINTER_JOB_UNKNOWN,)
    assert printer.unsettled() == UnsettledJobs(unknown=("J4K7",))
    assert printer.probe().warnings == (Cause.PRINTER_JOB_UNKNOWN,)
    assert printer.status().state is DeviceState.READY, "a warning stops no service"
    assert far_end.paper.printed_rows == 0, "nothing is printed again by itself"
    assert printer.print_slip(slip(job_id="B")).outcome is Outcome.DONE
    assert printer.unsettled() == UnsettledJobs(unknown=("J4K7",))
    assert JobJournal(tmp_path / "jobs.jsonl").acknowledge(["J4K7"]) == Ok(("J4K7",))
    assert printer.probe().warnings == ()


def test_a_slip_that_failed_is_told_unless_its_copy_came_out(
    far_end: SimulatedPrinter, tmp_path: Path
) -> None:
    printer = _printer(far_end, tmp_path)
    far_end.set_faults(Faults(paper_rows=100))
    assert printer.print_slip(slip(job_id="A")).outcome is Outcome.FAILED
    assert Cause.PRINTER_JOB_FAILED in printer.status().warnings
    far_end.set_state(SimulatedState())
    assert printer.print_slip(slip(job_id="A")).outcome is Outcome.DONE
    assert printer.status().warnings == ()
    far_end.close()
    assert printer.print_slip(slip(job_id="B")).outcome is Outcome.FAILED
    assert printer.status().state is DeviceState.ABSENT
    assert printer.status().warnings == (Cause.PRINTER_JOB_FAILED,)
    assert printer.unsettled() == UnsettledJobs(failed=("B",))


def test_what_cannot_be_journalled_is_not_printed_and_is_told(
    far_end: SimulatedPrinter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer = _printer(far_end, tmp_path)

    def full(_descriptor: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as full_disk:
        full_disk.setattr("drivers.line_log.os.fsync", full)
        report = printer.print_slip(slip())
        assert (report.outcome, report.cause, report.sent_bytes) == (Outcome.FAILED, Cause.PRINTER_JOURNAL, 0)
        assert printer.status().warnings == (Cause.PRINTER_JOURNAL,)
        assert printer.probe().state is DeviceState.READY
    assert far_end.paper.printed_rows == 0
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    assert printer.status().warnings == ()


def test_a_disk_that_fills_up_during_a_slip_does_not_stop_it(
    far_end: SimulatedPrinter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printer = _printer(far_end, tmp_path)
    record = journal_module.JobJournal.record

    def full_after_sending(
        self: JobJournal,
        job_id: str,
        state: JobState,
        byte_count: int,
        cause: str = "",
        counted_as: str = "",
    ) -> Ok[None] | Failed[str]:
        if state is JobState.SENDING:
            return record(self, job_id, state, byte_count, cause, counted_as)
        self._cannot_write = "full"
        return Failed("full")

    monkeypatch.setattr(journal_module.JobJournal, "record", full_after_sending)
    assert printer.print_slip(slip(job_id="A")).outcome is Outcome.DONE
    assert Cause.PRINTER_JOURNAL in printer.status().warnings
    monkeypatch.undo()
    assert _printer(far_end, tmp_path).unsettled() == UnsettledJobs(unknown=("A",)), "the disk's last word"


def _roll(folder: Path, *, sensor: bool, length_m: int = 5) -> PaperRoll:
    return PaperRoll(folder / "roll.jsonl", length_m=length_m, near_end_sensor=sensor, left_cm=15)


def test_paper_is_counted_by_what_was_printed_and_warned_of_as_an_estimate(
    far_end: SimulatedPrinter, tmp_path: Path
) -> None:
    roll = _roll(tmp_path, sensor=False)
    printer = _printer(far_end, tmp_path, roll)
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    slip_mm = far_end.receipts[0].height / 8
    assert roll.roll.used_mm == pytest.approx(slip_mm, abs=20)
    assert printer.status().warnings == ()
    roll.printed(4_000 * 8)
    assert printer.probe().warnings == (Cause.PRINTER_PAPER_LOW_ESTIMATED,)
    assert printer.print_slip(slip(job_id="B")).outcome is Outcome.DONE, "an estimate refuses nothing"
    far_end.set_state(SimulatedState(paper_out=True))
    assert printer.probe().cause is Cause.PRINTER_PAPER_OUT
    far_end.set_state(SimulatedState())
    assert printer.probe().warnings == ()
    assert roll.roll.used_mm == 0


def test_half_a_slip_counts_as_half(far_end: SimulatedPrinter, tmp_path: Path) -> None:
    roll = _roll(tmp_path, sensor=False)
    printer = _printer(far_end, tmp_path, roll)
    printer.print_slip(slip())
    whole_mm = roll.roll.used_mm
    far_end.set_faults(Faults(reset_after_bytes=6_000))
    assert printer.print_slip(slip(job_id="B")).outcome is Outcome.UNKNOWN
    assert 20 < roll.roll.used_mm - whole_mm < whole_mm


def test_at_near_end_a_slip_that_might_not_fit_is_not_begun(
    far_end: SimulatedPrinter, tmp_path: Path
) -> None:
    printer = _printer(far_end, tmp_path, _roll(tmp_path, sensor=True))
    far_end.set_state(SimulatedState(near_end=True))
    assert printer.print_slip(slip(job_id="A")).outcome is Outcome.DONE
    status = printer.status()
    assert (status.state, status.cause) == (DeviceState.FAULT, Cause.PRINTER_PAPER_SHORT)
    assert Cause.PRINTER_PAPER_LOW in status.warnings
    report = printer.print_slip(slip(job_id="B"))
    assert (report.outcome, report.cause, report.sent_bytes) == (Outcome.FAILED, Cause.PRINTER_PAPER_SHORT, 0)
    assert far_end.paper.cuts == 1
    far_end.set_state(SimulatedState())
    assert printer.probe().state is DeviceState.READY
    assert printer.print_slip(slip(job_id="B")).outcome is Outcome.DONE
