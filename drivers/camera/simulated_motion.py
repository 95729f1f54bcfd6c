"""How a head moves in a picture: invented from one still portrait, for rehearsals.

`head` bends the picture over the shape of a head, so that the nose moves against the cheeks: what a
living resident does, as far as one portrait can. `flat` turns the same portrait as a stiff print in
somebody's hand. Whoever makes such a film of a resident and plays it to the camera passes as well:
this file is the proof of that, too.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

HEAD_DEPTH = 0.62
"""How far the nose's tip lies before the ears, in widths of the face."""
NOSE_DEPTH = 0.22
NOSE_SPREAD = 0.13
VIEWED_FROM = 4.0
"""Widths of the face between the camera and a print in a hand: near, so that its perspective is strong."""


@dataclass(frozen=True, slots=True)
class Movement:
    """Degrees to the resident's left, down, and leaning left; `growth` 1.0 is the distance of before."""

    yaw: float = 0.0
    pitch: float = 0.0
    roll: float = 0.0
    growth: float = 1.0

    def part(self, share: float) -> Movement:
        return Movement(
            self.yaw * share, self.pitch * share, self.roll * share, 1.0 + (self.growth - 1.0) * share
        )


MOVEMENTS: dict[str, Movement] = {
    "turn_left": Movement(yaw=20),
    "turn_right": Movement(yaw=-20),
    "look_up": Movement(pitch=-18),
    "look_down": Movement(pitch=18),
    "tilt_left": Movement(roll=15),
    "tilt_right": Movement(roll=-15),
    "closer": Movement(growth=1.25),
    "back": Movement(growth=0.8),
}
"""By the names of `drivers.face.liveness.contract.Prompt`."""

Box = tuple[float, float, float, float]
"""Left, top, right, bottom of the face in the picture, in pixels."""


def head(pixels: NDArray[np.uint8], face: Box, movement: Movement) -> NDArray[np.uint8]:
    """A head before the camera that makes this movement; the background comes along."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = face
    centre_x, centre_y, size = (left + right) / 2, (top + bottom) / 2, right - left
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    u, v = (x - centre_x) / size, (y - centre_y) / size
    round_part = np.sqrt(np.clip(1 - (u / 0.75) ** 2 - (v / 0.95) ** 2, 0, 1))
    nose = np.exp(-(u**2) / (2 * NOSE_SPREAD**2) - (v - 0.08) ** 2 / (2 * (1.3 * NOSE_SPREAD) ** 2))
    depth = (HEAD_DEPTH * round_part + NOSE_DEPTH * nose) * size
    # Against the mean depth of the eyes, so that they stay about where they are.
    depth -= HEAD_DEPTH * 0.9 * size * (round_part > 0)
    bent_x = x - depth * np.float32(np.sin(np.radians(movement.yaw)))
    bent_y = y - depth * np.float32(np.sin(np.radians(movement.pitch)))
    bent = cv2.remap(pixels, bent_x, bent_y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    turned = cv2.getRotationMatrix2D((centre_x, centre_y), -movement.roll, movement.growth)
    return np.asarray(
        cv2.warpAffine(bent, turned, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )


def flat(pixels: NDArray[np.uint8], face: Box, movement: Movement) -> NDArray[np.uint8]:
    """The same as a stiff print that is turned by as much about the middle of the face."""
    height, width = pixels.shape[:2]
    left, top, right, bottom = face
    centre = np.array([(left + right) / 2, (top + bottom) / 2])
    focal = (right - left) * VIEWED_FROM
    yaw, pitch, roll = np.radians([movement.yaw, movement.pitch, movement.roll])
    about_y = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    about_z = np.array([[np.cos(roll), -np.sin(roll), 0], [np.sin(roll), np.cos(roll), 0], [0, 0, 1]])
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float64)
    in_hand = np.column_stack([corners - centre, np.zeros(4)]) @ (about_z @ about_x @ about_y).T
    away = focal / movement.growth
    seen = in_hand[:, :2] * (focal / (away + in_hand[:, 2:])) + centre
    plane = cv2.getPerspectiveTransform(corners.astype(np.float32), seen.astype(np.float32))
    return np.asarray(
        cv2.warpPerspective(pixels, plane, (width, height), borderMode=cv2.BORDER_REPLICATE), np.uint8
    )
