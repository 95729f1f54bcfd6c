"""Invented sheets on a table, as a document camera sees them; where the corners are is known."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

Pixels = NDArray[np.uint8]
FRAME_PX = (2592, 1944)
FONT = Path(__file__).resolve().parents[3] / ".setup" / "fonts" / "NotoSansSC-Regular.otf"
WORDS = "青禾县清溪镇桃源村村民委员会证明兹有我村村民测试甲家庭情况属实特此说明并附材料一式两份请予办理"
A4_CORNERS = ((243.4, 318.2), (2351.7, 262.9), (2402.3, 1757.6), (201.8, 1702.1))
"""An A4 sheet that lies across, seen a little from below."""
CARD_CORNERS = ((640.2, 411.7), (1943.1, 452.3), (1921.6, 1271.8), (611.4, 1230.5))
TABLE = (58, 64, 70)


@cache
def drawn_a4() -> Pixels:
    page = Image.new("RGB", (1754, 1240), (225, 226, 224))
    draw = ImageDraw.Draw(page)
    font, title = (ImageFont.truetype(str(FONT), size) for size in (26, 52))
    draw.text((640, 70), "情 况 说 明", font=title, fill=(30, 30, 32))
    for row in range(20):
        start = row * 7 % len(WORDS)
        draw.text((140, 190 + 47 * row), (WORDS[start:] + WORDS)[:46], font=font, fill=(35, 35, 38))
    draw.ellipse((1300, 930, 1520, 1150), outline=(190, 50, 45), width=8)
    return np.asarray(page, np.uint8)[..., ::-1].copy()


@cache
def _card() -> Pixels:
    card = Image.new("RGB", (1012, 638), (196, 214, 222))
    draw = ImageDraw.Draw(card)
    font = ImageFont.truetype(str(FONT), 40)
    for row, words in enumerate(("社会保障卡", "姓名 测试甲", "号码 000000000000000000", "青禾县人社局")):
        draw.text((330, 90 + 120 * row), words, font=font, fill=(30, 36, 60))
    draw.rectangle((60, 140, 280, 440), fill=(120, 110, 104))
    return np.asarray(card, np.uint8)[..., ::-1].copy()


def photographed(
    corners: object = A4_CORNERS,
    *,
    sheet: Pixels | None = None,
    blur_px: float = 0.0,
    light: float = 1.0,
    seed: int = 3,
    table: tuple[int, int, int] = TABLE,
) -> Pixels:
    """The sheet on the table: light falls off to one side, the sensor makes noise."""
    page = drawn_a4() if sheet is None else sheet
    width, height = FRAME_PX
    source = (
        np.array([[0, 0], [page.shape[1], 0], [page.shape[1], page.shape[0]], [0, page.shape[0]]], np.float32)
        - 0.5
    )
    matrix = cv2.getPerspectiveTransform(source, np.asarray(corners, np.float32))
    random = np.random.default_rng(seed)
    grain = cv2.resize(random.integers(-9, 10, (height // 8, width // 8)).astype(np.float32), (width, height))
    frame = np.clip(np.array(table, np.float32) + grain[..., None], 0, 255).astype(np.uint8)
    cv2.warpPerspective(page, matrix, (width, height), frame, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    if blur_px:
        frame = np.asarray(cv2.GaussianBlur(frame, (0, 0), blur_px), np.uint8)
    fall = np.linspace(1.0, 0.82, width, dtype=np.float32)[None, :, None] * light
    noise = random.normal(0.0, 3.0, frame.size // 16).astype(np.float32)
    noisy = frame * fall + np.resize(noise, frame.shape)
    return np.asarray(np.clip(noisy, 0, 255), np.uint8)


def card(**kinds: object) -> Pixels:
    """A card of ID-1 size."""
    return photographed(CARD_CORNERS, sheet=_card(), **kinds)  # type: ignore[arg-type]


def blank() -> Pixels:
    return np.full((1240, 1754, 3), 224, np.uint8)


def moved(corners: object, *, by: tuple[float, float] = (0, 0), scale: float = 1.0) -> NDArray[np.float64]:
    """The same sheet elsewhere, or seen from farther away."""
    points = np.asarray(corners, np.float64)
    centre = points.mean(axis=0)
    return np.asarray((points - centre) * scale + centre + by, np.float64)


def with_glare(frame: Pixels, at: tuple[int, int] = (1200, 900), radius: int = 180) -> Pixels:
    """A lamp mirrored on glossy paper."""
    spot: NDArray[np.float32] = np.zeros(frame.shape[:2], np.float32)
    cv2.circle(spot, at, radius, 1.0, -1)
    spot = np.asarray(cv2.GaussianBlur(spot, (0, 0), radius / 4), np.float32)
    return np.asarray(np.clip(frame + spot[..., None] * 240, 0, 255), np.uint8)


def with_finger(
    frame: Pixels, at: tuple[int, int], *, skin: tuple[int, int, int] = (120, 150, 205)
) -> Pixels:
    """A finger that comes from below, 16 mm wide, and holds the sheet at this place."""
    held = frame.copy()
    half = 56
    x, y = at
    cv2.rectangle(held, (x - half, y), (x + half, frame.shape[0]), skin, -1)
    cv2.circle(held, at, half, skin, -1)
    return held
