"""How a portrait is cut for a card: 102 x 126 pixels, in which the face has its usual size and place."""

from __future__ import annotations

import io
from typing import Final

from PIL import Image, ImageOps

SIZE: Final = (102, 126)
FACE_SHARE: Final = 0.58
"""Width of the face in the width of the portrait, as on card photos."""
FACE_CENTRE: Final = 0.48


def frame_portrait(image_bytes: bytes, face: tuple[int, int, int, int]) -> bytes:
    """Crop to the card's proportions around `face` (left, top, width, height in upright pixels).

    The face takes 58 % of the width; where the picture ends, white goes on. Returns a PNG.
    """
    left, top, width, height = face
    portrait_width = width / FACE_SHARE
    portrait_height = portrait_width * SIZE[1] / SIZE[0]
    x = round(left + width / 2 - portrait_width / 2)
    y = round(top + height / 2 - portrait_height * FACE_CENTRE)
    with Image.open(io.BytesIO(image_bytes)) as opened:
        portrait = upright(opened)
    canvas = Image.new("RGB", (round(portrait_width), round(portrait_height)), "white")
    canvas.paste(portrait, (-x, -y))
    framed = io.BytesIO()
    canvas.save(framed, "PNG")
    return framed.getvalue()


def upright(opened: Image.Image) -> Image.Image:
    """In RGB, turned as its orientation mark says."""
    return ImageOps.exif_transpose(opened).convert("RGB")
