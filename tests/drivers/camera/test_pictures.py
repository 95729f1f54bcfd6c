from __future__ import annotations

import io
import struct
import zlib

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from drivers.camera.pictures import PictureFailure, decode
from drivers.contract import Failed, Ok
from tests.drivers.camera.sights import png, room


def jpeg() -> bytes:
    return bytes(cv2.imencode(".jpg", room())[1])


def reason(encoded: bytes) -> PictureFailure | None:
    answer = decode(encoded)
    return answer.reason if isinstance(answer, Failed) else None


def huge_png() -> bytes:
    """Some hundred bytes that would be 900 million pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 30000, 30000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(bytes(1000)))
        + chunk(b"IEND", b"")
    )


def test_a_picture_is_a_picture() -> None:
    for encoded in (png(room()), jpeg(), jpeg() + bytes(900)):
        answer = decode(encoded)
        assert isinstance(answer, Ok)
        assert answer.value.shape == (240, 320, 3)


def test_what_a_header_promises_too_much_of_is_not_decoded() -> None:
    assert reason(huge_png()) is PictureFailure.TOO_LARGE
    for side in (6000, 9500):  # beyond our own limit, and beyond Pillow's warning
        picture = io.BytesIO()
        Image.new("L", (side, side)).save(picture, "PNG")
        assert reason(picture.getvalue()) is PictureFailure.TOO_LARGE
    assert reason(jpeg() + bytes(20 * 1024 * 1024)) is PictureFailure.TOO_LARGE


@pytest.mark.parametrize("share", [0.3, 0.6, 0.95, 0.999])
def test_a_jpeg_without_its_end_is_cut_off(share: float) -> None:
    whole = jpeg()
    assert reason(whole[: int(len(whole) * share)]) is PictureFailure.CUT_OFF


def test_other_formats_are_not_looked_into() -> None:
    picture = io.BytesIO()
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(picture, "TIFF")
    assert reason(picture.getvalue()) is PictureFailure.MALFORMED
    assert reason(b"") is PictureFailure.MALFORMED


@given(st.data())
def test_any_bytes_are_a_picture_or_a_reason(data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([png(room(width=24, height=16)), jpeg(), b"\xff\xd8\xff", b""]))
    at = data.draw(st.integers(0, len(whole)))
    spoilt = whole[:at] + data.draw(st.binary(max_size=40)) + whole[at + data.draw(st.integers(0, 40)) :]
    answer = decode(spoilt)
    if isinstance(answer, Ok):
        assert answer.value.ndim == 3
