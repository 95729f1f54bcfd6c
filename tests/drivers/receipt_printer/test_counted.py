"""Slips that are counted: by what the paper is known to have, in a process that is killed too."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.contract import Outcome
from drivers.print_tally import PrintTally
from drivers.receipt_printer.escpos_printer import EscposPrinter
from drivers.receipt_printer.simulated import SimulatedPrinter
from drivers.receipt_printer.simulated_state import Faults, SimulatedState
from tests.drivers.receipt_printer.slips import fonts, slip

CHILD = """
import sys
from pathlib import Path
from drivers.print_journal import JobJournal, JobState
from drivers.receipt_printer.escpos_printer import EscposPrinter
from tests.drivers.receipt_printer.slips import fonts, slip

address, journal, held = sys.argv[1:]
record = JobJournal.record

def stop(self, job_id, state, *told, **more):
    before = state == held.removeprefix("after ") and not held.startswith("after ")
    if before:
        print("here", flush=True)
        sys.stdin.read()
    done = record(self, job_id, state, *told, **more)
    if held == f"after {state}":
        print("here", flush=True)
        sys.stdin.read()
    return done

JobJournal.record = stop
EscposPrinter(address, fonts(), Path(journal)).print_slip(slip(counted_as="item-1"))
"""


def _printer(far_end: SimulatedPrinter, folder: Path) -> EscposPrinter:
    return EscposPrinter(far_end.address, fonts(), folder / "jobs.jsonl")


def test_a_slip_counts_once_with_its_copies_and_a_test_strip_never(
    far_end: SimulatedPrinter, tmp_path: Path
) -> None:
    printer = _printer(far_end, tmp_path)
    assert printer.tally() == PrintTally()
    for key in ("item-1", "item-1", "", "item-2"):
        assert printer.print_slip(slip(counted_as=key)).outcome is Outcome.DONE
    assert printer.tally() == PrintTally(printed=2)
    far_end.set_faults(Faults(paper_rows=100))
    assert printer.print_slip(slip(counted_as="item-3")).outcome is Outcome.FAILED
    assert printer.tally() == PrintTally(printed=2)
    far_end.set_state(SimulatedState())
    assert printer.print_slip(slip(counted_as="item-3")).outcome is Outcome.DONE
    assert printer.tally() == PrintTally(printed=3), "the copy is the first that came out"
    assert _printer(far_end, tmp_path).tally() == PrintTally(printed=3)


@pytest.mark.parametrize(
    ("held", "paper", "counted"),
    [
        ("sending", 0, PrintTally()),
        ("after sending", 0, PrintTally(unknown=1)),
        ("done", 1, PrintTally(unknown=1)),
        ("after done", 1, PrintTally(printed=1)),
    ],
)
def test_killed_between_print_and_journal_it_is_unknown_and_never_counted_twice(
    far_end: SimulatedPrinter, tmp_path: Path, held: str, paper: int, counted: PrintTally
) -> None:
    journal = tmp_path / "jobs.jsonl"
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, far_end.address, str(journal), held],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).parents[3],
    )
    assert child.stdin is not None
    assert child.stdout is not None
    try:
        assert child.stdout.readline() == b"here\n"
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait(60)
        child.stdin.close()
        child.stdout.close()
    assert len(far_end.receipts) == paper
    for _start in range(2):
        printer = _printer(far_end, tmp_path)
        assert printer.tally() == counted
    assert printer.print_slip(slip(counted_as="item-1")).outcome is Outcome.DONE
    assert printer.tally() == PrintTally(printed=1), "a copy tells what became of it"
