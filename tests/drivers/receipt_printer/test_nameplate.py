"""GS I: who made the printer, asked without a mark on anybody's paper."""

from __future__ import annotations

import pytest

from drivers.contract import Nameplate, Outcome
from drivers.receipt_printer.commands import Kind
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from tests.drivers.receipt_printer.slips import assert_printed, slip
from tests.drivers.waiting import wait_until

NAMELESS = Nameplate()


def test_a_receipt_printer_tells_maker_model_firmware_and_serial_number(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    assert printer.nameplate() == Nameplate("SIMULATED SP-80", "1.00", "SIM0001")
    assert far_end.commands[Kind.INFORMATION] == 4
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    assert_printed(far_end, slip())


def test_what_a_printer_tells_is_kept_when_it_does_not_know_the_rest(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.information = {66: "示例", 67: "58-\x07A", 65: "2.1"}
    assert printer.nameplate() == Nameplate("示例 58-A", "2.1")


def test_a_printer_that_does_not_know_the_question_prints_no_letter_of_it(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.information = {}
    assert printer.nameplate() == NAMELESS
    assert far_end.commands[Kind.INFORMATION] == 1, "one silence is enough"
    assert wait_until(lambda: far_end.commands[Kind.INITIALISE] == 1)
    assert far_end.wait_until_idle()
    assert not any(any(row) for row in far_end.line.printed()), "a hand on the feed button would show it"
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    assert_printed(far_end, slip())


def test_a_printer_without_paper_is_not_given_a_question_that_it_would_keep(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.set_state(SimulatedState(paper_out=True))
    assert printer.nameplate() == NAMELESS
    far_end.set_state(SimulatedState())
    assert far_end.wait_until_idle()
    assert far_end.commands[Kind.INFORMATION] == 0


@pytest.mark.parametrize("fault", [Faults(silent=True), Faults(garbage=b"\x80"), Faults(garbage=b"\x5fA\0")])
def test_a_printer_that_is_not_understood_has_no_name(
    printer: EscposPrinter, far_end: SimulatedPrinter, fault: Faults
) -> None:
    far_end.set_faults(fault)
    assert printer.nameplate() == NAMELESS


def test_a_printer_that_is_away_or_closed_has_no_name(
    printer: EscposPrinter, far_end: SimulatedPrinter
) -> None:
    far_end.unplug()
    assert printer.nameplate() == NAMELESS
    far_end.plug()
    printer.close()
    assert printer.nameplate() == NAMELESS
