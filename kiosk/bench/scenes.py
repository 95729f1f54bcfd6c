"""What stands before the simulated camera, as 640 x 480 pictures."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.camera.simulated_motion import MOVEMENTS, flat, head
from kiosk.bench.people import Picture, Sight

WIDTH_PX, HEIGHT_PX = 640, 480
STEPS = 6
"""Pictures of a movement: at 15 a second it takes 0.4 s."""
FACE_HEIGHT_SHARE = 0.42
"""A resident at arm's length from the terminal's camera."""


def scene(sight: Sight, faces: Path) -> bytes:
    """The sight as a PNG of the camera's size. Raises OSError when set-up has not fetched its picture."""
    pixels = _street() if sight.picture is None else _person(sight.picture, faces)
    ok, encoded = cv2.imencode(".png", pixels)
    if not ok:
        message = "the scene could not be encoded"
        raise RuntimeError(message)
    return encoded.tobytes()


def moved(sight: Sight, faces: Path, before: str, after: str) -> list[NDArray[np.uint8]]:
    """The pictures of a movement, from the one held before ("" is straight) over straight to the next.

    Somebody's head, or a print in somebody's hand. Raises OSError as `scene` does.
    """
    if sight.picture is None:
        return []
    still, side = _person(sight.picture, faces), FACE_HEIGHT_SHARE * HEIGHT_PX
    left, top = (WIDTH_PX - side) / 2, HEIGHT_PX * 0.48 - side / 2
    bend = flat if sight.held else head
    way = [(before, share) for share in np.linspace(1, 0, STEPS + 1)[1:]] if before else []
    way += [(after, share) for share in np.linspace(0, 1, STEPS + 1)[1:]] if after else []
    return [bend(still, (left, top, left + side, top + side), MOVEMENTS[m].part(float(s))) for m, s in way]


def _person(picture: Picture, faces: Path) -> NDArray[np.uint8]:
    content = (faces / picture.file).read_bytes()
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
    if image is None:
        message = f"{picture.file} is no picture: run deploy/setup.sh again"
        raise ValueError(message)
    left, top, right, bottom = picture.face
    scale = FACE_HEIGHT_SHARE * HEIGHT_PX / (bottom - top)
    centre_x, centre_y = (left + right) / 2 * scale, (top + bottom) / 2 * scale
    shift = np.array(
        [[scale, 0, WIDTH_PX / 2 - centre_x], [0, scale, HEIGHT_PX * 0.48 - centre_y]], np.float32
    )
    framed = cv2.warpAffine(
        image, shift, (WIDTH_PX, HEIGHT_PX), flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(framed, np.uint8)


def _street() -> NDArray[np.uint8]:
    """A road with a pool of water, drawn."""
    image = np.full((HEIGHT_PX, WIDTH_PX, 3), (214, 205, 190), np.uint8)
    cv2.rectangle(image, (0, 0), (WIDTH_PX, 190), (226, 214, 196), -1)
    for x, width, height, colour in (
        (20, 120, 120, (150, 168, 190)),
        (170, 90, 150, (140, 152, 172)),
        (420, 180, 130, (160, 172, 184)),
    ):
        cv2.rectangle(image, (x, 190 - height), (x + width, 190), colour, -1)
    road = np.array([[250, 190], [390, 190], [640, 480], [0, 480]], np.int32)
    cv2.fillPoly(image, [road], (112, 112, 116))
    cv2.ellipse(image, (330, 390), (190, 52), 0, 0, 360, (168, 142, 108), -1)
    cv2.ellipse(image, (310, 382), (120, 26), 0, 0, 360, (196, 176, 146), -1)
    rng = np.random.default_rng(7)
    noise = rng.integers(-6, 7, image.shape, np.int16)
    return np.asarray(np.clip(image.astype(np.int16) + noise, 0, 255), np.uint8)
