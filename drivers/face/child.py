"""The child's half of face verification: models, reference and frames live and end in this process."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.slot import Slot
from drivers.face import decision
from drivers.face.calibration.card_class import CardClass, as_card_photo, classes_of
from drivers.face.card_photos import CardPhotoError
from drivers.face.contract import Guidance, Score
from drivers.face.embedder import Embedder
from drivers.face.liveness.contract import Sighting
from drivers.face.liveness.observer import Observer
from drivers.face.matchers import Embedding

FRAMES_KEPT_MAX = 5


class FaceChild:
    """Built once; answers the parent's requests one after the other.

    `slot_name` is where the parent puts the frame that a request is about: shared memory, so that no
    frame goes through a pipe.
    """

    def __init__(self, models: str, slot_name: str, engine: str = "") -> None:
        self._slot = Slot(slot_name)
        self._embedder = Embedder(Path(models), engine)
        self._observer = Observer(self._embedder, Path(models))
        self._reference: list[Embedding] | None = None
        self._classes: tuple[CardClass, ...] = ()
        self._frames: list[list[Embedding]] = []

    def model_hashes(self) -> dict[str, str]:
        return {matcher.name: matcher.model_hash for matcher in self._embedder.matchers}

    def pipeline(self) -> dict[str, str]:
        return self._embedder.pipeline()

    def set_reference(self, picture: bytes) -> Guidance | None:
        self.forget()
        self._embedder.gate.begin()
        try:
            photo = as_card_photo(picture)
        except (CardPhotoError, cv2.error):
            # As much use as a photo without a face: another try would end the same way.
            return Guidance.NO_FACE
        found = self._embedder.card(photo)
        if isinstance(found, Guidance):
            return found
        self._reference, self._classes = found, classes_of(photo)
        return None

    def card_classes(self) -> tuple[CardClass, ...]:
        """Every class that the reference may be of: its limits are theirs."""
        return self._classes

    def frame(self) -> NDArray[np.uint8] | None:
        """The frame of this request, BGR; None once it was forgotten."""
        snapshot = self._slot.read()
        return None if snapshot is None else snapshot.pixels

    def examine(self) -> Guidance | None:
        bgr = self.frame()
        if bgr is None:
            return Guidance.NO_FACE
        found = self._embedder.live(bgr, self._observer.noting(self._embedder.gate.judge))
        if isinstance(found, Guidance):
            return found
        self._observer.compared(found[-1])
        self._frames.append(found)
        _overwrite(self._frames[:-FRAMES_KEPT_MAX])
        del self._frames[:-FRAMES_KEPT_MAX]
        return None

    def sight(self, passive: bool) -> Sighting | Guidance:
        """The face's shape for the liveness check, and how far it is from the frames before."""
        bgr = self.frame()
        if bgr is None:
            return Guidance.NO_FACE
        return self._observer.sight(bgr, passive=passive)

    def scores(self, limits: dict[str, float]) -> tuple[tuple[Score, ...], int] | None:
        """Each matcher's score over the frames; None without reference or frames."""
        frames, self._frames = self._frames, []
        if self._reference is None or not frames:
            return None
        distances = {
            matcher.name: [matcher.compare(frame[index], reference) for frame in frames]
            for index, (matcher, reference) in enumerate(
                zip(self._embedder.matchers, self._reference, strict=True)
            )
        }
        count = len(frames)
        _overwrite(frames)
        return decision.scores(distances, limits), count

    def forget(self) -> None:
        """Overwrite what is known of the person."""
        _overwrite([self._reference or [], *self._frames])
        self._reference, self._classes, self._frames = None, (), []
        self._observer.forget()


def _overwrite(frames: Iterable[list[Embedding]]) -> None:
    for vector in (vector for frame in frames for vector in frame):
        vector.fill(0)
