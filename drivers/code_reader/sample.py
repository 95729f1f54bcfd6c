"""A code that is drawn, not printed: what the self-test shows the decoder without any camera."""

from __future__ import annotations

import itertools
import time

import numpy as np

from drivers.camera.contract import Frame
from drivers.contract import Ok

MODULE_PX = 6
QUIET_ZONE = 4
"""Modules of white around a QR code (ISO/IEC 18004)."""


class DrawnCode:
    """A `FrameSource` before which one QR code lies still."""

    def __init__(self, text: str) -> None:
        import segno

        rows = segno.make_qr(text, error="m").matrix_iter(scale=MODULE_PX, border=QUIET_ZONE)
        dark = np.array([list(row) for row in rows], bool)
        self._pixels = np.repeat(np.where(dark, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
        self._sequence = itertools.count(1)

    def latest(self, max_age_s: float = 1.0) -> Ok[Frame]:  # noqa: ARG002 - always new
        return Ok(Frame(self._pixels, next(self._sequence), time.monotonic_ns()))
