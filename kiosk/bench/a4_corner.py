"""The A4 printer of a village, and the print service that has a queue for it."""

from __future__ import annotations

import subprocess
from contextlib import ExitStack

from drivers.contract import Failed
from drivers.document_printer.simulated import QUEUE, VirtualPrinter, VirtualPrintService
from kiosk.bench import faults


class A4Corner:
    """Both run when it is opened; each can fail without the other."""

    def __init__(self, service: VirtualPrintService, printer: VirtualPrinter, server: str) -> None:
        self._service = service
        self.printer = printer
        self._server = server

    @classmethod
    def open(cls, stack: ExitStack) -> A4Corner | None:
        """A cupsd of its own and one printer, ended by `stack`; None where the machine has not the programs."""
        service = VirtualPrintService()
        stack.callback(service.close)
        printer = VirtualPrinter(service.folder / "printer")
        stack.callback(printer.close)
        started = service.start()
        if isinstance(started, Failed) or isinstance(printer.start(), Failed):
            return None
        try:
            service.add_queue(printer.uri)
        except subprocess.SubprocessError:
            return None
        return cls(service, printer, started.value)

    def settings(self) -> dict[tuple[str, str], str]:
        """(section, key) -> value, for kiosk.ini."""
        return {("document_printer", "queue"): QUEUE, ("document_printer", "server"): self._server}

    def set_fault(self, fault: str) -> None:
        """Raises KeyError for a fault that there is not, OSError when the printer does not come back."""
        faults.set_a4(self.printer, fault)

    def set_service(self, state: str) -> None:
        """`down` ends the print service without a goodbye; `up` starts it as a terminal does, without old jobs.

        Raises OSError when it does not start.
        """
        if state == "down":
            self._service.kill()
        elif not self._service.runs:
            self._service.forget_jobs()
            if isinstance(started := self._service.start(), Failed):
                raise OSError(started.detail or started.reason.value)
