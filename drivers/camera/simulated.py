"""The far end of a network camera: MJPEG over HTTP on loopback, showing stills that live a little."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from enum import StrEnum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

FRAMES_PER_S = 15.0
BOUNDARY = "frame"
NOISE_LEVELS = 3
SWAY_PX = 2
SLOW_S = 4.0


class CameraFault(StrEnum):
    """What goes wrong from now on."""

    NONE = "none"
    FREEZE = "freeze"
    """Connected, but no new picture comes."""
    REPEAT = "repeat"
    """Pictures come, but it is always the same one."""
    SLOW = "slow"
    """A picture every four seconds."""
    BLACK = "black"
    VANISH = "vanish"
    """The connection is cut and new ones are refused a picture."""


class SimulatedCamera:
    """Serves at `address` until `close`; `show` changes what stands before the lens."""

    def __init__(self, picture: bytes, *, frames_per_s: float = FRAMES_PER_S) -> None:
        self._pause_s = 1.0 / frames_per_s
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._fault = CameraFault.NONE
        self._pixels = _decoded(picture)
        self._random = np.random.default_rng(11)
        self.connections = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/camera.mjpg"

    def show(self, picture: bytes) -> None:
        """An encoded picture (PNG, JPEG)."""
        pixels = _decoded(picture)
        with self._lock:
            self._pixels = pixels

    def misbehave(self, fault: CameraFault) -> None:
        self._fault = fault

    def close(self) -> None:
        self._ending.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5.0)

    def _frames(self) -> Iterator[bytes]:
        tick, last = 0, b""
        while not self._ending.wait(self._pause_s):
            match self._fault:
                case CameraFault.VANISH:
                    return
                case CameraFault.FREEZE:
                    continue
                case CameraFault.REPEAT if last:
                    yield last
                case CameraFault.BLACK:
                    yield _encoded(np.zeros_like(self._pixels))
                case CameraFault.SLOW if self._ending.wait(SLOW_S):
                    return
                case _:
                    tick += 1
                    last = _encoded(self._alive(tick))
                    yield last

    def _alive(self, tick: int) -> NDArray[np.uint8]:
        """A little sway and sensor noise, so that no two frames are equal."""
        with self._lock:
            pixels = self._pixels
        shift = round(SWAY_PX * float(np.sin(tick / 6)))
        noise = self._random.integers(-NOISE_LEVELS, NOISE_LEVELS + 1, pixels.shape, np.int16)
        moved = np.roll(pixels, shift, axis=1).astype(np.int16) + noise
        return np.asarray(np.clip(moved, 0, 255), np.uint8)

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        camera = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                camera.connections += 1
                self.send_response(200)
                self.send_header("Content-Type", f"multipart/x-mixed-replace; boundary={BOUNDARY}")
                self.end_headers()
                try:
                    for jpeg in camera._frames():
                        head = (
                            f"--{BOUNDARY}\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                        )
                        self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:
                    return  # the viewer went away: what viewers do

            def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base's name
                pass

        return Handler


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
