"""What the journey and the centre are told of the world: never better than it is known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from drivers.contract import Cause, DeviceState, DeviceStatus, Ok
from drivers.print_journal import UnsettledJobs
from kiosk import surroundings as module
from kiosk.catalogue.load import Catalogue, Rejection
from kiosk.clock import Clock
from kiosk.filing import FORM_BYTES, largest_bytes
from kiosk.health import CAUSES
from kiosk.journey.hands import Devices
from kiosk.journey.world import Place
from kiosk.speech import Speaker
from kiosk.surroundings import NOTHING_COUNTED, Surroundings
from offline_queue import words
from offline_queue.link import LinkState
from offline_queue.records import Counters, StoreCorrupt
from tests.kiosk.journey.visits import definition

NOW = datetime(2026, 11, 25, 1, 12, tzinfo=UTC)
PENSION, REPORT = definition(), definition("problem_report")
READY = DeviceStatus(DeviceState.READY)


class Something:
    """A device that says what it is told to say."""

    can_detect_removal = False

    def __init__(self, status: DeviceStatus = READY) -> None:
        self.said = status
        self.jobs = UnsettledJobs()

    def status(self) -> DeviceStatus:
        return self.said

    def unsettled(self) -> UnsettledJobs:
        """Asked of printers only."""
        return self.jobs


class Queue:
    """An outbox's counters, or its failure."""

    def __init__(self) -> None:
        self.counted: Counters | None = NOTHING_COUNTED
        self.room = 1 << 30
        self.writable = True

    def counters(self) -> Counters:
        if self.counted is None:
            raise StoreCorrupt(words.DAMAGED_WHILE_OPEN)
        return self.counted

    def room_bytes(self) -> int:
        return self.room if self.writable else 0

    def read_only(self) -> bool:
        return not self.writable


class Line:
    def status(self) -> Any:
        return type("Status", (), {"link_state": LinkState.ONLINE})()


class Stand:
    """Surroundings in which everything can be moved."""

    def __init__(self, folder: Path, catalogue: Catalogue, standing: tuple[str, ...] = ()) -> None:
        self.queue, self.helper, self.desk, self.cabinet = Queue(), Something(), Something(), Something()
        self.camera, self.face = Something(), Something()
        self.wall, self.ns = NOW, 0
        clock = Clock(
            folder / "clock.json", wall=lambda: self.wall, monotonic_ns=lambda: self.ns, boot=lambda: "boot"
        )
        device: Any = Something()
        a4: Any = Something()
        device.jobs = UnsettledJobs(unknown=("0142-A",), failed=("0142-B", "0142-C"))
        a4.jobs = UnsettledJobs(unknown=("0142-D", "0142-E"), failed=("0142-F",))
        helper: Any = self.helper
        desk: Any = self.desk
        queue: Any = self.queue
        camera: Any = self.camera
        face: Any = self.face
        line: Any = Line()
        cabinet: Any = self.cabinet
        devices = Devices(
            device,
            helper,
            camera,
            face,
            device,
            lambda _photo: Ok(b""),
            document_camera=desk,
            document_printer=a4,
            cabinet=cabinet,
        )
        place = Place("0142", "清河镇便民服务站", "清河镇人民政府", "12345")
        self.made = Surroundings(
            place, clock, devices, queue, line, lambda: catalogue, Speaker(()), standing=standing
        )

    @property
    def causes(self) -> list[str]:
        causes: list[str] = self.made.heartbeat()["causes"]
        return causes


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    monkeypatch.setattr(module, "COUNT_EVERY_S", -1.0)
    return Stand(tmp_path, Catalogue((PENSION, REPORT)))


@pytest.mark.parametrize(
    ("kind", "status", "comes_back"),
    [
        ("face", DeviceStatus(DeviceState.FAULT, Cause.FACE_RESTARTING), True),
        ("face", DeviceStatus(DeviceState.OPENING, Cause.FACE_RESTARTING), True),
        ("camera", DeviceStatus(DeviceState.UNKNOWN, Cause.CAMERA_RESTARTING), True),
        ("face", DeviceStatus(DeviceState.FAULT, Cause.FACE_UNCALIBRATED), False),
        ("camera", DeviceStatus(DeviceState.ABSENT, Cause.CAMERA_ABSENT), False),
        ("camera", DeviceStatus(DeviceState.READY), False),
    ],
)
def test_only_a_process_that_restarts_is_worth_a_wait(
    stand: Stand, kind: str, status: DeviceStatus, comes_back: bool
) -> None:
    getattr(stand, kind).said = status
    seen = stand.made.world()
    assert seen.face_comes_back is comes_back
    assert seen.face_ready is status.usable


def test_all_well_is_live(stand: Stand) -> None:
    assert stand.made.heartbeat()["state"] == "live"
    assert not stand.made.world().not_ready


def test_prints_that_staff_should_see_to_are_counted_and_not_named(stand: Stand) -> None:
    body = stand.made.heartbeat()
    assert body["slips"] == {"unknown": 1, "failed": 2}
    assert body["documents"] == {"unknown": 2, "failed": 1}
    assert "0142-" not in str(body)


def test_a_queue_that_cannot_be_read_stops_the_intake_and_not_the_screen(stand: Stand) -> None:
    stand.made.world()
    stand.queue.counted = None
    broken = CAUSES["queue.broken"].resident
    assert stand.made.world().not_ready == {PENSION.code: broken, REPORT.code: broken}
    body = stand.made.heartbeat()
    assert (body["state"], body["causes"]) == ("out_of_service", ["queue.broken"])
    stand.queue.counted = NOTHING_COUNTED
    assert not stand.made.world().not_ready


def wait(stand: Stand, hours: float) -> None:
    """The network is away for so long; the clock itself moves, nothing is sent."""
    stand.wall += timedelta(hours=hours)
    stand.ns += int(hours * 3600 * 1e9)


def test_a_case_that_waits_long_is_told_and_told_to_be_urgent_and_at_last_stops_new_ones(
    stand: Stand,
) -> None:
    oldest = NOW.isoformat().replace("+00:00", "Z")
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending_at=oldest)
    words = CAUSES["queue.stopped"].resident
    stopped = {PENSION.code: words, REPORT.code: words}
    for hours, alarm, not_ready in (
        (23.9, [], {}),
        (0.2, ["queue.old"], {}),
        (47.8, ["queue.old"], {}),
        (0.2, ["queue.overdue"], {}),
        (24.0, ["queue.overdue"], stopped),
    ):
        wait(stand, hours)
        assert stand.causes == alarm
        assert stand.made.world().not_ready == not_ready
    assert "queue.stopped" in stand.made.heartbeat()["services"][PENSION.code]["causes"]
    stand.queue.counted = NOTHING_COUNTED
    assert (stand.causes, stand.made.world().not_ready) == ([], {}), "sent: it goes on by itself"


def test_each_service_stops_at_its_own_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "COUNT_EVERY_S", -1.0)
    soon = PENSION.model_copy(update={"offline": PENSION.offline.model_copy(update={"stop_after_h": 30})})
    stand = Stand(tmp_path, Catalogue((soon, REPORT)))
    oldest = NOW.isoformat().replace("+00:00", "Z")
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending_at=oldest)
    wait(stand, 31)
    assert set(stand.made.world().not_ready) == {PENSION.code}


def test_a_disk_that_takes_no_writing_has_a_name_of_its_own(stand: Stand) -> None:
    stand.queue.writable = False
    words = CAUSES["queue.read_only"].resident
    assert stand.made.world().not_ready == {PENSION.code: words, REPORT.code: words}
    assert stand.causes == ["queue.read_only"]


def test_room_that_runs_out_is_shed_in_order(stand: Stand) -> None:
    """First what brings photos, then everything; what waits is still sent, which is not asked here."""
    with_photos, all_of_them = {REPORT.code}, {REPORT.code, PENSION.code}
    photo, form = largest_bytes(REPORT), largest_bytes(PENSION)
    for used, room, stopped, told in (
        (80, photo, set[str](), []),
        (81, photo, with_photos, ["queue.filling"]),
        (91, 0, all_of_them, ["queue.full", "queue.filling"]),
        (40, photo - 1, with_photos, ["queue.filling"]),
        (40, form, with_photos, ["queue.filling"]),
        (40, FORM_BYTES - 1, all_of_them, ["queue.full"]),
        (79, photo, set[str](), []),
    ):
        stand.queue.counted = replace(NOTHING_COUNTED, used_bytes=used, quota_bytes=100)
        stand.queue.room = room
        assert set(stand.made.world().not_ready) == stopped, (used, room)
        assert stand.causes == told, (used, room)
    assert PENSION.photos is None
    assert CAUSES["queue.filling"].resident["zh"].startswith("这台机器暂时存不下要拍照的")


def test_a_clock_that_jumped_cannot_say_how_long_a_case_has_waited(stand: Stand) -> None:
    oldest = NOW.isoformat().replace("+00:00", "Z")
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending_at=oldest)
    assert not stand.made.world().not_ready
    stand.wall += timedelta(days=400)  # within a moment: no monotonic time has passed
    assert not stand.made.world().not_ready
    assert "queue.old" not in stand.causes


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (DeviceStatus(DeviceState.ABSENT, Cause.CARD_SERVICE_LOST), "helper.unavailable"),
        (DeviceStatus(DeviceState.FAULT, Cause.CARD_SILENT), "helper.unavailable"),
        (DeviceStatus(DeviceState.OPENING), "device.unknown"),
        (DeviceStatus(DeviceState.UNKNOWN), "device.unknown"),
    ],
)
def test_a_helpers_slot_that_does_not_work_is_told_to_the_centre(
    stand: Stand, status: DeviceStatus, cause: str
) -> None:
    stand.helper.said = status
    body = stand.made.heartbeat()
    assert (body["state"], body["causes"]) == ("degraded", [cause])
    assert not stand.made.world().not_ready, "no service needs it alone"


@pytest.mark.parametrize(
    ("status", "causes"),
    [
        (DeviceStatus(DeviceState.ABSENT, Cause.CAMERA_ABSENT), ["document_camera.unavailable"]),
        (DeviceStatus(DeviceState.FAULT, Cause.CAMERA_REFUSED), ["document_camera.unavailable"]),
        (
            DeviceStatus(DeviceState.READY, warnings=(Cause.CAMERA_GREEN,)),
            ["document_camera.to_check"],
        ),
        (DeviceStatus(DeviceState.BUSY), []),
    ],
)
def test_a_document_camera_is_told_in_its_own_words_and_stops_no_service(
    stand: Stand, status: DeviceStatus, causes: list[str]
) -> None:
    stand.desk.said = status
    assert stand.causes == causes
    assert not stand.made.world().not_ready


@pytest.mark.parametrize("seen", [True, False])
def test_whether_a_card_is_seen_to_leave_is_what_its_reader_declares(
    stand: Stand, monkeypatch: pytest.MonkeyPatch, seen: bool
) -> None:
    monkeypatch.setattr(Something, "can_detect_removal", seen)
    assert stand.made.world().removal_is_seen is seen


def test_a_cause_that_stands_is_told_and_stops_nothing(tmp_path: Path) -> None:
    stand = Stand(tmp_path, Catalogue((PENSION,)), standing=("config.last_good",))
    body = stand.made.heartbeat()
    assert (body["state"], body["causes"]) == ("degraded", ["config.last_good"])
    assert not stand.made.world().not_ready


@pytest.mark.parametrize(
    ("cause", "stops"),
    [
        (Cause.CABINET_DOOR_OPEN, False),
        (Cause.CABINET_TOO_HOT, False),
        (Cause.CABINET_ON_BATTERY, False),
        (Cause.CABINET_BATTERY_LOW, True),
    ],
)
def test_the_cabinet_warns_and_only_a_battery_nearly_empty_stops_new_visits(
    stand: Stand, cause: Cause, stops: bool
) -> None:
    stand.cabinet.said = DeviceStatus(DeviceState.READY, warnings=(cause,))
    assert stand.causes == [cause.value]
    words = CAUSES[cause.value].resident
    assert stand.made.world().not_ready == ({PENSION.code: words, REPORT.code: words} if stops else {})


def test_a_sensor_that_cannot_be_read_is_told_and_never_fine(stand: Stand) -> None:
    stand.cabinet.said = DeviceStatus(
        DeviceState.UNKNOWN, Cause.CABINET_SENSOR_UNREADABLE, warnings=(Cause.CABINET_BATTERY_LOW,)
    )
    body = stand.made.heartbeat()
    assert set(body["causes"]) == {"cabinet.sensor_unreadable", "cabinet.battery_low"}
    assert stand.made.world().not_ready, "what the other sensors say still counts"


@pytest.mark.parametrize(
    ("reason", "told"),
    [("status", False), ("dates", False), ("region", False), ("code.twice", False), ("flow.missing", True)],
)
def test_only_a_faulty_definition_is_a_fault_of_the_terminal(tmp_path: Path, reason: str, told: bool) -> None:
    stand = Stand(tmp_path, Catalogue((PENSION,), (Rejection("a.json", reason, "原因", "why"),)))
    assert ("def.invalid" in stand.causes) is told
