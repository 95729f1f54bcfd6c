"""The child's half of the document camera: one frame becomes a page, pages become a PDF.

OpenCV and the decoders of strangers' pictures run here, where they may crash or run late.
"""

from __future__ import annotations

import io
from collections.abc import Sequence

import cv2
import img2pdf
import numpy as np
from numpy.typing import NDArray

from drivers.camera import pictures
from drivers.contract import Failed, Ok
from drivers.document_camera import quality, sheet
from drivers.document_camera.contract import MEASURES, DocumentFailure, Page, Point, SheetFormat

JPEG_QUALITY = 85
PAGES_MAX = 20
PDF_BYTES_MAX = 16 * 1024 * 1024
"""Twenty pages of dense type at 200 dpi have 14 MB."""


class Scanner:
    """Built in the child; keeps nothing between requests."""

    def __init__(self) -> None:
        cv2.setNumThreads(1)

    def page(self, pixels: NDArray[np.uint8], wanted: SheetFormat) -> Ok[Page] | Failed[DocumentFailure]:
        """`pixels`: a frame, uint8 (height, width, 3) in BGR order."""
        found = sheet.find(pixels, wanted)
        if isinstance(found, Failed):
            return found
        straight = sheet.straighten(pixels, found.value, wanted)
        sharp = _readable(straight, wanted)
        if isinstance(sharp, Failed):
            return sharp
        measures = MEASURES[wanted]
        good, jpeg = cv2.imencode(".jpg", straight, [cv2.IMWRITE_JPEG_QUALITY, JPEG_QUALITY])
        if not good:
            message = "the page could not be encoded"
            raise RuntimeError(message)
        corners: list[Point] = [(float(x), float(y)) for x, y in found.value.corners]
        return Ok(
            Page(
                _with_resolution(bytes(jpeg), measures.dpi),
                wanted,
                straight.shape[1],
                straight.shape[0],
                measures.dpi,
                (corners[0], corners[1], corners[2], corners[3]),
                sharp.value,
            )
        )

    def page_of(self, encoded: bytes, wanted: SheetFormat) -> Ok[Page] | Failed[DocumentFailure]:
        """The same of a JPEG or PNG that came from elsewhere."""
        decoded = pictures.decode(encoded)
        if isinstance(decoded, Ok):
            return self.page(decoded.value, wanted)
        too_large = decoded.reason is pictures.PictureFailure.TOO_LARGE
        return Failed(DocumentFailure.TOO_LARGE if too_large else DocumentFailure.MALFORMED, decoded.detail)

    def bind(self, jpegs: Sequence[bytes]) -> Ok[bytes] | Failed[DocumentFailure]:
        """Each picture at its own resolution in the middle of an A4 page, its bytes unchanged."""
        if len(jpegs) > PAGES_MAX:
            return Failed(DocumentFailure.TOO_MANY_PAGES, f"at most {PAGES_MAX}")
        if sum(map(len, jpegs)) > PDF_BYTES_MAX:
            return Failed(DocumentFailure.TOO_LARGE)
        if not jpegs:
            return Failed(DocumentFailure.EMPTY)
        if any(isinstance(pictures.decode(jpeg), Failed) for jpeg in jpegs):
            return Failed(DocumentFailure.MALFORMED)
        return Ok(b"".join(_pages_of(jpegs)))


def _readable(page: NDArray[np.uint8], wanted: SheetFormat) -> Ok[float] | Failed[DocumentFailure]:
    """Its sharpness, or what hinders reading: what can be mended with the light first."""
    measures = MEASURES[wanted]
    grey = np.asarray(cv2.cvtColor(page, cv2.COLOR_BGR2GRAY), np.uint8)
    if quality.paper_level(grey) < quality.DARK_WHITE:
        return Failed(DocumentFailure.TOO_DARK)
    if quality.glare_share(page, measures.dpi) > quality.GLARE_SHARE:
        return Failed(DocumentFailure.GLARE)
    sharp = quality.sharpness(grey, measures.dpi, measures.dpi_min)
    if sharp is None:
        return Failed(DocumentFailure.EMPTY)
    return Failed(DocumentFailure.BLURRED, f"{sharp:.2f}") if sharp < quality.SHARP_MIN else Ok(sharp)


def _with_resolution(jpeg: bytes, dpi: int) -> bytes:
    """The JFIF header says dots per inch: unit 1, then across and down (ISO/IEC 10918-5)."""
    if jpeg[2:4] != b"\xff\xe0" or jpeg[6:11] != b"JFIF\0":
        message = "the encoder writes no JFIF header"
        raise RuntimeError(message)
    return jpeg[:13] + b"\x01" + dpi.to_bytes(2, "big") * 2 + jpeg[18:]


def _pages_of(jpegs: Sequence[bytes]) -> list[bytes]:
    def layout(width_px: int, height_px: int, dpi: tuple[float, float]) -> tuple[float, float, float, float]:
        """Page and picture in points; the page lies when the picture does."""
        width, height = width_px / dpi[0] * 72, height_px / dpi[1] * 72
        a4 = img2pdf.mm_to_pt(210), img2pdf.mm_to_pt(297)
        page = a4 if height >= width else a4[::-1]
        return *page, min(width, page[0]), min(height, page[1])

    target = io.BytesIO()
    img2pdf.convert(
        list(jpegs), layout_fun=layout, outputstream=target, nodate=True, rotation=img2pdf.Rotation.ifvalid
    )
    return [target.getvalue()]
