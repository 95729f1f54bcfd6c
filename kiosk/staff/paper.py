"""What the staff menu does about paper; the same as the technician's commands do."""

from __future__ import annotations

from drivers.contract import Cause, Failed, Outcome
from drivers.receipt_printer.contract import ReceiptPrinter, Slip
from kiosk.clock import Clock
from kiosk.journey.world import Place
from kiosk.office import CHINA_TIME
from kiosk.paper.spool import paper_roll
from kiosk.paper.strip import strip_for_test
from kiosk.printer_command import acknowledge
from kiosk.settings import Settings
from kiosk.staff.answers import Done, StaffAction, StaffFailure
from kiosk.staff.desk import DONE, Job

TEST_JOB = "test-strip"


def printer_jobs(
    settings: Settings, printer: ReceiptPrinter, place: Place, clock: Clock
) -> dict[StaffAction, Job]:
    def paper_changed() -> Done:
        roll = paper_roll(settings)
        roll.renewed()
        return Failed(StaffFailure.DISK) if roll.problem else DONE

    def prints_seen() -> Done:
        data, _ = acknowledge(settings, None)
        return DONE if data["ok"] else Failed(StaffFailure.DISK)

    def test_print() -> Done:
        at = clock.now().wall_utc.astimezone(CHINA_TIME)
        done = _print(printer, strip_for_test(place, at, TEST_JOB))
        acknowledge(settings, [TEST_JOB])  # no resident waits for it: whoever asked stands there
        return done

    return {
        StaffAction.PAPER_CHANGED: paper_changed,
        StaffAction.PRINTS_SEEN: prints_seen,
        StaffAction.TEST_PRINT: test_print,
    }


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
