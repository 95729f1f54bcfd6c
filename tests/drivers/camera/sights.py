"""Invented pictures for a camera to see."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray


def room(brightness: int = 120, *, width: int = 320, height: int = 240) -> NDArray[np.uint8]:
    """Stripes of different grey: a picture that is not one colour."""
    columns = np.linspace(-40, 40, width).astype(np.int16)
    picture = np.clip(brightness + np.tile(columns, (height, 1)), 0, 255).astype(np.uint8)
    return np.dstack([picture, picture, np.roll(picture, width // 2, axis=1)])


def one_colour(blue: int, green: int, red: int) -> NDArray[np.uint8]:
    return np.full((240, 320, 3), (blue, green, red), np.uint8)


def png(pixels: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".png", pixels)[1])


def clip(path: Path, frames: int, *, brightness: int = 120) -> Path:
    """A film of so many pictures, each another."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter.fourcc(*"MJPG"), 20.0, (320, 240))
    assert writer.isOpened()
    for count in range(frames):
        writer.write(np.roll(room(brightness), 7 * count, axis=1))
    writer.release()
    return path
