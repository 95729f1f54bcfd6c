"""The print service goes, hangs, comes back and is set up wrongly; and it keeps nothing of a document."""

from __future__ import annotations

from pathlib import Path

import pytest

from drivers.contract import Cause, DeviceState, Outcome
from drivers.document_printer import cups_printer
from drivers.document_printer.contract import DocumentReport
from drivers.document_printer.simulated import Fault
from drivers.document_printer.simulated_garbage import NO_HTTP, Garbage
from tests.drivers.document_printer.rig import MARK, Room, document
from tests.drivers.waiting import wait_until

DONE = DocumentReport(Outcome.DONE, pages_printed=1)


def state(room: Room) -> tuple[DeviceState, Cause | None]:
    status = room.driver.probe()
    return status.state, status.cause


def kept(room: Room) -> list[str]:
    """Every file of the service that holds the document's text, or the numbers of its job files."""
    while True:
        files = [file for file in room.service.folder.rglob("*") if file.is_file()]
        try:
            found = [file for file in files if MARK.encode() in file.read_bytes()]
            break
        except FileNotFoundError:  # the service gave one another name meanwhile: all are looked at again
            continue
    jobs = [file for file in (room.service.folder / "spool").glob("[cd]*") if file.is_file()]
    return sorted({file.name for file in (*found, *jobs)})


@pytest.mark.parametrize("fault", [Fault.NONE, Fault.JAM, Fault.NOTHING])
def test_nothing_of_a_document_stays_with_the_service_whatever_its_end(room: Room, fault: Fault) -> None:
    room.printer.set_fault(Fault.SLOW)
    printing = room.begin(document())
    assert any(name.startswith("d") for name in kept(room)), "the scan finds what lies in the spool now"
    room.printer.set_fault(fault)
    report = printing.result(60)
    assert report.wiped
    assert kept(room) == []


def test_the_service_can_be_killed_and_started_again_without_the_driver(room: Room) -> None:
    assert state(room) == (DeviceState.READY, None)
    room.service.kill()
    assert state(room) == (DeviceState.FAULT, Cause.A4_SERVICE_LOST)
    refused = room.driver.print_document(document())
    assert (refused.outcome, refused.cause) == (Outcome.FAILED, Cause.A4_SERVICE_LOST)
    room.service.start()
    assert state(room) == (DeviceState.READY, None)
    assert room.driver.print_document(document()) == DONE
    assert len(room.printer.begun()) == 1


def test_a_service_killed_in_the_middle_changes_nothing_of_what_the_printer_does(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cups_printer, "WIPE_S", 0.0)
    room.printer.set_fault(Fault.SLOW)
    printing = room.begin(document())
    room.service.kill()
    room.printer.set_fault(Fault.NONE)
    report = printing.result(60)
    assert (report.outcome, report.wiped) == (Outcome.DONE, False)
    room.service.forget_jobs()  # as the install notes have it done before each start
    room.service.start()
    assert wait_until(lambda: state(room) == (DeviceState.READY, None)), room.driver.status()
    assert kept(room) == []
    assert len(room.printer.begun()) == 1


def test_what_a_killed_terminal_left_in_the_spool_is_wiped_by_the_next_look(
    room: Room, tmp_path: Path
) -> None:
    left = cups_printer.CupsPrinter("jiujin", tmp_path / "left", server=str(room.service.socket))
    room.printer.set_fault(Fault.SLOW)
    left._serve("submit", "left behind", document().pdf, deadline_s=10.0)
    left.close()
    assert wait_until(lambda: room.printer.begun() != [])
    assert kept(room) != []
    assert state(room)[0] in (DeviceState.READY, DeviceState.BUSY)
    assert kept(room) == []


def test_a_service_that_hangs_is_lost_until_it_answers_again(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert state(room) == (DeviceState.READY, None)
    monkeypatch.setattr(cups_printer, "ASK_S", 0.5)
    room.service.freeze()
    assert state(room) == (DeviceState.FAULT, Cause.A4_SERVICE_LOST)
    room.service.thaw()
    monkeypatch.undo()
    assert state(room) == (DeviceState.READY, None)


def test_a_queue_that_is_missing_or_would_print_again_by_itself_is_a_fault(room: Room) -> None:
    wrong = (DeviceState.FAULT, Cause.A4_QUEUE)
    room.service.change_queue("-o", "printer-error-policy=retry-job")
    assert state(room) == wrong
    assert room.driver.print_document(document()).cause is Cause.A4_QUEUE
    room.service.change_queue("-o", "printer-error-policy=abort-job")
    assert state(room) == (DeviceState.READY, None)
    room.service.remove_queue()
    assert state(room) == wrong
    room.service.add_queue(room.printer.uri)
    assert state(room) == (DeviceState.READY, None)
    room.service.change_queue("-v", "socket://127.0.0.1:9100")
    assert state(room) == wrong, "a printer that cannot be asked is not believed"
    assert room.printer.begun() == []


def test_a_printer_found_at_another_address_is_followed(room: Room) -> None:
    assert state(room) == (DeviceState.READY, None)
    room.printer.kill()
    assert state(room) == (DeviceState.ABSENT, Cause.A4_ABSENT)
    room.printer.start()
    room.service.change_queue("-v", room.printer.uri)
    assert state(room) == (DeviceState.READY, None)
    assert room.driver.print_document(document()) == DONE


@pytest.mark.parametrize(
    "answer",
    [NO_HTTP, b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n\0\0\0\0", b""],
    ids=["no HTTP", "no IPP", "hangs up"],
)
def test_garbage_is_no_answer(room: Room, answer: bytes) -> None:
    garbage = Garbage(answer)
    room.service.change_queue("-v", garbage.uri)
    found = room.driver.probe()
    garbage.close()
    assert not found.usable
    # One that hangs up early may reset the connection, before its rubbish was read.
    assert found.cause in (Cause.A4_SILENT, Cause.A4_ABSENT)


def test_an_answer_torn_in_its_middle_is_a_printer_that_went(room: Room) -> None:
    torn = Garbage(b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n\0\0\0\0")
    room.service.change_queue("-v", torn.uri)
    found = room.driver.probe()
    torn.close()
    assert (found.state, found.cause) == (DeviceState.ABSENT, Cause.A4_ABSENT)
