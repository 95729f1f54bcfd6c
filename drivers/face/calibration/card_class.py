"""What a card holds of a portrait decides how far apart two pictures of one person come out: each class
of photo has its own limits. The names are those of the evaluation's conditions.
"""

from __future__ import annotations

from enum import StrEnum

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.card_reader.framing import SIZE
from drivers.face.card_photos import JPEG_2048, card_photo

_JPEG = b"\xff\xd8"


class CardClass(StrEnum):
    """102 x 126 pixels in at most so many bytes."""

    JPEG_2048 = "jpeg_2048"
    JPEG_1024 = "jpeg_1024"


SMALL = frozenset(CardClass)
"""What an identity card may be: its closed codec fills 1,024 bytes and keeps about as much as 2,048 of JPEG."""


def as_card_photo(picture: bytes) -> bytes:
    """The photo as it is compared. A larger one, such as the portrait in a passport's chip, is first made a
    card's photo as the measurement makes them (`jpeg_2048`): for other sizes there are no limits.

    What is no picture stays as it is.
    """
    pixels = _pixels(picture)
    if pixels is None or not _larger(pixels):
        return picture
    return card_photo(cv2.imencode(".png", pixels)[1].tobytes(), JPEG_2048)


def classes_of(picture: bytes) -> tuple[CardClass, ...]:
    """Every class that this photo may be of: none for a photo larger than a card's, or for bytes that are no picture.

    A small photo that was decoded already does not tell how many bytes it came from.
    """
    pixels = _pixels(picture)
    if pixels is None or _larger(pixels):
        return ()
    if picture.startswith(_JPEG) and len(picture) <= 2048:
        return (CardClass.JPEG_1024 if len(picture) <= 1024 else CardClass.JPEG_2048,)
    return tuple(sorted(SMALL))


def _larger(pixels: NDArray[np.uint8]) -> bool:
    """A photo as large as a card's or smaller is enlarged before it is compared, as in the measurement."""
    return bool(max(pixels.shape[:2]) > max(SIZE))


def _pixels(picture: bytes) -> NDArray[np.uint8] | None:
    try:
        pixels = cv2.imdecode(np.frombuffer(picture, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:  # for some bytes; for others None
        return None
    return None if pixels is None else np.asarray(pixels, np.uint8)
