"""The child's half of liveness: turns a frame into a `Sighting` and keeps what the next one needs."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.contract import Guidance
from drivers.face.detector import Face
from drivers.face.embedder import Choose, Embedder
from drivers.face.liveness.contract import Sighting
from drivers.face.liveness.measure import Relief, pose_of
from drivers.face.liveness.passive import PASSIVE_MODEL, PassiveModel
from drivers.face.matchers import Embedding
from drivers.face.quality import choose


@dataclass(frozen=True, slots=True, repr=False)
class _Examined:
    """A frame that will be compared: its mark, and what was found in it."""

    mark: bytes
    face: Face
    embedding: Embedding


class Observer:
    """One for each child. The embedder's last matcher, the faster one, says that it still is the same person."""

    def __init__(self, embedder: Embedder, models: Path) -> None:
        self._embedder, self._matcher = embedder, embedder.matchers[-1]
        self._passive_file = models / PASSIVE_MODEL
        self._passive: PassiveModel | None = None
        self._relief = Relief()
        self._last: Embedding | None = None
        self._chosen: tuple[bytes, Face] | None = None
        self._examined: _Examined | None = None
        self._examined_before: Embedding | None = None

    def noting(self, choose: Choose) -> Choose:
        """`choose`, with its picture and face written down: `compared` says what came of it."""

        def noted(rgb: NDArray[np.uint8], faces: Sequence[Face]) -> Face | Guidance:
            found = choose(rgb, faces)
            self._chosen = None if isinstance(found, Guidance) else (_mark(rgb), found)
            return found

        return noted

    def compared(self, embedding: Embedding) -> None:
        """The face chosen last will be compared, and this is its embedding by the last matcher.

        Its frame is sighted next: to find and embed the face again would be nearly all the work of it.
        """
        if self._chosen is None:
            message = "no face was chosen"
            raise RuntimeError(message)
        (mark, face), self._chosen = self._chosen, None
        _overwrite(self._examined_before)
        self._examined_before = None if self._examined is None else self._examined.embedding
        self._examined = _Examined(mark, face, embedding.copy())

    def sight(self, bgr: NDArray[np.uint8], *, passive: bool) -> Sighting | Guidance:
        """How far the face is from the last sighted and from the newest compared one, whichever is nearer.

        A frame that is compared itself is held against the compared one before it. `passive` loads that
        model at its first use; no file: None.
        """
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        examined = self._examined
        if examined is not None and examined.mark == _mark(rgb):
            face, embedding = examined.face, examined.embedding.copy()
            compared = self._examined_before
        else:
            found = choose(rgb, self._embedder.faces(rgb))
            if isinstance(found, Guidance):
                return found
            face, embedding = found, self._matcher.embed(rgb, found)
            compared = None if examined is None else examined.embedding
        pose = pose_of(face.points)
        height, width = rgb.shape[:2]
        known = [other for other in (self._last, compared) if other is not None]
        # The nearer of both: a turned head is nearer to the frame before, one that came back to the compared.
        apart = min((self._matcher.compare(embedding, other) for other in known), default=None)
        _overwrite(self._last)
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
        examined = self._examined
        for vector in (self._last, self._examined_before, None if examined is None else examined.embedding):
            _overwrite(vector)
        self._last = self._chosen = self._examined = self._examined_before = None
        self._relief.forget()

    def _score(self, rgb: NDArray[np.uint8], box: tuple[int, int, int, int]) -> float | None:
        if self._passive is None:
            if not self._passive_file.is_file():
                return None
            self._passive = PassiveModel(self._passive_file)
        return self._passive.score(rgb, box)


def _mark(rgb: NDArray[np.uint8]) -> bytes:
    return hashlib.blake2b(np.ascontiguousarray(rgb).data, digest_size=16).digest()


def _overwrite(vector: Embedding | None) -> None:
    if vector is not None:
        vector.fill(0)
