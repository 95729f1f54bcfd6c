"""The photo of this visit for the screen: decoded beside the UI thread, gone when nothing shows it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from drivers.camera.contract import Frame


class StillPhoto:
    """`on_ready` may be called on any thread. `close` waits for a decoding that has begun."""

    def __init__(self, on_ready: Callable[[], None]) -> None:
        self._on_ready = on_ready
        self._decoder = ThreadPoolExecutor(1, "photo")
        self._photo: Future[Frame | None] | None = None

    def show(self, fetch: Callable[[], bytes | None]) -> None:
        """There is a place for it on the screen: begin to decode what `fetch` gives, once."""
        if self._photo is None:
            self._photo = self._decoder.submit(decoded, fetch())
            self._photo.add_done_callback(lambda _done: self._on_ready())

    @property
    def frame(self) -> Frame | None:
        """The picture; None while it is being decoded, and when there is none."""
        return self._photo.result() if self._photo is not None and self._photo.done() else None

    def forget(self) -> None:
        """The screen has left it; the next one shown is fetched anew."""
        if self._photo is not None:
            self._photo.cancel()
        self._photo = None

    def close(self) -> None:
        self.forget()
        self._decoder.shutdown()


def decoded(encoded: bytes | None) -> Frame | None:
    """JPEG or PNG as rows of B G R; None for what is no picture."""
    import cv2

    if not encoded:
        return None
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    return None if pixels is None else Frame(np.asarray(pixels, np.uint8), 0, 0)
