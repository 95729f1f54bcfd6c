"""Where the sheet lies: its four corners, each the meeting of two edges that were measured.

The sheet is what differs from the table; the table's colour is what the frame's border mostly shows.
A rough outline comes from a small picture. Then each edge is measured in the full one: along many
lines across it, the place of the steepest change; a straight line through those, and what does not
lie on it is something over the edge. Synthetic A4 in 2592 x 1944: see `tests/drivers/document_camera`.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.contract import Failed, Ok
from drivers.document_camera.contract import MEASURES, DocumentFailure, SheetFormat

MM_PER_INCH = 25.4
FRAME_SIDE_MIN_PX = 240
OUTLINE_WIDTH_PX = 648
AREA_SHARE_MIN = 0.01
CONTRAST_MIN = 22.0
"""Levels between table and sheet, below which nothing can be told apart."""
FINGER_SHARE = 0.09
"""A finger beside an A4 sheet: 20 mm of the square root of its area."""
SAMPLES = 150
SIDE_ENDS = 0.012
"""Share of a side next to each corner that is not looked at: corners are dog-eared."""
REACH_SHARE = 0.02
"""How far from the rough outline an edge is looked for, as a share of the frame's width."""
EDGE_HEIGHT_SHARE = 0.4
"""Of the side's usual steepness."""
DISTINCT_SHARE_MIN = 0.6
STRAIGHT_SHARE = 0.004
"""How far from its line an edge may lie, as a share of its length: paper curls a little."""
COVERED_RUN_SHARE = 0.035
"""An edge missing over so much of a side is covered: a finger's 15 mm are 0.05 of an A4's long side."""
FOUND_SHARE_MIN = 0.8
SHAPE_TOLERANCE = 0.2
MARGIN_PX = 2.0
OUT_OF_FOCUS_PX = 16.0
"""An edge that fades over so much: no type can be read."""

Corners = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Sheet:
    """`corners`: float64 (4, 2), clockwise from the top left, x and y in pixels of the frame."""

    corners: Corners

    @property
    def sides_px(self) -> tuple[float, float]:
        """Mean length of the two level sides and of the two upright ones."""
        lengths = np.linalg.norm(self.corners - np.roll(self.corners, -1, axis=0), axis=1)
        return float(lengths[[0, 2]].mean()), float(lengths[[1, 3]].mean())


def find(pixels: NDArray[np.uint8], wanted: SheetFormat) -> Ok[Sheet] | Failed[DocumentFailure]:
    """`pixels`: uint8 (height, width, 3) in BGR order."""
    if min(pixels.shape[:2]) < FRAME_SIDE_MIN_PX:
        return Failed(DocumentFailure.TOO_SMALL, "the picture itself")
    table = _table(pixels)
    outline = _outline(pixels, table)
    if isinstance(outline, Failed):
        return outline
    rough = outline.value
    edges = [_edge(pixels, table, rough[number], rough[(number + 1) % 4]) for number in range(4)]
    if min(edge.seen_share for edge in edges) < DISTINCT_SHARE_MIN:
        return Failed(DocumentFailure.NO_SHEET, "the edges are not distinct")
    edge_px = float(np.median([edge.width_px for edge in edges]))
    if edge_px > OUT_OF_FOCUS_PX:
        return Failed(DocumentFailure.BLURRED, f"edge {edge_px:.0f} px")
    if not all(edge.whole for edge in edges):
        return Failed(DocumentFailure.COVERED)
    corners = np.array([_meeting(edges[number - 1], edges[number]) for number in range(4)])
    height, width = pixels.shape[:2]
    if (corners < MARGIN_PX).any() or (corners > np.array([width - 1, height - 1]) - MARGIN_PX).any():
        return Failed(DocumentFailure.PARTLY_OUTSIDE)
    sheet = Sheet(corners)
    return _fits(sheet, wanted) or Ok(sheet)


def straighten(pixels: NDArray[np.uint8], sheet: Sheet, wanted: SheetFormat) -> NDArray[np.uint8]:
    """The sheet alone at its format's resolution, lying or standing as it lies or stands."""
    measures = MEASURES[wanted]
    short, long = (round(mm / MM_PER_INCH * measures.dpi) for mm in (measures.short_mm, measures.long_mm))
    across, down = sheet.sides_px
    width, height = (long, short) if across > down else (short, long)
    target = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32) - 0.5
    matrix = cv2.getPerspectiveTransform(sheet.corners.astype(np.float32), target)
    return np.asarray(cv2.warpPerspective(pixels, matrix, (width, height), flags=cv2.INTER_LINEAR), np.uint8)


def _fits(sheet: Sheet, wanted: SheetFormat) -> Failed[DocumentFailure] | None:
    measures = MEASURES[wanted]
    short, long = sorted(sheet.sides_px)
    if abs(long / short / (measures.long_mm / measures.short_mm) - 1) > SHAPE_TOLERANCE:
        return Failed(DocumentFailure.WRONG_SHAPE)
    dpi = min(short / measures.short_mm, long / measures.long_mm) * MM_PER_INCH
    return Failed(DocumentFailure.TOO_SMALL, f"{dpi:.0f} dpi") if dpi < measures.dpi_min else None


def _table(pixels: NDArray[np.uint8]) -> NDArray[np.float32]:
    """What the border mostly shows, in B, G, R."""
    rows, columns = pixels[[0, 4, -5, -1], ::4], pixels[::4, [0, 4, -5, -1]]
    return np.asarray(
        np.median(np.concatenate([rows.reshape(-1, 3), columns.reshape(-1, 3)]), axis=0), np.float32
    )


def _apart(pixels: NDArray[np.generic], table: NDArray[np.float32]) -> NDArray[np.float32]:
    """How much each pixel differs from the table, in its most different channel."""
    return np.asarray(np.abs(pixels.astype(np.float32) - table).max(axis=2), np.float32)


def _outline(pixels: NDArray[np.uint8], table: NDArray[np.float32]) -> Ok[Corners] | Failed[DocumentFailure]:
    """Four rough corners in pixels of the frame."""
    scale = OUTLINE_WIDTH_PX / pixels.shape[1]
    few = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    small = cv2.GaussianBlur(_apart(few, table), (0, 0), 0.8).astype(np.uint8)
    limit, mask = cv2.threshold(small, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    if not mask.any() or mask.all():
        return Failed(DocumentFailure.NO_SHEET)
    if float(small[mask > 0].mean()) - float(small[mask == 0].mean()) < CONTRAST_MIN:
        return Failed(DocumentFailure.NO_SHEET, f"limit {limit:.0f}")
    whole = _largest(mask)
    if whole is None:
        return Failed(DocumentFailure.NO_SHEET)
    filled = np.zeros_like(mask)
    cv2.drawContours(filled, [whole], -1, 255, -1)
    side = max(3, round(FINGER_SHARE * cv2.contourArea(whole) ** 0.5))
    body = _largest(cv2.morphologyEx(filled, cv2.MORPH_OPEN, np.ones((side, side), np.uint8)))
    if body is None:
        return Failed(DocumentFailure.NO_SHEET)
    left, top, width, height = cv2.boundingRect(body)
    if left <= 1 or top <= 1 or left + width >= small.shape[1] - 1 or top + height >= small.shape[0] - 1:
        return Failed(DocumentFailure.PARTLY_OUTSIDE)
    quadrangle = cv2.approxPolyN(cv2.convexHull(body), 4, ensure_convex=True).reshape(4, 2)
    return Ok(_clockwise(quadrangle.astype(np.float64) / scale))


def _largest(mask: object) -> NDArray[np.int32] | None:
    contours, _ = cv2.findContours(np.asarray(mask, np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    largest = max(contours, key=cv2.contourArea, default=None)
    room = np.asarray(mask).size * AREA_SHARE_MIN
    return None if largest is None or cv2.contourArea(largest) < room else np.asarray(largest, np.int32)


def _clockwise(corners: Corners) -> Corners:
    """Clockwise on the screen, from the one nearest to the top left."""
    centre = corners.mean(axis=0)
    angle = np.arctan2(corners[:, 1] - centre[1], corners[:, 0] - centre[0])
    ordered = corners[np.argsort(angle)]
    return np.roll(ordered, -int(ordered.sum(axis=1).argmin()), axis=0)


@dataclass(frozen=True, slots=True)
class _Edge:
    """A measured side.

    `whole`: nothing lies over it. `seen_share`: where it can be told from the table. `width_px`: over
    how many pixels it fades into the table, 3 or 4 when in focus.
    """

    point: Corners
    direction: Corners
    whole: bool
    seen_share: float
    width_px: float


def _edge(pixels: NDArray[np.uint8], table: NDArray[np.float32], start: Corners, end: Corners) -> _Edge:
    """The side between two rough corners."""
    along = end - start
    length = float(np.linalg.norm(along))
    inward = np.array([-along[1], along[0]]) / length
    reach = max(8, round(REACH_SHARE * pixels.shape[1]))
    places = start + np.linspace(SIDE_ENDS, 1 - SIDE_ENDS, SAMPLES)[:, None] * along
    offsets = np.arange(-reach, reach + 1)
    rise = _rise(pixels, table, places[:, None, :] + offsets[None, :, None] * inward)
    every = np.arange(SAMPLES)
    at = np.clip(rise.argmax(axis=1), 1, rise.shape[1] - 2)
    before, height, after = (rise[every, at + step] for step in (-1, 0, 1))
    bend = np.minimum(before - 2 * height + after, -1e-6)
    places_found = (
        places + (offsets[at] + 0.5 + np.clip((before - after) / (2 * bend), -1, 1))[:, None] * inward
    )
    contrast = rise.sum(axis=1)
    found = (height >= EDGE_HEIGHT_SHARE * np.median(height)) & (contrast >= CONTRAST_MIN)
    point, direction, on_line = _line(places_found, found, max(2.5, STRAIGHT_SHARE * length))
    return _Edge(
        point,
        direction,
        _longest_gap(on_line) <= COVERED_RUN_SHARE * SAMPLES and bool(on_line.mean() >= FOUND_SHARE_MIN),
        float(np.mean(contrast >= CONTRAST_MIN)),
        float(np.median(contrast / np.maximum(height, 1e-6))),
    )


def _rise(
    pixels: NDArray[np.uint8], table: NDArray[np.float32], grid: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Along each line of the grid, from without to within: how much more unlike the table, a pixel on."""
    seen = cv2.remap(
        pixels,
        grid[..., 0].astype(np.float32),
        grid[..., 1].astype(np.float32),
        cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_REPLICATE,
    )
    smooth = cv2.GaussianBlur(_apart(seen, table), (0, 0), sigmaX=1.2, sigmaY=0.6)
    return np.diff(smooth.astype(np.float64), axis=1)


def _line(
    points: Corners, found: NDArray[np.bool_], tolerance_px: float
) -> tuple[Corners, Corners, NDArray[np.bool_]]:
    """A point, a direction, and which of the points lie on that line."""
    on_line = found
    place, direction = points[0], points[-1] - points[0]
    for _ in range(3):
        if np.count_nonzero(on_line) < SAMPLES // 3:
            return place, direction, np.zeros_like(found)
        x_along, y_along, x, y = cv2.fitLine(
            points[on_line].astype(np.float32), cv2.DIST_HUBER, 0, 0.01, 0.01
        ).ravel()
        place, direction = np.array([x, y], np.float64), np.array([x_along, y_along], np.float64)
        off = np.abs((points - place) @ np.array([-direction[1], direction[0]]))
        on_line = found & (off <= tolerance_px)
    return place, direction, on_line


def _longest_gap(on_line: NDArray[np.bool_]) -> int:
    """Most samples in a row that are not on the line."""
    seen = np.flatnonzero(np.concatenate([[True], on_line, [True]]))
    return int(np.diff(seen).max()) - 1


def _meeting(first: _Edge, second: _Edge) -> Corners:
    """Where two sides meet; neighbours are never parallel."""
    factors = np.linalg.solve(
        np.column_stack([first.direction, -second.direction]), second.point - first.point
    )
    return np.asarray(first.point + factors[0] * first.direction, np.float64)
