"""The child's half of the camera: OpenCV reads, this process may hang in it; the terminal never does."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from enum import IntEnum
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera import pictures
from drivers.camera.binding import THIS_MACHINE, Roots, resolve
from drivers.camera.contract import CameraFailure
from drivers.camera.gate import Gate, Verdict
from drivers.camera.slot import Slot
from drivers.contract import Failed, Ok

MISSES_MAX = 20
MISS_PAUSE_S = 0.05
COMPRESSED_FROM_PX = 1280 * 720
"""From this size on USB 2 has no room for uncompressed pictures: MJPEG is asked for."""


class Phase(IntEnum):
    """What the capture is doing, as a word in the slot."""

    CLOSED = 0
    WARMING = 1
    LIVE = 2
    BLANK = 3
    LOST = 4
    FROZEN = 5
    GREEN = 6
    WRONG_SIZE = 7
    GARBLED = 8


PHASE_OF: dict[Verdict, Phase] = {
    Verdict.BLANK: Phase.BLANK,
    Verdict.REPEATED: Phase.FROZEN,
    Verdict.GREEN: Phase.GREEN,
    Verdict.WRONG_SIZE: Phase.WRONG_SIZE,
    Verdict.GARBLED: Phase.GARBLED,
}
"""What an unusable picture makes of the capture."""


@dataclass(frozen=True, slots=True)
class Options:
    """What the child is told once. `size_px`: width and height to ask for, None for the camera's own."""

    source: str
    demo: bool
    rotation_degrees: int = 0
    size_px: tuple[int, int] | None = None
    roots: Roots = THIS_MACHINE


class Capture:
    """Built in the child; one thread reads while the camera is open."""

    def __init__(self, slot_name: str, options: Options) -> None:
        cv2.setNumThreads(1)
        # Network pictures are wanted fresh, not complete; a damaged one is told by its verdict.
        os.environ["OPENCV_FFMPEG_CAPTURE_OPTIONS"] = "fflags;nobuffer|flags;low_delay"
        os.environ["OPENCV_FFMPEG_LOGLEVEL"] = "-8"
        self._slot = Slot(slot_name)
        self._options = options
        self._turn = {
            90: cv2.ROTATE_90_CLOCKWISE,
            180: cv2.ROTATE_180,
            270: cv2.ROTATE_90_COUNTERCLOCKWISE,
        }.get(options.rotation_degrees)
        self._last_digest = b""
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None

    def probe(self) -> CameraFailure | None:
        """What keeps the source from being opened, if anything. Nothing is opened for it."""
        if self._thread is not None and self._thread.is_alive():
            return None
        match self._resolve():
            case Failed(reason):
                return reason
            case Ok(target):
                return None if "://" not in target or _answers(target) else CameraFailure.ABSENT

    def open(self) -> CameraFailure | None:
        self.stop()
        found = self._resolve()
        if isinstance(found, Failed):
            return found.reason
        reader = _Reader(found.value, self._options.size_px)
        if not reader.opened:
            return self._why_not(found.value)
        self._ending = threading.Event()
        self._slot.state = Phase.WARMING
        self._thread = threading.Thread(target=self._read, args=(reader, self._ending), daemon=True)
        self._thread.start()
        return None

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

    def _why_not(self, target: str) -> CameraFailure:
        """An address is one of a demo: whoever answers there may still send no pictures."""
        if "://" in target:
            return CameraFailure.ABSENT
        again = self._resolve()  # gone, or taken by another program, a moment ago
        return again.reason if isinstance(again, Failed) else CameraFailure.UNOPENABLE

    def _resolve(self) -> Ok[str] | Failed[CameraFailure]:
        return resolve(self._options.source, demo=self._options.demo, roots=self._options.roots)

    def _read(self, reader: _Reader, ending: threading.Event) -> None:
        gate = Gate(
            time.monotonic(), self._last_digest, size_px=self._options.size_px, is_live=not reader.is_film
        )
        misses = 0
        try:
            while not ending.is_set():
                taken = reader.read()
                captured_ns = time.monotonic_ns()
                pixels = taken.value if isinstance(taken, Ok) else None
                verdict = gate.judge(pixels, time.monotonic())
                if isinstance(taken, Failed) and taken.reason is not None:
                    verdict = Verdict.GARBLED
                misses = misses + 1 if verdict is Verdict.MISSED else 0
                match verdict:
                    case Verdict.MISSED if reader.is_film:
                        reader.rewind()
                    case Verdict.MISSED if misses > MISSES_MAX:
                        self._slot.state = Phase.LOST
                        return
                    case Verdict.USABLE if pixels is not None:
                        self._publish(pixels, captured_ns)
                    case _:
                        self._slot.state = PHASE_OF.get(verdict, self._slot.state)
                if reader.pause_s or verdict in (Verdict.MISSED, Verdict.REPEATED):
                    ending.wait(reader.pause_s or MISS_PAUSE_S)
        finally:
            self._last_digest = gate.last_digest
            reader.release()

    def _publish(self, pixels: NDArray[np.uint8], captured_ns: int) -> None:
        if self._turn is not None:
            pixels = np.asarray(cv2.rotate(pixels, self._turn), np.uint8)
        if pixels.nbytes > self._slot.picture_bytes_max:
            scale = (self._slot.picture_bytes_max / pixels.nbytes) ** 0.5 * 0.99
            smaller = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            pixels = np.asarray(smaller, np.uint8)
        self._slot.write(pixels, captured_ns)
        self._slot.state = Phase.LIVE


class _Reader:
    """One opened source: a device, a film, or the JPEGs of an address.

    From an address the encoded pictures are taken as they come and decoded here: OpenCV's own decoding
    (FFmpeg) fills what is missing of a cut picture with the one before, and scales a picture of another
    size to the first one's, both without a word.
    """

    def __init__(self, target: str, size_px: tuple[int, int] | None) -> None:
        self.is_film = Path(target).is_file()
        self._is_address = "://" in target
        if self._is_address:
            self._capture = cv2.VideoCapture(target, cv2.CAP_FFMPEG, [cv2.CAP_PROP_FORMAT, -1])
        elif self.is_film:
            self._capture = cv2.VideoCapture(target)
        else:
            self._capture = cv2.VideoCapture(target, cv2.CAP_V4L2)
        self.opened = self._capture.isOpened()
        if self.opened and not self.is_film and not self._is_address:
            self._ask_for(size_px)
        self.pause_s = 1.0 / (self._capture.get(cv2.CAP_PROP_FPS) or 25.0) if self.is_film else 0.0

    def read(self) -> Ok[NDArray[np.uint8]] | Failed[pictures.PictureFailure | None]:
        """The next picture; without a reason when there was none."""
        good, taken = self._capture.read()
        if not good or taken is None or taken.size == 0:
            return Failed(None)
        if self._is_address:
            decoded = pictures.decode(np.asarray(taken, np.uint8).tobytes())
            return decoded if isinstance(decoded, Ok) else Failed(decoded.reason)
        return Ok(np.asarray(taken, np.uint8))

    def rewind(self) -> None:
        self._capture.set(cv2.CAP_PROP_POS_FRAMES, 0)

    def release(self) -> None:
        self._capture.release()

    def _ask_for(self, size_px: tuple[int, int] | None) -> None:
        """What is asked for is not always given: the gate looks at what comes."""
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        if size_px is None:
            return
        width, height = size_px
        if width * height >= COMPRESSED_FROM_PX:
            self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, height)


def _answers(address: str) -> bool:
    """Something accepts connections there; no picture is asked for."""
    import socket
    from urllib.parse import urlsplit

    parts = urlsplit(address)
    try:
        with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=1.0):
            return True
    except OSError:
        return False
