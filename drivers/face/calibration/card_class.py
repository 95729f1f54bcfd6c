"""What a card holds of a portrait decides how far apart two pictures of one person come out: each class
of photo has its own limits. The names are those of the evaluation's conditions.
"""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np

SMALL_SIDE_PX = 300
"""A photo whose longer side is shorter is a card's 102 x 126, not a chip's portrait."""
_JPEG = b"\xff\xd8"


class CardClass(StrEnum):
    """A chip's portrait as it is, or 102 x 126 pixels in at most so many bytes."""

    ORIGINAL = "original"
    JPEG_2048 = "jpeg_2048"
    JPEG_1024 = "jpeg_1024"


SMALL = frozenset({CardClass.JPEG_2048, CardClass.JPEG_1024})
"""What an identity card may be: its closed codec fills 1,024 bytes and keeps about as much as 2,048 of JPEG."""


def classes_of(picture: bytes) -> tuple[CardClass, ...]:
    """Every class that this photo may be of: none for bytes that are no picture.

    A small photo that was decoded already does not tell how many bytes it came from.
    """
    try:
        pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_GRAYSCALE)
    except cv2.error:  # for some bytes; for others None
        pixels = None
    if pixels is None:
        return ()
    if max(pixels.shape[:2]) >= SMALL_SIDE_PX:
        return (CardClass.ORIGINAL,)
    if picture.startswith(_JPEG) and len(picture) <= 2048:
        return (CardClass.JPEG_1024 if len(picture) <= 1024 else CardClass.JPEG_2048,)
    return tuple(sorted(SMALL))
