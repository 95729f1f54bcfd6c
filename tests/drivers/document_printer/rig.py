"""A whole print room for one test: cupsd, its queue, a printer, and the driver that asks them."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
from fpdf import FPDF

from drivers.contract import Ok
from drivers.document_printer.contract import Document, DocumentReport
from drivers.document_printer.cups_printer import CupsPrinter
from drivers.document_printer.follow import PATIENCE, Patience
from drivers.document_printer.protocol import PrinterAnswer, printer_address
from drivers.document_printer.simulated import QUEUE, VirtualPrinter, VirtualPrintService
from drivers.document_printer.spooler import Spooler
from tests.drivers.waiting import wait_until

TWO_LISTS = 4
"""Questions of two rounds: at least the second began after the printer did."""
MARK = "JIUJIN-MARK-7F3A"


def pdf(pages: int = 1, text: str = MARK) -> bytes:
    """A4 pages whose text stands in the file as it is, so that a scan can find it."""
    made = FPDF(format="A4")
    made.set_compression(False)
    made.set_font("helvetica", size=20)
    for _page in range(pages):
        made.add_page()
        made.cell(text=text)
    return bytes(made.output())


def document(title: str = "0142-20261125-0001", pages: int = 1) -> Document:
    return Document(f"job-{title}", title, pdf(pages), pages)


@dataclass(slots=True)
class Room:
    """`driver` speaks to `service`, which has a queue for `printer`."""

    service: VirtualPrintService
    printer: VirtualPrinter
    driver: CupsPrinter
    journal: Path
    pool: ThreadPoolExecutor

    def begin(self, wanted: Document) -> Future[DocumentReport]:
        """Print beside the test, and return when the printer has begun and was asked about it."""
        before = len(self.printer.begun())
        printing = self.pool.submit(self.driver.print_document, wanted)
        assert wait_until(lambda: len(self.printer.begun()) > before or printing.done())
        assert len(self.printer.begun()) > before, printing.result()
        asked = self.printer.questions()
        assert wait_until(lambda: self.printer.questions() >= asked + TWO_LISTS)
        return printing

    def answer(self) -> PrinterAnswer:
        """What the printer says of itself now."""
        address = printer_address(self.printer.uri)
        assert address is not None
        asked = Spooler(str(self.service.socket), QUEUE).printer(address)
        assert isinstance(asked, Ok), asked
        return asked.value

    def came_out(self) -> int:
        return len(list(self.printer.paper.iterdir()))


def end_what_is_left_of(service: Path) -> None:
    """A service that is killed leaves the program that speaks to the printer, which asks one that has gone for ever."""
    for process in psutil.process_iter(["environ"]):
        if (process.info["environ"] or {}).get("TMPDIR", "").startswith(f"{service}/"):
            process.kill()


SHORT = Patience(stopped_s=1.0, vanished_s=1.0, unseen_s=1.0, start_s=4.0, page_s=1.0, cancelled_s=1.0)
"""For what is never to come; a printer of the rig does all else at once."""


def open_room(
    folder: Path, closing: Callable[[Callable[[], object]], object], patience: Patience = PATIENCE
) -> Room:
    """All of it running; `closing` is given what ends each part, in the order of the starts."""
    printer, service = VirtualPrinter(folder / "printer"), VirtualPrintService()
    closing(partial(end_what_is_left_of, service.folder))
    closing(service.close)
    closing(printer.close)
    started = printer.start(), service.start()
    assert all(isinstance(result, Ok) for result in started), started
    service.add_queue(printer.uri)
    journal = folder / "journal.jsonl"
    driver = CupsPrinter(QUEUE, journal, server=str(service.socket), patience=patience)
    closing(driver.close)
    pool = ThreadPoolExecutor(1)
    closing(pool.shutdown)
    closing(printer.close)  # first of all: an engine that waits would hold the pool
    return Room(service, printer, driver, journal, pool)
