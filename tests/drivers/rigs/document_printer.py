"""An A4 printer behind a print service: the printer is switched off, moved, frozen; the service dies."""

from __future__ import annotations

import contextlib
import tempfile
from pathlib import Path
from typing import ClassVar

from drivers.contract import Device, Outcome
from drivers.document_printer.cups_printer import CupsPrinter
from drivers.document_printer.simulated import Fault
from tests.drivers.document_printer.rig import SHORT, document, open_room
from tests.drivers.rigs.rig import Rig
from tests.drivers.waiting import wait_until


class DocumentPrinterRig(Rig):
    cannot: ClassVar = {}

    def __init__(self) -> None:
        self._closing = contextlib.ExitStack()
        folder = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="a4-rig-"))
        self._room = open_room(Path(folder), self._closing.callback)
        self._room.driver.close()
        self._printed = 0

    def driver(self) -> CupsPrinter:
        return CupsPrinter(
            "jiujin", self._room.journal, server=str(self._room.service.socket), patience=SHORT
        )

    def operate(self, device: Device, *, long: bool = False) -> bool:
        assert isinstance(device, CupsPrinter)
        self._room.printer.set_fault(Fault.SLOW if long else Fault.NONE)
        self._printed += 1
        return device.print_document(document(f"A{self._printed}")).outcome is Outcome.DONE

    def wait_busy(self) -> bool:
        return wait_until(lambda: bool(self._room.printer.begun()))

    def plug(self) -> None:
        self._room.printer.start(port=self._room.printer.port)

    def unplug(self) -> None:
        self._room.printer.kill()

    def replug_elsewhere(self) -> None:
        """Another address, and the queue is told: the settings name only the queue."""
        self._room.printer.kill()
        self._room.printer.start()
        self._room.service.change_queue("-v", self._room.printer.uri)

    def restart_service(self) -> None:
        self._room.service.kill()
        self._room.service.forget_jobs()
        self._room.service.start()

    def garble(self) -> None:
        self._room.printer.babble()

    def slow(self) -> None:
        self._room.printer.set_fault(Fault.SLOW)

    def silence(self) -> None:
        self._room.printer.freeze()

    def heal(self) -> None:
        self._room.printer.thaw()
        self._room.printer.set_fault(Fault.NONE)
        if self._room.printer.babbles:
            self.plug()

    def close(self) -> None:
        self._closing.close()
