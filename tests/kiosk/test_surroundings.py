"""What the journey and the centre are told of the world: never better than it is known."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from drivers.contract import Cause, DeviceState, DeviceStatus
from drivers.print_tally import PrintTally
from kiosk.catalogue.load import Catalogue, Rejection
from kiosk.filing import FORM_BYTES, largest_bytes
from kiosk.health import CAUSES
from kiosk.surroundings import NOTHING_COUNTED
from offline_queue.records import Counters
from tests.kiosk.stand import PENSION, REPORT, Something, Stand


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


def test_the_centre_is_told_that_the_calibration_ends_soon_and_the_face_check_goes_on(stand: Stand) -> None:
    stand.face.said = DeviceStatus(DeviceState.READY, warnings=(Cause.FACE_CALIBRATION_ENDING,))
    body = stand.made.heartbeat()
    assert (body["state"], body["causes"]) == ("degraded", ["face.calibration_ending"])
    assert all(service["ready"] for service in body["services"].values())
    assert stand.made.world().face_ready


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


def test_a_sender_that_stopped_is_told_and_stops_no_service(stand: Stand) -> None:
    stand.line.stopped = True
    assert stand.causes == ["queue.not_sending"]
    assert not stand.made.world().not_ready
    stand.line.stopped = False
    assert stand.causes == []


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


def _counted(stand: Stand, taken_in: int) -> None:
    stand.queue.counted = replace(NOTHING_COUNTED, taken_in=taken_in)
    stand.made._counted = None


def test_more_slips_than_cases_is_an_alarm_that_stops_no_service(stand: Stand) -> None:
    stand.printer.slips = PrintTally(printed=3, unknown=5)
    for taken_in, causes in ((4, []), (3, []), (2, ["slips.without_case"])):
        _counted(stand, taken_in)
        assert stand.causes == causes, f"{taken_in} cases"
        told = stand.made.heartbeat()["receipts"]
        assert told == {"printed": 3, "unknown": 5, "taken_in": taken_in}
        assert not stand.made.world().not_ready
    stand.queue.counted, stand.printer.slips = None, PrintTally(printed=9)
    counted = stand.made._counted
    assert counted is not None
    stand.made._counted = (counted[0] - 60, counted[1])
    assert stand.causes == ["queue.broken", "slips.without_case"]
    assert stand.made.heartbeat()["receipts"]["printed"] == 3, "both numbers are of the last count"


def test_a_slip_that_comes_out_while_the_cases_are_counted_is_no_alarm(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its case was stored after they were read; the two are never of different moments."""
    _counted(stand, 0)
    monkeypatch.setattr("kiosk.surroundings.COUNT_EVERY_S", 3600.0)
    count = stand.queue.counters

    def and_then_a_visit_ends() -> Counters:
        counted = count()
        stand.printer.slips = PrintTally(printed=1)
        stand.queue.counted = replace(NOTHING_COUNTED, taken_in=1)
        return counted

    stand.queue.counters = and_then_a_visit_ends  # type: ignore[method-assign]
    assert stand.causes == []
    assert stand.made.heartbeat()["receipts"] == {"printed": 0, "unknown": 0, "taken_in": 0}
    stand.made._counted = None
    assert stand.made.heartbeat()["receipts"] == {"printed": 1, "unknown": 0, "taken_in": 1}
