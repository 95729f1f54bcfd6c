"""A small folder to measure on, of the portraits that set-up fetches: who is who is invented here."""

from __future__ import annotations

import itertools
from pathlib import Path

import cv2

from drivers.face.evaluation.data_set import COLUMNS, PICTURES, TABLE, Half, half_of
from tests.drivers.face.portraits import portrait

Seen = tuple[str, bool]
"""A file of set-up, and whether it is mirrored, which makes another person of it."""


def small_folder(folder: Path) -> Path:
    """In each half two people of whom one has two pictures; two singles of a group, who are the same."""
    rows = []
    for half, mirrored in ((Half.CHOOSING, False), (Half.REPORTING, True)):
        one, other = itertools.islice(
            (p for p in map("p{}".format, itertools.count()) if half_of(p) is half), 2
        )
        rows += [
            _row(folder, one, "reference", "", ("obama.jpg", mirrored)),
            _row(folder, one, "live", "", ("obama2.jpg", mirrored)),
            _row(folder, other, "reference", "", ("biden.jpg", mirrored)),
            _row(folder, other, "live", "", ("biden.jpg", not mirrored)),
        ]
    rows += [_row(folder, f"s{n}", "single", "twins", ("astronaut.png", bool(n))) for n in range(2)]
    (folder / TABLE).write_text("\n".join([",".join(COLUMNS), *rows, ""]), "utf-8")
    return folder


def _row(folder: Path, person: str, role: str, group: str, seen: Seen) -> str:
    (folder / PICTURES).mkdir(exist_ok=True)
    name = f"{person}_{role}.png"
    file, mirrored = seen
    pixels = portrait(file)
    assert cv2.imwrite(str(folder / PICTURES / name), cv2.flip(pixels, 1) if mirrored else pixels)
    return f"{name},{person},m,{role},{group}"
