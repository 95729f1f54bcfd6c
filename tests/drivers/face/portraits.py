"""The freely licensed faces that set-up fetches, as card photos and as live frames."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.contract import Frame

PROJECT = Path(__file__).resolve().parents[3]
SETUP = PROJECT / ".setup"
MODELS = SETUP / "models"
BOXES = {  # left, top, width of the face: found once with the detector
    "obama.jpg": (357, 144, 275),
    "obama2.jpg": (152, 281, 290),
    "biden.jpg": (434, 227, 306),
    "astronaut.png": (175, 76, 90),
}
FRAME_WIDTH, FRAME_HEIGHT = 640, 480


def needed(path: Path) -> Path:
    """The path, or a failure that says what to run: an absent asset is never a skip."""
    assert path.is_file(), f"{path.name} is missing: run .venv/bin/python deploy/assets.py --into .setup"
    return path


def _cut(name: str, width: int, height: int, face_width: float, centre_y: float) -> NDArray[np.uint8]:
    picture = cv2.imread(str(needed(SETUP / "faces" / name)))
    assert picture is not None
    left, top, size = BOXES[name]
    scale = face_width / size
    shift_x = width / 2 - (left + size / 2) * scale
    shift_y = height * centre_y - (top + size / 2) * scale
    small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    matrix = np.array([[1.0, 0.0, shift_x], [0.0, 1.0, shift_y]])
    cut = cv2.warpAffine(small, matrix, (width, height), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def card_photo(name: str) -> bytes:
    """102x126 pixels, WebP of at most 1,024 bytes, as on a card."""
    small = _cut(name, 102, 126, 59, 0.52)
    for quality in range(95, 0, -3):
        encoded = bytes(cv2.imencode(".webp", small, [cv2.IMWRITE_WEBP_QUALITY, quality])[1])
        if len(encoded) <= 1024:
            return encoded
    raise AssertionError(name)


def live(name: str, face_width: int = 180) -> NDArray[np.uint8]:
    return _cut(name, FRAME_WIDTH, FRAME_HEIGHT, face_width, 0.5)


def two(left: str, right: str, right_width: int) -> NDArray[np.uint8]:
    """Two people in one frame, the left one with a face of 150 pixels."""
    scene = live(left, 150)
    other = live(right, right_width)
    scene = np.roll(scene, -FRAME_WIDTH // 4, axis=1)
    half = FRAME_WIDTH // 2
    scene[:, half:] = np.roll(other, FRAME_WIDTH // 4, axis=1)[:, half:]
    return scene


def frame(pixels: NDArray[np.uint8], sequence: int = 1) -> Frame:
    return Frame(pixels, sequence, sequence)


def portrait(name: str) -> NDArray[np.uint8]:
    """250 x 250 pixels with some room around the face."""
    return _cut(name, 250, 250, 110, 0.5)
