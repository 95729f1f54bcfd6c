"""The child's half of the camera: OpenCV reads, this process may hang in it; the terminal never does."""

from __future__ import annotations

import os
import threading
import time
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.slot import PICTURE_BYTES_MAX, Slot

SETTLE_FRAMES = 5
SETTLE_S = 2.0
SETTLED_CHANGE = 4.0
"""Grey levels that the mean may move between frames once exposure has settled."""
BLANK_SPREAD = 3.0
"""Standard deviation in grey levels below which a picture is one colour (black, green, white)."""
MISSES_MAX = 20
MISS_PAUSE_S = 0.05


class Phase(IntEnum):
    """What the capture is doing, as a word in the slot."""

    CLOSED = 0
    WARMING = 1
    LIVE = 2
    BLANK = 3
    LOST = 4


class Capture:
    """Built in the child; one thread reads while the camera is open."""

    def __init__(self, slot_name: str, source: str, rotation_degrees: int) -> None:
        cv2.setNumThreads(1)
        # Network pictures are wanted fresh, not complete.
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "fflags;nobuffer|flags;low_delay"
        self._slot = Slot(slot_name)
        self._source = source
        self._turn = {
            90: cv2.ROTATE_90_CLOCKWISE,
            180: cv2.ROTATE_180,
            270: cv2.ROTATE_90_COUNTERCLOCKWISE,
        }.get(rotation_degrees)
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def probe(self) -> bool:
        """Can the source be opened? It is closed again at once, no frame is read."""
        if self._thread is not None:
            return True
        return _is_there(self._source)

    def open(self) -> bool:
        self.stop()
        capture = cv2.VideoCapture(int(self._source) if self._source.isdecimal() else self._source)
        if not capture.isOpened():
            return False
        capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        self._ending = threading.Event()
        self._slot.state = Phase.WARMING
        self._thread = threading.Thread(target=self._read, args=(capture, self._ending), daemon=True)
        self._thread.start()
        return True

    def stop(self) -> bool:
        """True when the reading thread has ended; False when it hangs in the library."""
        self._ending.set()
        thread, self._thread = self._thread, None
        if thread is not None:
            thread.join(2.0)
            if thread.is_alive():
                return False
        self._slot.state = Phase.CLOSED
        return True

    def _read(self, capture: cv2.VideoCapture, ending: threading.Event) -> None:
        started_s, frames, misses, last_mean = time.monotonic(), 0, 0, -1.0
        is_file = os.path.isfile(self._source)  # noqa: PTH113 - the source may be an address as well
        pause_s = 1.0 / (capture.get(cv2.CAP_PROP_FPS) or 25.0) if is_file else 0.0
        settled = False
        try:
            while not ending.is_set():
                good, pixels = capture.read()
                if not good or pixels is None or pixels.size == 0:
                    misses += 1
                    if is_file:
                        capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
                    elif misses > MISSES_MAX:
                        self._slot.state = Phase.LOST
                        return
                    ending.wait(MISS_PAUSE_S)
                    continue
                misses = 0
                frames += 1
                mean, spread = _light(np.asarray(pixels, np.uint8))
                if spread < BLANK_SPREAD:
                    self._slot.state = Phase.BLANK
                else:
                    steady = abs(mean - last_mean) < SETTLED_CHANGE and frames >= SETTLE_FRAMES
                    settled = settled or steady or time.monotonic() - started_s > SETTLE_S
                    if settled and pixels.nbytes <= PICTURE_BYTES_MAX:
                        turned = cv2.rotate(pixels, self._turn) if self._turn is not None else pixels
                        self._slot.write(np.asarray(turned, np.uint8), time.monotonic_ns())
                        self._slot.state = Phase.LIVE
                last_mean = mean
                if pause_s:
                    ending.wait(pause_s)
        finally:
            capture.release()


def _light(pixels: NDArray[np.uint8]) -> tuple[float, float]:
    """Mean and spread of a coarse grey picture, the largest spread of the three colours."""
    coarse = pixels[::8, ::8].reshape(-1, 3).astype(np.float32)
    return float(coarse.mean()), float(coarse.std(axis=0).max())


def _is_there(source: str) -> bool:
    """A device node, a file, or something that accepts connections at an address."""
    if "://" not in source:
        path = f"/dev/video{source}" if source.isdecimal() else source
        return os.path.exists(path)  # noqa: PTH110 - one question, no path to work with
    import socket
    from urllib.parse import urlsplit

    address = urlsplit(source)
    try:
        with socket.create_connection((address.hostname or "", address.port or 80), timeout=1.0):
            return True
    except OSError:
        return False
