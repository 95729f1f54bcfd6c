"""What a decoder's picture says of itself, read without a picture library: pure Python, so no bytes can crash it.

The pixels are decoded later, in the face verifier's child process. Here it is only judged whether
there is a whole picture of the right size: BMP as Windows writes it (BITMAPINFOHEADER, uncompressed)
or PNG (ISO/IEC 15948).
"""

from __future__ import annotations

import struct
import zlib
from typing import Final

_BMP: Final = struct.Struct("<2s I 4x I I i i H H I")
"""Signature, file size, offset of the pixels, header size, width, height, planes, bits, compression."""
_FILE_HEADER: Final = 14
_BITS: Final = frozenset({8, 24, 32})
_INFO_HEADERS: Final = frozenset({40, 52, 56, 108, 124})
_PNG_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_PNG_END: Final = b"\0\0\0\0IEND\xaeB`\x82"
_IHDR: Final = slice(12, 29)


def size_of(picture: bytes) -> tuple[int, int] | None:
    """Width and height in pixels; None when it is no whole BMP or PNG."""
    if picture.startswith(b"BM"):
        return _size_of_bmp(picture)
    return _size_of_png(picture) if picture.startswith(_PNG_SIGNATURE) else None


def _size_of_bmp(picture: bytes) -> tuple[int, int] | None:
    if len(picture) < _BMP.size:
        return None
    _, _, offset, header, width, height, planes, bits, compression = _BMP.unpack_from(picture)
    height = abs(height)  # negative: the first row is the top one
    if header not in _INFO_HEADERS or (planes, compression) != (1, 0) or bits not in _BITS:
        return None
    if width <= 0 or not height or offset < _FILE_HEADER + header:
        return None
    row_bytes = (width * bits + 31) // 32 * 4
    return (width, height) if len(picture) >= offset + row_bytes * height else None


def _size_of_png(picture: bytes) -> tuple[int, int] | None:
    if len(picture) < _IHDR.stop + 4 or not picture.endswith(_PNG_END):
        return None
    name, width, height = struct.unpack_from(">4s I I", picture, _IHDR.start)
    (told,) = struct.unpack_from(">I", picture, _IHDR.stop)
    if name != b"IHDR" or told != zlib.crc32(picture[_IHDR]) or not width or not height:
        return None
    return width, height
