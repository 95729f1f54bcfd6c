"""Rule F7 on the terminal: alarms and the stop on what waits too long, by clocks that cannot be trusted."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk import surroundings as module
from kiosk.catalogue.load import Catalogue
from kiosk.health import CAUSES
from kiosk.surroundings import NOTHING_COUNTED
from offline_queue.records import Received
from offline_queue.wire import ClockQuality
from tests.kiosk.stand import NOW, PENSION, REPORT, Stand, wait


def test_a_case_that_waits_long_is_told_and_told_to_be_urgent_and_at_last_stops_new_ones(
    stand: Stand,
) -> None:
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending=stand.received())
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
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending=stand.received())
    wait(stand, 31)
    assert set(stand.made.world().not_ready) == {PENSION.code}


@pytest.mark.parametrize("days", [400, -20_000])
def test_a_clock_that_jumps_makes_no_case_old_and_none_young(stand: Stand, days: int) -> None:
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending=stand.received())
    stand.wall += timedelta(days=days)  # within a moment: no monotonic time has passed
    assert not stand.made.world().not_ready
    assert stand.causes == []
    wait(stand, 25)
    assert stand.causes == ["queue.old"]
    wait(stand, 72)
    assert stand.causes == ["queue.overdue"]
    assert stand.made.world().not_ready


def test_a_terminal_that_starts_in_1970_raises_no_alarm_at_once_and_the_right_one_in_time(
    stand: Stand,
) -> None:
    stand.reboot(wall=datetime(1970, 1, 1, tzinfo=UTC))
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending=stand.received())
    stand.wall = NOW  # NTP
    assert (stand.causes, stand.made.world().not_ready) == ([], {})
    wait(stand, 24.5)
    assert stand.causes == ["queue.old"]


def test_after_a_reboot_the_age_is_told_as_not_known_until_the_centre_told_its_time(stand: Stand) -> None:
    stand.made._clock.confirm(stand.wall)
    stand.queue.counted = replace(
        NOTHING_COUNTED, pending=1, oldest_pending=stand.received(ClockQuality.SYNCED)
    )
    wait(stand, 1)
    assert stand.causes == []
    stand.reboot(off_h=80)
    assert stand.causes == ["queue.age_unknown"]
    told = stand.made.heartbeat()["queue"]
    assert (told["oldest_waited_s"], told["oldest_known"]) == (3600, False)
    oldest = stand.made.world().backstage.oldest
    assert oldest is not None
    assert (round(oldest.hours), oldest.exact) == (1, False)
    wait(stand, 24)
    assert stand.causes == ["queue.old", "queue.age_unknown"], "the bound alone is over the limit"
    stand.made._clock.confirm(stand.wall)
    assert stand.causes == ["queue.overdue"]
    told = stand.made.heartbeat()["queue"]
    assert (told["oldest_waited_s"], told["oldest_known"]) == (105 * 3600, True)
    assert told["oldest_at"] == "2026-11-25T01:12:00Z"
    assert stand.made.world().not_ready


@pytest.mark.parametrize("quality", [ClockQuality.UNSYNCED, ClockQuality.JUMPED])
def test_what_a_case_claims_counts_only_if_its_clock_was_synced(stand: Stand, quality: ClockQuality) -> None:
    said = Received("1970-01-01T00:00:13Z", quality, "another boot", 13)
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending=said)
    stand.made._clock.confirm(stand.wall)
    assert stand.causes == ["queue.age_unknown"]
    stand.queue.counted = replace(
        NOTHING_COUNTED, pending=1, oldest_pending=replace(said, clock_quality=ClockQuality.SYNCED)
    )
    assert stand.causes == ["queue.overdue"]


def test_boots_without_a_clock_add_up_to_the_limit_that_stops_a_service(stand: Stand) -> None:
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending=stand.received())
    for _day in range(4):
        wait(stand, 23)
        assert not stand.made.world().not_ready
        stand.reboot(wall=datetime(1970, 1, 1, tzinfo=UTC))
    wait(stand, 5)
    assert stand.made.world().not_ready
    assert stand.causes == ["queue.overdue"]


def test_a_refused_case_is_told_to_wait_and_stops_no_service(stand: Stand) -> None:
    """Rule F7: its time runs on while it is in quarantine; but the network is there for the others."""
    stand.queue.counted = replace(NOTHING_COUNTED, quarantined=1, oldest_quarantined=stand.received())
    wait(stand, 25)
    stand.queue.counted = replace(stand.queue.counted, pending=1, oldest_pending=stand.received())
    assert stand.causes == ["queue.old", "queue.poison"]
    wait(stand, 80)
    assert stand.causes == ["queue.overdue", "queue.poison"]
    assert not stand.made.world().not_ready
    assert stand.made.heartbeat()["queue"]["oldest_waited_s"] == 105 * 3600
    wait(stand, 20)
    assert stand.made.world().not_ready, "the unsent one is over the limit now"


def test_a_damaged_header_says_nothing_and_breaks_nothing(stand: Stand) -> None:
    said = Received("yesterday", ClockQuality.SYNCED, "another boot", -5)
    stand.queue.counted = replace(NOTHING_COUNTED, pending=1, oldest_pending=said)
    assert stand.causes == ["queue.age_unknown"]
