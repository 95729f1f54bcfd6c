"""E01: a printer that is switched off, runs out, does not answer or does not take bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.contract import Cause, DeviceState, Outcome
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from kiosk.watch import Watch
from tests.drivers.receipt_printer.slips import fonts, slip
from tests.drivers.waiting import wait_until


@pytest.fixture
def far_end() -> Iterator[SimulatedPrinter]:
    with SimulatedPrinter() as simulated:
        yield simulated


@pytest.fixture
def printer(far_end: SimulatedPrinter, tmp_path: Path) -> EscposPrinter:
    return EscposPrinter(far_end.address, fonts(), tmp_path / "jobs.jsonl")


def test_power_off_mid_job_is_never_done_and_the_printer_is_found_again(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_faults(Faults(silent_after_bytes=6_000))
    report = printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.UNKNOWN, Cause.PRINTER_SILENT)
    far_end.power(on=False)
    assert printer.probe().state is DeviceState.UNKNOWN
    far_end.set_faults(Faults())
    far_end.power(on=True)
    assert printer.probe().state is DeviceState.READY
    assert far_end.paper.cuts == 0, "nothing is printed again by itself"
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    assert far_end.paper.duplicates == 0


def test_paper_out_after_the_last_byte_was_taken(printer: EscposPrinter, far_end: SimulatedPrinter) -> None:
    """Rows print slower than they are taken, so the paper ends when all is sent."""
    far_end.set_faults(Faults(paper_rows=700, row_delay_s=0.0005))
    report = printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.FAILED, Cause.PRINTER_PAPER_OUT)
    far_end.set_state(SimulatedState())
    assert printer.probe().state is DeviceState.READY
    assert far_end.wait_until_idle()
    assert far_end.receipts == []


def test_near_end_prints(printer: EscposPrinter, far_end: SimulatedPrinter) -> None:
    far_end.set_state(SimulatedState(near_end=True))
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    assert printer.status().warnings == (Cause.PRINTER_PAPER_LOW,)


def test_a_printer_without_status_is_unknown(printer: EscposPrinter, far_end: SimulatedPrinter) -> None:
    far_end.set_faults(Faults(answers_zero=True))
    assert printer.print_slip(slip()).outcome is not Outcome.DONE
    assert printer.status().state is DeviceState.UNKNOWN


def test_a_printer_that_takes_no_more_bytes_ends_the_job(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_faults(Faults(stops_reading_after_bytes=8_000))
    report = printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.UNKNOWN, Cause.PRINTER_SILENT)
    assert far_end.paper.cuts == 0


def test_near_end_is_told_once_however_often_is_printed(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    """What a heartbeat says changes once when the paper gets low and once when it is new."""
    told: list[tuple[Cause, ...]] = []

    def changed() -> None:
        warnings = printer.status().warnings
        if told[-1:] != [warnings]:
            told.append(warnings)

    watch = Watch((printer,), changed, every_s=0.05)
    assert printer.probe().state is DeviceState.READY
    watch.start()
    try:
        assert wait_until(lambda: printer.status().warnings == ())
        far_end.set_state(SimulatedState(near_end=True))
        assert wait_until(lambda: told[-1:] == [(Cause.PRINTER_PAPER_LOW,)])
        for number in range(3):
            assert printer.print_slip(slip(name=f"录像{number}")).outcome is Outcome.DONE
        far_end.set_state(SimulatedState())
        assert wait_until(lambda: told[-1:] == [()])
    finally:
        watch.close()
    assert [warnings for warnings in told if warnings] == [(Cause.PRINTER_PAPER_LOW,)]
