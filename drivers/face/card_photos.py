"""What a card holds of a portrait: few pixels, few bytes.

The photo's frame is found with a detector that is fixed here, whichever the terminal uses, so that
two versions of the terminal are measured on the same photos. The evaluation makes its photos of
portraits here, and the face process those of larger photos, for which there are no other limits.
JPEG stands for the closed codec of real cards, which keeps more of a face in as many bytes (face
study, chapter 3); its code tables are fitted to the picture and a grey one is kept grey, since the
usual tables and empty colours alone take 600 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.card_reader.framing import FACE_SHARE, SIZE, frame_portrait
from drivers.face.detector import face_recognition_without_68_points

FACE_IN_BOX = 0.82
"""Of the width of HOG's square, which is wider than the face: so the median distance between the eyes
is the study's 28 pixels (measured on 120 of its portraits; 23 with the whole square).
"""


SEARCHED_PX = 320
"""A larger portrait is searched at this size: its face is far larger than HOG's 40 pixels."""


@dataclass(frozen=True, slots=True)
class Condition:
    """`bytes_max` None leaves the portrait as it is."""

    name: str
    bytes_max: int | None


ORIGINAL = Condition("original", None)
JPEG_2048 = Condition("jpeg_2048", 2048)
JPEG_1024 = Condition("jpeg_1024", 1024)
CONDITIONS = (ORIGINAL, JPEG_2048, JPEG_1024)


class CardPhotoError(ValueError):
    """The portrait cannot be made a card's photo; the message says why, without naming it."""


def card_photo(portrait: bytes, condition: Condition) -> bytes:
    """The portrait under this condition: as it is, or 102 x 126 pixels as a JPEG of at most so many bytes.

    The face nearest to the middle takes 58 % of the width; a portrait on which none is found is
    taken to be filled by it in the same share already. `CardPhotoError` for bytes that are no picture.
    """
    grey = read_picture(portrait, cv2.IMREAD_GRAYSCALE)
    if condition.bytes_max is None:
        return portrait
    framed = frame_portrait(portrait, _face(grey))
    small = cv2.resize(read_picture(framed, cv2.IMREAD_COLOR), SIZE, interpolation=cv2.INTER_AREA)
    if (small == small[:, :, :1]).all():
        small = small[:, :, 0]
    for quality in range(95, 0, -1):
        how = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_OPTIMIZE, 1]
        encoded = cv2.imencode(".jpg", small, how)[1].tobytes()
        if len(encoded) <= condition.bytes_max:
            return encoded
    message = f"does not fit into {condition.bytes_max} bytes"
    raise CardPhotoError(message)


def read_picture(encoded: bytes, how: int = cv2.IMREAD_COLOR) -> NDArray[np.uint8]:
    """The pixels, as OpenCV orders them; `CardPhotoError` for bytes that are no picture."""
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), how)
    except cv2.error:  # for some bytes; for others None
        pixels = None
    if pixels is None:
        message = "is no picture that can be read; put another in its place"
        raise CardPhotoError(message)
    return np.asarray(pixels, np.uint8)


def _face(grey: NDArray[np.uint8]) -> tuple[int, int, int, int]:
    """Left, top, width, height of the face nearest to the middle of the picture."""
    height, width = grey.shape
    scale = min(1.0, SEARCHED_PX / max(height, width))
    small = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else grey
    boxes = [
        tuple(round(side / scale) for side in (box.left(), box.top(), box.width(), box.height()))
        for box in _hog()(small, 1)
    ]
    if not boxes:
        side = round(min(width, height * SIZE[0] / SIZE[1]) * FACE_SHARE)
        return (width - side) // 2, (height - side) // 2, side, side
    box = min(boxes, key=lambda b: abs(b[0] + b[2] / 2 - width / 2) + abs(b[1] + b[3] / 2 - height / 2))
    left, top, size, _ = box
    inset = round(size * (1 - FACE_IN_BOX) / 2)
    return left + inset, top + inset, size - 2 * inset, size - 2 * inset


def _hog() -> Any:
    """dlib's, which face_recognition has loaded already: to build it again takes as long as a comparison."""
    return face_recognition_without_68_points().face_detector
