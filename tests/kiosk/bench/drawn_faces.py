"""Faces drawn with a few ellipses, for pictures of the bench that are kept: no photograph of anybody."""

from __future__ import annotations

from pathlib import Path

from PIL import Image, ImageDraw

from kiosk.bench.people import PEOPLE, SIGHTS, Picture

SIZE_PX = (1100, 1000)
GROUND, COAT = "#dfe7ee", "#5b7690"
SKIN, HAIR = ("#f0c9a4", "#e6b98f", "#f3d3b3"), ("#b9bcc0", "#e8e6e1", "#3a3532")


def draw_faces(folder: Path) -> Path:
    """A file for each picture that the bench names, with the face in its place. Returns `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    named = [*(one.card_face for one in PEOPLE.values()), *(one.picture for one in SIGHTS.values())]
    for number, picture in enumerate(dict.fromkeys(one for one in named if one is not None)):
        _face(picture, number % len(SKIN)).save(folder / picture.file)
    return folder


def _face(picture: Picture, kind: int) -> Image.Image:
    left, top, right, bottom = picture.face
    width, height, middle = right - left, bottom - top, (left + right) / 2
    image = Image.new("RGB", SIZE_PX, GROUND)
    pen = ImageDraw.Draw(image)
    pen.ellipse((middle - width * 1.1, bottom, middle + width * 1.1, bottom + height * 2), COAT)
    pen.rectangle(
        (middle - width * 0.18, bottom - height * 0.2, middle + width * 0.18, bottom + height * 0.2),
        SKIN[kind],
    )
    pen.ellipse(
        (left - width * 0.08, top - height * 0.35, right + width * 0.08, bottom - height * 0.1), HAIR[kind]
    )
    pen.ellipse((left, top - height * 0.12, right, bottom + height * 0.08), SKIN[kind])
    for side in (-1, 1):
        x, y, eye = middle + side * width * 0.22, top + height * 0.42, width * 0.05
        pen.ellipse((x - eye, y - eye, x + eye, y + eye), "#2c2a29")
    pen.arc(
        (middle - width * 0.2, top + height * 0.5, middle + width * 0.2, top + height * 0.82),
        25,
        155,
        "#a8584e",
        max(2, width // 40),
    )
    return image
