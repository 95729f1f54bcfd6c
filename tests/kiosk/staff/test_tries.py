"""The count of tries: on the disk first, never shortened by a clock, shut when it cannot be read."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from kiosk.staff.tries import FIRST_LOCK_S, FREE_TRIES, LONGEST_LOCK_S, NS, Tries, lock_s


@dataclass
class Machine:
    """A disk that outlives boots, and the boot's own clock."""

    file: Path
    boot: str = "first"
    now_s: float = 1000.0
    tries: Tries = field(init=False)

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        """The program begins: nothing but the disk is known."""
        self.tries = Tries(self.file, now_ns=lambda: int(self.now_s * NS), boot=lambda: self.boot)

    def reboot(self) -> None:
        self.boot, self.now_s = self.boot + "+", 5.0
        self.start()


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    made = Machine(tmp_path / "tries.json")
    made.tries.clear()
    return made


def fail(machine: Machine, times: int) -> None:
    for _ in range(times):
        machine.tries.add()


def test_a_minute_after_the_fifth_then_twice_as_long_to_an_hour() -> None:
    assert [lock_s(n) for n in range(14)] == [0] * 5 + [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]
    assert lock_s(10**9) == LONGEST_LOCK_S


def test_the_lock_ends_to_the_second_and_outlives_the_program(machine: Machine) -> None:
    fail(machine, FREE_TRIES)
    machine.now_s += FIRST_LOCK_S - 0.5
    machine.start()
    assert machine.tries.look() == (FREE_TRIES, 1)
    machine.now_s += 0.5
    assert machine.tries.look() == (FREE_TRIES, 0)


def test_another_boot_begins_the_lock_anew_in_full_and_once(machine: Machine) -> None:
    fail(machine, FREE_TRIES + 1)
    machine.now_s += 100
    machine.reboot()
    assert machine.tries.look() == (FREE_TRIES + 1, 120)
    machine.now_s += 119
    machine.start()
    assert machine.tries.look() == (FREE_TRIES + 1, 1)
    machine.now_s += 1
    assert machine.tries.look() == (FREE_TRIES + 1, 0)


def test_a_boot_clock_that_says_less_than_before_does_not_lengthen_or_shorten(machine: Machine) -> None:
    fail(machine, FREE_TRIES)
    machine.now_s -= 900
    assert machine.tries.look() == (FREE_TRIES, FIRST_LOCK_S)


def test_no_wall_clock_is_asked(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    def asked() -> float:
        raise AssertionError("the wall clock was asked")

    monkeypatch.setattr(time, "time", asked)
    fail(machine, FREE_TRIES)
    assert machine.tries.look() == (FREE_TRIES, FIRST_LOCK_S)


def test_each_try_is_on_the_disk_when_it_is_counted(machine: Machine) -> None:
    for expected in range(1, 4):
        assert machine.tries.add() == expected
        assert json.loads(machine.file.read_text("ascii"))["failed"] == expected
    assert machine.file.stat().st_mode & 0o777 == 0o600


GOOD = '{"failed": 5, "boot": "first", "at_ns": 1}'


@pytest.mark.parametrize(
    "torn",
    [
        "",
        GOOD[:20],
        "null",
        "[]",
        "{}",
        GOOD.replace("5", "-1"),
        GOOD.replace("5", '"5"'),
        GOOD.replace("5", "true"),
        GOOD.replace("5", "5.0"),
        GOOD.replace('"first"', "7"),
        GOOD.replace("1}", "null}"),
        "\x00" * 40,
        "９",
        "[" * 100_000,
        GOOD.replace("}", ', "failed": 0}'),
    ],
)
def test_a_torn_or_missing_count_is_no_count(machine: Machine, torn: str) -> None:
    machine.file.write_text(torn, "utf-8")
    for ask in (machine.tries.look, machine.tries.add):
        with pytest.raises(ValueError):  # noqa: PT011 - its decoders' kinds too
            ask()
    machine.file.unlink()
    for ask in (machine.tries.look, machine.tries.add):
        with pytest.raises(ValueError, match="missing"):
            ask()


def test_a_terminal_that_has_been_on_for_a_year_still_counts(machine: Machine) -> None:
    """Nanoseconds since boot are over 2**53 after 104 days."""
    machine.now_s = 366 * 86_400.0
    assert machine.tries.add() == 1
    machine.start()
    assert machine.tries.look() == (1, 0)


def test_a_new_file_that_a_power_cut_left_behind_is_in_nobodys_way(machine: Machine) -> None:
    machine.file.with_name(machine.file.name + ".new").write_text("torn", "utf-8")
    assert machine.tries.add() == 1
