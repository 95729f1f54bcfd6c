"""What a line to a video clerk promises. Images leave the terminal here and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Protocol

from drivers.contract import Failed, Ok


class ClerkWord(StrEnum):
    """What a clerk may say. Only the first recognises anybody; none of them refuses one."""

    SAME = "same"
    NOT_SAME = "not_same"
    CANNOT_SAY = "cannot_say"


class ClerkFailure(StrEnum):
    """Why there is no word."""

    NO_PICTURE = "no_picture"
    UNREACHED = "unreached"
    UNTRUSTED = "untrusted"
    """Whoever answers cannot show that it is the desk."""
    NOBODY_FREE = "nobody_free"
    TIMED_OUT = "timed_out"
    UNREADABLE = "unreadable"
    """An answer that is not in the agreed form."""
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, repr=False)
class ClerkQuestion:
    """Two encoded pictures (JPEG, BMP or PNG), and which terminal asks about which case. No name, no number."""

    terminal: str
    case_code: str
    card_photo: bytes
    live_picture: bytes


@dataclass(frozen=True, slots=True)
class ClerkAnswer:
    """`clerk`: the desk's own mark of who looked."""

    word: ClerkWord
    clerk: str


class ClerkLine(Protocol):
    """A line to the desk. Safe from several threads."""

    def ask(
        self, question: ClerkQuestion, deadline_s: float, cancel: Event
    ) -> Ok[ClerkAnswer] | Failed[ClerkFailure]:
        """Blocks until a clerk answers, the deadline passes or `cancel` is set; the desk forgets the pictures with
        each of them.
        """
        ...

    def close(self) -> None: ...
