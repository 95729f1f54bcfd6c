"""F02: a picture that is stored on its side and says so is turned upright by whatever reads it."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from PIL.Image import Transpose

from drivers.camera.pictures import decode
from drivers.contract import Ok
from drivers.face.embedder import _decoded

ORIENTATION = 0x0112
STORED_AS = {
    1: None,
    2: Transpose.FLIP_LEFT_RIGHT,
    3: Transpose.ROTATE_180,
    4: Transpose.FLIP_TOP_BOTTOM,
    5: Transpose.TRANSPOSE,
    6: Transpose.ROTATE_90,
    7: Transpose.TRANSVERSE,
    8: Transpose.ROTATE_270,
}
"""EXIF's mark -> how the upright picture lies in the file (the opposite of what a viewer must do)."""


def upright() -> NDArray[np.uint8]:
    """20 wide, 40 high, RGB: blue top left, red top right, green under the blue."""
    picture = np.zeros((40, 20, 3), np.uint8)
    picture[:20, :10], picture[:20, 10:], picture[20:, :10] = (0, 0, 255), (255, 0, 0), (0, 255, 0)
    return picture


def stored(mark: int, container: str) -> bytes:
    picture, how = Image.fromarray(upright()), STORED_AS[mark]
    exif, file = Image.Exif(), io.BytesIO()
    exif[ORIENTATION] = mark
    lying = picture if how is None else picture.transpose(how)
    lying.save(file, container, exif=exif, **({"lossless": True} if container == "WEBP" else {}))
    return file.getvalue()


def by_the_camera(encoded: bytes) -> NDArray[np.uint8] | None:
    answer = decode(encoded)
    return answer.value if isinstance(answer, Ok) else None


@pytest.mark.parametrize("mark", STORED_AS)
@pytest.mark.parametrize(
    ("read", "container"),
    [
        (by_the_camera, "JPEG"),
        (by_the_camera, "PNG"),
        (_decoded, "JPEG"),
        (_decoded, "PNG"),
        (_decoded, "WEBP"),
    ],
    ids=["camera-jpeg", "camera-png", "card-jpeg", "card-png", "card-webp"],
)
def test_every_orientation_is_turned_upright(
    read: Callable[[bytes], NDArray[np.uint8] | None], container: str, mark: int
) -> None:
    pixels = read(stored(mark, container))
    assert pixels is not None
    assert pixels.shape == (40, 20, 3)
    corners = pixels[5, 4], pixels[5, 15], pixels[35, 4], pixels[35, 15]
    assert [int(corner.argmax()) if corner.max() > 128 else None for corner in corners] == [0, 2, 1, None]
