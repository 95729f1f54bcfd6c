"""A receipt printer behind each wire: the simulated printer's own end of it is plugged and pulled."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

from drivers.contract import Device, Outcome
from drivers.receipt_printer.commands import Kind
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.port_usb import LIBUSB
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_ends import FarEnd, SerialEnd, TcpEnd
from drivers.receipt_printer.simulated_state import Faults
from drivers.receipt_printer.simulated_usb import UsbEnd
from tests.drivers.receipt_printer.slips import fonts, slip
from tests.drivers.rigs.rig import NOTHING_BETWEEN, Rig, Verb
from tests.drivers.waiting import wait_until

A_PIECE_BYTES = 6_000


class PrinterRig(Rig):
    cannot: ClassVar = {Verb.RESTART_SERVICE: NOTHING_BETWEEN}

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="printer-rig-")
        self._end = self.end()
        self.printer = SimulatedPrinter(self._end)

    def end(self) -> FarEnd:
        return SerialEnd()

    def driver(self) -> EscposPrinter:
        return EscposPrinter(
            self._end.address,
            fonts(),
            Path(self._folder.name) / "jobs.jsonl",
            confirm_timeout_s=2.0,
            usb_bridge=self._end.bridge if isinstance(self._end, UsbEnd) else LIBUSB,
        )

    def operate(self, device: Device, *, long: bool = False) -> bool:
        """The long one stands still in its middle: the printer takes no more."""
        assert isinstance(device, EscposPrinter)
        if long:
            self.printer.set_faults(Faults(stops_reading_after_bytes=A_PIECE_BYTES))
        return device.print_slip(slip()).outcome is Outcome.DONE

    def wait_busy(self) -> bool:
        return wait_until(lambda: self.printer.commands[Kind.IMAGE] > 0)

    def plug(self) -> None:
        self._end.plug()

    def unplug(self) -> None:
        self._end.unplug()

    def replug_elsewhere(self) -> None:
        """The system names the device anew; the settings name it as before."""
        self._end.unplug()
        self._end.plug()

    def garble(self) -> None:
        self.printer.set_faults(Faults(answers_zero=True))

    def slow(self) -> None:
        self.printer.set_faults(Faults(row_delay_s=0.0005))

    def silence(self) -> None:
        self.printer.set_faults(Faults(silent=True))

    def heal(self) -> None:
        self.printer.set_faults(Faults())

    def close(self) -> None:
        self.printer.close()
        self._folder.cleanup()


class TcpPrinterRig(PrinterRig):
    cannot: ClassVar = PrinterRig.cannot | {Verb.REPLUG_ELSEWHERE: "on a network a printer is its address"}

    def end(self) -> FarEnd:
        return TcpEnd()


class UsbPrinterRig(PrinterRig):
    def end(self) -> FarEnd:
        return UsbEnd()
