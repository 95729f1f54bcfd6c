"""A document to try with: made here, signed by the keys that set-up made on this machine."""

from __future__ import annotations

import contextlib
import hashlib
import io
import shutil
import subprocess
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from drivers.contract import Failed, Ok
from drivers.document_printer.contract import DocumentReport
from drivers.document_printer.cups_printer import CupsPrinter
from drivers.document_printer.simulated import QUEUE, Fault, VirtualPrinter, VirtualPrintService
from kiosk import keys
from kiosk.case import format_case_code, new_case_code
from kiosk.documents.authorisation import Ledger, signed
from kiosk.documents.office import DocumentCheck, DocumentOffice
from kiosk.documents.refusal import Refusal
from kiosk.settings import Settings

VALID_HOURS = 24
PICTURE_DPI = 80
_LINES = (
    ("名称 Document", "试印页 Test page"),
    ("发给 Issued to", "无人，演示专用 nobody, for trying only"),
    ("编号 Code", "{code}"),
    ("罕见字 Rare characters", "䶮 㐂 〇 龦 犇 Ǖ ·"),
    ("说明 Note", "四边框线应完整，距纸边各 10 毫米。"),
    ("", "The frame must be whole, 10 mm from each edge."),
)


@dataclass(frozen=True, slots=True)
class Example:
    """A signed document, and the authorisation to print it once."""

    pdf: bytes
    authorisation: bytes


def make_example(settings: Settings, code: str) -> Example:
    """A4, one page, for case `code`. KeyFileError when set-up did not make the demo's keys."""
    trust = settings.document_printer.root.parent
    pdf = sign_pdf(_page(settings.screen.fonts, code), trust)
    return Example(pdf, authorise(pdf, code, settings.terminal.number, trust))


def _page(fonts: Path, code: str) -> bytes:
    from fpdf import FPDF

    made = FPDF(format="A4")
    made.set_creation_date(datetime.now(UTC))
    made.add_font("noto", "", fonts / "NotoSansSC-Regular.otf")
    made.add_font("noto", "B", fonts / "NotoSansSC-Bold.otf")
    made.add_font("rare", "", fonts / "HanaMinA.ttf")
    made.set_fallback_fonts(["rare"], exact_match=False)
    made.add_page()
    made.rect(10, 10, 190, 277)
    made.set_y(40)
    made.set_font("noto", "B", 26)
    made.cell(0, 14, "试印证明", align="C", new_x="LMARGIN", new_y="NEXT")
    made.set_font("noto", "", 14)
    made.cell(0, 10, "Certificate of a test print", align="C", new_x="LMARGIN", new_y="NEXT")
    made.ln(14)
    made.set_font("noto", "", 12)
    for label, value in _LINES:
        made.set_x(25)
        made.cell(55, 11, label)
        made.cell(0, 11, value.format(code=format_case_code(code)), new_x="LMARGIN", new_y="NEXT")
    return bytes(made.output())


def sign_pdf(pdf: bytes, trust: Path) -> bytes:
    """The PDF with a PAdES signature of the demo's signer over all of it."""
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
    from pyhanko.sign import fields, signers

    signer = signers.SimpleSigner.load(
        str(trust / "document_signer.key"),
        str(trust / "document_signer.pem"),
        (str(trust / "document_root.pem"),),
    )
    if not signer:
        message = "document_signer.key or .pem cannot be read: run set-up"
        raise keys.KeyFileError(message)
    what = signers.PdfSignatureMetadata(field_name="Issuer", subfilter=fields.SigSeedSubFilter.PADES)
    out: Any = signers.sign_pdf(IncrementalPdfFileWriter(io.BytesIO(pdf)), what, signer)
    return bytes(out.getvalue())


def authorise(pdf: bytes, code: str, terminal: str, trust: Path) -> bytes:
    """The demo centre's authorisation to print `pdf` once within a day."""
    content = {
        "schema": "jiujin.document/1",
        "id": str(uuid.uuid4()),
        "case_code": code,
        "terminal": terminal,
        "sha256": hashlib.sha256(pdf).hexdigest(),
        "copies": 1,
        "expires_at": (datetime.now(UTC) + timedelta(hours=VALID_HOURS)).isoformat(timespec="seconds"),
    }
    return signed(content, keys.private_key(trust / "centre_acknowledgement.key"))


def try_out(
    settings: Settings, into: Path, fault: Fault
) -> Ok[DocumentReport] | Failed[Refusal] | Failed[str]:
    """The whole way with a print service and a printer of our own; what came out lies in `into`.

    `document.pdf`, `authorisation.json`, and when paper came out `paper.pdf` with its picture `paper.png`.
    """
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir(parents=True)
    example = make_example(settings, new_case_code(settings.terminal.number))
    (into / "document.pdf").write_bytes(example.pdf)
    (into / "authorisation.json").write_bytes(example.authorisation)
    with contextlib.ExitStack() as stack:
        printer, service = VirtualPrinter(into / "printer"), VirtualPrintService()
        for part in (service, printer):
            stack.callback(part.close)
        for part in (printer, service):
            started = part.start()
            if isinstance(started, Failed):
                return Failed(started.reason.value, started.detail)
        service.add_queue(printer.uri)
        printer.set_fault(fault)
        driver = CupsPrinter(QUEUE, into / "journal.jsonl", server=str(service.socket))
        stack.callback(driver.close)
        office = DocumentOffice(
            driver,
            DocumentCheck(settings.document_printer.root),
            Ledger(into / "ledger.jsonl"),
            keys.public_keys(settings.centre.acknowledgement_key),
            settings.terminal.number,
            lambda: datetime.now(UTC),
        )
        report = office.print_document(example.pdf, example.authorisation)
        for sheet in printer.paper.iterdir():
            shutil.copy(sheet, into / "paper.pdf")
            _draw(into / "paper.pdf", into / "paper")
        return report


def _draw(pdf: Path, picture: Path) -> None:
    """PNG beside the PDF, where poppler is there to draw it."""
    program = shutil.which("pdftoppm")
    if program is not None:
        subprocess.run(
            [program, "-png", "-r", str(PICTURE_DPI), "-singlefile", str(pdf), str(picture)],
            check=True,
            timeout=60,
        )
