"""What the staff's door and desk answer: closed sets and a port. Pure."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.contract import Failed, Ok


class DoorAnswer(StrEnum):
    """How the door to the staff menu stands, or how a try ended."""

    SHUT = "shut"
    """A PIN may be tried."""
    OPENED = "opened"
    WRONG = "wrong"
    LOCKED = "locked"
    NO_PIN = "no_pin"
    BROKEN = "broken"
    """The PIN or the count of tries cannot be read: shut until a new PIN is set."""
    NOT_COUNTED = "not_counted"
    """The try could not be written down, so the PIN was not looked at."""


@dataclass(frozen=True, slots=True)
class Door:
    """`locked_s`: seconds until a PIN may be tried; `left`: tries before the door locks."""

    answer: DoorAnswer
    locked_s: int = 0
    left: int = 0


class StaffAction(StrEnum):
    """What the menu can do."""

    PAPER_CHANGED = "paper_changed"
    PRINTS_SEEN = "prints_seen"
    """Somebody saw to the slips that did not come out, or are not known to have."""
    TEST_PRINT = "test_print"
    RESTART_CARD = "restart_card"
    RESTART_HELPER = "restart_helper"
    RESTART_CAMERA = "restart_camera"
    RESTART_DOCUMENT_CAMERA = "restart_document_camera"
    RESTART_CODE_READER = "restart_code_reader"
    RESTART_TOKEN = "restart_token"  # noqa: S105 - what is done, no secret
    RESTART_FACE = "restart_face"
    OUT_OF_SERVICE = "out_of_service"
    INTO_SERVICE = "into_service"
    RESTART_PROGRAM = "restart_program"
    EXIT = "exit"


class StaffFailure(StrEnum):
    """Why it was not done."""

    NOT_THERE = "not_there"
    """This terminal has no such device."""
    DEVICE = "device"
    """The device answered that it cannot, or not at all; its health says why."""
    UNKNOWN = "unknown"
    """Whether paper came out is not known: look at the slot."""
    DISK = "disk"
    DEFECT = "defect"


Done = Ok[None] | Failed[StaffFailure]


class StaffActions(Protocol):
    """What the assembled terminal can do for its staff."""

    @property
    def offered(self) -> AbstractSet[StaffAction]:
        """What can be asked for at all."""
        ...

    def do(self, action: StaffAction) -> Done:
        """Do it; may block for a device's deadline. A defect is an exception."""
        ...
