"""Where a terminal keeps what it knows of its print jobs and of its roll."""

from __future__ import annotations

from pathlib import Path

from drivers.receipt_printer.roll import PaperRoll
from kiosk.settings import Settings


def journal_path(settings: Settings) -> Path:
    return settings.terminal.state / "print-journal.jsonl"


def document_journal_path(settings: Settings) -> Path:
    return settings.terminal.state / "document-journal.jsonl"


def paper_roll(settings: Settings) -> PaperRoll:
    """The roll as last known; a folder that cannot be read is told by its `problem`."""
    printer = settings.receipt_printer
    return PaperRoll(
        settings.terminal.state / "paper-roll.jsonl",
        length_m=printer.roll_length_m,
        near_end_sensor=printer.near_end_sensor,
        left_cm=printer.near_end_left_cm,
    )
