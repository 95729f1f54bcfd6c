"""Whether a live frame is usable, and if not, what the resident can do.

Only live frames pass through here. A card's photo has 28 pixels between the eyes and would never
pass; it has its own class in the calibration and is only asked for a face.

`LIMITS` holds every number. They leave good faces alone on 488 press photographs (grey, brought to
640 x 480 pixels) and stop their darkened, blurred, turned and covered copies; the counts are in
docs/decisions/face_quality.md. They are to be set anew on a pilot with the real camera. A limit that
may be wrong about a person only wishes: after `WISHES_S` a frame that is fine otherwise is used as
it is, so that narrow eyes, a beard, a stiff neck or the light of a hall keep nobody out.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from math import inf
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray

from drivers.face.contract import Guidance
from drivers.face.detector import Face
from drivers.face.elements import Elements, eyes_of, measure
from drivers.face.posture import EYE_MODEL, POSE_MODEL, EyesOpen, HeadPose

BYSTANDER_AREA_RATIO = 2.0
"""SingleFacePresent: a second face is ignored only if the first is at least twice its area (case F02)."""
DARK_SCENE = 25.0
"""Mean luminance of a frame below which "no face" is said as "too dark"."""
WISHES_S = 3.0
"""So long frames are held back for wishes, counted from the first that lacks nothing else."""


@dataclass(frozen=True, slots=True)
class Limit:
    """One row: the standard's name, the field of `Elements`, its range, and the words outside of it.

    `demanded`: outside of it no frame is used. The others are wishes.
    """

    element: str
    field: str
    at_least: float
    at_most: float
    guidance: Guidance
    demanded: bool = True

    def keeps(self, seen: Elements) -> bool:
        """True too for what was not measured: nobody is asked to mend what was not seen."""
        value: float | None = getattr(seen, self.field)
        return value is None or self.at_least <= value <= self.at_most


G = Guidance
LIMITS = (
    # Of the frame's shorter side: at 480 pixels 115, so that a bystander of half the area has more
    # than the 80 pixels that the detector needs and a comparable second face is never missed.
    Limit("HeadSize", "height_share", 0.24, inf, G.COME_CLOSER),
    # The second matcher sees 36 pixels between the eyes; fewer would have to be invented.
    Limit("InterEyeDistance", "eye_distance_px", 36.0, inf, G.COME_CLOSER),
    Limit("HeadSize", "height_share", 0.0, 0.72, G.MOVE_BACK),
    # MarginAbove, MarginBelow, LeftwardCrop, RightwardCrop in one: how much of the box is outside.
    Limit("MarginAboveOfTheFaceImage", "outside_share", 0.0, 0.20, G.TO_THE_MIDDLE),
    Limit("UnderExposurePrevention", "background_ratio", 0.0, 2.2, G.BACK_LIGHT),
    Limit("UnderExposurePrevention", "bright_end", 60.0, inf, G.TOO_DARK),
    Limit("UnderExposurePrevention", "black_share", 0.0, 0.50, G.TOO_DARK),
    Limit("OverExposurePrevention", "white_share", 0.0, 0.15, G.TOO_BRIGHT),
    Limit("Sharpness", "blur", 0.0, 0.72, G.HOLD_STILL),
    # A full beard, a scar or a tube may hide the line of the mouth, and none of them can be taken off.
    Limit("MouthOcclusionPrevention", "mouth_line", 0.25, inf, G.FACE_COVERED, demanded=False),
    Limit("EyesVisible", "eyes_dark_share", 0.0, 0.65, G.DARK_GLASSES, demanded=False),
    Limit("HeadPoseYaw", "yaw", -30.0, 30.0, G.LOOK_HERE, demanded=False),
    Limit("HeadPosePitch", "pitch", -26.0, 14.0, G.LOOK_HERE, demanded=False),
    Limit("HeadPoseRoll", "roll", -30.0, 30.0, G.HEAD_LEVEL, demanded=False),
    Limit("EyesVisible", "eye_glare_share", 0.0, 0.12, G.GLARE, demanded=False),
    Limit("IlluminationUniformity", "side_ratio", 0.45, 1.0, G.SIDE_LIGHT, demanded=False),
    Limit("EyesOpen", "eyes_shut", 0.0, 0.90, G.EYES_HERE, demanded=False),
)
"""In the order in which they are asked for: what hides the other defects comes first."""


def choose(rgb: NDArray[np.uint8], faces: Sequence[Face]) -> Face | Guidance:
    """The one face that is the resident's (case F02), the largest being first; or the words that help."""
    if not faces:
        return Guidance.TOO_DARK if float(rgb[::8, ::8].mean()) < DARK_SCENE else Guidance.NO_FACE
    if len(faces) > 1 and faces[0].area < BYSTANDER_AREA_RATIO * faces[1].area:
        return Guidance.ONE_PERSON
    return faces[0]


class Gate:
    """The live frames of one attempt after the other. A model that is not there leaves its wish unsaid."""

    def __init__(self, models: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._pose = HeadPose(models / POSE_MODEL) if (models / POSE_MODEL).is_file() else None
        self._eyes = EyesOpen(models / EYE_MODEL) if (models / EYE_MODEL).is_file() else None
        self._now = now
        self._wishing_since_s: float | None = None

    def begin(self) -> None:
        """Another attempt: wishes are said anew."""
        self._wishing_since_s = None

    def judge(self, rgb: NDArray[np.uint8], faces: Sequence[Face]) -> Face | Guidance:
        """The one face to compare, or the words that help. `rgb` is uint8 (height, width, 3)."""
        face = choose(rgb, faces)
        if isinstance(face, Guidance):
            return face
        seen = measure(rgb, face.box, eyes_of(face.points))
        if seen is None:
            return Guidance.NO_FACE
        lacking = next((limit for limit in LIMITS if limit.demanded and not limit.keeps(seen)), None)
        if lacking is not None:
            return lacking.guidance
        seen = self._with_posture(seen, rgb, face)
        wish = next((limit for limit in LIMITS if not limit.keeps(seen)), None)
        return face if wish is None or self._waited_enough() else wish.guidance

    def elements(self, rgb: NDArray[np.uint8], face: Face) -> Elements | None:
        """Everything that is measured of this face, for who weighs frames; None as for `measure`."""
        seen = measure(rgb, face.box, eyes_of(face.points))
        return None if seen is None else self._with_posture(seen, rgb, face)

    def _with_posture(self, seen: Elements, rgb: NDArray[np.uint8], face: Face) -> Elements:
        angles = None if self._pose is None else self._pose.angles(rgb, face.box)
        yaw, pitch = angles or (None, None)
        shut = None
        if self._eyes is not None:
            grey = np.asarray(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY), np.uint8)
            shut = self._eyes.shut(grey, eyes_of(face.points))
        return replace(seen, yaw=yaw, pitch=pitch, eyes_shut=shut)

    def _waited_enough(self) -> bool:
        now_s = self._now()
        if self._wishing_since_s is None:
            self._wishing_since_s = now_s
        return now_s - self._wishing_since_s >= WISHES_S
