"""The door: counted before it is looked at, shut with words when anything cannot be read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from kiosk.events import StaffTried
from kiosk.staff import pin as pin_module
from kiosk.staff import tries as tries_module
from kiosk.staff.answers import Door, DoorAnswer
from kiosk.staff.door import PIN_FILE, TRIES_FILE, StaffDoor
from kiosk.staff.tries import FREE_TRIES

PIN, WRONG = "271828", "314159"
PROJECT = Path(__file__).resolve().parents[3]


class Stand:
    def __init__(self, state: Path) -> None:
        self.state = state
        self.told: list[StaffTried] = []
        self.door = StaffDoor(state, self.told.append)

    def restart(self) -> None:
        self.door = StaffDoor(self.state, self.told.append)


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Stand:
    monkeypatch.setattr(pin_module, "SCRYPT_N", 2**15)
    made = Stand(tmp_path)
    made.door.set_pin(PIN)
    return made


def test_the_right_pin_opens_and_is_told_without_its_digits(stand: Stand) -> None:
    assert stand.door.attempt(WRONG) == Door(DoorAnswer.WRONG, left=FREE_TRIES - 1)
    assert stand.door.attempt(PIN) == Door(DoorAnswer.OPENED)
    assert stand.told == [StaffTried(DoorAnswer.WRONG, 1), StaffTried(DoorAnswer.OPENED, 0)]
    assert stand.door.look() == Door(DoorAnswer.SHUT, left=FREE_TRIES)
    assert PIN not in repr(stand.told)


def test_five_wrong_ones_lock_it_for_the_right_one_too_and_over_a_restart(stand: Stand) -> None:
    for _ in range(FREE_TRIES - 1):
        stand.door.attempt(WRONG)
    assert stand.door.attempt(WRONG) == Door(DoorAnswer.LOCKED, locked_s=60)
    assert stand.told[-1] == StaffTried(DoorAnswer.WRONG, FREE_TRIES, 60)
    stand.restart()
    assert stand.door.attempt(PIN).answer is DoorAnswer.LOCKED
    assert stand.door.look().answer is DoorAnswer.LOCKED


def test_a_try_is_counted_before_the_pin_is_looked_at(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def fits(_self: object, _pin: str) -> bool:
        seen.append(tries_module.Tries(stand.state / TRIES_FILE).look()[0])
        return False

    monkeypatch.setattr(pin_module.PinHash, "fits", fits)
    stand.door.attempt(WRONG)
    assert seen == [1]


KILLED = """
import os, signal, sys
from pathlib import Path
from kiosk.staff import pin
from kiosk.staff.door import StaffDoor
pin.PinHash.fits = lambda self, tried: os.kill(os.getpid(), signal.SIGKILL)
StaffDoor(Path(sys.argv[1]), print).attempt("271828")
"""


def test_a_kill_while_a_pin_is_looked_at_loses_no_count(stand: Stand) -> None:
    """Who pulls the plug at each try gains nothing by it, not even with the right PIN."""
    for count in range(1, 3):
        ran = subprocess.run([sys.executable, "-c", KILLED, str(stand.state)], cwd=PROJECT, check=False)
        assert ran.returncode == -signal.SIGKILL
        assert stand.door.look() == Door(DoorAnswer.SHUT, left=FREE_TRIES - count)


def test_without_a_pin_it_stays_shut_and_counts_nothing(tmp_path: Path) -> None:
    stand = Stand(tmp_path)
    for door in (stand.door.look(), stand.door.attempt(PIN)):
        assert door == Door(DoorAnswer.NO_PIN)
    assert list(tmp_path.iterdir()) == []


def torn(file: Path) -> None:
    file.write_bytes(file.read_bytes()[:9])


def a_folder(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("name", [PIN_FILE, TRIES_FILE])
@pytest.mark.parametrize("harm", [torn, a_folder], ids=lambda harm: harm.__name__)
def test_what_cannot_be_read_keeps_it_shut_until_a_pin_is_set(
    stand: Stand, name: str, harm: Callable[[Path], None]
) -> None:
    harm(stand.state / name)
    for door in (stand.door.look(), stand.door.attempt(PIN)):
        assert door == Door(DoorAnswer.BROKEN)
    if (stand.state / name).is_dir():
        (stand.state / name).rmdir()
    stand.door.set_pin(PIN)
    assert stand.door.attempt(PIN).answer is DoorAnswer.OPENED


def test_a_missing_count_beside_a_pin_is_no_fresh_start(stand: Stand) -> None:
    (stand.state / TRIES_FILE).unlink()
    assert stand.door.attempt(PIN) == Door(DoorAnswer.BROKEN)


def test_a_try_that_cannot_be_counted_is_not_looked_at(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    assert stand.door.attempt(PIN) == Door(DoorAnswer.NOT_COUNTED)
    assert stand.told == []
