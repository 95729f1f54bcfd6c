"""Printed codes before a camera: a picture of paper, laid askew on a table."""

from __future__ import annotations

import io
from dataclasses import dataclass, field

import cv2
import numpy as np
import segno
import zxingcpp
from numpy.typing import NDArray

from drivers.camera.contract import Frame
from drivers.contract import Ok

Pixels = NDArray[np.uint8]


def qr(content: str | bytes, *, micro: bool = False, scale: int = 5) -> Pixels:
    picture = io.BytesIO()
    segno.make(content, micro=micro).save(picture, kind="png", scale=scale, border=4)
    return decoded(picture.getvalue())


def code_128(content: str) -> Pixels:
    made = zxingcpp.create_barcode(content, zxingcpp.BarcodeFormat.Code128)
    bars = np.asarray(zxingcpp.write_barcode_to_image(made, scale=3, add_quiet_zones=True))
    return np.dstack([bars] * 3)


def decoded(encoded: bytes) -> Pixels:
    pixels = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
    assert pixels is not None
    return np.asarray(pixels, np.uint8)


def on_a_table(*papers: Pixels, width: int = 960, height: int = 720, slant: float = 0.06) -> Pixels:
    """The papers side by side, seen from an angle; dim light, and a sensor's noise."""
    room = width // max(1, len(papers))
    frame = np.full((height, width, 3), (70, 82, 90), np.uint8)
    for number, paper in enumerate(papers):
        rows, columns = paper.shape[:2]
        scale = min(0.85 * room / columns, 0.85 * height / rows)
        left, top = room * number + (room - columns * scale) / 2, (height - rows * scale) / 2
        right, bottom = left + columns * scale, top + rows * scale
        lean = slant * (right - left)
        corners = [(left + lean, top), (right, top + lean), (right - lean, bottom), (left, bottom - lean)]
        source = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
        matrix = cv2.getPerspectiveTransform(source, np.array(corners, np.float32))
        cv2.warpPerspective(
            paper, matrix, (width, height), frame, cv2.INTER_AREA, borderMode=cv2.BORDER_TRANSPARENT
        )
    noise = np.random.default_rng(5).integers(-6, 7, frame.shape)
    return np.asarray(np.clip(frame * 0.8 + noise, 0, 255), np.uint8)


@dataclass(slots=True)
class Frames:
    """Hands out these pictures one after the other, then the last one again and again."""

    pictures: list[Pixels]
    sequence: int = field(default=0)
    looks: int = field(default=0)

    @property
    def all_seen(self) -> bool:
        """Whether somebody looked again after the last one was new."""
        return self.looks > len(self.pictures)

    def latest(self, max_age_s: float = 1.0) -> Ok[Frame]:  # noqa: ARG002 - as the contract has it
        self.looks += 1
        self.sequence = min(self.sequence + 1, len(self.pictures))
        return Ok(Frame(self.pictures[self.sequence - 1], self.sequence, 0))
