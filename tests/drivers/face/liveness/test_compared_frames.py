"""A frame that will be compared is sighted as well: without a second search, and never against itself."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from drivers.camera.slot import Slot
from drivers.face.child import FaceChild
from drivers.face.contract import Guidance
from drivers.face.liveness.contract import Sighting
from drivers.face.liveness.observer import Observer
from drivers.face.matchers import ONNX_MODEL
from tests.drivers.face.portraits import MODELS, live, needed

NEAR, FAR = 0.6, 1.1
"""Between two pictures of one person and of two, by the second matcher: tests/drivers/face/liveness/test_heads_and_prints."""


class Child:
    """The child's own object, with its slot, in this process."""

    def __init__(self, slot: Slot) -> None:
        needed(MODELS / ONNX_MODEL)
        self.made, self._slot, self._number = FaceChild(str(MODELS), slot.name), slot, 0

    def shown(self, name: str, width_px: int = 180) -> None:
        self._number += 1
        self._slot.write(live(name, width_px), self._number)

    def compare(self, name: str, width_px: int = 180) -> Sighting:
        """A frame that is examined, then sighted."""
        self.shown(name, width_px)
        assert self.made.examine() is None
        return self.sight()

    def sight(self) -> Sighting:
        found = self.made.sight(passive=False)
        assert isinstance(found, Sighting)
        return found


@pytest.fixture(scope="module")
def one() -> Iterator[Child]:
    with closing(Slot()) as slot:
        yield Child(slot)


@pytest.fixture
def child(one: Child) -> Child:
    one.made.forget()
    one.made._embedder.gate.begin()
    return one


def counted(work: Callable[..., Any], calls: Counter[str], name: str) -> Callable[..., Any]:
    def counting(*args: Any, **named: Any) -> Any:
        calls[name] += 1
        return work(*args, **named)

    return counting


def test_who_holds_a_photograph_up_for_the_comparison_alone_is_seen(child: Child) -> None:
    """The cardholder's photograph, then somebody else who also moves, then the photograph again."""
    assert child.compare("obama2.jpg").apart is None
    swapped = child.compare("biden.jpg").apart
    assert swapped is not None
    assert swapped > FAR
    child.shown("biden.jpg", 170)
    moving = child.sight().apart
    assert moving is not None
    assert moving < NEAR
    back = child.compare("obama2.jpg").apart
    assert back is not None
    assert back > FAR


def test_a_resident_who_stays_is_near(child: Child) -> None:
    child.compare("obama2.jpg")
    frames = [child.compare("obama2.jpg", width_px) for width_px in (176, 172)]
    assert all(frame.apart is not None and 0 < frame.apart < NEAR for frame in frames)


def test_a_compared_face_is_found_and_embedded_once(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    embedder, calls = child.made._embedder, Counter[str]()
    matcher = embedder.matchers[-1]
    monkeypatch.setattr(embedder.detector, "find", counted(embedder.detector.find, calls, "found"))
    monkeypatch.setattr(matcher, "embed", counted(matcher.embed, calls, "embedded"))
    child.compare("obama2.jpg")
    assert calls == {"found": 1, "embedded": 1}
    child.shown("obama2.jpg", 170)
    child.sight()
    assert calls == {"found": 2, "embedded": 2}, "of another frame nothing is known"


def test_it_is_sighted_as_any_other_frame_is(child: Child) -> None:
    fresh = Observer(child.made._embedder, MODELS)
    found = fresh.sight(live("obama2.jpg"), passive=False)
    assert isinstance(found, Sighting)
    assert child.compare("obama2.jpg") == found
    again = fresh.sight(live("obama2.jpg", 170), passive=False)
    assert isinstance(again, Sighting)
    assert again.apart is not None
    assert replace(child.compare("obama2.jpg", 170), apart=0.0) == replace(again, apart=0.0)


def test_a_frame_that_is_refused_is_no_compared_one(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was kept of the frame before is not taken for it."""
    child.compare("biden.jpg")
    monkeypatch.setattr(child.made._embedder.gate, "judge", lambda _rgb, _faces: Guidance.HOLD_STILL)
    child.shown("obama2.jpg")
    assert child.made.examine() is Guidance.HOLD_STILL
    other = child.sight().apart
    assert other is not None
    assert other > FAR


def test_an_embedding_that_fails_leaves_no_face_behind(child: Child, monkeypatch: pytest.MonkeyPatch) -> None:
    child.compare("biden.jpg")
    child.shown("obama2.jpg")
    with monkeypatch.context() as broken:
        broken.setattr(child.made._embedder, "embed", counted(lambda *_: 1 / 0, Counter(), ""))
        with pytest.raises(ZeroDivisionError):
            child.made.examine()
    other = child.sight().apart
    assert other is not None
    assert other > FAR


def test_all_of_it_is_overwritten(child: Child) -> None:
    observer = child.made._observer
    child.compare("obama2.jpg")
    child.compare("obama2.jpg", 170)
    examined = observer._examined
    assert examined is not None
    kept = [examined.embedding, observer._examined_before, observer._last]
    assert all(vector is not None and vector.any() for vector in kept)
    child.compare("obama2.jpg", 160)
    assert kept[1] is not None
    assert not np.any(kept[1]), "pushed out by the next two"
    child.made.forget()
    assert not any(vector is not None and vector.any() for vector in kept)
    assert observer._examined is None
    assert observer._examined_before is None
