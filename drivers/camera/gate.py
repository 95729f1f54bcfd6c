"""Which of the pictures that a driver hands out may be used: pure, fed one reading at a time.

Drivers say "good" and hand out nothing, one colour, exposure still settling, or the picture from
before the plug was pulled (case C01).
"""

from __future__ import annotations

import hashlib
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

SETTLE_FRAMES = 5
SETTLE_S = 2.0
SETTLED_CHANGE = 8.0
"""Grey levels that the mean may move between two pictures once exposure has settled."""
BLANK_SPREAD = 3.0
"""Standard deviation in grey levels below which a picture is one colour (black, green, white)."""
BLACK_MEAN = 8.0
"""Mean below which there is only the sensor's noise."""


class Verdict(StrEnum):
    """What one reading is."""

    MISSED = "missed"
    REPEATED = "repeated"
    BLANK = "blank"
    SETTLING = "settling"
    USABLE = "usable"


class Gate:
    """Judges the readings of one opening of the camera.

    `last_digest` is the mark of the last picture of the opening before: a camera that comes back
    with that very picture has not seen anything since. A mark, not the picture, is what is kept.
    """

    def __init__(self, started_s: float, last_digest: bytes = b"") -> None:
        self._started_s = started_s
        self._frames = 0
        self._settled = False
        self._last_mean: float | None = None
        self.last_digest = last_digest

    def judge(self, pixels: NDArray[np.uint8] | None, now_s: float) -> Verdict:
        """`pixels` (height, width, 3) as the driver gave them, None if it gave none; `now_s` is monotonic."""
        if pixels is None or pixels.size == 0:
            return Verdict.MISSED
        digest = hashlib.blake2b(np.ascontiguousarray(pixels).data, digest_size=16).digest()
        if digest == self.last_digest:
            return Verdict.REPEATED
        self.last_digest = digest
        self._frames += 1
        mean, spread = _light(pixels)
        before, self._last_mean = self._last_mean, mean
        if spread < BLANK_SPREAD or mean < BLACK_MEAN:
            return Verdict.BLANK
        steady = self._frames >= SETTLE_FRAMES and before is not None and abs(mean - before) < SETTLED_CHANGE
        self._settled = self._settled or steady or now_s - self._started_s >= SETTLE_S
        return Verdict.USABLE if self._settled else Verdict.SETTLING


def _light(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean of a coarse picture, and the largest spread of its three colours."""
    coarse = pixels[::8, ::8].reshape(-1, 3).astype(np.float32)
    return float(coarse.mean()), float(coarse.std(axis=0).max())
