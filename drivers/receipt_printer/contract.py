"""What a receipt printer promises, and the content that it can print. A repr never shows the words of a slip."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol

from drivers.contract import Cause, Outcome
from drivers.print_journal import JournalledPrinter
from drivers.print_tally import PrintTally


class Size(StrEnum):
    """Type sizes of a slip."""

    SMALL = "small"
    BODY = "body"
    LARGE = "large"
    TITLE = "title"


class Align(StrEnum):
    """Where a line stands."""

    LEFT = "left"
    CENTRE = "centre"


@dataclass(frozen=True, slots=True)
class Text:
    """A paragraph, wrapped at the paper's width."""

    text: str = field(repr=False)
    size: Size = Size.BODY
    bold: bool = False
    align: Align = Align.LEFT


@dataclass(frozen=True, slots=True)
class Pair:
    """A label and its value on one line (the value wraps under itself)."""

    label: str
    value: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Rule:
    """A thin line across the paper."""


@dataclass(frozen=True, slots=True)
class QrCode:
    """A QR code, centred."""

    data: str = field(repr=False)


class PrintMode(StrEnum):
    """How text gets on paper: drawn here as dots, or by the printer's own GB18030 font."""

    RASTER = "raster"
    TEXT = "text"


Block = Text | Pair | Rule | QrCode


@dataclass(frozen=True, slots=True)
class Slip:
    """One slip. `job_id` is the case code: it is journalled, so it holds nothing personal.

    `counted_as`: the key under which the journal's tally counts it once, copies included; '' for a slip that does
    not count, such as a test strip. Nothing personal either.
    """

    job_id: str
    blocks: tuple[Block, ...]
    counted_as: str = ""


@dataclass(frozen=True, slots=True)
class PrintReport:
    """How a job ended.

    `FAILED` means that nothing usable came out; `UNKNOWN` is never reprinted by itself.
    `sent_bytes`: the bytes of the job that the wire took, without the questions between.
    """

    outcome: Outcome
    cause: Cause | None = None
    detail: str = ""
    sent_bytes: int = 0


class ReceiptPrinter(JournalledPrinter, Protocol):
    """A receipt printer that is asked, not believed."""

    def print_slip(self, slip: Slip) -> PrintReport:
        """Check, journal, print, cut, confirm, check again. Blocks for its own deadline."""
        ...

    def tally(self) -> PrintTally:
        """The slips with a `counted_as` that came out since the journal was begun: the last known; never blocks."""
        ...
