"""A licensed engine as a county would bring it: here dlib's network under another name, nothing licensed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from drivers.face.detector import Face
from drivers.face.matchers import DlibMatcher


class Engine:
    """Its "model" is a file with one number."""

    name = "county"
    preparation = "scaled/1"

    def __init__(self, models: Path) -> None:
        self.files = [models / "county.model"]
        self._scale = float(self.files[0].read_text("ascii"))
        self._inner = DlibMatcher()

    def embed(self, rgb: NDArray[np.uint8], face: Face) -> NDArray[Any]:
        return np.asarray(self._inner.embed(rgb, face) * self._scale, np.float64)

    def compare(self, one: NDArray[Any], other: NDArray[Any]) -> float:
        return float(np.linalg.norm(one - other) / self._scale)
