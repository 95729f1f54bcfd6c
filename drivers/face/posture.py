"""Where the head points and whether the eyes are open: two small models, each of them optional.

Both come from the package that brings the second matcher (deploy/assets.py); the data that they were
trained on is undisclosed. They only choose words: no person is accepted or refused by them, and
without their files these elements are not looked at.
"""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.onnx import session

POSE_MODEL, EYE_MODEL = "fr_pose.onnx", "fr_eye.onnx"
BIN_DEGREES, FIRST_BIN_DEGREES = 3.0, -99.0
"""66 classes of three degrees; the angle is their expected value (the model's own decoding)."""
POSE_SIDE_PX, EYE_SIDE_PX = 224, 24
MEAN, DEVIATION = np.array((0.485, 0.456, 0.406)), np.array((0.229, 0.224, 0.225))
"""Of the ImageNet pictures, by which the pose model's input is scaled."""
POSE_MARGIN = 0.25
"""Of the box's sides, added on each side."""
EYE_SHARE = 0.63
"""The eye's square by the distance between the eyes: 1.6 eye widths, an eye being 0.39 of it."""


def softmax(values: NDArray[np.float32]) -> NDArray[np.float32]:
    raised = np.exp(values - values.max())
    return np.asarray(raised / raised.sum(), np.float32)


class HeadPose:
    """Angles of a head in degrees: yaw, pitch. Their signs are the model's; level is about (0, -6)."""

    def __init__(self, model: Path) -> None:
        self._session = session(model)

    def angles(self, rgb: NDArray[np.uint8], box: tuple[int, int, int, int]) -> tuple[float, float] | None:
        """None when the box holds no pixel of the picture."""
        left, top, right, bottom = box
        wide, high = POSE_MARGIN * (right - left), POSE_MARGIN * (bottom - top)
        head = rgb[max(0, int(top - high)) : int(bottom + high), max(0, int(left - wide)) : int(right + wide)]
        if head.size == 0:
            return None
        small = cv2.resize(head, (POSE_SIDE_PX, POSE_SIDE_PX), interpolation=cv2.INTER_AREA)
        scaled = ((small / 255.0 - MEAN) / DEVIATION).transpose(2, 0, 1)[None].astype(np.float32)
        yaw, pitch = self._session.run(["output", "617"], {"input": np.ascontiguousarray(scaled)})
        return self._angle(yaw[0]), self._angle(pitch[0])

    @staticmethod
    def _angle(classes: NDArray[np.float32]) -> float:
        return float(softmax(classes) @ np.arange(len(classes)) * BIN_DEGREES + FIRST_BIN_DEGREES)


class EyesOpen:
    """How sure the model is that an eye is shut, 0 to 1."""

    def __init__(self, model: Path) -> None:
        self._session = session(model)

    def shut(self, grey: NDArray[np.uint8], eyes: NDArray[np.float64]) -> float | None:
        """Of both eyes the one that is surer open; `eyes` (2, 2) in pixels. None if one is outside."""
        side = EYE_SHARE * float(np.linalg.norm(eyes[1] - eyes[0]))
        found = []
        for x, y in eyes:
            left, top = int(x - side / 2), int(y - side / 2)
            patch = grey[max(0, top) : int(top + side), max(0, left) : int(left + side)]
            if patch.size == 0:
                return None
            small = cv2.resize(patch, (EYE_SIDE_PX, EYE_SIDE_PX)).astype(np.float32) / 255.0
            (answer,) = self._session.run(None, {"input": small[None, None]})
            found.append(float(softmax(answer[0])[0]))
        return min(found)
