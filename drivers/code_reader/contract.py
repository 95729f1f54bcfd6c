"""What a reader of printed codes promises: the text of one code that was asked for, seen twice alike."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from threading import Event
from typing import Protocol

from drivers.camera.contract import FrameSource
from drivers.contract import Device, Failed, Ok

CHARACTERS_MAX = 512
"""A slip's code has about 150."""


class CodeFormat(StrEnum):
    """The formats that are looked for; a value of another one is never returned."""

    QR = "qr"
    CODE_128 = "code_128"


@dataclass(frozen=True, slots=True)
class QrWanted:
    """A QR code: its error correction makes a wrong value unlikely. `check` judges the payload."""

    check: Callable[[str], bool] | None = None
    characters_max: int = CHARACTERS_MAX


@dataclass(frozen=True, slots=True)
class Code128Wanted:
    """A bar code. `check` must know the payload's own check digit: the format's is one of 103, and a
    slanted picture was seen to give a wrong value (measured).
    """

    check: Callable[[str], bool]
    characters_max: int = 64


Wanted = QrWanted | Code128Wanted


class CodeFailure(StrEnum):
    """Why there is no text."""

    NO_CODE = "no_code"
    SEVERAL = "several"
    """Two codes with different payloads are in the picture."""
    NOT_TEXT = "not_text"
    """Not UTF-8: another encoding would have to be guessed."""
    CONTROL_CHARACTERS = "control_characters"
    TOO_LONG = "too_long"
    CHECK_FAILED = "check_failed"
    NO_PICTURE = "no_picture"
    """The camera gives none; `detail` is its own reason."""
    TIMED_OUT = "timed_out"
    CANCELLED = "cancelled"


class CodeReader(Device, Protocol):
    """Reads codes from the frames of a camera that somebody else opens and stops."""

    def read(
        self, camera: FrameSource, wanted: Wanted, deadline_s: float, cancel: Event
    ) -> Ok[str] | Failed[CodeFailure]:
        """The text in which two frames agree; at the deadline, what the last frame lacked."""
        ...
