"""From a document and its authorisation to paper, once."""

from __future__ import annotations

from collections.abc import Callable, Collection
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from drivers.contract import Failed, Ok, Outcome
from drivers.document_printer.contract import Document, DocumentPrinter, DocumentReport
from drivers.worker import Worker
from kiosk.documents.authorisation import Authorisation, Ledger, check
from kiosk.documents.refusal import Refusal

CHECK_S = 20.0
"""A certificate takes half a second; a document that takes longer than this is not one."""
START_S = 30.0


class DocumentCheck:
    """Checks PDFs in a child process, which ends with each document."""

    def __init__(self, root: Path, *, deadline_s: float = CHECK_S) -> None:
        self._root = root
        self._deadline_s = deadline_s

    def check(self, pdf: bytes, now: datetime) -> Ok[int] | Failed[Refusal]:
        """The number of pages, or why it is not printed. Blocks up to both deadlines."""
        try:
            root = self._root.read_bytes()
        except OSError as error:
            return Failed(Refusal.NO_ROOT, error.strerror or "")
        worker = Worker("kiosk.documents.pdf_check:PdfChecker", start_deadline_s=START_S)
        try:
            worker.wait_ready(START_S)
            answered: Ok[Any] | Failed[Any] = worker.call(
                "check", pdf, root, now, deadline_s=self._deadline_s
            )
        finally:
            worker.close()
        if isinstance(answered, Failed):
            return Failed(Refusal.NOT_CHECKED, answered.detail or answered.reason.value)
        checked: Ok[int] | Failed[Refusal] = answered.value
        return checked


class DocumentOffice:
    """Verifies, records, prints. `keys` are the centre's, `terminal` this one's number."""

    def __init__(
        self,
        printer: DocumentPrinter,
        checker: DocumentCheck,
        ledger: Ledger,
        keys: Collection[Ed25519PublicKey],
        terminal: str,
        now: Callable[[], datetime],
    ) -> None:
        self._printer = printer
        self._checker = checker
        self._ledger = ledger
        self._keys = keys
        self._terminal = terminal
        self._now = now

    def print_document(self, pdf: bytes, authorisation: bytes) -> Ok[DocumentReport] | Failed[Refusal]:
        """Print once. A refusal, and a printer that takes nothing, leave the authorisation unused.

        From the first byte on it is used, however the job ends: only the centre can give another.
        The use is on the disk before that byte, so a power cut can use one up, never double a print.
        """
        verified = self.verify(pdf, authorisation)
        if isinstance(verified, Failed):
            return verified
        allowed, page_count = verified.value
        ready = self._printer.probe()
        if not ready.usable:
            return Ok(DocumentReport(Outcome.FAILED, ready.cause, ready.detail, handed_over=False))
        spent = self._ledger.spend(allowed)
        if isinstance(spent, Failed):
            return spent
        report = self._printer.print_document(Document(allowed.id, allowed.case_code, pdf, page_count))
        self._ledger.settle(allowed, report.outcome if report.handed_over else None)
        return Ok(report)

    def verify(self, pdf: bytes, authorisation: bytes) -> Ok[tuple[Authorisation, int]] | Failed[Refusal]:
        """What may be printed, and how many pages it has; nothing is recorded."""
        now = self._now()
        allowed = check(authorisation, pdf, self._keys, self._terminal, now)
        if isinstance(allowed, Failed):
            return allowed
        try:
            if self._ledger.is_spent(allowed.value):
                return Failed(Refusal.AUTHORISATION_USED)
        except OSError as error:
            return Failed(Refusal.NOT_RECORDED, error.strerror or "")
        checked = self._checker.check(pdf, now)
        return checked if isinstance(checked, Failed) else Ok((allowed.value, checked.value))
