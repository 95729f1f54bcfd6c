"""A terminal whose disk is full or takes no writing starts, says so, promises nothing and sends what waits."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kiosk.bench.centre import Centre
from kiosk.health import CAUSES
from tests.disks import exhaust, remount, small_disk
from tests.drivers.waiting import wait_until
from tests.kiosk.terminal.hall import NO_CAMERA, PENSION, PROJECT, REPORT, TRUST, Hall, hall

MIB = 1024 * 1024


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    with small_disk(tmp_path / "disk", mebibytes=48) as place:
        yield place


@pytest.fixture
def centre(tmp_path: Path) -> Iterator[Centre]:
    made = Centre(PROJECT, tmp_path / "centre.sqlite", TRUST, tmp_path / "centre.log")
    yield made
    made.close()


def one_case_waits(folder: Path, state: Path) -> None:
    """A visit without a network, at a terminal that then ends."""
    with hall(folder, state=state, settings=NO_CAMERA) as stand:
        stand.report_a_problem()
        assert stand.terminal.outbox.counters().pending == 1


def takes_nothing_and_says_why(stand: Hall, cause: str) -> None:
    stand.press("begin")
    tile = stand.offered(f"service:{REPORT}")
    assert (tile.enabled, tile.reason) == (False, CAUSES[cause].resident["zh"])
    body = stand.terminal.surroundings.heartbeat()
    assert body["state"] == "out_of_service"
    assert cause in body["causes"]


def registered(centre: Centre) -> int:
    return centre.metric("jiujin_cases")


def test_no_byte_free_it_starts_sends_what_waits_and_serves_again(
    tmp_path: Path, disk: Path, centre: Centre
) -> None:
    state = disk / "state"
    one_case_waits(tmp_path / "before", state)
    log = exhaust(disk)
    with hall(tmp_path, state=state, centre_port=centre.port, settings=NO_CAMERA) as stand:
        takes_nothing_and_says_why(stand, "queue.full")
        assert wait_until(lambda: registered(centre) == 1)
        assert wait_until(lambda: stand.terminal.outbox.counters().acknowledged == 1)
        log.unlink()
        assert wait_until(lambda: "queue.full" not in stand.terminal.surroundings.heartbeat()["causes"])
        stand.press("cancel")
        stand.report_a_problem()
        assert wait_until(lambda: registered(centre) == 2)


def test_a_disk_that_could_not_hold_a_photo_in_the_end_stops_the_services_with_photos_only(
    tmp_path: Path, disk: Path
) -> None:
    log = exhaust(disk, but_bytes=14 * MIB)
    with hall(tmp_path, state=disk / "state", settings=NO_CAMERA) as stand:
        causes = stand.terminal.surroundings.heartbeat
        assert "queue.filling" in causes()["causes"]
        assert "queue.full" not in causes()["causes"]
        assert causes()["services"][REPORT]["causes"] == ["queue.filling"]
        assert "queue.filling" not in causes()["services"][PENSION]["causes"]
        stand.press("begin")
        assert stand.offered(f"service:{REPORT}").reason == CAUSES["queue.filling"].resident["zh"]
        log.unlink()
        assert wait_until(lambda: "queue.filling" not in causes()["causes"])
        stand.press("cancel")
        stand.report_a_problem()
        assert stand.terminal.outbox.counters().pending == 1


def test_a_disk_that_takes_no_writing_starts_and_sends_what_waits(
    tmp_path: Path, disk: Path, centre: Centre
) -> None:
    state = disk / "state"
    one_case_waits(tmp_path / "before", state)
    remount(disk, "ro")
    with hall(tmp_path, state=state, centre_port=centre.port, settings=NO_CAMERA) as stand:
        takes_nothing_and_says_why(stand, "queue.read_only")
        assert wait_until(lambda: registered(centre) == 1)
    remount(disk, "rw")
    with hall(tmp_path / "after", state=state, centre_port=centre.port, settings=NO_CAMERA) as stand:
        assert wait_until(lambda: stand.terminal.outbox.counters().acknowledged == 1)
        assert registered(centre) == 1, "sent again, registered once"
