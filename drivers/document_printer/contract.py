"""What a printer of whole documents (A4) promises. It knows bytes and jobs, nothing of what they say."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from drivers.contract import Cause, Outcome
from drivers.print_journal import JournalledPrinter


@dataclass(frozen=True, slots=True)
class Document:
    """One copy of a PDF. `job_id` is journalled and `title` is seen by the print service and the
    printer, so neither holds anything personal; `page_count` is what must come out, at least.
    """

    job_id: str
    title: str
    pdf: bytes = field(repr=False)
    page_count: int


@dataclass(frozen=True, slots=True)
class DocumentReport:
    """How a job ended, by the printer's own word.

    `FAILED` means that nothing usable came out; `UNKNOWN` is never printed again by itself. `cause`
    is the first one seen. `pages_printed` is the printer's own count, None when it gives none.
    `wiped`: the print service was seen to have no job of ours any more. `handed_over`: a byte of
    the document may have left this program; False means that trying again cannot print it twice.
    """

    outcome: Outcome
    cause: Cause | None = None
    detail: str = ""
    pages_printed: int | None = None
    wiped: bool = True
    handed_over: bool = True


class DocumentPrinter(JournalledPrinter, Protocol):
    """A document printer that is asked, not believed."""

    def print_document(self, document: Document) -> DocumentReport:
        """Check, journal, hand over, ask the printer until the end, wipe. Blocks for its own deadline."""
        ...
