"""DET curves as a picture: both error rates on normal-deviate axes (ISO/IEC 19795-1), where the
curve of two normal distributions is a straight line.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import NormalDist

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from PIL.PngImagePlugin import PngInfo

from drivers.face.evaluation.report import Curve
from tests.benchmarks.village import SETUP

SIDE_PX, MARGIN_PX, KEY_PX = 900, 90, 260
LOWEST, HIGHEST = 1e-4, 0.6
TICKS = (1e-4, 1e-3, 1e-2, 0.05, 0.1, 0.2, 0.4)
COLOURS = ((0, 90, 170), (200, 80, 0), (0, 130, 90), (150, 60, 150), (90, 90, 90))
"""Of the systems; told apart by those who see few colours too, from light to dark."""
DASHES_PX = ((1, 0), (14, 7), (3, 6))
"""Of the conditions: drawn and left out, in turn."""
KEY_IN_PNG = "curves"
"""The PNG's text with the same curves as JSON: [{"system", "condition", "fmr", "fnmr"}]."""

FONT = SETUP / "fonts" / "NotoSansSC-Regular.otf"
_DEVIATE = NormalDist().inv_cdf
Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class _Axes:
    """From rates to pixels."""

    low: float = _DEVIATE(LOWEST)
    high: float = _DEVIATE(HIGHEST)

    def place(self, rate: float) -> float:
        """0 at the lowest rate shown to 1 at the highest; what lies outside is drawn on the edge."""
        return (_DEVIATE(min(max(rate, LOWEST), HIGHEST)) - self.low) / (self.high - self.low)

    def point(self, fmr: float, fnmr: float) -> Point:
        return MARGIN_PX + self.place(fmr) * SIDE_PX, MARGIN_PX + (1 - self.place(fnmr)) * SIDE_PX


def write_det_plot(file: Path, curves: Mapping[str, Sequence[Curve]]) -> None:
    """`curves`: condition -> one curve per system. OSError when the file cannot be written."""
    axes = _Axes()
    image = Image.new("RGB", (SIDE_PX + 2 * MARGIN_PX + KEY_PX, SIDE_PX + 2 * MARGIN_PX), "white")
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(str(FONT), 20)
    _frame(draw, axes, font)
    systems = list(dict.fromkeys(curve.system for some in curves.values() for curve in some))
    told = []
    row = 0
    for dash, (condition, some) in zip(DASHES_PX, curves.items(), strict=False):
        for curve in some:
            colour = COLOURS[systems.index(curve.system) % len(COLOURS)]
            corners = _corners(curve)
            _dashed(draw, [axes.point(*corner) for corner in corners], colour, dash)
            left, top = SIDE_PX + MARGIN_PX + 20, MARGIN_PX + 30 * row
            _dashed(draw, [(left, top + 14), (left + 50, top + 14)], colour, dash)
            draw.text((left + 60, top), f"{curve.system}, {condition}", "black", font)
            row += 1
            told.append(
                {
                    "system": curve.system,
                    "condition": condition,
                    "fmr": [round(fmr, 6) for fmr, _ in corners],
                    "fnmr": [round(fnmr, 6) for _, fnmr in corners],
                }
            )
    text = PngInfo()
    text.add_itxt(KEY_IN_PNG, json.dumps(told), zip=True)
    image.save(file, "PNG", pnginfo=text)


def _corners(curve: Curve) -> list[Point]:
    """The curve's points; of a stretch along which FNMR stays, the ends only."""
    fnmr = curve.fnmr
    kept = np.ones(len(fnmr), np.bool_)
    kept[1:-1] = (fnmr[1:-1] != fnmr[:-2]) | (fnmr[1:-1] != fnmr[2:])
    return list(zip(curve.fmr[kept].tolist(), fnmr[kept].tolist(), strict=True))


def _frame(draw: ImageDraw.ImageDraw, axes: _Axes, font: ImageFont.FreeTypeFont) -> None:
    end = MARGIN_PX + SIDE_PX
    for rate in TICKS:
        x, y = axes.point(rate, rate)
        draw.line([(x, MARGIN_PX), (x, end)], (225, 225, 225))
        draw.line([(MARGIN_PX, y), (end, y)], (225, 225, 225))
        draw.text((x, end + 8), f"{100 * rate:g} %", "black", font, anchor="ma")
        draw.text((MARGIN_PX - 8, y), f"{100 * rate:g} %", "black", font, anchor="rm")
    draw.rectangle([MARGIN_PX, MARGIN_PX, end, end], outline="black")
    draw.text((MARGIN_PX + SIDE_PX / 2, end + 40), "FMR, same-sex impostors", "black", font, anchor="ma")
    draw.text((MARGIN_PX, MARGIN_PX - 40), "FNMR, failures to enrol included", "black", font)


def _dashed(
    draw: ImageDraw.ImageDraw, points: Sequence[Point], colour: tuple[int, int, int], dash: tuple[int, int]
) -> None:
    """A line through the points; the dashes run on over the corners."""
    run, gap = dash
    gone = 0.0
    for one, other in itertools.pairwise(points):
        length = float(np.hypot(other[0] - one[0], other[1] - one[1]))
        if gap == 0:
            draw.line([one, other], colour, 3)
            continue
        place = 0.0
        while place < length:
            phase = (gone + place) % (run + gap)
            ends = min(length, place + (run - phase if phase < run else run + gap - phase) + 1e-6)
            if phase < run:
                draw.line([_between(one, other, at / length) for at in (place, ends)], colour, 3)
            place = ends
        gone += length


def _between(one: Point, other: Point, share: float) -> Point:
    return one[0] + share * (other[0] - one[0]), one[1] + share * (other[1] - one[1])
