"""What a live frame shows of a face, measured: the cheap elements of ISO/IEC 29794-5:2025.

Luminance and occlusion are measured on a small upright plane: 112 x 128 pixels, the eyes at
(38, 52) and (74, 52), whatever the detector's points are.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

Grey = NDArray[np.uint8]
Box = tuple[int, int, int, int]

PLANE_WIDTH, PLANE_HEIGHT = 112, 128
EYE_DISTANCE = 36.0
LEFT_EYE = np.array((38.0, 52.0))
EYE_ZONES = (slice(46, 60), slice(27, 50)), (slice(46, 60), slice(63, 86))
CHEEK_ZONES = (slice(68, 80), slice(28, 42)), (slice(68, 80), slice(70, 84))
EYE_BAND = slice(42, 64), slice(24, 88)
MOUTH_ZONE = slice(78, 118), slice(46, 67)
_Y, _X = np.mgrid[0:PLANE_HEIGHT, 0:PLANE_WIDTH]
OVAL = ((_X - 56) / 36.0) ** 2 + ((_Y - 68) / 46.0) ** 2 <= 1
SHARPNESS_SIDE_PX = 112
BLACK, WHITE, NEARLY_WHITE = 26, 247, 240
"""Luminance: below BLACK lost in the dark, from WHITE on lost in the light (the standard's bands)."""
BACKGROUND_SHARE_MIN = 0.05
"""Of the frame, above and beside head and shoulders, or nothing is said of the background."""


@dataclass(frozen=True, slots=True, repr=False)
class Elements:
    """Measures of one face; luminances 0 to 255, shares 0 to 1, angles in degrees, lengths in pixels.

    None: not measured, because it lies outside the frame or its model is not there.
    """

    height_share: float
    outside_share: float
    eye_distance_px: float
    roll: float
    bright_end: float
    black_share: float
    white_share: float
    background_ratio: float | None
    side_ratio: float
    blur: float
    eyes_dark_share: float
    eye_glare_share: float
    mouth_line: float
    yaw: float | None = None
    pitch: float | None = None
    eyes_shut: float | None = None

    def __repr__(self) -> str:
        return "Elements(masked)"


def eyes_of(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """The eyes' middles (2, 2), the one on the picture's left first.

    `points` are the detector's: two corners of each eye and the nose, or the eyes' middles and more.
    The corners of one eye are close together, measured by how far the two pairs lie apart.
    """
    first, second = (points[0] + points[1]) / 2, (points[2] + points[3]) / 2
    corners = np.hypot(*(points[0] - points[1])) < 0.6 * np.hypot(*(first - second))
    eyes = np.stack((first, second)) if corners else points[:2]
    return np.asarray(eyes[np.argsort(eyes[:, 0])], np.float64)


def measure(rgb: NDArray[np.uint8], box: Box, eyes: NDArray[np.float64]) -> Elements | None:
    """None for eyes that are no two places inside the frame: nothing can be encoded there either."""
    grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
    height, width = grey.shape
    across = eyes[1] - eyes[0]
    distance = float(np.hypot(*across))
    inside = (eyes >= 0).all() and (eyes < (width, height)).all()
    crop = _inside(grey, box)
    if distance < 1.0 or not inside or crop.size == 0:
        return None
    plane = _plane(grey, eyes, distance)
    face = plane[OVAL]
    cheek = max(1.0, float(np.median(np.concatenate([plane[zone].ravel() for zone in CHEEK_ZONES]))))
    left, top, right, bottom = box
    return Elements(
        height_share=(bottom - top) / min(height, width),
        outside_share=1.0 - crop.size / max(1, (right - left) * (bottom - top)),
        eye_distance_px=distance,
        roll=float(np.degrees(np.arctan2(across[1], across[0]))),
        bright_end=float(np.percentile(face, 95)),
        black_share=float((face < BLACK).mean()),
        white_share=float((face >= WHITE).mean()),
        background_ratio=_background_ratio(grey, box, float(face.mean())),
        side_ratio=_side_ratio(plane),
        blur=_blur(crop),
        eyes_dark_share=min(float((plane[zone] < 0.5 * cheek).mean()) for zone in EYE_ZONES),
        eye_glare_share=max(float((plane[zone] >= NEARLY_WHITE).mean()) for zone in EYE_ZONES),
        mouth_line=_mouth_line(plane),
    )


def _inside(grey: Grey, box: Box) -> Grey:
    left, top, right, bottom = (max(0, value) for value in box)
    return grey[top:bottom, left:right]


def _plane(grey: Grey, eyes: NDArray[np.float64], distance: float) -> Grey:
    """A similarity that takes the eyes to their places; first made smaller, so that no pixel is skipped."""
    smaller = min(1.0, 1.5 * EYE_DISTANCE / distance)
    corner = np.maximum(0, eyes.mean(axis=0) - 2.5 * distance).astype(int)
    far = (eyes.mean(axis=0) + 3.0 * distance).astype(int)
    near = grey[corner[1] : far[1], corner[0] : far[0]]
    if smaller < 1.0:
        near = np.asarray(
            cv2.resize(near, None, fx=smaller, fy=smaller, interpolation=cv2.INTER_AREA), np.uint8
        )
    (x, y), (dx, dy) = (eyes[0] - corner) * smaller, (eyes[1] - eyes[0]) * smaller / EYE_DISTANCE
    turn = np.array([[dx, -dy], [dy, dx]])
    shift = np.array((x, y)) - turn @ LEFT_EYE
    return np.asarray(
        cv2.warpAffine(
            near,
            np.hstack([turn, shift[:, None]]),
            (PLANE_WIDTH, PLANE_HEIGHT),
            flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP,
            borderMode=cv2.BORDER_REPLICATE,
        ),
        np.uint8,
    )


def _background_ratio(grey: Grey, box: Box, face_mean: float) -> float | None:
    """Mean luminance above and beside head and shoulders, over the face's."""
    left, top, right, bottom = box
    wide, high = (right - left) // 3, (bottom - top) // 2
    parts = (
        grey[: max(0, top - high)],
        grey[max(0, top - high) :, : max(0, left - wide)],
        grey[max(0, top - high) :, right + wide :],
    )
    if sum(part.size for part in parts) < BACKGROUND_SHARE_MIN * grey.size:
        return None
    seen = np.concatenate([part[::4, ::4].ravel() for part in parts])
    return float(seen.mean()) / max(1.0, face_mean)


def _side_ratio(plane: Grey) -> float:
    """Mean luminance of the darker half of the face over the brighter half's."""
    middle = PLANE_WIDTH // 2
    halves = [
        float(plane[:, part][OVAL[:, part]].mean()) for part in (slice(None, middle), slice(middle, None))
    ]
    return min(halves) / max(1.0, *halves)


def _blur(crop: Grey) -> float:
    """How little is lost by blurring once more, 0 (sharp) to 1 (blurred): Crete et al. 2007.

    Along rows and columns; the worse counts, so that one direction of motion is enough.
    """
    side = (SHARPNESS_SIDE_PX, SHARPNESS_SIDE_PX)
    sharp = cv2.resize(crop, side, interpolation=cv2.INTER_AREA).astype(np.float32)
    worst = 0.0
    for axis, kernel in ((0, (1, 9)), (1, (9, 1))):
        before = np.abs(np.diff(sharp, axis=axis))
        after = np.abs(np.diff(cv2.blur(sharp, kernel), axis=axis))
        lost = float(np.maximum(before - after, 0).sum())
        worst = max(worst, 1.0 - lost / max(1.0, float(before.sum())))
    return worst


def _mouth_line(plane: Grey) -> float:
    """How much darker the line between the lips (or under nose or lip) is than the rows four above and below.

    Over the contrast of the band of the eyes, so that a misted lens or a dark hall takes no mouth away.
    """
    calm = cv2.GaussianBlur(plane[MOUTH_ZONE].astype(np.float32), (0, 0), 1.5)
    rows = calm.mean(axis=1)
    deepest = float((rows[:-8] + rows[8:] - 2 * rows[4:-4]).max())
    return deepest / max(1.0, float(plane[EYE_BAND].std()))
