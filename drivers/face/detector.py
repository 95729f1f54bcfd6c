"""Where the faces are, and their five points: dlib's HOG detector and its public-domain 5-point model.

Where HOG finds nothing BlazeFace is asked (docs/decisions/face_matching.md).

face_recognition opens dlib's 68-point model when it is imported; that file may not be used
commercially, so the 5-point file's path is handed to it first and the 68-point file stays shut.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.blazeface import BLAZE_MODEL, BlazeFace
from drivers.face.onnx import file_hash

LARGEST_SIDE_PX = 640
"""Live pictures are searched at this size: a resident's face is far larger than HOG's 80 pixels."""


def face_recognition_without_68_points() -> Any:
    """The library `face_recognition`, with both landmark paths leading to the 5-point model."""
    import face_recognition_models as models

    five = models.pose_predictor_five_point_model_location()
    models.pose_predictor_model_location = lambda: five
    import face_recognition.api as api

    return api


@dataclass(frozen=True, slots=True, repr=False)
class Face:
    """A found face: box in pixels (left, top, right, bottom) and points (5, 2): the left eye's two
    corners, the right eye's two corners (as in the picture, outer first), the base of the nose.
    """

    box: tuple[int, int, int, int]
    points: NDArray[np.float64]
    shape: Any

    @property
    def area(self) -> int:
        left, top, right, bottom = self.box
        return max(0, right - left) * max(0, bottom - top)

    def __repr__(self) -> str:
        return "Face(masked)"


class Detector:
    """Finds faces in RGB pictures (uint8, height x width x 3), the largest first.

    `models`: the folder with BlazeFace's file; without the folder or the file HOG is alone, which is another `id`.
    """

    def __init__(self, models: Path | None = None) -> None:
        api = face_recognition_without_68_points()
        self._hog = api.face_detector
        self._five = api.pose_predictor_5_point
        self._second: BlazeFace | None = None
        self._second_id = "alone"
        if models is not None and (file := models / BLAZE_MODEL).is_file():
            self._second, self._second_id = BlazeFace(file), file_hash(file)[:12]

    @property
    def id(self) -> str:
        """Of all that decides where a face and its five points are found: a limit is valid for it alone."""
        import face_recognition_models as models

        five = file_hash(Path(models.pose_predictor_five_point_model_location()))
        return f"hog{LARGEST_SIDE_PX}-{self._second_id}-{five[:12]}"

    def find(self, rgb: NDArray[np.uint8], *, upsample: int) -> list[Face]:
        """`upsample` 1 finds faces down to about 40 pixels, 0 down to 80."""
        scale = min(1.0, LARGEST_SIDE_PX / max(rgb.shape[:2]))
        small = cv2.resize(rgb, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA) if scale < 1 else rgb
        faces = []
        for found in self._hog(np.ascontiguousarray(small), upsample):
            box = tuple(round(v / scale) for v in (found.left(), found.top(), found.right(), found.bottom()))
            faces.append(self._described(rgb, box))
        return sorted(faces, key=lambda face: face.area, reverse=True)

    def find_harder(self, rgb: NDArray[np.uint8]) -> list[Face]:
        """Faces that HOG does not find: turned, pale or half covered. None without the second detector."""
        if self._second is None:
            return []
        faces = [self._described(rgb, box) for box in self._second.find(rgb)]
        return sorted(faces, key=lambda face: face.area, reverse=True)

    def _described(self, rgb: NDArray[np.uint8], box: tuple[int, ...]) -> Face:
        import dlib

        shape = self._five(np.ascontiguousarray(rgb), dlib.rectangle(*box))
        points = np.array([(p.x, p.y) for p in shape.parts()], np.float64)
        left, top, right, bottom = box
        return Face((left, top, right, bottom), points, shape)
