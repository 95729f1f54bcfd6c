"""What a document camera promises: a straight, sharp, whole page, or what the resident should do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.contract import Device, Failed, Ok


class SheetFormat(StrEnum):
    """What lies before the camera."""

    A4 = "a4"
    ID_1 = "id_1"


@dataclass(frozen=True, slots=True)
class Measures:
    """`short_mm`, `long_mm`: ISO 216 and ISO/IEC 7810. `dpi`: of the page that is made.

    `dpi_min`: what the camera must see at least; 8 pt Chinese type has 14 rows at 120 dpi.
    """

    short_mm: float
    long_mm: float
    dpi: int
    dpi_min: int


MEASURES: dict[SheetFormat, Measures] = {
    SheetFormat.A4: Measures(210.0, 297.0, 200, 120),
    SheetFormat.ID_1: Measures(53.98, 85.60, 300, 200),
}


class DocumentFailure(StrEnum):
    """Why there is no page, or no PDF."""

    NO_SHEET = "no_sheet"
    PARTLY_OUTSIDE = "partly_outside"
    COVERED = "covered"
    """Something lies over an edge: a finger, a clip, another sheet."""
    TOO_SMALL = "too_small"
    WRONG_SHAPE = "wrong_shape"
    TOO_DARK = "too_dark"
    GLARE = "glare"
    BLURRED = "blurred"
    EMPTY = "empty"
    """Nothing is written on it: perhaps its back."""
    MALFORMED = "malformed"
    """Bytes that are no picture."""
    TOO_LARGE = "too_large"
    TOO_MANY_PAGES = "too_many_pages"
    NO_PICTURE = "no_picture"
    """The camera gives none; `detail` is its own reason."""
    TIMED_OUT = "timed_out"


Point = tuple[float, float]


@dataclass(frozen=True, slots=True, repr=False)
class Page:
    """One straightened page as a JPEG that says its own resolution.

    `corners`: top left, top right, bottom right, bottom left in the camera's pixels.
    `sharpness`: see `quality.sharpness`.
    """

    jpeg: bytes
    format: SheetFormat
    width_px: int
    height_px: int
    dpi: int
    corners: tuple[Point, Point, Point, Point]
    sharpness: float

    def __repr__(self) -> str:
        return f"Page({self.format}, {self.width_px}x{self.height_px}, {len(self.jpeg)} bytes)"


class DocumentCamera(Device, Protocol):
    """Open only while the resident sees that it is. Nothing is written to disk."""

    def open(self) -> Ok[None] | Failed[DocumentFailure]:
        """Start capturing."""
        ...

    def take(self, sheet: SheetFormat) -> Ok[Page] | Failed[DocumentFailure]:
        """The page before the camera now. Blocks for the deadline of the examination."""
        ...

    def bind(self, pages: Sequence[Page]) -> Ok[bytes] | Failed[DocumentFailure]:
        """One PDF of A4 pages, the pictures in it unchanged."""
        ...

    def stop(self) -> None:
        """Stop capturing and forget every frame."""
        ...
