"""Printing through a real cupsd to a real IPP printer whose paper, jams and absences are real to both."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

import pytest
from pyhanko.pdf_utils.reader import PdfFileReader

from drivers.contract import Cause, DeviceState, Outcome
from drivers.document_printer import cups_printer
from drivers.document_printer.contract import DocumentReport
from drivers.document_printer.follow import Patience
from drivers.document_printer.simulated import Fault, VirtualPrinter
from drivers.print_journal import JobJournal, JobState
from tests.drivers.document_printer.rig import Room, document
from tests.drivers.waiting import wait_until

DONE = DocumentReport(Outcome.DONE, pages_printed=1)
GONE_AT_ONCE = pytest.mark.parametrize("room", [Patience(vanished_s=1.0, cancelled_s=1.0)], indirect=True)
"""For a printer that is not to come back: nothing else of the patience is short, whatever the machine does beside."""
SEEN_TO_START_AGAIN_S = 2
"""A printer counts whole seconds from its start: one that is younger when a job begins may have the same count again."""


def journal(room: Room) -> list[tuple[str, str]]:
    lines = [json.loads(line) for line in room.journal.read_text("utf-8").splitlines()]
    return [(line["state"], line["cause"]) for line in lines]


def test_a_document_comes_out_whole_on_a4_and_nobody_is_named(room: Room) -> None:
    room.printer.set_pages(2)
    assert room.driver.print_document(document(pages=2)) == DocumentReport(Outcome.DONE, pages_printed=2)
    assert room.printer.begun() == ["jiujin 0142-20261125-0001"]
    (paper,) = room.printer.paper.iterdir()
    with paper.open("rb") as file:
        pages = PdfFileReader(file).root["/Pages"]["/Kids"]
        sizes = [
            [round(float(side)) for side in page["/MediaBox"]] for page in (kid.get_object() for kid in pages)
        ]
    assert sizes == [[0, 0, 595, 842]] * 2, "A4 in points, neither scaled nor shifted"
    assert journal(room) == [("sending", ""), ("sent", ""), ("done", "")]


def test_a_job_that_the_printer_aborted_is_failed_with_its_cause(room: Room) -> None:
    room.printer.set_fault(Fault.JAM)
    jammed = room.driver.print_document(document())
    assert (jammed.outcome, jammed.cause, jammed.pages_printed) == (Outcome.FAILED, Cause.A4_JAM, 0)
    assert journal(room)[-1] == ("failed", "a4.jam")
    assert room.driver.unsettled().failed == (document().job_id,)
    assert room.driver.status().usable, "a warning stops no service"
    assert Cause.A4_JOB_FAILED in room.driver.status().warnings


def test_a_jam_of_yesterday_explains_nothing_of_today(room: Room) -> None:
    room.printer.set_fault(Fault.JAM)
    room.driver.print_document(document())
    assert room.driver.status().state is DeviceState.READY
    assert "media-jam" in room.driver.status().detail, "the printer still says it"
    room.printer.set_fault(Fault.ABORT)
    assert room.driver.print_document(document()).cause is Cause.A4_ERROR
    room.printer.set_fault(Fault.NONE)
    assert room.driver.print_document(document()) == DONE


@pytest.mark.parametrize(
    ("fault", "printed"),
    [(Fault.JAM_AFTER_A_PAGE, 1), (Fault.NOTHING, 0)],
    ids=["part is out", "said, not done"],
)
def test_what_may_have_come_out_is_unknown_and_not_printed_again(
    room: Room, fault: Fault, printed: int
) -> None:
    room.printer.set_fault(fault)
    report = room.driver.print_document(document(pages=2))
    assert (report.outcome, report.pages_printed, report.wiped) == (Outcome.UNKNOWN, printed, True)
    room.printer.set_fault(Fault.NONE)
    assert room.driver.probe().state is DeviceState.READY
    assert len(room.printer.begun()) == 1


@pytest.mark.parametrize("fault", [Fault.NO_PAPER, Fault.SLOW])
def test_a_printer_that_waits_is_waited_for(room: Room, fault: Fault) -> None:
    room.printer.set_fault(fault)
    printing = room.begin(document())
    assert not printing.done()
    room.printer.set_fault(Fault.NONE)
    assert printing.result(30) == DONE


@pytest.mark.parametrize("room", [Patience(stopped_s=1.0)], indirect=True)
def test_paper_that_nobody_brings_ends_as_failed_with_its_cause(room: Room) -> None:
    room.printer.set_fault(Fault.NO_PAPER)
    report = room.driver.print_document(document())
    assert (report.outcome, report.cause) == (Outcome.FAILED, Cause.A4_PAPER_OUT)
    assert room.came_out() == 0
    room.printer.set_fault(Fault.NONE)
    assert room.driver.print_document(document("later")) == DONE
    assert room.came_out() == 1, "paper that came late prints nothing old"


@GONE_AT_ONCE
def test_a_printer_that_vanishes_leaves_an_unknown_job_that_is_never_printed_again(room: Room) -> None:
    room.printer.set_fault(Fault.SLOW)
    printing = room.begin(document())
    room.printer.kill()
    report = printing.result(30)
    assert (report.outcome, report.cause, report.wiped) == (Outcome.UNKNOWN, Cause.A4_ABSENT, True)
    absent = room.driver.probe()
    assert (absent.state, absent.cause) == (DeviceState.ABSENT, Cause.A4_ABSENT)
    room.printer.set_fault(Fault.NONE)
    room.printer.start(port=room.printer.port)
    assert room.driver.probe().state is DeviceState.READY
    assert room.driver.print_document(document("next")) == DONE
    assert [line.split()[1] for line in room.printer.begun()] == ["0142-20261125-0001", "next"]


@GONE_AT_ONCE
def test_a_printer_that_started_again_during_the_job_knows_nothing_of_it(room: Room) -> None:
    assert wait_until(lambda: room.answer().up_time_s >= SEEN_TO_START_AGAIN_S)
    room.printer.set_fault(Fault.SLOW)
    printing = room.begin(document())
    room.printer.kill()
    room.printer.start(port=room.printer.port)
    report = printing.result(60)
    assert report.outcome is Outcome.UNKNOWN
    assert len(room.printer.begun()) == 1


def test_a_silent_printer_is_unknown_and_is_given_nothing(room: Room) -> None:
    assert room.driver.probe().state is DeviceState.READY
    room.printer.freeze()
    silent = room.driver.probe()
    assert (silent.state, silent.cause) == (DeviceState.UNKNOWN, Cause.A4_SILENT)
    refused = room.driver.print_document(document())
    assert (refused.outcome, refused.cause) == (Outcome.FAILED, Cause.A4_SILENT)
    assert journal(room) == [("failed", "a4.silent")], "not a byte of it was handed over"
    room.printer.thaw()
    assert room.driver.probe().state is DeviceState.READY
    assert room.printer.begun() == []


def test_a_job_that_cannot_be_journalled_is_not_begun(room: Room) -> None:
    room.journal.mkdir()
    refused = room.driver.print_document(document())
    assert (refused.outcome, refused.cause) == (Outcome.FAILED, Cause.A4_JOURNAL)
    assert room.printer.begun() == []


def test_of_two_programs_one_prints_and_the_other_leaves_its_job_alone(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cups_printer, "TURN_S", 0.0)
    other = cups_printer.CupsPrinter("jiujin", room.journal, server=str(room.service.socket))
    try:
        room.printer.set_fault(Fault.SLOW)
        printing = room.begin(document())
        assert other.probe().state is DeviceState.BUSY
        refused = other.print_document(document("second"))
        assert (refused.outcome, refused.cause) == (Outcome.FAILED, Cause.A4_BUSY)
        assert not refused.handed_over
        room.printer.set_fault(Fault.NONE)
        assert printing.result(30) == DONE
        assert other.probe().state is DeviceState.READY
        assert len(room.printer.begun()) == 1
    finally:
        other.close()


def test_during_a_job_a_look_returns_at_once_and_the_printer_is_busy(room: Room) -> None:
    room.printer.set_fault(Fault.SLOW)
    printing = room.begin(document())
    assert room.driver.probe().state is DeviceState.BUSY
    assert not printing.done()
    room.printer.set_fault(Fault.NONE)
    assert printing.result(30) == DONE
    assert room.driver.status().state is DeviceState.READY


def test_a_job_cut_off_by_a_crash_is_unknown_and_stays_unprinted(room: Room) -> None:
    crashed = JobJournal(room.journal)
    crashed.record("cut off", JobState.SENDING, 100)
    room.driver.probe()
    assert [entry.job_id for entry in JobJournal(room.journal).unsettled()] == ["cut off"]
    assert room.printer.begun() == []


def test_a_killed_child_costs_no_job(room: Room) -> None:
    room.printer.set_fault(Fault.SLOW)
    printing = room.begin(document())
    room.driver._worker.restart()
    room.printer.set_fault(Fault.NONE)
    assert printing.result(30) == DONE
    assert len(room.printer.begun()) == 1


def test_of_a_child_that_has_died_nothing_is_believed_until_the_next_look(room: Room) -> None:
    worker = room.driver._worker
    assert room.driver.probe().state is DeviceState.READY
    generation, pid = worker.generation, worker.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    assert wait_until(lambda: room.driver.status().cause is Cause.A4_SERVICE_LOST)
    assert wait_until(lambda: worker.generation > generation)
    assert room.driver.status().state is DeviceState.UNKNOWN, "the new child has seen no printer yet"
    assert room.driver.probe().state is DeviceState.READY


def test_another_printer_at_the_same_address_is_not_taken_for_ours(room: Room, tmp_path: Path) -> None:
    driver = cups_printer.CupsPrinter(
        "jiujin", tmp_path / "j", server=str(room.service.socket), identity=room.answer().identity
    )
    other = VirtualPrinter(tmp_path / "other", "Another A4")
    try:
        assert driver.probe().state is DeviceState.READY
        room.printer.kill()
        other.start(port=room.printer.port)
        replaced = driver.probe()
        assert (replaced.state, replaced.cause) == (DeviceState.FAULT, Cause.A4_REPLACED)
        assert driver.print_document(document()).cause is Cause.A4_REPLACED
        assert other.begun() == []
    finally:
        driver.close()
        other.close()
