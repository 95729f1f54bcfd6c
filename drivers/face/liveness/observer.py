"""The child's half of liveness: turns a frame into a `Sighting` and keeps what the next one needs."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.contract import Guidance
from drivers.face.embedder import Embedder
from drivers.face.liveness.contract import Sighting
from drivers.face.liveness.measure import Relief, pose_of
from drivers.face.liveness.passive import PASSIVE_MODEL, PassiveModel
from drivers.face.matchers import Embedding
from drivers.face.quality import choose


class Observer:
    """One for each child. The embedder's last matcher, the faster one, says that it still is the same person."""

    def __init__(self, embedder: Embedder, models: Path) -> None:
        self._embedder, self._matcher = embedder, embedder.matchers[-1]
        self._passive_file = models / PASSIVE_MODEL
        self._passive: PassiveModel | None = None
        self._relief = Relief()
        self._last: Embedding | None = None

    def sight(
        self, bgr: NDArray[np.uint8], compared: Embedding | None, *, passive: bool
    ) -> Sighting | Guidance:
        """`compared`: the embedding of the newest frame that will be compared.

        With it and without a sighting of before the distance is taken to it, so that the chain begins
        at the frames that count. `passive` loads that model at its first use; no file: None.
        """
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        face = choose(rgb, self._embedder.faces(rgb))
        if isinstance(face, Guidance):
            return face
        pose = pose_of(face.points)
        height, width = rgb.shape[:2]
        embedding = self._matcher.embed(rgb, face)
        known = [other for other in (self._last, compared) if other is not None]
        # The nearer of both: a turned head is nearer to the frame before, one that came back to the compared.
        apart = min((self._matcher.compare(embedding, other) for other in known), default=None)
        self._wipe()
        self._last = embedding
        return Sighting(
            turn=pose.turn,
            nod=pose.nod,
            tilt_degrees=pose.tilt_degrees,
            size=pose.eyes_px / width,
            x=pose.middle[0] / width,
            y=pose.middle[1] / height,
            relief=self._relief.see(rgb, face.box, pose.eyes_px),
            apart=apart,
            matcher=self._matcher.name,
            passive=self._score(rgb, face.box) if passive else None,
        )

    def forget(self) -> None:
        """Overwrite what is known of the person."""
        self._wipe()
        self._relief.forget()

    def _wipe(self) -> None:
        if self._last is not None:
            self._last.fill(0)
        self._last = None

    def _score(self, rgb: NDArray[np.uint8], box: tuple[int, int, int, int]) -> float | None:
        if self._passive is None:
            if not self._passive_file.is_file():
                return None
            self._passive = PassiveModel(self._passive_file)
        return self._passive.score(rgb, box)
