"""A receipt printer on TCP: the simulated printer behind a line that can be torn."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import ClassVar

from drivers.contract import Device, Outcome
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_paper import Kind
from drivers.receipt_printer.simulated_state import Faults
from kiosk.bench.fault_proxy import FaultProxy, Mode
from tests.drivers.receipt_printer.slips import fonts, slip
from tests.drivers.rigs.rig import NOTHING_BETWEEN, Rig, Verb
from tests.drivers.waiting import wait_until

A_PIECE_BYTES = 20_000


def port_of(printer: SimulatedPrinter) -> int:
    return int(printer.address.rsplit(":", 1)[1])


class PrinterRig(Rig):
    cannot: ClassVar = {Verb.RESTART_SERVICE: NOTHING_BETWEEN}

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="printer-rig-")
        self.printer = SimulatedPrinter()
        self._spare: SimulatedPrinter | None = None
        self._line = FaultProxy(port_of(self.printer)).start()

    def driver(self) -> EscposPrinter:
        journal = Path(self._folder.name) / "jobs.jsonl"
        return EscposPrinter(f"tcp://127.0.0.1:{self._line.port}", fonts(), journal, confirm_timeout_s=2.0)

    def operate(self, device: Device, *, long: bool = False) -> bool:
        """The long one stands still in its middle: the printer takes no more."""
        assert isinstance(device, EscposPrinter)
        if long:
            self.printer.set_faults(Faults(stops_reading_after_bytes=A_PIECE_BYTES))
        return device.print_slip(slip()).outcome is Outcome.DONE

    def wait_busy(self) -> bool:
        return wait_until(lambda: self.printer.commands[Kind.IMAGE] > 0)

    def plug(self) -> None:
        self._line.mode = Mode.UP

    def unplug(self) -> None:
        self._line.mode = Mode.DOWN

    def replug_elsewhere(self) -> None:
        """Another printer of the same address, as after a repair."""
        self._line.mode = Mode.DOWN
        self._spare = SimulatedPrinter()
        self._line.lead_to(port_of(self._spare))
        self._line.mode = Mode.UP

    def garble(self) -> None:
        self.printer.set_faults(Faults(answers_zero=True))

    def slow(self) -> None:
        self.printer.set_faults(Faults(row_delay_s=0.0005))

    def silence(self) -> None:
        self.printer.set_faults(Faults(silent=True))

    def heal(self) -> None:
        self.printer.set_faults(Faults())

    def close(self) -> None:
        self._line.close()
        for printer in (self.printer, self._spare):
            if printer is not None:
                printer.close()
        self._folder.cleanup()
