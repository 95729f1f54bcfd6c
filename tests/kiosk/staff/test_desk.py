"""What the staff menu does: each device's own answer is the result, and the switch survives a restart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Cause, DeviceState, DeviceStatus, Failed, Ok, Outcome
from drivers.print_journal import JobJournal, JobState
from drivers.receipt_printer.contract import PrintReport, Slip
from kiosk.clock import Clock
from kiosk.journey.hands import Devices
from kiosk.journey.world import Place
from kiosk.paper.spool import document_journal_path, journal_path, paper_roll
from kiosk.settings import Settings
from kiosk.staff.answers import StaffAction, StaffFailure
from kiosk.staff.desk import Desk, jobs
from kiosk.staff.paper import TEST_JOB, paper_jobs
from kiosk.staff.switch import OUT_OF_SERVICE, ServiceSwitch
from tests.kiosk.test_assembly import settings_of

PLACE = Place("0142", "清河镇便民服务站", "清河镇人民政府", "12345")


class Reader:
    """A device that can be restarted, and says afterwards how it is."""

    def __init__(self, state: DeviceState) -> None:
        self.state, self.restarts = state, 0

    def restart(self) -> None:
        self.restarts += 1

    def probe(self) -> DeviceStatus:
        return DeviceStatus(self.state)

    def status(self) -> DeviceStatus:
        return DeviceStatus(DeviceState.READY)  # what it was is not what counts

    def close(self) -> None: ...


class Printer:
    def __init__(self, outcome: Outcome, cause: Cause | None = None) -> None:
        self.report, self.slips = PrintReport(outcome, cause), list[Slip]()

    def print_slip(self, slip: Slip) -> PrintReport:
        self.slips.append(slip)
        return self.report


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return settings_of(tmp_path, {})


def these(**devices: Any) -> Devices:
    return replace(Devices(None, None, None, None, None, lambda _photo: Ok(b"")), **devices)


def desk_with(tmp_path: Path, **devices: Any) -> tuple[Desk, list[StaffAction]]:
    ended: list[StaffAction] = []
    return Desk(jobs(these(**devices), ServiceSwitch(tmp_path), ended.append)), ended


@pytest.mark.parametrize(
    ("state", "result"),
    [
        (DeviceState.READY, Ok(None)),
        (DeviceState.ABSENT, Failed(StaffFailure.DEVICE)),
        (DeviceState.UNKNOWN, Failed(StaffFailure.DEVICE)),
    ],
)
def test_a_restart_is_believed_by_what_the_device_says_after_it(
    tmp_path: Path, state: DeviceState, result: object
) -> None:
    reader = Reader(state)
    desk, _ = desk_with(tmp_path, identity_reader=reader)
    assert desk.do(StaffAction.RESTART_CARD) == result
    assert reader.restarts == 1


RESTARTS = {
    "identity_reader": StaffAction.RESTART_CARD,
    "helper_reader": StaffAction.RESTART_HELPER,
    "camera": StaffAction.RESTART_CAMERA,
    "document_camera": StaffAction.RESTART_DOCUMENT_CAMERA,
    "code_reader": StaffAction.RESTART_CODE_READER,
    "token": StaffAction.RESTART_TOKEN,
    "face": StaffAction.RESTART_FACE,
}


@pytest.mark.parametrize(("fitted", "action"), RESTARTS.items())
def test_each_device_is_restarted_by_its_own_line_alone(
    tmp_path: Path, fitted: str, action: StaffAction
) -> None:
    devices = {name: Reader(DeviceState.READY) for name in RESTARTS}
    desk, _ = desk_with(tmp_path, **devices)
    assert desk.do(action) == Ok(None)
    assert [name for name, device in devices.items() if device.restarts] == [fitted]
    assert set(RESTARTS.values()) <= desk.offered


def test_what_is_not_there_is_not_offered_and_not_done(tmp_path: Path) -> None:
    desk, _ = desk_with(tmp_path)
    assert desk.offered == {
        StaffAction.OUT_OF_SERVICE, StaffAction.INTO_SERVICE, StaffAction.RESTART_PROGRAM, StaffAction.EXIT,
    }  # fmt: skip
    assert desk.do(StaffAction.RESTART_CAMERA) == Failed(StaffFailure.NOT_THERE)


def test_out_of_service_outlives_the_program(tmp_path: Path) -> None:
    desk, _ = desk_with(tmp_path)
    assert ServiceSwitch(tmp_path).causes == ()
    assert desk.do(StaffAction.OUT_OF_SERVICE) == Ok(None)
    assert ServiceSwitch(tmp_path).causes == (OUT_OF_SERVICE,)
    assert desk.do(StaffAction.INTO_SERVICE) == Ok(None)
    assert ServiceSwitch(tmp_path).causes == ()


def test_a_disk_that_refuses_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "a file"
    blocked.write_bytes(b"")
    desk, _ = desk_with(blocked)
    assert desk.do(StaffAction.OUT_OF_SERVICE) == Failed(StaffFailure.DISK)


def test_restart_and_exit_are_asked_of_the_program(tmp_path: Path) -> None:
    desk, ended = desk_with(tmp_path)
    for action in (StaffAction.RESTART_PROGRAM, StaffAction.EXIT):
        assert desk.do(action) == Ok(None)
    assert ended == [StaffAction.RESTART_PROGRAM, StaffAction.EXIT]


@pytest.mark.parametrize(
    ("outcome", "cause", "result"),
    [
        (Outcome.DONE, None, Ok(None)),
        (Outcome.FAILED, Cause.PRINTER_COVER, Failed(StaffFailure.DEVICE)),
        (Outcome.FAILED, Cause.PRINTER_JOURNAL, Failed(StaffFailure.DISK)),
        (Outcome.UNKNOWN, None, Failed(StaffFailure.UNKNOWN)),
    ],
)
def test_a_test_print_ends_as_the_printer_says(
    settings: Settings, tmp_path: Path, outcome: Outcome, cause: Cause | None, result: object
) -> None:
    printer = Printer(outcome, cause)
    now = datetime(2026, 11, 25, 1, tzinfo=UTC)
    clock = Clock(tmp_path / "clock.json", wall=lambda: now)
    done = paper_jobs(settings, these(printer=printer), PLACE, clock)
    assert done[StaffAction.TEST_PRINT]() == result
    assert len(printer.slips) == 1


def test_a_test_print_that_failed_is_no_residents_slip(settings: Settings, tmp_path: Path) -> None:
    journal = JobJournal(journal_path(settings))
    for job in ("a resident's", TEST_JOB):
        journal.record(job, JobState.FAILED, 0, Cause.PRINTER_COVER)
    printer = Printer(Outcome.FAILED, Cause.PRINTER_COVER)
    paper_jobs(settings, these(printer=printer), PLACE, Clock(tmp_path / "clock.json"))[
        StaffAction.TEST_PRINT
    ]()
    assert [entry.job_id for entry in journal.unsettled()] == ["a resident's"]


def test_a_new_roll_is_written_where_the_printer_looks(settings: Settings, tmp_path: Path) -> None:
    printer = Printer(Outcome.DONE)
    roll = paper_roll(settings)
    roll.printed(50_000)
    assert paper_roll(settings).roll.used_mm > 0
    done = paper_jobs(settings, these(printer=printer), PLACE, Clock(tmp_path / "clock.json"))
    assert done[StaffAction.PAPER_CHANGED]() == Ok(None)
    assert paper_roll(settings).roll.used_mm == 0


BOTH = {"printer": journal_path, "document_printer": document_journal_path}


@pytest.mark.parametrize("kinds", [["printer"], ["document_printer"], ["printer", "document_printer"]])
def test_prints_that_were_looked_at_are_settled_of_each_printer_that_is_there(
    settings: Settings, tmp_path: Path, kinds: list[str]
) -> None:
    for path in BOTH.values():
        JobJournal(path(settings)).record("A", JobState.UNKNOWN, 100)
    devices = these(**{kind: Printer(Outcome.DONE) for kind in kinds})
    done = paper_jobs(settings, devices, PLACE, Clock(tmp_path / "clock.json"))
    assert (StaffAction.TEST_PRINT in done) is ("printer" in kinds)
    assert done[StaffAction.PRINTS_SEEN]() == Ok(None)
    left = [kind for kind, path in BOTH.items() if JobJournal(path(settings)).unsettled()]
    assert left == [kind for kind in BOTH if kind not in kinds]


def test_a_record_that_cannot_be_used_is_told_and_does_not_keep_the_other(
    settings: Settings, tmp_path: Path
) -> None:
    journal_path(settings).mkdir(parents=True)
    JobJournal(document_journal_path(settings)).record("A", JobState.UNKNOWN, 100)
    devices = these(**{kind: Printer(Outcome.DONE) for kind in BOTH})
    done = paper_jobs(settings, devices, PLACE, Clock(tmp_path / "clock.json"))
    assert done[StaffAction.PRINTS_SEEN]() == Failed(StaffFailure.DISK)
    assert JobJournal(document_journal_path(settings)).unsettled() == ()


def test_without_a_printer_nothing_is_offered_of_paper(settings: Settings, tmp_path: Path) -> None:
    assert paper_jobs(settings, these(), PLACE, Clock(tmp_path / "clock.json")) == {}
