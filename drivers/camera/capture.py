"""The child's half of the camera: OpenCV reads, this process may hang in it; the terminal never does."""

from __future__ import annotations

import os
import threading
import time
from enum import IntEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.gate import Gate, Verdict
from drivers.camera.slot import PICTURE_BYTES_MAX, Slot

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
        self._last_digest = b""
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
        gate, misses = Gate(time.monotonic(), self._last_digest), 0
        is_file = os.path.isfile(self._source)  # noqa: PTH113 - the source may be an address as well
        pause_s = 1.0 / (capture.get(cv2.CAP_PROP_FPS) or 25.0) if is_file else 0.0
        try:
            while not ending.is_set():
                good, pixels = capture.read()
                taken = np.asarray(pixels, np.uint8) if good and pixels is not None else None
                verdict = gate.judge(taken, time.monotonic())
                misses = misses + 1 if verdict is Verdict.MISSED else 0
                match verdict:
                    case Verdict.MISSED if is_file:
                        capture.set(cv2.CAP_PROP_POS_FRAMES, 0)
                    case Verdict.MISSED if misses > MISSES_MAX:
                        self._slot.state = Phase.LOST
                        return
                    case Verdict.BLANK:
                        self._slot.state = Phase.BLANK
                    case Verdict.USABLE:
                        self._publish(np.asarray(pixels, np.uint8))
                if pause_s or verdict in (Verdict.MISSED, Verdict.REPEATED):
                    ending.wait(pause_s or MISS_PAUSE_S)
        finally:
            self._last_digest = gate.last_digest
            capture.release()

    def _publish(self, pixels: NDArray[np.uint8]) -> None:
        captured_ns = time.monotonic_ns()
        if self._turn is not None:
            pixels = np.asarray(cv2.rotate(pixels, self._turn), np.uint8)
        if pixels.nbytes > PICTURE_BYTES_MAX:
            scale = (PICTURE_BYTES_MAX / pixels.nbytes) ** 0.5 * 0.99
            smaller = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            pixels = np.asarray(smaller, np.uint8)
        self._slot.write(pixels, captured_ns)
        self._slot.state = Phase.LIVE


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
