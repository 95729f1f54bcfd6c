"""An A4 printer behind CUPS: CUPS carries the job, the printer is asked what became of it."""

from __future__ import annotations

import contextlib
import fcntl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Nameplate, Ok, Outcome
from drivers.document_printer.contract import Document, DocumentReport
from drivers.document_printer.follow import PATIENCE, Before, Follow, Patience, Verdict
from drivers.document_printer.protocol import (
    JobAnswer,
    PrinterAddress,
    PrinterAnswer,
    device_status,
    printer_address,
)
from drivers.print_journal import JobJournal, JobState, UnsettledJobs
from drivers.worker import Worker

SOCKET = "/run/cups/cups.sock"
START_S = 20.0
ASK_S = 8.0
"""One call in the child: two answers of the printer, each with its own three seconds."""
SUBMIT_S = 30.0
WIPE_S = 8.0
"""How long it is tried after a job to have the service drop it; a later look tries again."""
POLL_S = 0.4
TURN_S = 20.0
"""How long a job waits for another program that looks at the same printer."""

_JOURNAL_STATES = {
    Outcome.DONE: JobState.DONE,
    Outcome.FAILED: JobState.FAILED,
    Outcome.UNKNOWN: JobState.UNKNOWN,
}
_CAUSES = {
    "service_lost": Cause.A4_SERVICE_LOST,
    "queue_missing": Cause.A4_QUEUE,
    "refused": Cause.A4_QUEUE,
    "absent": Cause.A4_ABSENT,
    "silent": Cause.A4_SILENT,
    "garbage": Cause.A4_SILENT,
}
_ABSENT = (Cause.A4_ABSENT,)
_UNSURE = (Cause.A4_SILENT,)


@dataclass(frozen=True, slots=True)
class _Found:
    """A printer that answered, and where."""

    address: PrinterAddress
    answer: PrinterAnswer


class CupsPrinter:
    """Implements `DocumentPrinter`. `identity`: the printer's uuid or device id, "" takes any.

    libcups lives in a child process with a deadline for each call. Jobs and probes exclude each
    other, between programs too (a lock beside the journal); `status` never waits.
    """

    def __init__(
        self,
        queue: str,
        journal_path: Path,
        *,
        server: str = SOCKET,
        identity: str = "",
        patience: Patience = PATIENCE,
    ) -> None:
        self.journal = JobJournal(journal_path)
        self._lock_path = journal_path.with_suffix(".lock")
        self._identity = identity
        self._patience = patience
        self._worker = Worker(
            "drivers.document_printer.spooler:Spooler", (server, queue), start_deadline_s=START_S
        )
        self._status = DeviceStatus(DeviceState.OPENING)
        self._generation: int | None = None
        self._nameplate = Nameplate()
        self._closed = False
        self._lock = threading.Lock()
        if self.journal.unfinished():
            with self._turn(0.0) as hindrance:
                if hindrance is None:  # else the job may be another program's, and go on
                    self.journal.end_unfinished()
        self._count_jobs()

    def status(self) -> DeviceStatus:
        """The last known status, and what is known of the jobs beside it; never blocks.

        That a child which has died since saw a printer that works says nothing; a job goes on with the next.
        """
        if self._closed:
            return DeviceStatus(DeviceState.UNKNOWN, detail="closed")
        known = self._status
        seen_by = self._generation
        if known.usable and seen_by is not None and not self._worker.still_answers(seen_by):
            why = self._worker.last_failure or "its process was replaced"
            known = DeviceStatus(DeviceState.UNKNOWN, Cause.A4_SERVICE_LOST, why)
        return replace(known, warnings=(*known.warnings, *self._standing))

    def nameplate(self) -> Nameplate:
        """What the printer said of itself at the last look; empty when it did not answer there."""
        return Nameplate() if self._closed else self._nameplate

    def unsettled(self) -> UnsettledJobs:
        """See `JournalledPrinter.unsettled`."""
        return self._unsettled

    def _count_jobs(self) -> None:
        self._unsettled = self.journal.unsettled_jobs()
        of_jobs = self._unsettled.warnings(Cause.A4_JOB_UNKNOWN, Cause.A4_JOB_FAILED)
        self._standing = (*of_jobs, *([Cause.A4_JOURNAL] if self.journal.problem else []))

    def close(self) -> None:
        """End the child; may be called twice."""
        self._closed = True
        self._worker.close()

    def probe(self) -> DeviceStatus:
        """Ask service and printer; on the way, wipe what an interrupted job may have left in the spool.

        During a job it returns at once: the job asks by itself.
        """
        if self._closed or not self._lock.acquire(blocking=False):
            return self.status()
        try:
            with self._turn(0.0) as hindrance:
                if hindrance is Cause.A4_BUSY:  # a technician prints: wiping now would end that job
                    self._status = DeviceStatus(DeviceState.BUSY, None, "another program prints")
                    self._generation = None  # the lock says so, and no child
                elif hindrance is not None:
                    self._note(hindrance, "the lock beside the journal")
                else:
                    self.journal.end_unfinished()
                    self._serve("wipe", deadline_s=ASK_S)
                    self._look()
            self._count_jobs()
            return self.status()
        finally:
            self._lock.release()

    def print_document(self, document: Document) -> DocumentReport:
        """Implements `DocumentPrinter`."""
        with self._lock:
            report = self._printed(document)
            self._count_jobs()
            return report

    def _printed(self, document: Document) -> DocumentReport:
        with self._turn(TURN_S) as hindrance:
            if hindrance is not None:
                return _not_begun(hindrance, "another program prints, or no lock")
            self.journal.end_unfinished()
            wiped = self._serve("wipe", deadline_s=ASK_S)
            found = self._look()
            jobs = self._printer_jobs(found.address) if found else Failed(Cause.A4_ABSENT)
            if found is None or not self._status.usable or isinstance(jobs, Failed) or wiped != Ok(0):
                return self._refused(document, wiped, jobs)
            noted = self.journal.record(document.job_id, JobState.SENDING, len(document.pdf))
            if isinstance(noted, Failed):
                return _not_begun(Cause.A4_JOURNAL, noted.reason)
            self._know(replace(self._status, state=DeviceState.BUSY))
            before = Before(found.answer, frozenset(job.number for job in jobs.value))
            follow = Follow(document.title, document.page_count, before, self._patience)
            verdict = self._run(document, found.address, follow)
            clean = self._wipe_for_good()
            self._look()
            self._record(document, _JOURNAL_STATES[verdict.outcome], verdict.cause)
            printed = follow.job.impressions if follow.job else None
            return DocumentReport(verdict.outcome, verdict.cause, verdict.detail, printed, clean)

    def _record(self, document: Document, state: JobState, cause: Cause | None = None) -> None:
        """How far the job is. Where it cannot be written, `SENDING` stays, which counts as unknown."""
        self.journal.record(document.job_id, state, len(document.pdf), cause or "")

    @contextlib.contextmanager
    def _turn(self, patience_s: float) -> Iterator[Cause | None]:
        """None when this program has the printer to itself until the end of the block, else why not."""
        ends_s = time.monotonic() + patience_s
        try:
            self._lock_path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            file = self._lock_path.open("ab")
        except OSError:
            yield Cause.A4_JOURNAL
            return
        with file:
            while not _locked(file.fileno()):
                if time.monotonic() >= ends_s:
                    yield Cause.A4_BUSY
                    return
                time.sleep(POLL_S)
            try:
                yield None
            finally:
                fcntl.flock(
                    file.fileno(), fcntl.LOCK_UN
                )  # a child that is being forked has the file open too

    def _refused(self, document: Document, *asked: Ok[Any] | Failed[Cause]) -> DocumentReport:
        """Not a byte was handed over."""
        cause, detail = self._status.cause, self._status.detail
        for answer in asked:
            if cause is None and isinstance(answer, Failed):
                cause, detail = answer.reason, answer.detail
        cause = cause or Cause.A4_SERVICE_LOST
        self.journal.record(document.job_id, JobState.FAILED, 0, cause)
        return _not_begun(cause, detail or "an old job is still in the spool")

    def _run(self, document: Document, address: PrinterAddress, follow: Follow) -> Verdict:
        submitted = self._serve("submit", document.title, document.pdf, deadline_s=SUBMIT_S)
        begun_s = time.monotonic()
        if isinstance(submitted, Failed):
            # Nobody knows how much of it the service has. It goes no further, and the printer is asked.
            follow.cause = submitted.reason
            return self._give_up(address, follow, begun_s)
        self._record(document, JobState.SENT)
        while True:
            verdict = self._step(address, follow, time.monotonic() - begun_s)
            if verdict is not None:
                break
            time.sleep(POLL_S)
        if not verdict.give_up:
            return verdict
        ended = self._give_up(address, follow, begun_s)
        return ended if ended.outcome is not Outcome.UNKNOWN else replace(verdict, give_up=False)

    def _step(self, address: PrinterAddress, follow: Follow, now_s: float) -> Verdict | None:
        if self._closed:
            return Verdict(Outcome.UNKNOWN, follow.cause, "closed during the job")
        active = self._serve("active", deadline_s=ASK_S)
        seen = self._see(address, follow, now_s)
        if seen is None and active == Ok(0):
            return follow.let_go(now_s)
        return seen

    def _see(self, address: PrinterAddress, follow: Follow, now_s: float) -> Verdict | None:
        # Jobs first: the printer's word on itself then also tells why one of them ended.
        jobs = self._printer_jobs(address)
        if isinstance(jobs, Failed):
            return follow.miss(now_s, jobs.reason)
        printer = self._ask("printer", address)
        if isinstance(printer, Failed):
            return follow.miss(now_s, printer.reason)
        return follow.see(now_s, printer.value, jobs.value)

    def _give_up(self, address: PrinterAddress, follow: Follow, begun_s: float) -> Verdict:
        """Take the job back at the service and at the printer, then ask what came of that."""
        self._wipe_for_good()
        if follow.job is not None:
            self._ask("cancel", address, follow.job.number)
        ends_s = time.monotonic() + self._patience.cancelled_s
        while time.monotonic() < ends_s:
            verdict = self._step(address, follow, time.monotonic() - begun_s)
            if verdict is not None and not verdict.give_up:
                return verdict
            time.sleep(POLL_S)
        return follow.after_cancel()

    def _wipe_for_good(self) -> bool:
        """True when the service was seen to have nothing of ours; what is left is wiped by a later probe."""
        ends_s = time.monotonic() + WIPE_S
        while self._serve("wipe", deadline_s=ASK_S) != Ok(0):
            if self._closed or time.monotonic() > ends_s:
                return False
            time.sleep(POLL_S)
        return True

    def _look(self) -> _Found | None:
        """Ask the service for its queue and the printer for itself; what was found becomes the status."""
        self._nameplate = Nameplate()
        queue = self._serve("queue", deadline_s=ASK_S)
        if isinstance(queue, Failed):
            self._note(queue.reason, queue.detail)
            return None
        address = printer_address(queue.value.device_uri)
        if address is None:
            self._note(Cause.A4_QUEUE, "the queue's printer is not reached by ipp://")
            return None
        if not queue.value.gives_up:
            # A service that tries again would print a job of unknown end a second time.
            self._note(Cause.A4_QUEUE, "printer-error-policy is not abort-job")
            return None
        printer = self._ask("printer", address)
        if isinstance(printer, Failed):
            self._note(printer.reason, printer.detail)
            return None
        answer: PrinterAnswer = printer.value
        self._nameplate = answer.nameplate
        if self._identity not in ("", answer.identity):
            self._note(Cause.A4_REPLACED, answer.identity)
            return None
        self._know(device_status(answer))
        if self._status.usable and not queue.value.accepting:
            self._note(Cause.A4_QUEUE, "the queue is stopped or takes no jobs")
            return None
        return _Found(address, answer)

    def _note(self, cause: Cause, detail: str) -> None:
        """Not to be used now, and why."""
        state = DeviceState.FAULT
        if cause in _ABSENT:
            state = DeviceState.ABSENT
        elif cause in _UNSURE:
            state = DeviceState.UNKNOWN
        self._know(DeviceStatus(state, cause, detail))

    def _know(self, status: DeviceStatus) -> None:
        self._status, self._generation = status, self._worker.generation

    def _printer_jobs(self, address: PrinterAddress) -> Ok[tuple[JobAnswer, ...]] | Failed[Cause]:
        return self._ask("printer_jobs", address)

    def _serve(self, method: str, *args: object, deadline_s: float) -> Ok[Any] | Failed[Cause]:
        """The service's answer, or a cause: a child that hangs or dies in libcups speaks for it."""
        return self._call(Cause.A4_SERVICE_LOST, method, args, deadline_s)

    def _ask(self, method: str, *args: object) -> Ok[Any] | Failed[Cause]:
        """The printer's answer, or a cause."""
        return self._call(Cause.A4_SILENT, method, args, ASK_S)

    def _call(
        self, overrun: Cause, method: str, args: tuple[object, ...], deadline_s: float
    ) -> Ok[Any] | Failed[Cause]:
        if self._closed:
            return Failed(overrun, "closed")
        self._worker.wait_ready(deadline_s)
        match self._worker.call(method, *args, deadline_s=deadline_s):
            case Failed(reason, detail):
                return Failed(overrun, detail or reason.value)
            case Ok(Failed(reason, detail)):
                return Failed(_CAUSES[reason.value], detail)
            case Ok(answered):
                return Ok(answered.value)


def _not_begun(cause: Cause, detail: str) -> DocumentReport:
    return DocumentReport(Outcome.FAILED, cause, detail, handed_over=False)


def _locked(descriptor: int) -> bool:
    """Whether the lock was free; now it is held."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
