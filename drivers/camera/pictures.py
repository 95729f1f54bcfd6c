"""Encoded pictures, distrusted: what may be decoded at all is decided by the header alone."""

from __future__ import annotations

import io
import warnings
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from drivers.contract import Failed, Ok

BYTES_MAX = 20 * 1024 * 1024
PIXELS_MAX = 24_000_000
"""More than any camera of this trade gives; 72 MB when decoded."""
END_OF_JPEG = b"\xff\xd9"
PADDING_MAX = 4096
"""Zeros that some cameras send behind a picture's end."""


class PictureFailure(StrEnum):
    """Why bytes are no picture."""

    MALFORMED = "malformed"
    CUT_OFF = "cut_off"
    TOO_LARGE = "too_large"


def decode(encoded: bytes) -> Ok[NDArray[np.uint8]] | Failed[PictureFailure]:
    """A JPEG or PNG as uint8 (height, width, 3) in BGR order."""
    import cv2

    if len(encoded) > BYTES_MAX:
        return Failed(PictureFailure.TOO_LARGE, "bytes")
    match _measure(encoded):
        case Failed() as failed:
            return failed
        case Ok((kind, width, height)):
            pass
    if width * height > PIXELS_MAX:
        return Failed(PictureFailure.TOO_LARGE, "pixels")
    if kind == "JPEG" and not _ends(encoded):
        return Failed(PictureFailure.CUT_OFF)
    try:
        pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    except cv2.error:
        return Failed(PictureFailure.MALFORMED)
    if pixels is None or pixels.size == 0:
        return Failed(PictureFailure.MALFORMED)
    return Ok(np.asarray(pixels, np.uint8))


def _measure(encoded: bytes) -> Ok[tuple[str, int, int]] | Failed[PictureFailure]:
    """Format, width and height out of the header; no pixel is decoded."""
    from PIL import Image

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with Image.open(io.BytesIO(encoded), formats=("JPEG", "PNG")) as picture:
                return Ok((picture.format or "", *picture.size))
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        return Failed(PictureFailure.TOO_LARGE, "pixels")
    except (OSError, ValueError, SyntaxError, Warning, IndexError, KeyError, TypeError) as error:
        # What Pillow raises for broken headers differs by format and version.
        return Failed(PictureFailure.MALFORMED, type(error).__name__)


def _ends(jpeg: bytes) -> bool:
    """The end marker is there, at most followed by zeros."""
    last = jpeg.rfind(END_OF_JPEG)
    tail = jpeg[last + 2 :] if last >= 0 else b"-"
    return last >= 0 and len(tail) <= PADDING_MAX and not tail.strip(b"\0\r\n")
