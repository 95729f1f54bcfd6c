"""Which of the pictures that a driver hands out may be used: pure, fed one reading at a time.

Drivers say "good" and hand out nothing, one colour, exposure still settling, the picture from before
the plug was pulled (case C01), a buffer that was filled only in part, or another size.
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
"""Standard deviation in grey levels below which a picture is one colour (black, white)."""
BLACK_MEAN = 8.0
"""Mean below which there is only the sensor's noise."""
ZERO_YUV_BGR = (0, 135, 0)
"""What Y = U = V = 0 is by ITU-R BT.601, in its limited and its full range."""
GREEN_DISTANCE = 24
"""Levels that a coded zero buffer may lie off that colour."""
BANDS = 16
"""A picture is looked at in so many horizontal bands: buffers are filled from the top, row by row."""
BANDS_LOST = 2
"""So many green, flat or unchanged bands make a picture damaged; one may be a bar or a clipped lamp."""
FLAT_SPREAD = 2
"""Levels within one row: a decoder that ran out of data fills up with one value."""
CLIPPED = 4
"""Levels from black or white where a flat row may be real: a lamp, a window, a bar."""


class Verdict(StrEnum):
    """What one reading is."""

    MISSED = "missed"
    REPEATED = "repeated"
    WRONG_SIZE = "wrong_size"
    GREEN = "green"
    BLANK = "blank"
    GARBLED = "garbled"
    SETTLING = "settling"
    USABLE = "usable"


class Gate:
    """Judges the readings of one opening of the camera.

    `last_digest` is the mark of the last picture of the opening before: a camera that comes back
    with that very picture has not seen anything since. A mark, not the picture, is what is kept.
    `size_px` (width, height) is what was asked for; without it the first picture says it.
    `is_live`: a sensor's noise makes no two bands equal; in a film they may be.
    """

    def __init__(
        self,
        started_s: float,
        last_digest: bytes = b"",
        *,
        size_px: tuple[int, int] | None = None,
        is_live: bool = True,
    ) -> None:
        self._started_s = started_s
        self._frames = 0
        self._settled = False
        self._last_mean: float | None = None
        self._size_px = size_px
        self._is_live = is_live
        self._last_bands: list[bytes] = []
        self.last_digest = last_digest

    def judge(self, pixels: NDArray[np.uint8] | None, now_s: float) -> Verdict:
        """`pixels` (height, width, 3) as the driver gave them, None if it gave none; `now_s` is monotonic."""
        if pixels is None or pixels.size == 0:
            return Verdict.MISSED
        size_px = (pixels.shape[1], pixels.shape[0])
        self._size_px = self._size_px or size_px
        if size_px != self._size_px:
            return Verdict.WRONG_SIZE
        damage = _damage(pixels)
        if damage is Verdict.GREEN:
            return damage
        mean, spread = _light(pixels)
        bands = [_digest(band) for band in np.array_split(pixels, BANDS)]
        digest = hashlib.blake2b(b"".join(bands), digest_size=16).digest()
        repeated = digest == self.last_digest
        bands_before, mean_before = self._last_bands, self._last_mean
        if not repeated:
            self.last_digest, self._last_bands, self._last_mean = digest, bands, mean
            self._frames += 1
        if spread < BLANK_SPREAD or mean < BLACK_MEAN:
            return Verdict.BLANK
        if repeated:
            return Verdict.REPEATED
        if damage is not None or (self._is_live and _left_over(pixels, bands, bands_before)):
            return Verdict.GARBLED
        steady = (
            self._frames >= SETTLE_FRAMES
            and mean_before is not None
            and abs(mean - mean_before) < SETTLED_CHANGE
        )
        self._settled = self._settled or steady or now_s - self._started_s >= SETTLE_S
        return Verdict.USABLE if self._settled else Verdict.SETTLING


def _digest(band: NDArray[np.uint8]) -> bytes:
    """Of large pictures every second to fourth row: noise is in each of them."""
    some = band[:: max(1, band.shape[0] * BANDS // 480)]
    return hashlib.blake2b(np.ascontiguousarray(some).data, digest_size=16).digest()


def _light(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean of a coarse picture, and the largest spread of its three colours."""
    coarse = pixels[::8, ::8].reshape(-1, 3).astype(np.float32)
    return float(coarse.mean()), float(coarse.std(axis=0).max())


def _damage(pixels: NDArray[np.uint8]) -> Verdict | None:
    """Rows of zeros read as YUV, or rows of one value that no lens makes from edge to edge."""
    step = max(4, pixels.shape[0] // 120)  # as many rows, however large the picture
    coarse = pixels[::step, ::step].astype(np.int16)
    enough = coarse.shape[0] * BANDS_LOST // BANDS
    off_green = np.abs(coarse - np.array(ZERO_YUV_BGR, np.int16)).max(axis=2)
    # A row counts when nearly all of it is so: coding blurs the ends.
    if np.count_nonzero((off_green <= GREEN_DISTANCE).mean(axis=1) > 0.95) >= enough:
        return Verdict.GREEN
    return Verdict.GARBLED if np.count_nonzero(_flat(coarse)) >= enough else None


def _flat(rows: NDArray[np.int16]) -> NDArray[np.bool_]:
    """Which rows are one value that is neither black nor white."""
    low, high = rows.min(axis=1), rows.max(axis=1)
    clipped = (high.max(axis=1) <= CLIPPED) | (low.min(axis=1) >= 255 - CLIPPED)
    return np.asarray(((high - low).max(axis=1) <= FLAT_SPREAD) & ~clipped, np.bool_)


def _left_over(pixels: NDArray[np.uint8], bands: list[bytes], before: list[bytes]) -> bool:
    """Bands that hold the picture before, byte for byte: the decoder did not get so far.

    A band that is black or white throughout may well be the same again.
    """
    same = [
        band
        for band, digest, digest_before in zip(
            np.array_split(pixels[:, ::4], BANDS), bands, before or [b""] * BANDS, strict=True
        )
        if digest == digest_before
    ]
    textured = [band for band in same if int(band.max()) > CLIPPED and int(band.min()) < 255 - CLIPPED]
    return len(textured) >= BANDS_LOST
