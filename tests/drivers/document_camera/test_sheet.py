"""Where the sheet lies, and what is said when it cannot be used: on drawn frames with known corners."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from drivers.contract import Failed, Ok
from drivers.document_camera.contract import DocumentFailure, Page, SheetFormat
from drivers.document_camera.scan import Scanner
from tests.drivers.document_camera.sheets import (
    A4_CORNERS,
    CARD_CORNERS,
    Pixels,
    blank,
    card,
    drawn_a4,
    moved,
    photographed,
    with_finger,
    with_glare,
)

LIGHT_SKIN, DARK_SKIN, PAPER_LIKE = (160, 190, 235), (50, 70, 110), (205, 212, 222)
WRONG_WITH_A4 = {
    "no sheet": (lambda: photographed(moved(A4_CORNERS, by=(9000, 0))), DocumentFailure.NO_SHEET),
    "white on white": (lambda: photographed(table=(215, 216, 214)), DocumentFailure.NO_SHEET),
    "out on the right": (
        lambda: photographed(moved(A4_CORNERS, by=(300, 0))),
        DocumentFailure.PARTLY_OUTSIDE,
    ),
    "out at the top by a finger's width": (
        lambda: photographed(moved(A4_CORNERS, by=(0, -270))),
        DocumentFailure.PARTLY_OUTSIDE,
    ),
    "far away": (lambda: photographed(moved(A4_CORNERS, scale=0.6)), DocumentFailure.TOO_SMALL),
    "a card": (card, DocumentFailure.TOO_SMALL),
    "a square": (
        lambda: photographed([(700, 300), (1900, 300), (1900, 1500), (700, 1500)]),
        DocumentFailure.WRONG_SHAPE,
    ),
    "a finger": (lambda: with_finger(photographed(), (1200, 1620), skin=LIGHT_SKIN), DocumentFailure.COVERED),
    "a dark finger": (
        lambda: with_finger(photographed(), (500, 1690), skin=DARK_SKIN),
        DocumentFailure.COVERED,
    ),
    "a white glove": (
        lambda: with_finger(photographed(), (2000, 1640), skin=PAPER_LIKE),
        DocumentFailure.COVERED,
    ),
    "a finger on a corner": (lambda: with_finger(photographed(), (260, 1650)), DocumentFailure.COVERED),
    "night": (lambda: photographed(light=0.3), DocumentFailure.TOO_DARK),
    "a lamp": (lambda: with_glare(photographed(), radius=50), DocumentFailure.GLARE),
    "much too bright": (lambda: photographed(light=1.6), DocumentFailure.GLARE),
    "out of focus": (lambda: photographed(blur_px=3.0), DocumentFailure.BLURRED),
    "out of focus in dim light": (
        lambda: photographed(blur_px=3.0, light=0.45),
        DocumentFailure.BLURRED,
    ),
    "nothing but fog": (lambda: photographed(blur_px=20.0), DocumentFailure.BLURRED),
    "its back": (lambda: photographed(sheet=blank()), DocumentFailure.EMPTY),
}


def scanned(frame: Pixels, wanted: SheetFormat = SheetFormat.A4) -> Page:
    answer = Scanner().page(frame, wanted)
    assert isinstance(answer, Ok), answer
    return answer.value


def corner_error_px(page: Page, truth: object) -> float:
    return float(np.linalg.norm(np.array(page.corners) - np.asarray(truth), axis=1).max())


@pytest.mark.parametrize(("frame", "reason"), WRONG_WITH_A4.values(), ids=WRONG_WITH_A4)
def test_what_cannot_be_used_says_what_to_do(frame: object, reason: DocumentFailure) -> None:
    assert callable(frame)
    answer = Scanner().page(frame(), SheetFormat.A4)
    assert isinstance(answer, Failed)
    assert answer.reason is reason


@pytest.mark.parametrize("kinds", [{}, {"light": 0.5}, {"blur_px": 2.0}, {"table": (90, 130, 170)}])
def test_the_corners_are_found_to_a_fraction_of_a_pixel(kinds: dict[str, object]) -> None:
    """Dim light, a little blur, a wooden table: measured at most 0.25 px; the limit is 1 px."""
    page = scanned(photographed(**kinds))  # type: ignore[arg-type]
    assert corner_error_px(page, A4_CORNERS) < 1.0
    assert (page.width_px, page.height_px, page.dpi) == (2339, 1654, 200)


def test_a_sheet_that_lies_turned() -> None:
    corners, angle = moved(A4_CORNERS, scale=0.85), np.deg2rad(8)
    turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    turned = (corners - corners.mean(axis=0)) @ turn + corners.mean(axis=0)
    assert corner_error_px(scanned(photographed(turned)), turned) < 1.0


def test_a_card_is_straightened_to_its_own_size() -> None:
    page = scanned(card(), SheetFormat.ID_1)
    assert corner_error_px(page, CARD_CORNERS) < 1.0
    assert (page.width_px, page.height_px, page.dpi) == (1011, 638, 300)


def test_the_writing_stands_where_it_was_written() -> None:
    """The page against the sheet that was drawn, not only its corners."""
    page = scanned(photographed(light=0.95))
    straight = cv2.imdecode(np.frombuffer(page.jpeg, np.uint8), cv2.IMREAD_GRAYSCALE)
    drawn = cv2.cvtColor(drawn_a4(), cv2.COLOR_BGR2GRAY)
    assert straight is not None
    alike = cv2.resize(straight, (drawn.shape[1], drawn.shape[0]), interpolation=cv2.INTER_AREA)
    assert float(np.corrcoef(alike.ravel(), drawn.ravel())[0, 1]) > 0.9  # 0.94; one pixel beside it, 0.78


def test_a_page_shows_nothing_of_itself_in_a_log() -> None:
    page = scanned(photographed())
    assert repr(page) == f"Page(a4, 2339x1654, {len(page.jpeg)} bytes)"
