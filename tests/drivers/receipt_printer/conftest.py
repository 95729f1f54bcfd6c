from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from tests.drivers.receipt_printer.slips import fonts


@pytest.fixture
def far_end() -> Iterator[SimulatedPrinter]:
    with SimulatedPrinter() as simulated:
        yield simulated


@pytest.fixture
def printer(far_end: SimulatedPrinter, tmp_path: Path) -> EscposPrinter:
    return EscposPrinter(far_end.address, fonts(), tmp_path / "jobs.jsonl")
