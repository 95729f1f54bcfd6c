"""The same printer behind every kind of wire: what holds on one holds on all."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from drivers.contract import Cause, DeviceState, Outcome
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.port_usb import LIBUSB
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_ends import FarEnd, SerialEnd, TcpEnd
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from drivers.receipt_printer.simulated_usb import UsbEnd
from tests.drivers.receipt_printer.slips import assert_printed, fonts, slip

ENDS = {"tcp": TcpEnd, "serial": SerialEnd, "usb": UsbEnd}


@dataclass(frozen=True)
class Place:
    """A printer, its simulator, and the journal between them."""

    end: FarEnd
    far_end: SimulatedPrinter
    printer: EscposPrinter


@pytest.fixture(params=ENDS)
def place(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    monkeypatch.setattr("drivers.receipt_printer.session.REPLY_TIMEOUT_S", 1.0)
    end = ENDS[request.param]()
    bridge = end.bridge if isinstance(end, UsbEnd) else LIBUSB
    with SimulatedPrinter(end) as far_end:
        printer = EscposPrinter(
            end.address, fonts(), tmp_path / "jobs.jsonl", confirm_timeout_s=2.0, usb_bridge=bridge
        )
        with closing(printer):
            yield Place(end, far_end, printer)


def test_a_slip_comes_out_as_it_was_drawn(place: Place) -> None:
    assert place.printer.probe().state is DeviceState.READY
    assert place.printer.print_slip(slip()).outcome is Outcome.DONE
    assert_printed(place.far_end, slip())
    assert place.far_end.paper.cuts == 1


def test_a_small_buffer_is_waited_for(place: Place, tmp_path: Path) -> None:
    """A wire that cannot push back says XOFF, which must never be taken for an answer."""
    place.far_end.close()
    end = type(place.end)()
    bridge = end.bridge if isinstance(end, UsbEnd) else LIBUSB
    with SimulatedPrinter(end, buffer_bytes=20_000) as far_end:
        far_end.set_faults(Faults(row_delay_s=0.0002))
        printer = EscposPrinter(
            end.address, fonts(), tmp_path / "small.jsonl", confirm_timeout_s=4.0, usb_bridge=bridge
        )
        with closing(printer):
            assert printer.print_slip(slip()).outcome is Outcome.DONE
        assert_printed(far_end, slip())


def test_paper_out_midway_is_told_and_nothing_prints_after_the_refill(place: Place) -> None:
    place.far_end.set_faults(Faults(paper_rows=300))
    report = place.printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.FAILED, Cause.PRINTER_PAPER_OUT)
    place.far_end.set_state(SimulatedState())
    assert place.far_end.wait_until_idle()
    assert place.far_end.paper.printed_rows == 300
    assert place.far_end.receipts == []


def test_a_printer_plugged_in_as_soon_as_it_was_unplugged_is_there(place: Place) -> None:
    for _ in range(20):
        place.far_end.unplug()
        place.far_end.plug()
    assert place.printer.probe().state is DeviceState.READY


def test_unplugged_in_the_middle_is_unknown_and_found_again_elsewhere(place: Place) -> None:
    place.far_end.set_faults(Faults(unplug_after_bytes=9_000))
    report = place.printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.UNKNOWN, Cause.PRINTER_OFFLINE)
    assert place.far_end.paper.cuts == 0
    status = place.printer.probe()
    assert (status.state, status.cause) == (DeviceState.ABSENT, Cause.PRINTER_OFFLINE)
    assert place.printer.print_slip(slip()).outcome is Outcome.FAILED
    place.far_end.set_faults(Faults())
    place.far_end.plug()
    assert place.printer.probe().state is DeviceState.READY
    assert place.printer.print_slip(slip()).outcome is Outcome.DONE
    assert place.far_end.paper.duplicates == 0


def test_a_connection_that_breaks_and_is_there_again_is_unknown(place: Place) -> None:
    place.far_end.set_faults(Faults(reset_after_bytes=9_000))
    assert place.printer.print_slip(slip()).outcome is Outcome.UNKNOWN
    place.far_end.set_faults(Faults())
    assert place.printer.print_slip(slip()).outcome is Outcome.DONE


@pytest.mark.parametrize("garbage", [b"\xff", b"\x12\x12"], ids=["no answer's bits", "two for one"])
def test_garbage_is_unknown_and_gets_no_byte_of_a_job(place: Place, garbage: bytes) -> None:
    place.far_end.set_faults(Faults(garbage=garbage))
    status = place.printer.probe()
    assert (status.state, status.cause) == (DeviceState.UNKNOWN, Cause.PRINTER_SILENT)
    report = place.printer.print_slip(slip())
    assert (report.outcome, report.sent_bytes) == (Outcome.FAILED, 0)
    assert place.far_end.paper.printed_rows == 0


def test_a_printer_that_takes_no_more_ends_the_job_in_time(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.receipt_printer.transport._WRITE_BASE_S", 0.3)
    place.far_end.set_faults(Faults(stops_reading_after_bytes=9_000))
    report = place.printer.print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.UNKNOWN, Cause.PRINTER_SILENT)
    assert place.far_end.paper.cuts == 0


def test_switched_off_and_on_between_two_slips(place: Place) -> None:
    assert place.printer.print_slip(slip(job_id="A")).outcome is Outcome.DONE
    place.far_end.power(on=False)
    assert place.printer.print_slip(slip(job_id="B")).outcome is Outcome.FAILED
    place.far_end.power(on=True)
    assert place.printer.print_slip(slip(job_id="C")).outcome is Outcome.DONE
    assert place.far_end.paper.cuts == 2
