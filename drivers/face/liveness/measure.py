"""Shapes out of five points, and whether a movement is that of a flat picture. Lives in the child.

A print or a screen, however it is turned, moves by a homography: one fits all its points. The points of
a head do not, since the nose stands before the cheeks. What is left over is the relief. dlib's 68 points
are not needed for it, nor any other model: corners of the picture within the face are followed.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

CORNERS_MAX = 150
CORNERS_MIN = 24
"""Fewer followed corners than this say nothing."""
PLANE_WIDTH_PX = 320
"""Corners are followed at this width: half a megapixel takes four times as long and is no better."""
BACK_MAX_PX = 0.7
"""A corner that does not come back to where it was, followed backwards, is dropped."""
INNER_WIDTH, INNER_HEIGHT = 0.40, 0.48
"""Half axes of the ellipse within the face's box, in parts of it: what lies outside may be background."""
CORNER_QUALITY, CORNERS_APART_PX = 0.01, 3
ON_PLANE_PX = 1.5
FOLLOW = {"winSize": (13, 13), "maxLevel": 3}


@dataclass(frozen=True, slots=True)
class Pose:
    """See `contract.Sighting`."""

    turn: float
    nod: float
    tilt_degrees: float
    eyes_px: float
    middle: tuple[float, float]


def pose_of(points: NDArray[np.float64]) -> Pose:
    """Of dlib's five points (5, 2): two corners of each eye, then the base of the nose.

    The first two belong to the resident's left eye, which is on the right of the picture.
    """
    left, right, nose = points[0:2].mean(axis=0), points[2:4].mean(axis=0), points[4]
    line = left - right
    eyes = float(np.hypot(*line))
    if eyes < 1.0:
        return Pose(0.0, 0.0, 0.0, 1.0, (float(left[0]), float(left[1])))
    along = line / eyes
    across = np.array([-along[1], along[0]])
    middle = (left + right) / 2
    return Pose(
        turn=float((nose - middle) @ along) / eyes,
        nod=float((nose - middle) @ across) / eyes,
        tilt_degrees=float(np.degrees(np.arctan2(line[1], line[0]))),
        eyes_px=eyes,
        middle=(float(middle[0]), float(middle[1])),
    )


class Relief:
    """Follows the corners of the first picture's face through the pictures after it."""

    def __init__(self) -> None:
        self._first: NDArray[np.uint8] | None = None
        self._before: NDArray[np.uint8] | None = None
        self._corners: NDArray[np.float32] = np.zeros((0, 1, 2), np.float32)
        self._plane: NDArray[np.float64] | None = None
        self._eyes_px = 1.0

    def forget(self) -> None:
        for picture in (self._first, self._before):
            if picture is not None:
                picture[:] = 0
        self._first = self._before = self._plane = None

    def see(self, rgb: NDArray[np.uint8], box: tuple[int, int, int, int], eyes_px: float) -> float | None:
        """The relief since the first picture; None for the first, and when too few corners are found again."""
        scale = PLANE_WIDTH_PX / rgb.shape[1]
        small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        grey = np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY), np.uint8)
        first, before, self._before = self._first, self._before, grey
        if first is None or before is None or before.shape != grey.shape:
            self._begin(grey, box, scale, eyes_px * scale)
            return None
        rough = self._rough(before, grey)
        if rough is None:
            return None
        self._plane = rough
        return self._left_over(first, grey, rough)

    def _begin(
        self, grey: NDArray[np.uint8], box: tuple[int, int, int, int], scale: float, eyes_px: float
    ) -> None:
        left, top, right, bottom = (value * scale for value in box)
        mask = np.zeros_like(grey)
        centre = (round((left + right) / 2), round((top + bottom) / 2))
        axes = (round((right - left) * INNER_WIDTH), round((bottom - top) * INNER_HEIGHT))
        cv2.ellipse(mask, centre, axes, 0, 0, 360, 255, -1)
        corners = cv2.goodFeaturesToTrack(grey, CORNERS_MAX, CORNER_QUALITY, CORNERS_APART_PX, mask=mask)
        found = np.zeros((0, 1, 2)) if corners is None else corners
        self._corners = np.asarray(found, np.float32)
        self._first, self._plane, self._eyes_px = grey.copy(), np.eye(3), max(eyes_px, 1.0)

    def _rough(self, before: NDArray[np.uint8], grey: NDArray[np.uint8]) -> NDArray[np.float64] | None:
        """The plane's movement since the first picture, by one more step; corners off it do not count here."""
        if self._plane is None or len(self._corners) < CORNERS_MIN:
            return None
        there = cv2.perspectiveTransform(self._corners, self._plane).astype(np.float32)
        now, kept = _followed(before, grey, there)
        if np.count_nonzero(kept) < CORNERS_MIN:
            return None
        return _homography(self._corners[kept], now[kept], cv2.RANSAC)

    def _left_over(
        self, first: NDArray[np.uint8], grey: NDArray[np.uint8], rough: NDArray[np.float64]
    ) -> float | None:
        """The picture is laid back onto the first one by that plane; what still moves is measured there.

        In this way nothing adds up from step to step. The last fit is by least squares over all corners:
        one that leaves some out would leave the nose out. Of what it leaves, the 80th percentile, in
        distances between the eyes.
        """
        size = (first.shape[1], first.shape[0])
        back = cv2.warpPerspective(grey, rough, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP)
        now, kept = _followed(first, np.asarray(back, np.uint8), self._corners)
        if np.count_nonzero(kept) < CORNERS_MIN:
            return None
        plane = _homography(self._corners[kept], now[kept], 0)
        if plane is None:
            return None
        self._plane = rough @ plane
        fitted = cv2.perspectiveTransform(self._corners[kept], plane)
        off = np.hypot(*(fitted - now[kept]).reshape(-1, 2).T)
        return float(np.percentile(off, 80)) / self._eyes_px


def _followed(
    one: NDArray[np.uint8], other: NDArray[np.uint8], corners: NDArray[np.float32]
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Where the corners of `one` are in `other`, and which of them lead back to where they were."""
    there, found, _ = cv2.calcOpticalFlowPyrLK(one, other, corners, None, **FOLLOW)  # type: ignore[call-overload]
    back, found_back, _ = cv2.calcOpticalFlowPyrLK(other, one, there, None, **FOLLOW)  # type: ignore[call-overload]
    near = np.abs(back - corners).reshape(-1, 2).max(axis=1) < BACK_MAX_PX
    return there, near & (found.ravel() == 1) & (found_back.ravel() == 1)


def _homography(one: NDArray[np.float32], other: NDArray[np.float32], how: int) -> NDArray[np.float64] | None:
    """None when OpenCV finds none, which its types do not say."""
    plane: object = cv2.findHomography(one, other, how, ON_PLANE_PX)[0]
    return plane if isinstance(plane, np.ndarray) else None
