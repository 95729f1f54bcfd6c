"""An embedding that is no longer needed is overwritten before it is let go: its memory may live on for a while."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import numpy as np
import pytest

from drivers.camera.slot import Slot
from drivers.face.child import FRAMES_KEPT_MAX, FaceChild
from drivers.face.matchers import ONNX_MODEL, Embedding
from tests.drivers.face.portraits import MODELS, live, needed


@pytest.fixture(scope="module")
def child() -> Iterator[tuple[FaceChild, Slot]]:
    needed(MODELS / ONNX_MODEL)
    with closing(Slot()) as slot:
        yield FaceChild(str(MODELS), slot.name), slot


def some(child: FaceChild) -> list[Embedding]:
    return [np.ones(4, np.float32) for _matcher in child._embedder.matchers]


def test_what_was_compared(child: tuple[FaceChild, Slot]) -> None:
    made, _slot = child
    frames = [some(made), some(made)]
    made._reference, made._frames = some(made), list(frames)
    limits = {matcher.name: 1.0 for matcher in made._embedder.matchers}
    assert made.scores(limits) is not None
    assert not any(vector.any() for frame in frames for vector in frame)


def test_what_newer_frames_push_out(child: tuple[FaceChild, Slot]) -> None:
    made, slot = child
    frames = [some(made) for _ in range(FRAMES_KEPT_MAX)]
    made._frames = list(frames)
    slot.write(live("obama2.jpg"), 1)
    assert made.examine() is None
    assert not any(vector.any() for vector in frames[0])
    assert all(vector.all() for vector in frames[1])
