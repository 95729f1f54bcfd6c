"""What a slip costs on the wire, and how soon the first of it is on its way."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from drivers.contract import Outcome
from drivers.receipt_printer.encoder import encode_slip
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.raster import NARROW_DOTS, WIDE_DOTS, render_slip
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.tap import Direction
from tests.benchmarks.figures import Figure, percentile
from tests.drivers.receipt_printer.slips import fonts, slip

DOTS_A_BYTE = 8
HEADER_BYTES = 8
"""GS v 0 m xL xH yL yH."""
PRINTS = 10
QUESTION_BYTES = 16
"""Status questions are shorter than this, rows of dots longer."""


def receipt_bytes() -> list[Figure]:
    """The bytes of a job against one raster image of its whole width and height."""
    figures = []
    for width_dots in (WIDE_DOTS, NARROW_DOTS):
        drawn = render_slip(slip(), width_dots, fonts())
        naive = width_dots // DOTS_A_BYTE * drawn.height + HEADER_BYTES
        ours = encode_slip(drawn).byte_count
        beside = {"naive_bytes": naive, "bytes": ours}
        figures.append(Figure(f"receipt_bytes_{width_dots}_dots", ours / naive, "x", 0.35, beside))
    return figures


def receipt_first_line() -> list[Figure]:
    """From `print_slip` to the first rows handed to the wire, questions and drawing before them included."""
    sent_ns: list[int] = []

    def note(direction: Direction, data: bytes, at_monotonic_ns: int) -> None:
        if direction is Direction.TO_DEVICE and len(data) > QUESTION_BYTES:
            sent_ns.append(at_monotonic_ns)

    first_ms, whole_ms = [], []
    with SimulatedPrinter() as far_end, tempfile.TemporaryDirectory() as folder:
        printer = EscposPrinter(far_end.address, fonts(), Path(folder) / "journal.jsonl", tap=note)
        for number in range(PRINTS):
            sent_ns.clear()
            began_ns = time.monotonic_ns()
            assert printer.print_slip(slip(job_id=f"B{number}")).outcome is Outcome.DONE
            whole_ms.append((time.monotonic_ns() - began_ns) / 1e6)
            first_ms.append((sent_ns[0] - began_ns) / 1e6)
        printer.close()
    beside = {"whole_print_ms": percentile(whole_ms, 50), "first_time_ms": first_ms[0], "prints": PRINTS}
    return [Figure("receipt_first_rows_sent", percentile(first_ms, 50), "ms", None, beside)]
