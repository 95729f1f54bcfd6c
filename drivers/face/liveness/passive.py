"""The passive model: a soft signal that is written down and never decides. Lives in the child.

`fr_liveness.onnx` of the npm package faceplugin-face-recognition-js 0.0.1 (MIT; training data and
accuracy undisclosed). Cut-out and input as in that package's own code: the face's box enlarged by 2.7
within the picture, 128 x 128, RGB from 0 to 255, the first of three classes after softmax.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.onnx import session

PASSIVE_MODEL = "fr_liveness.onnx"
SIDE_PX = 128
ENLARGED = 2.7


class PassiveModel:
    """`ModelError` for a file that is no model."""

    def __init__(self, model: Path) -> None:
        self._session = session(model)

    def score(self, rgb: NDArray[np.uint8], box: tuple[int, int, int, int]) -> float:
        """0 to 1; the maker calls a high one live."""
        cut = cut_out(rgb, box)
        small = cv2.resize(cut, (SIDE_PX, SIDE_PX))
        fed = np.ascontiguousarray(small.astype(np.float32).transpose(2, 0, 1)[None])
        values = np.asarray(self._session.run(None, {"input": fed})[0], np.float64).ravel()
        powers = np.exp(values - values.max())
        return float(powers[0] / powers.sum())


def cut_out(rgb: NDArray[np.uint8], box: tuple[int, int, int, int]) -> NDArray[np.uint8]:
    """The box enlarged about its middle, moved and at last shrunk so that it lies within the picture."""
    height, width = rgb.shape[:2]
    left, top, right, bottom = box
    face_width, face_height = max(right - left, 1), max(bottom - top, 1)
    scale = min((height - 1) / face_height, (width - 1) / face_width, ENLARGED)
    cut_width, cut_height = face_width * scale, face_height * scale
    x = min(max((left + right) / 2 - cut_width / 2, 0.0), width - 1 - cut_width)
    y = min(max((top + bottom) / 2 - cut_height / 2, 0.0), height - 1 - cut_height)
    return rgb[int(y) : int(y + cut_height), int(x) : int(x + cut_width)]
