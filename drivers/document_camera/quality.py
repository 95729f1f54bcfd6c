"""Whether a straightened page can be read: light, glare, sharpness. Pure, on pixels alone."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

DARK_WHITE = 80.0
"""Grey level of the paper (95 % of the page is darker or equal) below which type drowns in noise."""
GLARE_LEVEL = 250
"""All three channels at their end: the sensor saw the lamp and not the paper."""
GLARE_SHARE = 0.001
"""Of the page, in patches of at least `GLARE_PATCH_MM`: 62 mm2 of an A4, three characters."""
GLARE_PATCH_MM = 3.0
TILE_PX = 24
CONTRAST_SHARE = 0.22
"""Of the paper's level, between the ends of a tile: from here on something is written there."""
TILES_MIN = 6
SHARP_MIN = 0.22
"""A4 at 180 dpi: sharp 0.44; blurred with a sigma of 1, 2, 2.5, 3, 4 pixels 0.37, 0.26, 0.22, 0.18, 0.14.
With 2 its type is read without effort, with 3 characters of many strokes run together."""


def paper_level(grey: NDArray[np.uint8]) -> float:
    """Grey level of the paper."""
    return float(np.percentile(grey[::4, ::4], 95))


def glare_share(page: NDArray[np.uint8], dpi: int) -> float:
    """Share of the page that is burnt out in patches that hide writing."""
    half = cv2.resize(page, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    burnt = (half.min(axis=2) >= GLARE_LEVEL).astype(np.uint8)
    side = max(3, round(GLARE_PATCH_MM / 25.4 * dpi / 2))
    patches = cv2.morphologyEx(burnt, cv2.MORPH_OPEN, np.ones((side, side), np.uint8))
    return float(np.count_nonzero(patches)) / patches.size


def sharpness(grey: NDArray[np.uint8], dpi: int, dpi_seen: int) -> float | None:
    """The steepest step of a pixel as a share of the whole contrast, in the median tile with writing.

    Looked at in `dpi_seen`, the resolution that the camera must have seen, so that enlarging costs
    nothing. Half is the steepest a picture can hold. None when too little is written to tell. The light
    and how black the ink is cancel out, which they do not in the variance of the Laplacian.
    """
    scale = dpi_seen / dpi
    seen = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA).astype(np.float32)
    across = cv2.Sobel(seen, cv2.CV_32F, 1, 0, ksize=3) / 8
    down = cv2.Sobel(seen, cv2.CV_32F, 0, 1, ksize=3) / 8
    steep = np.maximum(np.abs(across), np.abs(down))
    contrast_min = max(24.0, CONTRAST_SHARE * paper_level(grey))
    inner = TILE_PX  # the sheet's own edge is no writing
    shares = []
    for top in range(inner, seen.shape[0] - 2 * TILE_PX, TILE_PX):
        for left in range(inner, seen.shape[1] - 2 * TILE_PX, TILE_PX):
            tile = seen[top : top + TILE_PX, left : left + TILE_PX]
            contrast = float(tile.max() - tile.min())
            if contrast >= contrast_min:
                shares.append(float(steep[top : top + TILE_PX, left : left + TILE_PX].max()) / contrast)
    return float(np.median(shares)) if len(shares) >= TILES_MIN else None
