"""A receipt printer that speaks ESC/POS: asked before, between and after; believed never."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import assert_never

from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Nameplate, Ok, Outcome
from drivers.print_journal import JobJournal, JobState, UnsettledJobs
from drivers.print_tally import PrintTally
from drivers.receipt_printer.address import UsbAddress, parse_address
from drivers.receipt_printer.contract import PrintMode, PrintReport, Slip
from drivers.receipt_printer.encoder import LARGEST_COMMAND_BYTES, EncodedSlip, cut_command, encode_slip
from drivers.receipt_printer.fonts import Fonts
from drivers.receipt_printer.legible import with_note
from drivers.receipt_printer.port_usb import LIBUSB, Bridge, UsbCable
from drivers.receipt_printer.protocol import Condition, Realtime, device_status
from drivers.receipt_printer.raster import WIDE_DOTS, render_slip
from drivers.receipt_printer.roll import PaperRoll
from drivers.receipt_printer.session import Session
from drivers.receipt_printer.text_encoder import encode_text_slip
from drivers.receipt_printer.transport import Transport, WireFault, open_transport
from drivers.tap import Tap

CONFIRM_TIMEOUT_S = 6.0
"""For the rows that are still in the printer's buffer when the last byte has gone, and for the cut."""

NAMEPLATE_TURN_S = 5.0
"""How long it is waited for a look to end; what takes longer is a job, and a technician can ask again."""

_JOURNAL_STATES = {
    Outcome.DONE: JobState.DONE,
    Outcome.FAILED: JobState.FAILED,
    Outcome.UNKNOWN: JobState.UNKNOWN,
}


class EscposPrinter:
    """Implements `ReceiptPrinter`. A connection lasts for one job or one probe: printers lose idle ones.

    `address` as `parse_address` reads it; ValueError for another. `usb_bridge` reaches a USB address. Jobs and probes exclude each other; `status` never waits.
    """

    def __init__(
        self,
        address: str,
        fonts: Fonts,
        journal_path: Path,
        *,
        width_dots: int = WIDE_DOTS,
        mode: PrintMode = PrintMode.RASTER,
        roll: PaperRoll | None = None,
        confirm_timeout_s: float = CONFIRM_TIMEOUT_S,
        usb_bridge: Bridge = LIBUSB,
        tap: Tap | None = None,
    ) -> None:
        parsed = parse_address(address)
        if isinstance(parsed, Failed):
            message = f"not a receipt printer's address ({parsed.reason}): {address!r}"
            raise ValueError(message)
        self.journal = JobJournal(journal_path)
        self.journal.end_unfinished()
        self._roll = roll
        at = parsed.value
        self._way = UsbCable(at, usb_bridge) if isinstance(at, UsbAddress) else at
        self._tap = tap
        self._fonts = fonts
        self._width_dots = width_dots
        self._mode = mode
        self._confirm_timeout_s = confirm_timeout_s
        self._names_processes: bool | None = None
        self._status = self._told(DeviceStatus(DeviceState.OPENING))
        self._lock = threading.Lock()
        self._closed = False

    def status(self) -> DeviceStatus:
        """The last known status; never blocks."""
        return DeviceStatus(DeviceState.UNKNOWN, detail="closed") if self._closed else self._status

    def close(self) -> None:
        """What is known of a printer that nobody asks any more is nothing. May be called twice."""
        self._closed = True
        if isinstance(self._way, UsbCable):
            self._way.close()

    def probe(self) -> DeviceStatus:
        """Ask all four DLE EOT. During a job it returns at once: the job asks by itself."""
        if self._closed or not self._lock.acquire(blocking=False):
            return self.status()
        try:
            match self._open():
                case Failed(_, detail):
                    self._status = self._told(DeviceStatus(DeviceState.ABSENT, Cause.PRINTER_OFFLINE, detail))
                case Ok(transport):
                    session = Session(transport, names_processes=self._names_processes)
                    self._note(session.ask_all())
                    transport.close(discard=False)
            return self.status()
        finally:
            self._lock.release()

    def nameplate(self) -> Nameplate:
        """Maker and model, firmware and serial number by GS I, on a connection of its own."""
        if self._closed or not self._lock.acquire(timeout=NAMEPLATE_TURN_S):
            return Nameplate()
        try:
            match self._open():
                case Failed():
                    return Nameplate()
                case Ok(transport):
                    told = Session(transport, names_processes=self._names_processes).nameplate()
                    transport.close(discard=False)
                    return told
        finally:
            self._lock.release()

    def unsettled(self) -> UnsettledJobs:
        """See `JournalledPrinter.unsettled`."""
        return self._unsettled

    def tally(self) -> PrintTally:
        """See `ReceiptPrinter.tally`."""
        return self._tally

    def print_slip(self, slip: Slip) -> PrintReport:
        """See `ReceiptPrinter.print_slip`. Never prints a job again by itself."""
        return self.print_encoded(slip.job_id, self._encoded(slip), slip.counted_as)

    def print_encoded(self, job_id: str, job: EncodedSlip, counted_as: str = "") -> PrintReport:
        """The same for a job that is bytes already."""
        with self._lock:
            report = self._connected(job_id, job, counted_as)
            self._status = self._told(self._status)
            return report

    def _encoded(self, slip: Slip) -> EncodedSlip:
        slip = with_note(slip, self._fonts)
        match self._mode:
            case PrintMode.RASTER:
                return encode_slip(render_slip(slip, self._width_dots, self._fonts))
            case PrintMode.TEXT:
                return encode_text_slip(slip, self._width_dots, self._fonts)
            case _:
                assert_never(self._mode)

    def _connected(self, job_id: str, job: EncodedSlip, counted_as: str) -> PrintReport:
        match self._open():
            case Failed(_, detail):
                self._status = self._told(DeviceStatus(DeviceState.ABSENT, Cause.PRINTER_OFFLINE, detail))
                return self._refused(job_id, Cause.PRINTER_OFFLINE, detail)
            case Ok(transport):
                session = Session(transport, names_processes=self._names_processes)
        confirmed = False
        try:
            self._note(session.ask_all())
            report = self._begun(job_id, job, counted_as, session)
            confirmed = report.outcome is Outcome.DONE
        finally:
            self._names_processes = session.names_processes
            transport.close(discard=not confirmed)
        return report

    def _begun(self, job_id: str, job: EncodedSlip, counted_as: str, session: Session) -> PrintReport:
        """Refuse the job before its first byte, or run it."""
        # Whether this very slip fits is asked below; the status speaks of a usual one.
        if not self._status.usable and self._status.cause is not Cause.PRINTER_PAPER_SHORT:
            return self._refused(job_id, self._status.cause, self._status.detail)
        if self._roll is not None and self._roll.may_end_within(job.rows):
            return self._refused(job_id, Cause.PRINTER_PAPER_SHORT, "near end")
        disturbed = self.journal.paper_disturbed()
        journal = partial(self.journal.record, job_id, byte_count=job.byte_count, counted_as=counted_as)
        journalled = journal(JobState.SENDING)
        if isinstance(journalled, Failed):
            return PrintReport(Outcome.FAILED, Cause.PRINTER_JOURNAL, journalled.reason)
        report = self._run(job, session, lambda: journal(JobState.SENT), disturbed=disturbed)
        # From here on a journal that refuses changes nothing: its last word, `SENDING`, becomes unknown.
        journal(_JOURNAL_STATES[report.outcome], cause=report.cause or "")
        if self._roll is not None:
            self._roll.printed(job.rows * min(session.sent_bytes, job.byte_count) // job.byte_count)
        return replace(report, sent_bytes=session.sent_bytes)

    def _open(self) -> Ok[Transport] | Failed[WireFault]:
        return open_transport(self._way, tap=self._tap)

    def _refused(self, job_id: str, cause: Cause | None, detail: str) -> PrintReport:
        """Not a byte of the job was sent."""
        self.journal.record(job_id, JobState.FAILED, 0, cause or "")
        return PrintReport(Outcome.FAILED, cause, detail)

    def _run(
        self, job: EncodedSlip, session: Session, sent: Callable[[], object], *, disturbed: bool
    ) -> PrintReport:
        start = self._clean_start(job, session) if disturbed else job.start
        if not self._send_rows(session, start, job) or not self._processed(session):
            return self._settle(session, "before the cut")
        if isinstance(session.send(job.cut), Failed):
            return self._settle(session, "at the cut")
        sent()
        cut = self._processed(session)
        return self._settle_cut(session, cut=cut)

    @staticmethod
    def _clean_start(job: EncodedSlip, session: Session) -> bytes:
        """Get rid of what an earlier job left: it must not hang on this resident's slip.

        A printer that cannot clear may still wait for the rest of a slice, and would take this
        job for dots: a slice of zeros is white paper to it, and nothing to one that waits for none.
        """
        rest = b"" if session.clear_buffer() else bytes(LARGEST_COMMAND_BYTES)
        return rest + job.start + cut_command()

    @staticmethod
    def _send_rows(session: Session, start: bytes, job: EncodedSlip) -> bool:
        """Slice by slice, stopping as soon as the printer is not well or not heard."""
        for data in (start, *job.slices):
            if isinstance(session.send(data), Failed):
                return False
            asked = session.ask(Realtime.PRINTER)
            if isinstance(asked, Failed) or Condition.OFFLINE in asked.value:
                return False
        return True

    def _processed(self, session: Session) -> bool:
        # New for each question: the late answer to an old one must not count.
        return session.wait_processed(secrets.token_hex(2).encode(), self._confirm_timeout_s)

    def _settle(self, session: Session, when: str) -> PrintReport:
        """The slip is not whole, or not known to be: the printer's own plain word decides."""
        self._note(session.ask_all())
        if self._status.state is not DeviceState.FAULT:
            return PrintReport(Outcome.UNKNOWN, self._status.cause, f"not confirmed {when}")
        cleared = "cleared" if session.clear_buffer() else "not known to be cleared"
        return PrintReport(Outcome.FAILED, self._status.cause, f"stopped {when}; buffer {cleared}")

    def _settle_cut(self, session: Session, *, cut: bool) -> PrintReport:
        """All rows are on the paper. `cut` says whether the cut was processed, too."""
        self._note(session.ask_all())
        if self._status.state is DeviceState.UNKNOWN:
            return PrintReport(Outcome.UNKNOWN, self._status.cause, "silent after the cut")
        if not cut or self._status.cause is Cause.PRINTER_CUTTER:
            if self._status.state is DeviceState.FAULT:
                session.clear_buffer()
            return PrintReport(Outcome.UNKNOWN, self._status.cause, "printed, but the cut is not confirmed")
        return PrintReport(Outcome.DONE, detail=self._status.detail)

    def _note(self, asked: Ok[frozenset[Condition]] | Failed[Cause]) -> None:
        match asked:
            case Ok(conditions):
                if self._roll is not None:
                    self._roll.observed(conditions)
                self._status = self._told(device_status(conditions))
            case Failed(cause, detail):
                self._status = self._told(DeviceStatus(DeviceState.UNKNOWN, cause, detail))

    def _told(self, status: DeviceStatus) -> DeviceStatus:
        """The printer's own word, and what is known beside it: the jobs, the journal, the roll."""
        roll = self._roll
        self._unsettled = self.journal.unsettled_jobs()
        self._tally = self.journal.tally()
        of_jobs = self._unsettled.warnings(Cause.PRINTER_JOB_UNKNOWN, Cause.PRINTER_JOB_FAILED)
        standing = (
            (Cause.PRINTER_JOURNAL, bool(self.journal.problem or (roll and roll.problem))),
            (Cause.PRINTER_PAPER_LOW_ESTIMATED, roll is not None and roll.low_by_estimate()),
        )
        of_printer = [cause for cause in status.warnings if cause is Cause.PRINTER_PAPER_LOW]
        warnings = (*of_printer, *of_jobs, *(cause for cause, holds in standing if holds))
        if status.state is DeviceState.READY and roll is not None and roll.may_end_within():
            status = DeviceStatus(DeviceState.FAULT, Cause.PRINTER_PAPER_SHORT, status.detail)
        return replace(status, warnings=warnings)
