"""How long a case has waited is counted from boots and the centre's word, whatever the wall clock said."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from kiosk import uptime
from kiosk.clock import SAVE_EVERY_S, Clock, ClockQuality
from kiosk.uptime import Age, Boot, Uptimes, from_json

REAL = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
NINETEEN_SEVENTY = datetime(1970, 1, 1, tzinfo=UTC)
H = 3600.0


class Machine:
    """A terminal without a battery: real time goes on while it is off, its own clocks as they like."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.real, self.wall, self.ns, self.boots = REAL, REAL, 10**12, 0
        self.start()

    def start(self, *, off_h: float = 0.0, wall: datetime | None = None) -> None:
        """Off for so long, then a new boot, whose wall clock begins at `wall` (None: it is right)."""
        self.real += timedelta(hours=off_h)
        self.wall, self.ns, self.boots = wall or self.real, 5 * 10**9, self.boots + 1
        boot_id = f"boot-{self.boots}"
        self.clock = Clock(
            self.file, wall=lambda: self.wall, monotonic_ns=lambda: self.ns, boot=lambda: boot_id
        )
        self.clock.now()

    def restart_program(self) -> None:
        """The same boot goes on."""
        boot_id = f"boot-{self.boots}"
        self.clock = Clock(
            self.file, wall=lambda: self.wall, monotonic_ns=lambda: self.ns, boot=lambda: boot_id
        )
        self.clock.now()

    def go(self, hours: float) -> None:
        """Powered and looking at its clock, as the screen does."""
        self.real += timedelta(hours=hours)
        self.wall += timedelta(hours=hours)
        self.ns += int(hours * H * 1e9)
        self.clock.now()

    def reach_centre(self, *, set_clock: bool = True) -> None:
        if set_clock:
            self.wall = self.real
            self.clock.now()
        self.clock.confirm(self.real)

    def file_a_case(self) -> Case:
        return Case(self)


class Case:
    """What an item's header keeps of the moment."""

    def __init__(self, machine: Machine) -> None:
        self.machine, self.at, self.moment = machine, machine.real, machine.clock.now()

    def age(self) -> Age:
        synced = self.moment.quality is ClockQuality.SYNCED
        claimed = self.moment.wall_utc if synced else None
        return self.machine.clock.age(self.moment.boot_id, self.moment.monotonic_ns, claimed)

    def is_known(self) -> bool:
        """Exact, and right."""
        real_s = (self.machine.real - self.at).total_seconds()
        age = self.age()
        assert age.seconds <= real_s + 2, "never more than has passed"
        return age.exact and abs(age.seconds - real_s) < 2


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "clock.json")


@pytest.mark.parametrize("wall", [None, NINETEEN_SEVENTY, datetime(2099, 1, 1, tzinfo=UTC)])
def test_within_a_boot_the_age_is_exact_whatever_the_wall_clock_says(
    machine: Machine, wall: datetime | None
) -> None:
    machine.start(wall=wall)
    case = machine.file_a_case()
    machine.go(30)
    assert case.is_known()
    for jump_days in (9000, -18000, 400):
        machine.wall += timedelta(days=jump_days)
        machine.go(1)
        assert case.is_known()
    machine.restart_program()
    machine.go(1)
    assert case.age() == Age(34 * H, exact=True)


def test_across_boots_it_is_at_least_what_the_boots_lasted(machine: Machine) -> None:
    machine.start(wall=NINETEEN_SEVENTY)
    machine.go(2)
    case = machine.file_a_case()
    machine.go(10)
    machine.start(off_h=5, wall=NINETEEN_SEVENTY)
    assert not case.age().exact
    assert case.age().hours == pytest.approx(10, abs=2 * SAVE_EVERY_S / H)
    for _night in range(3):
        machine.go(20)
        machine.start(off_h=4, wall=NINETEEN_SEVENTY)
    assert case.age().hours == pytest.approx(70, abs=5 * SAVE_EVERY_S / H)
    assert not case.age().exact
    assert case.age().hours < 87, "the nights are not counted, since nobody knows them"


def test_once_the_centre_told_its_time_in_both_boots_the_nights_are_known_too(machine: Machine) -> None:
    machine.start(wall=NINETEEN_SEVENTY)
    case = machine.file_a_case()
    machine.go(1)
    machine.reach_centre()
    machine.go(1)
    machine.start(off_h=60, wall=NINETEEN_SEVENTY)
    machine.go(1)
    assert case.age().seconds == pytest.approx(3 * H, abs=10)
    assert not case.age().exact
    machine.reach_centre()
    assert case.is_known()
    machine.wall += timedelta(days=700)
    machine.go(2)
    assert machine.clock.now().quality is ClockQuality.JUMPED
    assert case.is_known(), "a jump after that changes nothing"


def test_a_centre_that_is_years_behind_makes_no_case_younger_than_the_boots_are_long(
    machine: Machine,
) -> None:
    machine.reach_centre()
    case = machine.file_a_case()
    machine.go(10)
    machine.start(off_h=1)
    machine.go(10)
    machine.clock.confirm(machine.real - timedelta(days=700))
    assert case.age().hours == pytest.approx(20, abs=2 * SAVE_EVERY_S / H)


def test_a_centre_that_finds_the_clock_wrong_has_told_its_time_all_the_same(machine: Machine) -> None:
    machine.start(wall=NINETEEN_SEVENTY)
    case = machine.file_a_case()
    machine.reach_centre(set_clock=False)
    machine.go(1)
    machine.start(off_h=9, wall=datetime(2001, 1, 1, tzinfo=UTC))
    machine.reach_centre(set_clock=False)
    assert machine.clock.now().quality is ClockQuality.JUMPED
    assert case.is_known()


def test_a_clock_that_ntp_set_is_believed_only_after_the_centre_agreed(machine: Machine) -> None:
    machine.reach_centre()
    case = machine.file_a_case()
    assert case.moment.quality is ClockQuality.SYNCED
    machine.start(off_h=30, wall=NINETEEN_SEVENTY)
    machine.go(0.5)
    machine.wall = machine.real  # NTP, and no centre yet
    machine.go(0.5)
    assert not case.age().exact
    assert case.age().hours == pytest.approx(1, abs=0.1)
    machine.reach_centre(set_clock=False)
    assert case.is_known()


def test_a_case_filed_before_any_centre_answered_stays_a_bound(machine: Machine) -> None:
    machine.start(wall=NINETEEN_SEVENTY)
    case = machine.file_a_case()
    machine.go(3)
    machine.start(off_h=100)
    machine.reach_centre()
    age = case.age()
    assert (age.exact, round(age.hours)) == (False, 3)


def test_a_synced_claim_is_enough_when_the_record_of_boots_is_lost(machine: Machine) -> None:
    machine.reach_centre()
    case = machine.file_a_case()
    machine.go(2)
    machine.file.write_text("{")
    machine.start(off_h=40)
    machine.go(1)
    assert case.age().seconds == pytest.approx(H, abs=10), "only this boot came later for sure"
    assert not case.age().exact
    machine.reach_centre()
    assert case.is_known()


def test_the_oldest_cases_boot_is_remembered_however_many_follow(machine: Machine) -> None:
    machine.go(1)
    case = machine.file_a_case()
    machine.go(1)
    for _boot in range(uptime.BOOTS_KEPT + 20):
        machine.start(off_h=0.1)
        case.age()
        machine.go(0.5)
    saved = json.loads(machine.file.read_bytes())["boots"]
    assert len(saved) <= uptime.BOOTS_KEPT + 1
    assert case.age().hours == pytest.approx(1 + 0.5 * 84, abs=90 * SAVE_EVERY_S / H)
    assert len(machine.file.read_bytes()) < 8000


@pytest.mark.parametrize(
    "boots",
    [
        5, {}, "boots", [[]], [["a"]], [["a", 1]], [["a", 1, 2, 3]], [["a", 1, 2, 3, 4, 5]], [["a", -1, 2]],
        [["a", 1, True, []]], [[1, 1, 1]], [["a", 1, 2, 3, 1e300]], [["a", "1", 2]],
    ],
)  # fmt: skip
def test_a_record_that_cannot_be_read_is_begun_anew_and_the_bound_is_kept(
    tmp_path: Path, boots: object
) -> None:
    file = tmp_path / "clock.json"
    file.write_text(json.dumps({"latest_wall_utc": REAL.isoformat(), "boots": boots}))
    clock = Clock(file, wall=lambda: NINETEEN_SEVENTY, monotonic_ns=lambda: 10**9, boot=lambda: "b")
    assert clock.now().wall_utc == REAL
    assert clock.age("a", 0, None) == Age(1.0, exact=False)


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"boots": [["b", NaN, 2]]}', '{"boots": [["b", 1' + "0" * 400 + ", 2]]}"]
)
def test_a_state_that_is_no_json_is_begun_anew(tmp_path: Path, text: str) -> None:
    file = tmp_path / "clock.json"
    file.write_text(text)
    assert Clock(file, monotonic_ns=lambda: 10**9, boot=lambda: "b").age("b", 0, None).seconds == 1.0


def test_what_was_written_is_read_again() -> None:
    boots = Uptimes([Boot("a", 0.0, 7.5, (1.0, 1e9)), Boot("b", 7.0, 3.0)], "c")
    boots.seen(4 * 10**9)
    assert from_json(boots.to_json()) == [Boot("a", 0, 7, (1, 10**9)), Boot("b", 7, 3), Boot("c", 10, 4)]
