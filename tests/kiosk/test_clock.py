from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk.clock import BUILD_DATE, Clock, ClockQuality, boot_id
from offline_queue.wire import ClockQuality as WireQuality

NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)


class Hands:
    """Both hands of a clock that a test turns."""

    def __init__(self) -> None:
        self.wall = NOON
        self.ns = 10**12

    def go(self, seconds: float) -> None:
        self.wall += timedelta(seconds=seconds)
        self.ns += int(seconds * 1e9)

    def clock(self, file: Path) -> Clock:
        return Clock(file, wall=lambda: self.wall, monotonic_ns=lambda: self.ns, boot=lambda: "boot-1")


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_the_words_are_those_of_the_wire() -> None:
    assert [q.value for q in ClockQuality] == [q.value for q in WireQuality]


def test_only_a_confirmed_clock_may_blame_a_certificate(hands: Hands, tmp_path: Path) -> None:
    mark = tmp_path / "synchronized"
    clock = Clock(
        tmp_path / "clock.json",
        wall=lambda: hands.wall,
        monotonic_ns=lambda: hands.ns,
        boot=lambda: "boot-1",
        time_service=mark,
    )
    assert not clock.trusted(), "nobody has confirmed it since boot"
    clock.confirm(NOON)
    assert clock.trusted()
    hands.wall += timedelta(days=730)
    assert not clock.trusted()
    mark.touch()
    assert clock.trusted(), "the time service set it"


def test_unsynced_until_the_centre_confirms(hands: Hands, tmp_path: Path) -> None:
    clock = hands.clock(tmp_path / "clock.json")
    assert clock.now().quality is ClockQuality.UNSYNCED
    assert clock.confirm(NOON + timedelta(seconds=3))
    hands.go(86400 * 30)
    hands.wall += timedelta(seconds=20)
    assert clock.now().quality is ClockQuality.SYNCED


@pytest.mark.parametrize("jump_s", [-7200, 7200])
def test_a_moved_wall_clock_is_told_until_it_is_confirmed_again(
    hands: Hands, tmp_path: Path, jump_s: int
) -> None:
    clock = hands.clock(tmp_path / "clock.json")
    clock.confirm(NOON)
    hands.wall += timedelta(seconds=jump_s)
    before = clock.now()
    assert before.quality is ClockQuality.JUMPED
    hands.go(60)
    after = clock.now()
    assert after.quality is ClockQuality.JUMPED
    assert after.monotonic_ns - before.monotonic_ns == 60 * 10**9
    assert not clock.confirm(NOON + timedelta(seconds=60))
    hands.wall -= timedelta(seconds=jump_s)
    assert clock.confirm(NOON + timedelta(seconds=60))
    assert clock.now().quality is ClockQuality.SYNCED


def test_a_forward_jump_does_not_lift_the_bound(hands: Hands, tmp_path: Path) -> None:
    clock = hands.clock(tmp_path / "clock.json")
    clock.now()
    hands.wall += timedelta(days=3650)
    clock.now()
    hands.wall -= timedelta(days=3650)
    hands.go(10)
    clock.confirm(hands.wall)
    assert clock.now().wall_utc == NOON + timedelta(seconds=10)


def test_never_earlier_than_what_was_seen_before_the_restart(hands: Hands, tmp_path: Path) -> None:
    file = tmp_path / "state" / "clock.json"
    hands.clock(file).now()
    hands.wall = NOON - timedelta(days=400)
    moment = hands.clock(file).now()
    assert moment.wall_utc == NOON
    assert moment.quality is ClockQuality.JUMPED
    assert hands.clock(tmp_path / "another.json").now().wall_utc == BUILD_DATE


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"latest_wall_utc": 5}', b"\xff\xfe"])
def test_a_broken_state_file_leaves_the_build_date(hands: Hands, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "clock.json"
    file.write_bytes(content)
    hands.wall = BUILD_DATE - timedelta(days=1)
    assert hands.clock(file).now().wall_utc == BUILD_DATE


def test_the_real_clock_names_its_boot(tmp_path: Path) -> None:
    moment = Clock(tmp_path / "clock.json").now()
    assert moment.boot_id == boot_id()
    assert len(moment.boot_id) == 36
    assert moment.wall_utc.tzinfo is UTC


def test_only_a_vouched_time_ends_or_brings_back_what_ends_on_a_day(hands: Hands, tmp_path: Path) -> None:
    file, mark = tmp_path / "clock.json", tmp_path / "synchronized"

    def started() -> Clock:
        return Clock(
            file,
            wall=lambda: hands.wall,
            monotonic_ns=lambda: hands.ns,
            boot=lambda: "boot-1",
            time_service=mark,
        )

    clock = started()
    assert clock.vouched() == BUILD_DATE, "nobody has vouched for anything"
    hands.wall += timedelta(days=4000)
    assert clock.vouched() == BUILD_DATE, "the clock only claims to be ahead"
    assert started().vouched() == BUILD_DATE, "nor does it by being started so"
    hands.wall = NOON
    assert clock.confirm(NOON)
    hands.go(86400)
    assert clock.vouched() == NOON + timedelta(days=1)

    hands.wall = NOON - timedelta(days=900)
    assert started().vouched() == NOON + timedelta(days=1), "a dead battery brings nothing back"

    mark.touch()
    hands.wall = NOON + timedelta(days=30)
    assert started().vouched() == NOON + timedelta(days=30), "the time service vouches too"


def test_a_voucher_that_was_wrong_is_put_right_by_the_next(hands: Hands, tmp_path: Path) -> None:
    clock = hands.clock(tmp_path / "clock.json")
    hands.wall += timedelta(days=4000)
    assert clock.confirm(hands.wall)
    assert clock.vouched() == NOON + timedelta(days=4000)
    hands.wall = NOON
    assert not clock.confirm(NOON + timedelta(days=2)), "they disagree: nobody is believed"
    assert clock.vouched() == NOON + timedelta(days=4000)
    assert clock.confirm(NOON)
    assert clock.vouched() == NOON


def test_what_was_kept_of_the_vouched_time_may_be_damaged(hands: Hands, tmp_path: Path) -> None:
    file = tmp_path / "clock.json"
    for kept in ('{"vouched_utc": 3}', '{"vouched_utc": "2026-11-25"}', "[]", "{}"):
        file.write_text(kept, "utf-8")
        assert hands.clock(file).vouched() == BUILD_DATE
