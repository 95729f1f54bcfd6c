"""The taken photo on the screen: the right one, decoded elsewhere, and none after the screen has left."""

from __future__ import annotations

import gc
import threading
import weakref
from collections.abc import Iterator

import cv2
import numpy as np
import pytest

from drivers.camera.contract import Frame
from screens.still import StillPhoto, decoded


def picture(grey: int) -> bytes:
    done, encoded = cv2.imencode(".png", np.full((6, 8, 3), grey, np.uint8))
    assert done
    return encoded.tobytes()


class Waiting:
    """A photo whose decodings can be waited for."""

    def __init__(self) -> None:
        self.ready = threading.Semaphore(0)
        self.still = StillPhoto(self._came)

    def _came(self) -> None:
        self.ready.release()

    def shown(self, encoded: bytes | None) -> int | None:
        self.still.show(lambda: encoded)
        assert self.ready.acquire(timeout=30)
        frame = self.still.frame
        return None if frame is None else int(frame.pixels[0, 0, 0])


@pytest.fixture
def photo() -> Iterator[Waiting]:
    waiting = Waiting()
    yield waiting
    waiting.still.close()


def test_it_is_decoded_on_a_thread_of_its_own(photo: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    threads: list[threading.Thread] = []

    def watched(encoded: bytes | None) -> Frame | None:
        threads.append(threading.current_thread())
        return decoded(encoded)

    monkeypatch.setattr("screens.still.decoded", watched)
    assert photo.shown(picture(40)) == 40
    assert len(threads) == 1
    assert threads[0] is not threading.current_thread()


def test_it_is_fetched_once_while_it_is_shown(photo: Waiting) -> None:
    assert photo.shown(picture(40)) == 40
    photo.still.show(lambda: pytest.fail("fetched again"))
    assert photo.still.frame is not None


def test_a_photo_that_was_taken_again_is_the_new_one(photo: Waiting) -> None:
    assert photo.shown(picture(40)) == 40
    photo.still.forget()  # the camera's live picture came between
    assert photo.shown(picture(200)) == 200


def test_nothing_of_it_is_left_when_the_screen_has_left(photo: Waiting) -> None:
    assert photo.shown(picture(40)) == 40
    frame = photo.still.frame
    assert frame is not None
    seen = weakref.ref(frame.pixels)
    del frame
    gc.collect()
    assert seen() is not None  # the control: while it is shown it is there
    photo.still.forget()
    gc.collect()
    assert seen() is None
    assert photo.still.frame is None


@pytest.mark.parametrize("encoded", [None, b"", b"no picture"])
def test_what_is_no_picture_shows_nothing(encoded: bytes | None) -> None:
    assert decoded(encoded) is None
