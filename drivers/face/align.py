"""The alignment of the second model: a similarity transform of five points onto its 112 x 112 plane."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE_PX = 112
TEMPLATE = np.array(
    [[81.07, 52.68], [66.89, 53.06], [30.93, 52.68], [45.11, 53.06], [56.00, 80.33]], np.float64
)
"""Where dlib's five points lie on the usual ArcFace plane: the median over 486 faces, made symmetric."""

WARPS = ((1.0, 0.0), (1.04, 0.0), (0.96, 0.0), (1.0, 1.5), (1.0, -1.5))
"""Scale about the plane's middle, shift in its pixels to the right and down: as the points of a face of
28 pixels between the eyes go astray. Measured: docs/decisions/face_matching.md.
"""


def alignment_id() -> str:
    """Of this alignment, by its numbers: a limit that was found with others is worthless here.

    The number after the slash stands for the way they are used, and is raised by hand with it.
    """
    numbers = json.dumps([TEMPLATE.tolist(), WARPS, SIDE_PX])
    return f"dlib5-similarity+card-warps/1-{hashlib.sha256(numbers.encode()).hexdigest()[:12]}"


def similarity(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The 2 x 3 matrix (rotation, one scale, shift) that best takes `points` (5, 2) to `TEMPLATE`."""
    rows, wanted = [], []
    for (x, y), (u, v) in zip(points, TEMPLATE, strict=True):
        rows += [[x, -y, 1.0, 0.0], [y, x, 0.0, 1.0]]
        wanted += [u, v]
    a, b, shift_x, shift_y = np.linalg.lstsq(np.array(rows), np.array(wanted), rcond=None)[0]
    return np.array([[a, -b, shift_x], [b, a, shift_y]])


def aligned(rgb: NDArray[np.uint8], points: NDArray[np.float64]) -> NDArray[np.uint8]:
    """The face as uint8 (112, 112, 3)."""
    return np.asarray(cv2.warpAffine(rgb, similarity(points), (SIDE_PX, SIDE_PX)), np.uint8)


def warped(rgb: NDArray[np.uint8], points: NDArray[np.float64]) -> Iterator[NDArray[np.uint8]]:
    """The face as `aligned` gives it, then a little nearer, farther, and to either side (`WARPS`)."""
    turn = similarity(points)
    for scale, shift in WARPS:
        matrix = turn * scale
        matrix[:, 2] += SIDE_PX / 2 * (1 - scale) + shift
        yield np.asarray(cv2.warpAffine(rgb, matrix, (SIDE_PX, SIDE_PX)), np.uint8)
