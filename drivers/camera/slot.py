"""The latest frame, shared between two processes (camera to terminal, terminal to face models): one slot, no queue.

Layout of the block: a header of eight int64 (sequence, state, and for each buffer its height, width
and time), then two picture buffers. The writer fills the buffer that is not current and then
publishes it; a reader copies the current one and takes the copy only if it still is the current
one, since the next writing goes into the other buffer: a torn picture is never returned.
"""

from __future__ import annotations

from dataclasses import dataclass
from multiprocessing.shared_memory import SharedMemory

import numpy as np
from numpy.typing import NDArray

HEADER_WORDS = 8
HEADER_BYTES = HEADER_WORDS * 8
PICTURE_BYTES_MAX = 1920 * 1080 * 3
SEQUENCE, STATE = 0, 1
DESCRIPTIONS = 2
HEIGHT, WIDTH, TIME_NS = 0, 1, 2
DESCRIPTION_WORDS = 3
READ_TRIES = 4


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A copy of the slot: `pixels` uint8 (height, width, 3) BGR, the child's state word."""

    pixels: NDArray[np.uint8]
    sequence: int
    captured_monotonic_ns: int


class Slot:
    """One end of the shared slot; the terminal makes it, the child attaches by name."""

    def __init__(self, name: str | None = None, *, picture_bytes_max: int = PICTURE_BYTES_MAX) -> None:
        size_bytes = HEADER_BYTES + 2 * picture_bytes_max
        self._memory = SharedMemory(create=True, size=size_bytes) if name is None else SharedMemory(name=name)
        self._owner = name is None
        self._header: NDArray[np.int64] = np.ndarray((HEADER_WORDS,), np.int64, self._memory.buf)
        if self._owner:
            self._header[:] = 0

    @property
    def name(self) -> str:
        return self._memory.name

    @property
    def picture_bytes_max(self) -> int:
        """How much one picture may take; both ends read it off the block."""
        return (self._memory.size - HEADER_BYTES) // 2

    @property
    def sequence(self) -> int:
        return int(self._header[SEQUENCE])

    @property
    def captured_monotonic_ns(self) -> int:
        return int(self._description(self.sequence)[TIME_NS])

    @property
    def state(self) -> int:
        return int(self._header[STATE])

    @state.setter
    def state(self, value: int) -> None:
        self._header[STATE] = value

    def write(self, pixels: NDArray[np.uint8], captured_monotonic_ns: int) -> None:
        """Publish a picture. Raises ValueError for one that is larger than the slot."""
        height, width = pixels.shape[:2]
        if pixels.nbytes > self.picture_bytes_max:
            message = f"a picture of {width} x {height} pixels does not fit into the slot"
            raise ValueError(message)
        following = self.sequence + 1
        self._buffer(following, height, width)[:] = pixels
        self._description(following)[:] = height, width, captured_monotonic_ns
        self._header[SEQUENCE] = following

    def read(self) -> Snapshot | None:
        """A whole picture, or None while there is none."""
        for _ in range(READ_TRIES):
            sequence = self.sequence
            height, width, time_ns = (int(word) for word in self._description(sequence))
            if sequence == 0 or height == 0:
                return None
            pixels = self._buffer(sequence, height, width).copy()
            if self.sequence == sequence:
                return Snapshot(pixels, sequence, time_ns)
        return None

    def forget(self) -> None:
        """Overwrite both pictures (between captures, terminal's side)."""
        self._header[:] = 0
        view: NDArray[np.uint8] = np.ndarray(
            (2 * self.picture_bytes_max,), np.uint8, self._memory.buf, HEADER_BYTES
        )
        view[:] = 0
        del view

    def close(self) -> None:
        del self._header
        self._memory.close()
        if self._owner:
            self._memory.unlink()

    def _description(self, sequence: int) -> NDArray[np.int64]:
        start = DESCRIPTIONS + (sequence % 2) * DESCRIPTION_WORDS
        return self._header[start : start + DESCRIPTION_WORDS]

    def _buffer(self, sequence: int, height: int, width: int) -> NDArray[np.uint8]:
        offset = HEADER_BYTES + (sequence % 2) * self.picture_bytes_max
        return np.ndarray((height, width, 3), np.uint8, self._memory.buf, offset)
