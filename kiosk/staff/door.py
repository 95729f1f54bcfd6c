"""The door to the staff menu: a PIN is counted as tried before it is looked at."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

from kiosk.events import StaffTried
from kiosk.staff.answers import Door, DoorAnswer
from kiosk.staff.pin import PinHash, read_pin, write_pin
from kiosk.staff.tries import FREE_TRIES, Tries, lock_s

log = logging.getLogger(__name__)
PIN_FILE, TRIES_FILE = "staff-pin.json", "staff-tries.json"


class StaffDoor:
    """`state` is the terminal's folder. One thread at a time; a try takes a tenth of a second."""

    def __init__(self, state: Path, tell: Callable[[StaffTried], None], tries: Tries | None = None) -> None:
        self._pin_file = state / PIN_FILE
        self._tries = tries or Tries(state / TRIES_FILE)
        self._tell = tell

    def look(self) -> Door:
        """How the door stands; no try."""
        return self._stands()[1]

    def attempt(self, pin: str) -> Door:
        """Try a PIN. A locked door does not look at it, and it does not count."""
        known, door = self._stands()
        if known is None or door.answer is not DoorAnswer.SHUT:
            return door
        try:
            failed = self._tries.add()
        except (OSError, ValueError) as error:
            log.error("a try of the staff's PIN could not be counted: %s", type(error).__name__)
            return Door(DoorAnswer.NOT_COUNTED)
        if known.fits(pin):
            return self._open()
        locked_s = lock_s(failed)
        self._tell(StaffTried(DoorAnswer.WRONG, failed, locked_s))
        if locked_s:
            return Door(DoorAnswer.LOCKED, locked_s)
        return Door(DoorAnswer.WRONG, left=FREE_TRIES - failed)

    def set_pin(self, pin: str) -> None:
        """Set a PIN, by who has the machine's shell; tries and lock begin anew.

        The count first: a PIN without a count is a door that stays shut. ValueError for a weak PIN,
        OSError when the disk refuses.
        """
        self._tries.clear()
        write_pin(self._pin_file, pin)

    def _open(self) -> Door:
        try:
            self._tries.clear()
        except OSError as error:
            # Right is right; the count stands too high then, which only locks earlier.
            log.error("the count of the staff's tries was not cleared: errno %d", error.errno or 0)
        self._tell(StaffTried(DoorAnswer.OPENED, 0))
        return Door(DoorAnswer.OPENED)

    def _stands(self) -> tuple[PinHash | None, Door]:
        try:
            known = read_pin(self._pin_file)
            failed, locked_s = self._tries.look()
        except FileNotFoundError:
            return None, Door(DoorAnswer.NO_PIN)
        except (OSError, ValueError) as error:
            log.error("the staff's PIN or its count cannot be read: %s", type(error).__name__)
            return None, Door(DoorAnswer.BROKEN)
        if locked_s:
            return known, Door(DoorAnswer.LOCKED, locked_s)
        return known, Door(DoorAnswer.SHUT, left=max(1, FREE_TRIES - failed))
