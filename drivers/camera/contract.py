"""What a camera promises: a fresh, real frame or a reason."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from drivers.contract import Device, Failed, Ok


@dataclass(frozen=True, slots=True, repr=False)
class Frame:
    """One picture: `pixels` is uint8 of shape (height, width, 3) in BGR order."""

    pixels: NDArray[np.uint8]
    sequence: int
    captured_monotonic_ns: int

    def __repr__(self) -> str:
        height, width = self.pixels.shape[:2]
        return f"Frame({width}x{height}, sequence={self.sequence})"


class CameraFailure(StrEnum):
    """Why there is no usable frame."""

    ABSENT = "absent"
    CLOSED = "closed"
    WARMING_UP = "warming_up"
    STALE = "stale"
    """No picture arrives any more."""
    FROZEN = "frozen"
    """Pictures arrive, and it is always the same one."""
    BLANK = "blank"
    """Black, or one colour."""
    GREEN = "green"
    """Wholly or partly a buffer of zeros, which is green when read as YUV."""
    WRONG_SIZE = "wrong_size"
    """Not the size that was asked for, or another one than a moment ago."""
    GARBLED = "garbled"
    """Cut off, not decodable, or filled up with what was there before."""
    REFUSED = "refused"
    """A file, an address or a virtual device, on a terminal that is no demo."""
    AMBIGUOUS = "ambiguous"
    """Two devices fit what kiosk.ini says."""
    DENIED = "denied"
    """It is there, and the terminal's user may not open it."""
    BUSY = "busy"
    """It is there, and another program captures from it."""
    UNOPENABLE = "unopenable"
    """It is there, and opening it fails."""
    TIMED_OUT = "timed_out"


class FrameSource(Protocol):
    """Where frames are to be had while somebody keeps it open."""

    def latest(self, max_age_s: float = 1.0) -> Ok[Frame] | Failed[CameraFailure]:
        """The newest frame, settled, not blank and not older than `max_age_s`."""
        ...


class Camera(Device, FrameSource, Protocol):
    """A camera that is open only while the resident sees that it is.

    Never blocks the caller for longer than 0.1 s, `open` and `probe` apart.
    """

    @property
    def open_count(self) -> int:
        """How often it was opened since the terminal started: what the privacy tests count."""
        ...

    def open(self) -> Ok[None] | Failed[CameraFailure]:
        """Start capturing; returns when the child process has the source open."""
        ...

    def stop(self) -> None:
        """Stop capturing and forget every frame; the camera may be opened again."""
        ...
