"""The chain of frames from the first compared one to the last: one camera, one person, no hole."""

from __future__ import annotations

import hashlib

import numpy as np

from drivers.camera.contract import Frame
from drivers.face.liveness.contract import Break, Seen, Sighting

GAP_MAX_S = 3.0
"""Between two frames that were looked at. A slow terminal looks at one in a second; replacing who stands
there takes as long, so identity is asked of each frame as well."""
JUMP_S = 0.4
"""Two frames nearer than this are those of one movement."""
JUMP_EYES = 1.5
"""Distances between the eyes that a face may move within `JUMP_S`."""
JUMP_GROWTH = 1.5
NS = 1_000_000_000


class Chain:
    """Fed with every frame that is looked at; `broken` is the first thing that was wrong."""

    def __init__(self) -> None:
        self._opening: int | None = None
        """Of the first frame; None before it."""
        self._last: Frame | None = None
        self._last_sighting: Sighting | None = None
        self._marks: set[bytes] = set()
        self.broken: Break | None = None

    def frame(self, frame: Frame, opening: int) -> None:
        """The frame itself, before anybody looks for a face in it."""
        mark = hashlib.blake2b(np.ascontiguousarray(frame.pixels).data, digest_size=16).digest()
        last, self._last = self._last, Frame(frame.pixels[:0], frame.sequence, frame.captured_monotonic_ns)
        self._opening = opening if self._opening is None else self._opening
        if opening != self._opening:
            self._break(Break.REOPENED)
        elif last is not None and (
            frame.sequence <= last.sequence or frame.captured_monotonic_ns <= last.captured_monotonic_ns
        ):
            self._break(Break.BACKWARDS)
        elif last is not None and frame.captured_monotonic_ns - last.captured_monotonic_ns > GAP_MAX_S * NS:
            self._break(Break.GAP)
        elif mark in self._marks:
            self._break(Break.REPEATED)
        self._marks.add(mark)

    def sighting(self, seen: Seen, captured_monotonic_ns: int) -> None:
        """What was found in the frame that was fed last."""
        now, before = seen.sighting, self._last_sighting
        if not seen.same_person:
            self._break(Break.OTHER_PERSON)
        elif before is not None and captured_monotonic_ns - self._sighted_ns <= JUMP_S * NS:
            moved = float(np.hypot(now.x - before.x, now.y - before.y)) / before.size
            growth = max(now.size / before.size, before.size / now.size)
            if moved > JUMP_EYES or growth > JUMP_GROWTH:
                self._break(Break.JUMP)
        self._last_sighting, self._sighted_ns = now, captured_monotonic_ns

    _sighted_ns = 0

    def lose(self) -> None:
        self._break(Break.LOST)

    def _break(self, why: Break) -> None:
        self.broken = self.broken or why
