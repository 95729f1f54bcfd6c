from __future__ import annotations

import threading
from collections.abc import Iterator

import numpy as np
import pytest

from drivers.camera.slot import Slot


@pytest.fixture
def slot() -> Iterator[Slot]:
    made = Slot()
    yield made
    made.close()


def test_an_empty_slot_has_no_picture(slot: Slot) -> None:
    assert slot.read() is None


def test_only_the_latest_picture_is_there(slot: Slot) -> None:
    for level in (10, 20, 30):
        slot.write(np.full((4, 6, 3), level, np.uint8), level)
    snapshot = slot.read()
    assert snapshot is not None
    assert (snapshot.pixels == 30).all()
    assert (snapshot.sequence, snapshot.captured_monotonic_ns) == (3, 30)


def test_a_picture_of_another_size_follows(slot: Slot) -> None:
    slot.write(np.zeros((4, 6, 3), np.uint8), 1)
    slot.write(np.ones((8, 2, 3), np.uint8), 2)
    snapshot = slot.read()
    assert snapshot is not None
    assert snapshot.pixels.shape == (8, 2, 3)


def test_a_copy_that_the_writer_overtook_is_thrown_away(slot: Slot, monkeypatch: pytest.MonkeyPatch) -> None:
    """One publication during the copy is enough: the writer may be in this buffer again."""
    slot.write(np.full((4, 6, 3), 1, np.uint8), 1)
    whole = Slot._buffer
    overtaken = threading.Event()

    def overtake(self: Slot, sequence: int, height: int, width: int) -> object:
        view = whole(self, sequence, height, width)
        if not overtaken.is_set():
            overtaken.set()
            self.write(np.full((4, 6, 3), 2, np.uint8), 2)
        return view

    monkeypatch.setattr(Slot, "_buffer", overtake)
    snapshot = slot.read()
    assert snapshot is not None
    assert snapshot.sequence == 2
    assert (snapshot.pixels == 2).all()


def test_a_reader_beside_a_fast_writer_never_sees_two_pictures_in_one(slot: Slot) -> None:
    ending = threading.Event()

    def write() -> None:
        level = 0
        while not ending.is_set():
            level = (level + 1) % 250
            slot.write(np.full((480, 640, 3), level, np.uint8), level)

    writer = threading.Thread(target=write)
    writer.start()
    seen = 0
    try:
        for _ in range(200):
            snapshot = slot.read()
            if snapshot is not None:
                seen += 1
                assert snapshot.pixels.min() == snapshot.pixels.max() == snapshot.captured_monotonic_ns
    finally:
        ending.set()
        writer.join()
    assert slot.sequence > 0
    assert seen > 0 or slot.read() is not None


def test_forget_overwrites_every_picture(slot: Slot) -> None:
    for _ in range(2):
        slot.write(np.full((4, 6, 3), 77, np.uint8), 1)
    slot.forget()
    assert slot.read() is None
    assert slot._memory.buf is not None
    assert 77 not in bytes(slot._memory.buf)
