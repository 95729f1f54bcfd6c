"""The picture of a report is encoded in the terminal's own process: no pixels and no shape may harm it."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from drivers.camera.contract import Frame
from kiosk.assembly.terminal import JPEG_QUALITIES, encode_jpeg
from kiosk.filing import PHOTO_BYTES_MAX
from screens.still import decoded

JPEG_SIDE_MAX = 65_500
"""Of the encoder; the format ends at 65,535."""


@given(st.tuples(st.integers(1, 40), st.integers(1, 40)).flatmap(lambda size: arrays(np.uint8, (*size, 3))))
def test_any_pixels_are_encoded_and_shown_again(
    pixels: np.ndarray[tuple[int, ...], np.dtype[np.uint8]],
) -> None:
    shown = decoded(encode_jpeg(Frame(pixels, 1, 1)))
    assert shown is not None
    assert shown.pixels.shape == pixels.shape


@pytest.mark.parametrize("size", [(0, 0), (0, 5), (1, JPEG_SIDE_MAX + 1), (JPEG_SIDE_MAX + 1, 1)], ids=str)
def test_a_size_that_no_jpeg_has_is_an_exception_and_no_crash(size: tuple[int, int]) -> None:
    with pytest.raises((RuntimeError, cv2.error)):
        encode_jpeg(Frame(np.zeros((*size, 3), np.uint8), 1, 1))


def test_a_picture_that_could_not_be_stored_is_made_coarser() -> None:
    pixels = np.random.default_rng(1).integers(0, 256, (2600, 3600, 3), np.uint8)
    whole = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITIES[0]])[1]
    assert len(whole) > PHOTO_BYTES_MAX, "noise, as of a camera in the dark"
    assert len(encode_jpeg(Frame(pixels, 1, 1))) <= PHOTO_BYTES_MAX
