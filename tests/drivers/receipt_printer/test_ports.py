"""What only one kind of wire has: a kernel driver on a USB printer, a line that says wait, a path that is held."""

from __future__ import annotations

import os
import signal
import socket
import struct
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import psutil
import pytest

from drivers.contract import Cause, DeviceState, Failed, Ok, Outcome
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.port_usb import UsbCable
from drivers.receipt_printer.protocol import RealtimeReply
from drivers.receipt_printer.session import Session
from drivers.receipt_printer.simulated import XOFF, XON, SimulatedPrinter
from drivers.receipt_printer.simulated_ends import SerialEnd
from drivers.receipt_printer.simulated_usb import UsbEnd
from drivers.receipt_printer.transport import WireFault
from tests.drivers.receipt_printer.slips import fonts, open_wire, slip
from tests.drivers.waiting import wait_until


class Desk:
    """A printer on a simulated bus, and the drivers that were opened for it."""

    def __init__(self, end: UsbEnd, folder: Path, closed: ExitStack) -> None:
        self.end = end
        self._folder = folder
        self._closed = closed

    def printer(self, address: str = "usb:") -> EscposPrinter:
        made = EscposPrinter(
            address, fonts(), self._folder / "jobs.jsonl", confirm_timeout_s=2.0, usb_bridge=self.end.bridge
        )
        self._closed.callback(made.close)
        return made


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    end = UsbEnd()
    with SimulatedPrinter(end), ExitStack() as closed:
        yield Desk(end, tmp_path, closed)


def child_of(printer: EscposPrinter) -> int:
    """The process that has the cable, once there is one."""
    cable = printer._way
    assert isinstance(cable, UsbCable)
    assert wait_until(lambda: cable.pid is not None)
    assert cable.pid is not None
    return cable.pid


def test_the_kernels_driver_gets_the_usb_printer_back(desk: Desk) -> None:
    usb, printer = desk.end, desk.printer()
    assert printer.print_slip(slip()).outcome is Outcome.DONE
    assert usb.kernel_driver
    assert usb.heard["detach"] == usb.heard["attach"] == usb.heard["claim"] == usb.heard["release"] == 1
    assert usb.heard["setting 1.1"] == 1, "the setting that answers, not the first"
    assert usb.heard["soft_reset"] == 0, "what is confirmed has nothing left to drop"
    usb.kernel_driver = False
    assert printer.probe().state is DeviceState.READY
    assert not usb.kernel_driver, "it had none before"


def test_a_usb_printer_held_by_another_program_is_told(desk: Desk) -> None:
    desk.end.held_by_another = True
    status = desk.printer().probe()
    assert (status.state, status.cause) == (DeviceState.ABSENT, Cause.PRINTER_OFFLINE)
    assert "16" in status.detail
    assert "another program" in status.detail
    assert desk.end.kernel_driver, "what was detached for nothing is attached again"


@pytest.mark.parametrize("address", ["usb:04b8:0e16", "usb:04b8:0e15:SIM0002"])
def test_another_usb_device_is_not_taken_for_the_printer(desk: Desk, address: str) -> None:
    assert desk.printer(address).probe().state is DeviceState.ABSENT
    assert desk.end.heard["claim"] == 0


def test_a_usb_printer_that_nobody_has_used_yet_is_configured(desk: Desk) -> None:
    desk.end.configured = False
    assert desk.printer().probe().state is DeviceState.READY
    assert desk.end.configured


def test_a_usb_bus_that_hangs_holds_nobody_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    printer = desk.printer()
    first = child_of(printer)
    with monkeypatch.context() as hurried:
        hurried.setattr("drivers.receipt_printer.port_usb.OPEN_TIMEOUT_S", 0.3)
        desk.end.opens.clear()
        assert "timed_out" in printer.probe().detail
        assert printer.status().state is DeviceState.ABSENT
        assert wait_until(lambda: not psutil.pid_exists(first)), "what hangs in the system's call is ended"
    desk.end.opens.set()
    assert printer.probe().state is DeviceState.READY
    assert child_of(printer) != first


def test_two_usb_printers_must_be_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(desk.end, "enumerate_devices", lambda: [desk.end, desk.end])
    assert "name one" in desk.printer().probe().detail


@pytest.mark.parametrize("blow", [signal.SIGKILL, signal.SIGSEGV])
def test_a_child_that_dies_in_a_job_is_a_printer_that_went_away(desk: Desk, blow: signal.Signals) -> None:
    """Nobody knows what the paper shows, so nothing is printed again; the next slip comes out."""
    printer = desk.printer()
    child = child_of(printer)
    with ThreadPoolExecutor(1) as hand:
        desk.end.stall_after(6_000)
        printing = hand.submit(printer.print_slip, slip())
        assert wait_until(lambda: desk.end.stalled)
        os.kill(child, blow)
        report = printing.result(30)
    assert (report.outcome, report.cause) == (Outcome.UNKNOWN, Cause.PRINTER_OFFLINE)
    desk.end.stall_after(None)
    desk.end.kernel_driver = True
    assert wait_until(lambda: printer.probe().usable)
    assert printer.print_slip(slip()).outcome is Outcome.DONE


def test_a_usb_printer_that_stops_taking_is_unknown_and_told_to_forget(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Errno 110 in the middle: how much came through is not known."""
    monkeypatch.setattr("drivers.receipt_printer.transport._WRITE_BASE_S", 0.1)
    monkeypatch.setattr("drivers.receipt_printer.port_usb.UsbPort.bytes_per_s", 1e6)
    desk.end.stall_after(6_000)
    report = desk.printer().print_slip(slip())
    assert (report.outcome, report.cause) == (Outcome.UNKNOWN, Cause.PRINTER_SILENT)
    assert desk.end.heard["soft_reset"] == 1


def test_the_first_write_into_a_connection_that_was_reset_does_not_vanish(tmp_path: Path) -> None:
    """The system may take it without a word; the question before each job, on the same connection, notices."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        address = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        opened = open_wire(address)
        assert isinstance(opened, Ok)
        connection, _ = server.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        connection.close()
        asked = Session(opened.value, names_processes=None).ask_all()
        assert isinstance(asked, Failed)
        assert asked.reason is Cause.PRINTER_OFFLINE
        opened.value.close(discard=True)

        def greet_and_reset() -> None:
            connection, _ = server.accept()
            with connection:
                assert connection.recv(3) == b"\x10\x04\x01"
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

        peer = threading.Thread(target=greet_and_reset)
        peer.start()
        printer = EscposPrinter(address, fonts(), tmp_path / "jobs.jsonl")
        report = printer.print_slip(slip())
        peer.join()
    assert (report.outcome, report.cause, report.sent_bytes) == (Outcome.FAILED, Cause.PRINTER_OFFLINE, 0)
    assert printer.status().state is DeviceState.UNKNOWN


def test_a_serial_printer_that_says_wait_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.receipt_printer.transport._WRITE_BASE_S", 0.1)
    end = SerialEnd()
    with SimulatedPrinter(end):
        opened = open_wire(end.address)
        assert isinstance(opened, Ok)
        wire = opened.value
        assert wire.write(b"\x10\x04\x01") == Ok(None)
        assert wire.next_reply(5) == RealtimeReply(0x12)
        end.send(XOFF + b"\x12")
        assert wire.next_reply(5) == RealtimeReply(0x12), "XOFF is no answer"
        stopped = wire.write(bytes(64))
        assert isinstance(stopped, Failed)
        assert stopped.reason is WireFault.WRITE_TIMEOUT
        end.send(XON + b"\x12")
        assert wire.next_reply(5) == RealtimeReply(0x12)
        assert wire.write(b"\x10\x04\x04") == Ok(None)
        assert wire.next_reply(5) == RealtimeReply(0x12)
        wire.close(discard=False)


def test_a_serial_port_belongs_to_one_program(tmp_path: Path) -> None:
    end = SerialEnd()
    with SimulatedPrinter(end):
        first = open_wire(end.address)
        assert isinstance(first, Ok)
        printer = EscposPrinter(end.address, fonts(), tmp_path / "jobs.jsonl")
        status = printer.probe()
        assert (status.state, status.cause) == (DeviceState.ABSENT, Cause.PRINTER_OFFLINE)
        assert "ttyPRINTER" in status.detail
        first.value.close(discard=True)
        assert printer.probe().state is DeviceState.READY


def test_a_serial_path_that_is_not_there_is_absent(tmp_path: Path) -> None:
    printer = EscposPrinter(f"serial:{tmp_path}/none", fonts(), tmp_path / "jobs.jsonl")
    assert printer.probe().state is DeviceState.ABSENT
