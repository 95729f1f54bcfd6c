"""The far end of a network camera: MJPEG over HTTP on loopback, showing stills that live a little."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator, Sequence
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FRAMES_PER_S = 15.0
BOUNDARY = "frame"
NOISE_LEVELS = 3
NOISE_ROOM_PX = 64
"""Noise is drawn once, and each picture takes another piece of it: drawing it anew is half the work."""
SWAY_PX = 2
SLOW_S = 4.0
ZERO_YUV = (0, 135, 0)
"""B, G, R of a buffer in which nothing arrived."""


class CameraFault(StrEnum):
    """What goes wrong from now on."""

    NONE = "none"
    FREEZE = "freeze"
    """Connected, but no new picture comes: silence."""
    REPEAT = "repeat"
    """Pictures come, but it is always the same one."""
    SLOW = "slow"
    """A picture every four seconds."""
    BLACK = "black"
    GREEN = "green"
    HALF_GREEN = "half_green"
    """The lower half of the buffer was never filled."""
    WRONG_SIZE = "wrong_size"
    """Half as wide and high: from the start, or in mid-stream."""
    TRUNCATED = "truncated"
    """The last half of each JPEG is missing."""
    LEFT_OVER = "left_over"
    """The lower half is that of the picture before the fault."""
    GARBAGE = "garbage"
    """Bytes that are no JPEG."""
    VANISH = "vanish"
    """The connection is cut and new ones are refused a picture."""


class SimulatedCamera:
    """Serves at `address` until `close`; `show` changes what stands before the lens."""

    def __init__(self, picture: bytes, *, frames_per_s: float = FRAMES_PER_S) -> None:
        self._pause_s = 1.0 / frames_per_s
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._fault = CameraFault.NONE
        self._script: deque[CameraFault] = deque()
        self._pixels = _decoded(picture)
        self._moving: deque[NDArray[np.uint8]] = deque()
        self._random = np.random.default_rng(11)
        height, width = self._pixels.shape[:2]
        self._noise = self._random.integers(
            -NOISE_LEVELS, NOISE_LEVELS + 1, (height + NOISE_ROOM_PX, width + NOISE_ROOM_PX, 3), np.int16
        )
        self.connections = 0
        """How many viewers asked for pictures so far."""
        self.watching = 0
        """How many are being served now; one that left is noticed with the next picture."""
        self._server: ThreadingHTTPServer | None = None
        self._port = 0
        self.plug()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._port}/camera.mjpg"

    def show(self, picture: bytes) -> None:
        """An encoded picture (PNG, JPEG), fitted into the sensor's size: that of the first one."""
        pixels = _decoded(picture)
        with self._lock:
            height, width = self._pixels.shape[:2]
            self._pixels = _fitted(pixels, width, height)
            self._moving.clear()

    def play_pictures(self, pictures: Sequence[NDArray[np.uint8]]) -> None:
        """One after the other, each for one frame; the last one stays. All of the sensor's size."""
        with self._lock:
            self._moving = deque(pictures)

    def misbehave(self, fault: CameraFault) -> None:
        self._fault = fault

    def play(self, *script: tuple[CameraFault, int]) -> None:
        """A fault for so many pictures, then the next, then what `misbehave` said."""
        with self._lock:
            self._script = deque(fault for fault, frames in script for _ in range(frames))

    def plug(self, port: int | None = None) -> None:
        """Appear, at the port of before unless another is given."""
        if self._server is not None:
            return
        self._ending = threading.Event()
        self._server = ThreadingHTTPServer(
            ("127.0.0.1", self._port if port is None else port), self._handler(self._ending)
        )
        self._server.daemon_threads = True
        self._port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def unplug(self) -> None:
        """Cut every connection; nobody answers at the address any more."""
        server, self._server = self._server, None
        if server is None:
            return
        self._ending.set()
        server.shutdown()
        server.server_close()
        self._thread.join(5.0)

    def replug_elsewhere(self) -> None:
        """Away, and back at another address."""
        self.unplug()
        self.plug(0)

    def close(self) -> None:
        self.unplug()

    def _frames(self, ending: threading.Event) -> Iterator[bytes]:
        tick, last, first = 0, b"", self._alive(0)
        while not ending.wait(self._pause_s):
            with self._lock:
                fault = self._script.popleft() if self._script else self._fault
            tick += 1
            match fault:
                case CameraFault.VANISH:
                    return
                case CameraFault.FREEZE:
                    continue
                case CameraFault.REPEAT if last:
                    yield last
                case CameraFault.SLOW if ending.wait(SLOW_S):
                    return
                case CameraFault.GARBAGE:
                    yield self._random.bytes(5000)
                case CameraFault.TRUNCATED:
                    whole = _encoded(self._alive(tick))
                    yield whole[: len(whole) // 2]
                case _:
                    last = _encoded(_spoilt(self._alive(tick), fault, first))
                    yield last

    def _alive(self, tick: int) -> NDArray[np.uint8]:
        """A little sway and sensor noise, so that no two frames are equal."""
        with self._lock:
            if self._moving:
                self._pixels = self._moving.popleft()
            pixels = self._pixels
        shift = round(SWAY_PX * float(np.sin(tick / 6)))
        height, width = pixels.shape[:2]
        down, across = self._random.integers(0, NOISE_ROOM_PX, 2)
        noise = self._noise[down : down + height, across : across + width]
        moved = np.roll(pixels, shift, axis=1) + noise
        return np.asarray(np.clip(moved, 0, 255), np.uint8)

    def _handler(self, ending: threading.Event) -> type[BaseHTTPRequestHandler]:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                with camera._lock:
                    camera.connections += 1
                    camera.watching += 1
                try:
                    self._serve()
                finally:
                    with camera._lock:
                        camera.watching -= 1

            def _serve(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
                self.end_headers()
                try:
                    for jpeg in camera._frames(ending):
                        head = (
                            f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                        )
                        self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:
                    return  # the viewer went away: what viewers do

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
                pass

        return Handler


def _spoilt(pixels: NDArray[np.uint8], fault: CameraFault, before: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The picture as this fault leaves it."""
    half = pixels.shape[0] // 2 // 16 * 16  # where a row of JPEG blocks begins
    match fault:
        case CameraFault.BLACK:
            return np.zeros_like(pixels)
        case CameraFault.GREEN:
            pixels[:] = ZERO_YUV
        case CameraFault.HALF_GREEN:
            pixels[half:] = ZERO_YUV
        case CameraFault.LEFT_OVER:
            pixels[half:] = before[half:]
        case CameraFault.WRONG_SIZE:
            return np.ascontiguousarray(pixels[::2, ::2])
        case _:
            pass
    return pixels


def _fitted(pixels: NDArray[np.uint8], width: int, height: int) -> NDArray[np.uint8]:
    """The whole picture within the sensor, on grey where the proportions differ."""
    if pixels.shape[:2] == (height, width):
        return pixels
    scale = min(width / pixels.shape[1], height / pixels.shape[0])
    inner = cv2.resize(
        pixels,
        (round(pixels.shape[1] * scale), round(pixels.shape[0] * scale)),
        interpolation=cv2.INTER_AREA,
    )
    left, top = (width - inner.shape[1]) // 2, (height - inner.shape[0]) // 2
    fitted = np.full((height, width, 3), 128, np.uint8)
    fitted[top : top + inner.shape[0], left : left + inner.shape[1]] = inner
    return fitted


def _decoded(picture: bytes) -> NDArray[np.uint8]:
    pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    if pixels is None:
        message = "the picture cannot be decoded"
        raise ValueError(message)
    return np.asarray(pixels, np.uint8)


def _encoded(pixels: NDArray[np.uint8]) -> bytes:
    good, jpeg = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, 92])
    if not good:
        message = "the picture cannot be encoded"
        raise RuntimeError(message)
    return bytes(jpeg)
