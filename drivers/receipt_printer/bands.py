"""A picture of dots in bands of rows, each as narrow as its ink allows."""

from __future__ import annotations

from dataclasses import dataclass

from PIL import Image, ImageChops

_BAND_COST_BYTES = 40
"""What one more band must save: its header of 8 bytes, ESC a, and the pause that some printers make."""


@dataclass(frozen=True, slots=True)
class Band:
    """Rows `top` to `bottom` and bytes (of 8 dots) `left` to `right`; all else in these rows is white."""

    top: int
    bottom: int
    left: int
    right: int
    centred: bool


@dataclass(frozen=True, slots=True)
class _Rows:
    """Neighbouring rows with the edges of their ink: free bytes on each side."""

    top: int
    bottom: int
    free_left: int
    free_right: int

    def joined(self, below: _Rows) -> _Rows:
        return _Rows(
            self.top,
            below.bottom,
            min(self.free_left, below.free_left),
            min(self.free_right, below.free_right),
        )

    def band(self, columns: int) -> Band:
        both = min(self.free_left, self.free_right)
        if 2 * both > self.free_right:
            return Band(self.top, self.bottom, both, columns - both, centred=True)
        return Band(self.top, self.bottom, 0, columns - self.free_right, centred=False)

    def cost(self, columns: int) -> int:
        band = self.band(columns)
        return _BAND_COST_BYTES + (band.bottom - band.top) * (band.right - band.left)


def bands(image: Image.Image) -> list[Band]:
    """Bands that together print exactly this 1-bit image (width a multiple of 8), top to bottom."""
    columns = image.width // 8
    groups: list[_Rows] = []
    for rows in _runs(image):
        groups.append(rows)
        while len(groups) > 1 and _better(groups[-2], groups[-1], columns):
            below = groups.pop()
            groups[-1] = groups[-1].joined(below)
    return [rows.band(columns) for rows in groups]


def _better(above: _Rows, below: _Rows, columns: int) -> bool:
    return above.joined(below).cost(columns) <= above.cost(columns) + below.cost(columns)


def _runs(image: Image.Image) -> list[_Rows]:
    """Rows with the same edges, together. A white row is a byte wide: a picture cannot be narrower."""
    columns = image.width // 8
    ink = ImageChops.invert(image).tobytes()
    runs: list[_Rows] = []
    for top in range(image.height):
        row = ink[top * columns : (top + 1) * columns]
        free_left = len(row) - len(row.lstrip(b"\0"))
        free_right = len(row) - len(row.rstrip(b"\0"))
        if free_left == columns:
            free_left, free_right = 0, columns - 1
        if runs and (runs[-1].free_left, runs[-1].free_right) == (free_left, free_right):
            runs[-1] = runs[-1].joined(_Rows(top, top + 1, free_left, free_right))
        else:
            runs.append(_Rows(top, top + 1, free_left, free_right))
    return runs
