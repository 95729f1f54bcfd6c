"""What face verification promises: guidance, a comparison under a calibration, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.camera.contract import Frame
from drivers.contract import Device, Failed, Ok


class Guidance(StrEnum):
    """What the resident can do so that a frame becomes usable. Never an accusation."""

    NO_FACE = "no_face"
    ONE_PERSON = "one_person"
    COME_CLOSER = "come_closer"
    MOVE_BACK = "move_back"
    TO_THE_MIDDLE = "to_the_middle"
    TOO_DARK = "too_dark"
    BACK_LIGHT = "back_light"
    TOO_BRIGHT = "too_bright"
    SIDE_LIGHT = "side_light"
    DARK_GLASSES = "dark_glasses"
    FACE_COVERED = "face_covered"
    """Mouth and chin: a mask, a scarf, a hand."""
    HOLD_STILL = "hold_still"
    LOOK_HERE = "look_here"
    """The head is turned to a side, up or down."""
    HEAD_LEVEL = "head_level"
    """The head leans to a shoulder."""
    GLARE = "glare"
    """Light on glasses hides an eye."""
    EYES_HERE = "eyes_here"


class FaceFailure(StrEnum):
    """Why no comparison can be made at all."""

    UNCALIBRATED = "uncalibrated"
    MODEL_MISSING = "model_missing"
    NO_REFERENCE = "no_reference"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    MOVEMENT_NOT_SEEN = "movement_not_seen"
    """The movement that was asked was not seen, or not in one unbroken look at one person."""
    MOVEMENT_DECLINED = "movement_declined"
    """The resident cannot make any of the movements that can be asked: another way, at once."""
    LIVENESS_UNAVAILABLE = "liveness_unavailable"


@dataclass(frozen=True, slots=True)
class Score:
    """One matcher's distance (0 = same picture) rounded to 0.01, and the calibrated limit."""

    matcher: str
    distance: float
    limit: float

    @property
    def cleared(self) -> bool:
        return self.distance <= self.limit


@dataclass(frozen=True, slots=True)
class Comparison:
    """The decision over several frames: accepted only if every matcher cleared its limit, by the median
    of the frames and by the last of them alone.

    `accepted=False` never rejects a person; it leads to another try or another way.
    """

    accepted: bool
    scores: tuple[Score, ...]
    calibration_id: str
    frames_used: int


class FaceVerifier(Device, Protocol):
    """One-to-one comparison of live frames with the photo of the card, in a child process."""

    def set_reference(self, picture: bytes) -> Ok[None] | Failed[FaceFailure | Guidance]:
        """Take the card's photo (an encoded picture that OpenCV reads: BMP, PNG, JPEG, WebP).

        `Failed(NO_FACE)` when no face can be found on it.
        """
        ...

    def examine(self, frame: Frame) -> Ok[None] | Failed[FaceFailure | Guidance]:
        """Is this frame usable? If so its embedding is kept in the child for `decide`."""
        ...

    def decide(self) -> Ok[Comparison] | Failed[FaceFailure]:
        """Compare the usable frames since `set_reference` or the last `decide`: `decision.over_frames`."""
        ...

    def forget(self) -> None:
        """End the visit: reference and frames are gone with the child's memory."""
        ...
