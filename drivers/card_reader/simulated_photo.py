"""The simulated card's photo: the size of a WLT photo, in an open format of our own.

1024 bytes: magic, 2-byte big-endian length, a WebP of 102 x 126 pixels, zeros. Real WLT is
closed; the magic makes sure that nobody takes one for the other.
"""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageFilter

from drivers.card_reader.framing import SIZE, upright
from drivers.card_reader.protocol import PHOTO_SIZE

MAGIC: Final = b"SIMWLT1\0"
_ROOM: Final = PHOTO_SIZE - len(MAGIC) - 2


def encode(image_bytes: bytes) -> bytes:
    """A framed portrait in any common format -> the 1024 bytes of a simulated chip.

    Resized to 102 x 126 without cropping. Quality goes down until it fits, then detail does.
    """
    with Image.open(io.BytesIO(image_bytes)) as opened:
        portrait = upright(opened).resize(SIZE, Image.Resampling.LANCZOS)
    for blur in (0.0, 0.5, 1.0, 2.0, 4.0):
        softened = portrait.filter(ImageFilter.GaussianBlur(blur)) if blur else portrait
        for quality in (90, 80, 70, 60, 50, 40, 30, 25, 20, 15, 10, 5, 0):
            packed = io.BytesIO()
            softened.save(packed, "WEBP", quality=quality, method=6)
            if packed.tell() <= _ROOM:
                data = packed.getvalue()
                return (MAGIC + len(data).to_bytes(2, "big") + data).ljust(PHOTO_SIZE, b"\0")
    msg = "the portrait does not fit, however soft"
    raise ValueError(msg)


def decode(data: bytes) -> bytes:
    """Inverse of `encode` -> a 24-bit BMP of 102 x 126; ValueError for anything else."""
    start = len(MAGIC) + 2
    length = int.from_bytes(data[len(MAGIC) : start], "big")
    if len(data) != PHOTO_SIZE or not data.startswith(MAGIC) or length > _ROOM:
        msg = "not a simulated photo"
        raise ValueError(msg)
    picture = io.BytesIO()
    with Image.open(io.BytesIO(data[start : start + length]), formats=("WEBP",)) as opened:
        if opened.size != SIZE:
            msg = "not a simulated photo"
            raise ValueError(msg)
        opened.convert("RGB").save(picture, "BMP")
    return picture.getvalue()
