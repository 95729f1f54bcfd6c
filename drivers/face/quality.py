"""Is a live frame usable, and if not, what can the resident do? Cheap ISO/IEC 29794-5 elements.

The numbers are starting points to be set anew on a pilot (face study, chapter 5).
"""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.contract import Guidance
from drivers.face.detector import Face

FACE_HEIGHT_SHARE_MIN = 0.24
"""Of the frame's shorter side. At 480 pixels that is 115: a neighbour of half the area then has more
than the 80 pixels that the detector needs, so a comparable second face is never missed.
"""
BYSTANDER_AREA_RATIO = 2.0
"""A second face is ignored only if the first is at least twice its area (case F02)."""
DARK_BELOW, BRIGHT_ABOVE = 50.0, 215.0
SHARPNESS_MIN = 15.0
"""Variance of the Laplacian on the face at 112 pixels."""


def judge(rgb: NDArray[np.uint8], faces: Sequence[Face]) -> Face | Guidance:
    """The one face to compare, or the words that help."""
    if not faces:
        return Guidance.TOO_DARK if float(rgb[::8, ::8].mean()) < DARK_BELOW / 2 else Guidance.NO_FACE
    face = faces[0]
    if len(faces) > 1 and face.area < BYSTANDER_AREA_RATIO * faces[1].area:
        return Guidance.ONE_PERSON
    height, width = rgb.shape[:2]
    left, top, right, bottom = face.box
    if bottom - top < FACE_HEIGHT_SHARE_MIN * min(height, width):
        return Guidance.COME_CLOSER
    crop = rgb[max(0, top) : max(0, min(height, bottom)), max(0, left) : max(0, min(width, right))]
    if crop.size == 0:
        return Guidance.NO_FACE
    grey = cv2.cvtColor(cv2.resize(crop, (112, 112), interpolation=cv2.INTER_AREA), cv2.COLOR_RGB2GRAY)
    light = float(grey.mean())
    if light < DARK_BELOW:
        return Guidance.TOO_DARK
    if light > BRIGHT_ABOVE:
        return Guidance.TOO_BRIGHT
    if float(cv2.Laplacian(grey, cv2.CV_64F).var()) < SHARPNESS_MIN:
        return Guidance.HOLD_STILL
    return face
