"""Line drawings on a grid of 24, stroke 2, round ends. Drawn for this project."""

from __future__ import annotations

import logging
import math
from collections.abc import Iterator
from functools import cache

from PIL import Image, ImageDraw

log = logging.getLogger(__name__)

Point = tuple[float, float]
Stroke = tuple[Point, ...]

GRID = 24
STROKE = 2.0
OVERSAMPLE = 4
ROUND_STEPS = 48


def _arc(x: float, y: float, r: float, begin: float, end: float) -> Stroke:
    """Degrees, clockwise from three o'clock."""
    count = max(6, round(abs(end - begin) / 360 * ROUND_STEPS))
    angles = (math.radians(begin + (end - begin) * i / count) for i in range(count + 1))
    return tuple((x + r * math.cos(a), y + r * math.sin(a)) for a in angles)


def _circle(x: float, y: float, r: float) -> Stroke:
    return _arc(x, y, r, 0, 360)


def _round(left: float, top: float, right: float, bottom: float, r: float) -> Stroke:
    corners = (
        _arc(right - r, top + r, r, -90, 0)
        + _arc(right - r, bottom - r, r, 0, 90)
        + _arc(left + r, bottom - r, r, 90, 180)
        + _arc(left + r, top + r, r, 180, 270)
    )
    return (*corners, corners[0])


def _line(*numbers: float) -> Stroke:
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))


def _smile(curve: float) -> tuple[Stroke, ...]:
    """A face whose mouth is bent by `curve`: 1 laughs, -1 is sad."""
    mouth = tuple((8 + t * 8, 15 + curve * 2.6 * (1 - (2 * t - 1) ** 2) - curve) for t in _steps(12))
    return (_circle(12, 12, 9), _line(8.6, 9.4, 8.6, 9.8), _line(15.4, 9.4, 15.4, 9.8), mouth)


def _steps(count: int) -> Iterator[float]:
    return (i / count for i in range(count + 1))


_DOCUMENT = (
    _line(14, 3, 6, 3, 6, 21, 18, 21, 18, 7, 14, 3, 14, 7, 18, 7),
    _line(9, 12, 15, 12),
    _line(9, 16, 15, 16),
)
_CAMERA = (
    _line(
        8.5,
        6.5,
        10,
        4.2,
        14,
        4.2,
        15.5,
        6.5,
        19.5,
        6.5,
        21,
        8,
        21,
        18,
        19.5,
        19.5,
        4.5,
        19.5,
        3,
        18,
        3,
        8,
        4.5,
        6.5,
        8.5,
        6.5,
    ),
    _circle(12, 12.8, 3.8),
)

ICONS: dict[str, tuple[Stroke, ...]] = {
    "back": (_line(15, 4.5, 7.5, 12, 15, 19.5),),
    "forward": (_line(9, 4.5, 16.5, 12, 9, 19.5),),
    "up": (_line(4.5, 15, 12, 7.5, 19.5, 15),),
    "down": (_line(4.5, 9, 12, 16.5, 19.5, 9),),
    "help": (
        _circle(12, 12, 9),
        _arc(12, 9.6, 2.7, 180, 400),
        _line(13.6, 11.8, 12, 13.2, 12, 13.8),
        _line(12, 17, 12, 17.1),
    ),
    "text-size": (
        _line(2.5, 19, 8.2, 5, 14, 19),
        _line(4.6, 14.4, 11.9, 14.4),
        _line(14.6, 19, 18, 11, 21.5, 19),
        _line(15.8, 16.6, 20.3, 16.6),
    ),
    "speaker": (
        _line(4, 9.5, 7.5, 9.5, 12, 5.5, 12, 18.5, 7.5, 14.5, 4, 14.5, 4, 9.5),
        _arc(12.5, 12, 3.8, -50, 50),
        _arc(12.5, 12, 7.6, -48, 48),
    ),
    "globe": (_circle(12, 12, 9), _line(3, 12, 21, 12), _arc(20, 12, 12, 131, 229), _arc(4, 12, 12, -49, 49)),
    "leave": (
        _line(14, 7, 14, 4, 4.5, 4, 4.5, 20, 14, 20, 14, 17),
        _line(9.5, 12, 20.5, 12),
        _line(17, 8.5, 20.5, 12, 17, 15.5),
    ),
    "card": (
        _round(2, 5, 22, 19, 2.2),
        _circle(8.2, 10.3, 2.2),
        _arc(8.2, 16.4, 3.4, 190, 350),
        _line(14.2, 10, 18.8, 10),
        _line(14.2, 13.6, 18.8, 13.6),
    ),
    "camera": _CAMERA,
    "face": (
        _line(3, 8, 3, 3, 8, 3),
        _line(16, 3, 21, 3, 21, 8),
        _line(21, 16, 21, 21, 16, 21),
        _line(8, 21, 3, 21, 3, 16),
        _line(9, 9.2, 9, 10.2),
        _line(15, 9.2, 15, 10.2),
        _arc(12, 12.6, 3.6, 25, 155),
    ),
    "helper": (
        _circle(9, 7.5, 3.4),
        _line(3, 20, 3, 18, 4.2, 15.6, 6.6, 14.4, 11, 14.4),
        _line(13.4, 17.4, 16, 20, 21, 14.6),
    ),
    "window": (
        _line(3, 10, 12, 4, 21, 10),
        _line(4.5, 20, 19.5, 20),
        _line(6.5, 10.5, 6.5, 20),
        _line(17.5, 10.5, 17.5, 20),
        _line(12, 10.5, 12, 20),
        _line(3, 10, 21, 10),
    ),
    "document": _DOCUMENT,
    "phone": (_round(7, 2.5, 17, 21.5, 2), _line(10.5, 18.5, 13.5, 18.5)),
    "qr": (
        _round(3.5, 3.5, 10, 10, 0.8),
        _round(14, 3.5, 20.5, 10, 0.8),
        _round(3.5, 14, 10, 20.5, 0.8),
        _line(14, 14, 14, 20.5),
        _line(20.5, 14, 20.5, 17),
        _line(17, 17, 17, 20.5, 20.5, 20.5),
    ),
    "tick": (_line(4.5, 12.8, 9.8, 18, 19.5, 7),),
    "elder": (
        _circle(11, 4.8, 2.2),
        _line(7.2, 21, 9, 15.4, 8.6, 10.2, 11.4, 8.6, 14, 11.6, 16.4, 12.6),
        _line(9, 15.4, 11.8, 17.4, 12.4, 21),
        _line(17.4, 21, 17.4, 12.6),
        _line(8.6, 10.2, 6.6, 13.4),
    ),
    "face-1": _smile(-1.0),
    "face-2": _smile(-0.5),
    "face-3": _smile(0.0),
    "face-4": _smile(0.55),
    "face-5": _smile(1.0),
    "pencil": (_line(4.5, 19.5, 5.5, 15.5, 16, 5, 19, 8, 8.5, 18.5, 4.5, 19.5), _line(13.6, 7.4, 16.6, 10.4)),
    "info": (_circle(12, 12, 9), _line(12, 11, 12, 16.5), _line(12, 7.6, 12, 7.7)),
    "attention": (
        _line(12, 3.6, 21.4, 20, 2.6, 20, 12, 3.6),
        _line(12, 9.8, 12, 14),
        _line(12, 16.9, 12, 17),
    ),
    "backspace": (
        _line(8, 5, 21, 5, 21, 19, 8, 19, 2.5, 12, 8, 5),
        _line(11.5, 9.5, 16.5, 14.5),
        _line(16.5, 9.5, 11.5, 14.5),
    ),
    "shift": (_line(12, 4, 20, 12.5, 15.5, 12.5, 15.5, 19.5, 8.5, 19.5, 8.5, 12.5, 4, 12.5, 12, 4),),
    "heart": ((*_arc(7.6, 8.8, 4.4, 135, 350), *_arc(16.4, 8.8, 4.4, 190, 405), (12, 20), (4.49, 11.9)),),
    "house": (
        _line(3, 11.5, 12, 4, 21, 11.5),
        _line(5.5, 9.6, 5.5, 20, 18.5, 20, 18.5, 9.6),
        _line(10, 20, 10, 14.5, 14, 14.5, 14, 20),
    ),
}
"""Names that a definition or a view may use; `document` stands for any other."""


@cache
def render(name: str, size_px: int) -> Image.Image:
    """A mask (mode L) of `size_px` squared, edges smoothed by oversampling."""
    side = size_px * OVERSAMPLE
    scale = side / GRID
    image = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(image)
    width = STROKE * scale
    if name not in ICONS:
        log.warning("no icon is called %r; a document is drawn", name)
    for stroke in ICONS.get(name, _DOCUMENT):
        points = [(x * scale, y * scale) for x, y in stroke]
        if len(points) > 1:
            draw.line(points, 255, round(width), joint="curve")
        for x, y in points:
            draw.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 255)
    return image.resize((size_px, size_px), Image.Resampling.LANCZOS)
