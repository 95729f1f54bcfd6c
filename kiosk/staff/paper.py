"""What the staff menu does about paper; the same as the technician's commands do."""

from __future__ import annotations

from pathlib import Path

from drivers.contract import Cause, Failed, Outcome
from drivers.print_journal import JobJournal
from drivers.receipt_printer.contract import ReceiptPrinter, Slip
from kiosk.clock import Clock
from kiosk.journey.hands import Devices
from kiosk.journey.world import Place
from kiosk.local_time import CHINA_TIME
from kiosk.paper.spool import document_journal_path, journal_path, paper_roll
from kiosk.paper.strip import strip_for_test
from kiosk.print_jobs import acknowledge
from kiosk.settings import Settings
from kiosk.staff.answers import Done, StaffAction, StaffFailure
from kiosk.staff.desk import DONE, Job

TEST_JOB = "test-strip"


def paper_jobs(settings: Settings, devices: Devices, place: Place, clock: Clock) -> dict[StaffAction, Job]:
    """What can be done with these printers."""
    kept = {journal_path: devices.printer, document_journal_path: devices.document_printer}
    journals = [path(settings) for path, device in kept.items() if device is not None]
    found: dict[StaffAction, Job] = {}
    if journals:
        found[StaffAction.PRINTS_SEEN] = _prints_seen(journals)
    if devices.printer is not None:
        found |= _slip_jobs(settings, devices.printer, place, clock)
    return found


def _slip_jobs(
    settings: Settings, printer: ReceiptPrinter, place: Place, clock: Clock
) -> dict[StaffAction, Job]:
    def paper_changed() -> Done:
        roll = paper_roll(settings)
        roll.renewed()
        return Failed(StaffFailure.DISK) if roll.problem else DONE

    def test_print() -> Done:
        at = clock.now().wall_utc.astimezone(CHINA_TIME)
        done = _print(printer, strip_for_test(place, at, TEST_JOB))
        acknowledge(
            JobJournal(journal_path(settings)), [TEST_JOB]
        )  # no resident waits for it: whoever asked stands there
        return done

    return {StaffAction.PAPER_CHANGED: paper_changed, StaffAction.TEST_PRINT: test_print}


def _prints_seen(journals: list[Path]) -> Job:
    def job() -> Done:
        told = [acknowledge(JobJournal(path), None)[0] for path in journals]
        return DONE if all(data["ok"] for data in told) else Failed(StaffFailure.DISK)

    return job


def _print(printer: ReceiptPrinter, slip: Slip) -> Done:
    report = printer.print_slip(slip)
    match report.outcome:
        case Outcome.DONE:
            return DONE
        case Outcome.FAILED if report.cause is Cause.PRINTER_JOURNAL:
            return Failed(StaffFailure.DISK)
        case Outcome.FAILED:
            return Failed(StaffFailure.DEVICE)
        case Outcome.UNKNOWN:
            return Failed(StaffFailure.UNKNOWN)
