"""The real driver on a real TCP wire against a printer with every trouble."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contract import Cause, DeviceState, Outcome
from drivers.print_journal import JobState
from drivers.receipt_printer.commands import Kind
from drivers.receipt_printer.encoder import encode_slip
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from tests.drivers.receipt_printer.slips import assert_printed, fonts, slip

_TROUBLES = [
    (SimulatedState(paper_out=True), Cause.PRINTER_PAPER_OUT),
    (SimulatedState(cover_open=True), Cause.PRINTER_COVER),
    (SimulatedState(cutter_error=True), Cause.PRINTER_CUTTER),
    (SimulatedState(unrecoverable=True), Cause.PRINTER_ERROR),
    (SimulatedState(head_hot=True), Cause.PRINTER_HOT),
    (SimulatedState(feeding=True), Cause.PRINTER_FEEDING),
    (SimulatedState(waiting=True), Cause.PRINTER_WAITING),
    (SimulatedState(offline=True), Cause.PRINTER_OFFLINE),
]


def test_a_job_prints_the_rendered_dots_once_and_is_confirmed(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    assert printer.status().state is DeviceState.OPENING
    report = printer.print_slip(slip())
    assert report.outcome is Outcome.DONE
    assert printer.status().state is DeviceState.READY
    assert_printed(far_end, slip())
    assert far_end.paper.cuts == 1
    assert far_end.commands[Kind.UNKNOWN] == far_end.commands[Kind.TEXT] == far_end.commands[Kind.DRAWER] == 0
    assert far_end.commands[Kind.PROCESS_ID] == 2
    assert far_end.commands[Kind.SENSOR] == 1, "asked only until GS ( H is known to be answered"
    assert report.sent_bytes == encode_slip(render_slip(slip(), WIDE_DOTS, fonts())).byte_count


@pytest.mark.parametrize(("state", "cause"), _TROUBLES)
def test_a_printer_that_is_not_well_is_given_no_byte_of_the_job(
    printer: EscposPrinter, far_end: SimulatedPrinter, state: SimulatedState, cause: Cause
) -> None:
    far_end.set_state(state)
    status = printer.probe()
    assert (status.state, status.cause) == (DeviceState.FAULT, cause)
    report = printer.print_slip(slip())
    assert (report.outcome, report.cause, report.sent_bytes) == (Outcome.FAILED, cause, 0)
    far_end.set_state(SimulatedState())
    assert far_end.wait_until_idle()
    assert far_end.paper.printed_rows == far_end.paper.cuts == 0
    assert far_end.commands[Kind.INITIALISE] == 0


def test_near_end_prints_with_a_warning(printer: EscposPrinter, far_end: SimulatedPrinter) -> None:
    far_end.set_state(SimulatedState(near_end=True))
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    assert printer.status().state is DeviceState.READY
    assert printer.status().warnings == (Cause.PRINTER_PAPER_LOW,)


@pytest.mark.parametrize("faults", [Faults(silent=True), Faults(answers_zero=True)])
def test_silence_and_nonsense_are_never_fine(
    printer: EscposPrinter, far_end: SimulatedPrinter, faults: Faults
) -> None:
    far_end.set_faults(faults)
    status = printer.probe()
    assert (status.state, status.cause) == (DeviceState.UNKNOWN, Cause.PRINTER_SILENT)
    assert not status.usable
    assert printer.print_slip(slip()).outcome is Outcome.FAILED
    assert far_end.commands[Kind.INITIALISE] == 0


def test_a_late_answer_is_not_taken_for_the_next_one(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_faults(Faults(reply_delay_s=3600.0))
    assert printer.probe().state is DeviceState.UNKNOWN
    far_end.set_faults(Faults())
    far_end.set_state(SimulatedState(paper_out=True))
    assert far_end._timers
    for late in far_end._timers:  # now, however long the machine took for the probe
        late.cancel()
        late.function(*late.args)
    assert printer.probe().cause is Cause.PRINTER_PAPER_OUT


def test_nobody_listening_is_absent_and_the_next_probe_finds_it_again(tmp_path: Path) -> None:
    with SimulatedPrinter() as first:
        printer = EscposPrinter(first.address, fonts(), tmp_path / "jobs.jsonl")
        port = int(first.address.rsplit(":", 1)[1])
    status = printer.probe()
    assert (status.state, status.cause) == (DeviceState.ABSENT, Cause.PRINTER_OFFLINE)
    assert printer.print_slip(slip()).outcome is Outcome.FAILED
    with SimulatedPrinter(port=port):
        assert printer.probe().state is DeviceState.READY
        assert printer.print_slip(slip()).outcome is Outcome.DONE


def test_paper_out_midway_fails_plainly_and_the_rest_never_prints(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_faults(Faults(paper_rows=300))
    report = printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.FAILED, Cause.PRINTER_PAPER_OUT)
    assert 0 < report.sent_bytes < encode_slip(render_slip(slip(), WIDE_DOTS, fonts())).byte_count
    assert far_end.buffered_bytes == 0
    far_end.set_state(SimulatedState())
    assert far_end.wait_until_idle()
    assert far_end.paper.printed_rows == 300
    assert far_end.paper.cuts == 0


def test_the_half_slip_of_one_resident_does_not_hang_on_the_slip_of_the_next(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_faults(Faults(paper_rows=300))
    printer.print_slip(slip("测试甲", "A"))
    far_end.set_state(SimulatedState())
    assert printer.print_slip(slip("测试乙", "B")).outcome is Outcome.DONE
    half, whole = far_end.receipts
    assert half.height < whole.height
    assert printer.print_slip(slip("测试乙", "C")).outcome is Outcome.DONE
    assert far_end.receipts[2] == whole, "no white piece is cut off after a good job"
    assert far_end.paper.cuts == 3


def test_a_printer_without_process_ids_is_confirmed_by_its_sensor_answer(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_faults(Faults(drop_process_id=True))
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    assert printer.print_slip(slip(job_id="B")).outcome is Outcome.DONE
    assert far_end.commands[Kind.PROCESS_ID] == 1, "not asked again once it is known"


def test_no_confirmation_at_all_is_unknown_and_nothing_is_sent_again(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_faults(Faults(drop_process_id=True, drop_sensor=True))
    assert printer.print_slip(slip()).outcome is Outcome.UNKNOWN
    assert far_end.wait_until_idle()
    assert far_end.commands[Kind.INITIALISE] == 1


def test_a_reset_connection_is_unknown(printer: EscposPrinter, far_end: SimulatedPrinter) -> None:
    far_end.set_faults(Faults(reset_after_bytes=12_000))
    report = printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.UNKNOWN, Cause.PRINTER_OFFLINE)
    assert far_end.paper.cuts == 0


@pytest.mark.parametrize("ignores_clear", [False, True])
def test_after_a_connection_lost_in_a_slice_the_next_slip_is_whole(
    printer: EscposPrinter, far_end: SimulatedPrinter, ignores_clear: bool
) -> None:
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    far_end.set_faults(Faults(reset_after_bytes=12_000))
    assert printer.print_slip(slip("测试乙", "B")).outcome is Outcome.UNKNOWN
    far_end.set_faults(Faults(ignores_clear=ignores_clear))
    assert printer.print_slip(slip(job_id="C")).outcome is Outcome.DONE
    first, *_, last = far_end.receipts
    assert last == first
    assert far_end.commands[Kind.TEXT] == far_end.commands[Kind.UNKNOWN] == 0


def test_a_cutter_that_jams_is_told_and_not_called_done(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_faults(Faults(cutter_fails=True))
    report = printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.UNKNOWN, Cause.PRINTER_CUTTER)


def test_a_slow_printer_is_waited_for(printer: EscposPrinter, far_end: SimulatedPrinter) -> None:
    far_end.set_faults(Faults(row_delay_s=0.0005))
    assert printer.print_slip(slip()).outcome is Outcome.DONE


def test_the_journal_names_the_job_and_never_the_person(printer: EscposPrinter, tmp_path: Path) -> None:
    printer.print_slip(slip("测试甲"))
    text = (tmp_path / "jobs.jsonl").read_text("utf-8")
    states = [JobState(line.split('"state": "')[1].split('"')[0]) for line in text.splitlines()]
    assert states == [JobState.SENDING, JobState.SENT, JobState.DONE]
    assert "J4K7-9QXM-2T" in text
    assert "测试甲" not in text.encode().decode("unicode_escape")
    assert printer.journal.unfinished() == ()


def test_automatic_status_left_on_by_another_program_does_not_confuse(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    import socket

    host, port = far_end.address.removeprefix("tcp://").split(":")
    with socket.create_connection((host, int(port))) as other:
        other.sendall(b"\x1da\xff")
        other.settimeout(5)
        assert other.recv(4) == b"\x10\0\0\0"
    far_end.set_state(SimulatedState(cover_open=True))
    far_end.set_state(SimulatedState())
    assert printer.probe().state is DeviceState.READY
    assert printer.print_slip(slip()).outcome is Outcome.DONE
