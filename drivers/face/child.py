"""The child's half of face verification: models, reference and frames live and end in this process."""

from __future__ import annotations

import statistics
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.contract import Guidance, Score
from drivers.face.detector import Detector
from drivers.face.liveness.contract import Sighting
from drivers.face.liveness.observer import Observer
from drivers.face.matchers import ONNX_MODEL, DlibMatcher, Embedding, Matcher, OnnxMatcher
from drivers.face.quality import judge

CARD_ENLARGED = 3
"""A card's photo is 102 x 126 pixels; HOG finds the face on it after cubic enlargement by 3."""
FRAMES_KEPT_MAX = 5


class FaceChild:
    """Built once; answers the parent's requests one after the other."""

    def __init__(self, models: str) -> None:
        cv2.setNumThreads(1)
        self._detector = Detector()
        self._matchers: list[Matcher] = [DlibMatcher(), OnnxMatcher(Path(models) / ONNX_MODEL)]
        self._observer = Observer(self._detector, self._matchers[-1], Path(models))
        self._reference: list[Embedding] | None = None
        self._frames: list[list[Embedding]] = []

    def model_hashes(self) -> dict[str, str]:
        return {matcher.name: matcher.model_hash for matcher in self._matchers}

    def set_reference(self, picture: bytes) -> Guidance | None:
        self.forget()
        pixels = _decoded(picture)
        if pixels is None:
            return Guidance.NO_FACE
        if max(pixels.shape[:2]) < 300:
            larger = cv2.resize(
                pixels, None, fx=CARD_ENLARGED, fy=CARD_ENLARGED, interpolation=cv2.INTER_CUBIC
            )
            pixels = np.asarray(larger, np.uint8)
        rgb = np.asarray(cv2.cvtColor(pixels, cv2.COLOR_BGR2RGB), np.uint8)
        faces = self._detector.find(rgb, upsample=1)
        if not faces:
            return Guidance.NO_FACE
        self._reference = [matcher.embed(rgb, faces[0]) for matcher in self._matchers]
        return None

    def examine(self, bgr: NDArray[np.uint8]) -> Guidance | None:
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        # The slower search only for who stands far away: the answer is then "come closer", not "no face".
        faces = self._detector.find(rgb, upsample=0) or self._detector.find(rgb, upsample=1)
        found = judge(rgb, faces)
        if isinstance(found, Guidance):
            return found
        self._frames.append([matcher.embed(rgb, found) for matcher in self._matchers])
        del self._frames[:-FRAMES_KEPT_MAX]
        return None

    def sight(self, bgr: NDArray[np.uint8], passive: bool) -> Sighting | Guidance:
        """The face's shape for the liveness check, beside the newest frame that will be compared."""
        rgb = np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)
        compared = self._frames[-1][-1] if self._frames else None
        return self._observer.sight(rgb, compared, passive=passive)

    def scores(self, limits: dict[str, float]) -> tuple[tuple[Score, ...], int] | None:
        """The median distance of each matcher over the frames; None without reference or frames."""
        frames, self._frames = self._frames, []
        if self._reference is None or not frames:
            return None
        scores = []
        for index, (matcher, reference) in enumerate(zip(self._matchers, self._reference, strict=True)):
            median = statistics.median(matcher.distance(frame[index], reference) for frame in frames)
            # Rounded up: a rounded score never clears a limit that the distance itself did not.
            scores.append(Score(matcher.name, float(np.ceil(median * 100) / 100), limits[matcher.name]))
        return tuple(scores), len(frames)

    def forget(self) -> None:
        """Overwrite what is known of the person."""
        for vector in [*(self._reference or []), *(v for frame in self._frames for v in frame)]:
            vector.fill(0)
        self._reference, self._frames = None, []
        self._observer.forget()


def _decoded(picture: bytes) -> NDArray[np.uint8] | None:
    """None for bytes that are no picture: OpenCV raises for some of them and answers None for others."""
    try:
        pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)
