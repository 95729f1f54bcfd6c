"""Verified, recorded, printed: in this order, and the last two once."""

from __future__ import annotations

import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok, Outcome
from drivers.document_printer.contract import Document, DocumentReport
from drivers.print_journal import UnsettledJobs
from kiosk.documents.authorisation import Ledger
from kiosk.documents.office import DocumentCheck, DocumentOffice
from kiosk.documents.pdf_check import check_pdf
from kiosk.documents.refusal import Refusal
from tests.drivers.document_printer.rig import pdf
from tests.kiosk.documents.issuer import NOW, TERMINAL, Centre, certificate, root

DONE = DocumentReport(Outcome.DONE, pages_printed=2)


class Printer:
    """Notes what it is given, and what the ledger held at that moment."""

    def __init__(self, ledger: Path) -> None:
        self.ledger = ledger
        self.answers = DONE
        self.state = DeviceStatus(DeviceState.READY)
        self.given: list[tuple[Document, str]] = []

    def status(self) -> DeviceStatus:
        return self.state

    def probe(self) -> DeviceStatus:
        return self.state

    def close(self) -> None:
        pass

    def unsettled(self) -> UnsettledJobs:
        return UnsettledJobs()

    def print_document(self, document: Document) -> DocumentReport:
        self.given.append((document, self.ledger.read_text("utf-8")))
        return self.answers


class HereAndNow(DocumentCheck):
    """Without the child, which has its own tests."""

    def check(self, pdf: bytes, now: datetime) -> Ok[int] | Failed[Refusal]:
        return check_pdf(pdf, root().pem, now)


class Room:
    def __init__(self, folder: Path) -> None:
        self.centre = Centre()
        self.ledger = folder / "ledger"
        self.printer = Printer(self.ledger)
        self.office = DocumentOffice(
            self.printer,
            HereAndNow(folder / "unused"),
            Ledger(self.ledger),
            [self.centre.key.public_key()],
            TERMINAL,
            lambda: NOW,
        )


@pytest.fixture
def room(tmp_path: Path) -> Room:
    return Room(tmp_path)


def test_it_is_on_record_before_the_printer_is_given_anything(room: Room) -> None:
    allowed = room.centre.authorise(certificate())
    assert room.office.print_document(certificate(), allowed) == Ok(DONE)
    [(document, ledger)] = room.printer.given
    assert document.job_id in ledger
    assert document.pdf == certificate()
    assert document.page_count == 2
    assert document.title == document.title.strip()
    assert len(document.title) == 16, "the case code and nothing else"


@pytest.mark.parametrize("outcome", Outcome)
def test_an_authorisation_is_used_up_however_the_job_ends(room: Room, outcome: Outcome) -> None:
    allowed = room.centre.authorise(certificate())
    room.printer.answers = DocumentReport(outcome)
    assert room.office.print_document(certificate(), allowed) == Ok(DocumentReport(outcome))
    again = room.office.print_document(certificate(), allowed)
    assert again == Failed(Refusal.AUTHORISATION_USED)
    assert len(room.printer.given) == 1
    assert f'"state": "{outcome.value}"' in room.ledger.read_text("utf-8")
    assert isinstance(room.office.print_document(certificate(), room.centre.authorise(certificate())), Ok)


def test_a_printer_that_is_not_ready_leaves_the_authorisation_unused(room: Room) -> None:
    allowed = room.centre.authorise(certificate())
    room.printer.state = DeviceStatus(DeviceState.FAULT, Cause.A4_PAPER_OUT, "media-empty-error")
    ended = room.office.print_document(certificate(), allowed)
    assert ended == Ok(
        DocumentReport(Outcome.FAILED, Cause.A4_PAPER_OUT, "media-empty-error", handed_over=False)
    )
    assert room.printer.given == []
    room.printer.state = DeviceStatus(DeviceState.READY)
    assert room.office.print_document(certificate(), allowed) == Ok(DONE)


def test_a_printer_that_took_nothing_leaves_the_authorisation_unused(room: Room) -> None:
    allowed = room.centre.authorise(certificate())
    room.printer.answers = DocumentReport(Outcome.FAILED, Cause.A4_BUSY, handed_over=False)
    assert room.office.print_document(certificate(), allowed) == Ok(room.printer.answers)
    assert '"state": "printing"' in room.printer.given[0][1], "a power cut there would have used it up"
    room.printer.answers = DONE
    assert room.office.print_document(certificate(), allowed) == Ok(DONE)
    assert room.office.print_document(certificate(), allowed) == Failed(Refusal.AUTHORISATION_USED)


def test_a_document_that_is_not_sound_leaves_the_authorisation_unused(room: Room) -> None:
    unsigned = pdf()
    allowed = room.centre.authorise(unsigned)
    assert room.office.print_document(unsigned, allowed) == Failed(Refusal.UNSIGNED)
    assert room.office.print_document(certificate(), allowed) == Failed(Refusal.OTHER_DOCUMENT)
    flipped = bytearray(certificate())
    flipped[certificate().rindex(b"0>")] ^= 1  # where no signature looks
    whole = room.centre.authorise(certificate())
    assert room.office.print_document(bytes(flipped), whole) == Failed(Refusal.OTHER_DOCUMENT)
    assert room.printer.given == []
    assert not room.ledger.exists()


def test_what_cannot_be_recorded_is_not_printed(room: Room) -> None:
    room.ledger.mkdir()
    ended = room.office.print_document(certificate(), room.centre.authorise(certificate()))
    assert isinstance(ended, Failed)
    assert ended.reason is Refusal.NOT_RECORDED
    assert room.printer.given == []


def test_the_child_checks_a_document_and_is_ended_when_it_takes_too_long(tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    missing = DocumentCheck(file).check(certificate(), NOW)
    assert isinstance(missing, Failed)
    assert missing.reason is Refusal.NO_ROOT
    file.write_bytes(root().pem)
    assert DocumentCheck(file).check(certificate(), NOW) == Ok(2)
    hung = DocumentCheck(file, deadline_s=0.0).check(certificate(), NOW)
    assert isinstance(hung, Failed)
    assert hung.reason is Refusal.NOT_CHECKED


def test_the_child_cannot_take_all_the_memory() -> None:
    text = (
        "from kiosk.documents.pdf_check import MEMORY_MAX_BYTES, PdfChecker\n"
        "PdfChecker()\n"
        "try:\n    bytearray(MEMORY_MAX_BYTES)\n"
        "except MemoryError:\n    print('refused')\n"
    )
    ran: Any = subprocess.run(
        [sys.executable, "-c", text],
        cwd=Path(__file__).parents[3],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "refused\n"
