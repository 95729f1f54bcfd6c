"""One way from a picture to its embeddings: the terminal and the evaluation that measures it share it.

A limit holds only for the path that it was found with: detector, enlargement, alignment, models.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face import licensed
from drivers.face.contract import Guidance
from drivers.face.detector import Detector, Face
from drivers.face.matchers import ONNX_MODEL, DlibMatcher, Embedding, Matcher, OnnxMatcher
from drivers.face.quality import Gate

CARD_ENLARGED = 3
"""A card's photo is 102 x 126 pixels; HOG finds the face on it after cubic enlargement by 3."""

Choose = Callable[[NDArray[np.uint8], Sequence[Face]], Face | Guidance]
"""From an RGB frame and its faces (the largest first) to the one to compare, or words that help."""


class Embedder:
    """Detector, quality gate and matchers, loaded once. Its embeddings are in the order of `matchers`."""

    def __init__(self, models: Path, engine: str = "") -> None:
        """`engine`: `module:Class` of a licensed engine in the place of the second model."""
        cv2.setNumThreads(1)
        self.models = models
        self.detector = Detector(models)
        self.gate = Gate(models)
        second = licensed.load(engine, models) if engine else OnnxMatcher(models / ONNX_MODEL)
        self.matchers: tuple[Matcher, ...] = (DlibMatcher(), second)

    def pipeline(self) -> dict[str, str]:
        """Matcher -> how a face is found and prepared for it; a calibration counts for this alone."""
        return {one.name: prepared(one, self.detector) for one in self.matchers}

    def card(self, picture: bytes) -> list[Embedding] | Guidance:
        """A card's encoded photo: never judged as a live frame is, only its largest face is looked for."""
        pixels = _decoded(picture)
        if pixels is None:
            return Guidance.NO_FACE
        if max(pixels.shape[:2]) < 300:
            larger = cv2.resize(
                pixels, None, fx=CARD_ENLARGED, fy=CARD_ENLARGED, interpolation=cv2.INTER_CUBIC
            )
            pixels = np.asarray(larger, np.uint8)
        rgb = _rgb(pixels)
        faces = self.detector.find(rgb, upsample=1) or self.detector.find_harder(rgb)
        if not faces:
            return Guidance.NO_FACE
        return [matcher.embed_card(rgb, faces[0]) for matcher in self.matchers]

    def live(self, bgr: NDArray[np.uint8], choose: Choose) -> list[Embedding] | Guidance:
        """A live frame (uint8, height x width x 3) whose face `choose` lets through."""
        rgb = _rgb(bgr)
        found = choose(rgb, self.faces(rgb))
        return found if isinstance(found, Guidance) else self.embed(rgb, found)

    def faces(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Of a live frame. The slower search is only for who stands far away: the answer is then
        "come closer", not "no face". Who must be found harder is turned away or covered, which the gate's limits
        were not set on: the resident can turn and try again, a card's photo cannot.
        """
        return self.detector.find(rgb, upsample=0) or self.detector.find(rgb, upsample=1)

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> list[Embedding]:
        return [matcher.embed(rgb, face) for matcher in self.matchers]


def prepared(matcher: Matcher, detector: Detector) -> str:
    """The matcher's own preparation, and what comes before every matcher: how faces and their points are
    found, and the card's enlargement.
    """
    return f"{matcher.calibration_id.partition('/')[2]}+card{CARD_ENLARGED}-{detector.id}"


def _rgb(bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _decoded(picture: bytes) -> NDArray[np.uint8] | None:
    """None for bytes that are no picture: OpenCV raises for some of them and answers None for others."""
    try:
        pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)
