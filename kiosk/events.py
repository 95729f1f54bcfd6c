"""What a terminal tells of itself besides its visits: one catalogue, a line in the log for each.

A field holds a count, a word of a closed set or the name of a device, so no event can hold what
somebody typed, a PIN or a person.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, fields

from kiosk.staff.answers import DoorAnswer, StaffAction, StaffFailure

log = logging.getLogger(__name__)
KEYBOARD_SHOWN_S = 3600.0
"""A keyboard that typed is in the health for an hour: the next heartbeats tell it, then it is history."""


@dataclass(frozen=True, slots=True)
class UnexpectedKeyboard:
    """A keyboard typed at the terminal, which has none: how many keys, not which."""

    keys: int


@dataclass(frozen=True, slots=True)
class TwoTouchProviders:
    """One panel is told by more than one device of the window's."""

    devices: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class StaffTried:
    """A PIN was tried. `failed`: the tries in a row that were not right, as they are counted on disk."""

    answer: DoorAnswer
    failed: int
    locked_s: int = 0


@dataclass(frozen=True, slots=True)
class StaffDid:
    """The staff menu did something. `failure` is None when it was done."""

    action: StaffAction
    failure: StaffFailure | None = None


@dataclass(frozen=True, slots=True)
class StaffLeft:
    """The staff menu was shut."""


Event = UnexpectedKeyboard | TwoTouchProviders | StaffTried | StaffDid | StaffLeft


class Noticed:
    """Writes events to the log, and keeps what the health has to tell of them. Any thread."""

    def __init__(self, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._monotonic_s = monotonic_s
        self._lock = threading.Lock()
        self._keyboard_s: float | None = None
        self._two_providers = False

    def tell(self, event: Event) -> None:
        words = " ".join(f"{field.name}={getattr(event, field.name)}" for field in fields(event))
        level = logging.INFO if isinstance(event, StaffDid | StaffLeft) else logging.WARNING
        log.log(level, "event %s %s", type(event).__name__, words)
        with self._lock:
            match event:
                case UnexpectedKeyboard():
                    self._keyboard_s = self._monotonic_s()
                case TwoTouchProviders():
                    self._two_providers = True
                case _:
                    pass

    def causes(self) -> list[str]:
        """Health causes."""
        with self._lock:
            causes = ["touch.two_providers"] if self._two_providers else []
            if self._keyboard_s is not None and self._monotonic_s() - self._keyboard_s < KEYBOARD_SHOWN_S:
                causes.append("keyboard.unexpected")
            return causes
