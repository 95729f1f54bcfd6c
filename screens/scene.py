"""What is painted, as data: boxes, words, icons and what can be pressed. Pure.

A scene is made from a view by `compose`, painted by `paint`, and read by the tests: nothing may
overflow or overlap, and every target keeps its millimetres.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from screens.geometry import Rect
from screens.theme import CLEAR, Colour


class Align(StrEnum):
    """Where a line stands in its rectangle."""

    LEFT = "left"
    CENTRE = "centre"
    RIGHT = "right"


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with round corners; sizes in pixels."""

    rect: Rect
    fill: Colour
    radius: float = 0.0
    border: Colour = CLEAR
    border_px: float = 0.0


@dataclass(frozen=True, slots=True, repr=False)
class Words:
    """Lines of one size and ink; each line is `line_px` high. What they say is in no repr."""

    rect: Rect
    lines: tuple[str, ...]
    size_px: int
    line_px: int
    ink: Colour
    bold: bool = False
    align: Align = Align.LEFT

    def __repr__(self) -> str:
        return f"Words({self.rect}, {len(self.lines)} lines)"


@dataclass(frozen=True, slots=True)
class Icon:
    """A line drawing of `icons`."""

    rect: Rect
    name: str
    ink: Colour


@dataclass(frozen=True, slots=True)
class Picture:
    """The camera's live picture, or the photo taken in this visit."""

    rect: Rect
    still: bool
    mirrored: bool
    oval: bool = False


@dataclass(frozen=True, slots=True)
class Ring:
    """A countdown: `share` of the ring is left."""

    rect: Rect
    share: float
    ink: Colour
    ground: Colour


@dataclass(frozen=True, slots=True)
class Busy:
    """Three dots that say that the terminal waits or works."""

    rect: Rect
    ink: Colour


Item = Box | Words | Icon | Picture | Ring | Busy


@dataclass(frozen=True, slots=True)
class Target:
    """What a finger may press. `key` is `kind:name`; a disabled one says why when it is pressed."""

    rect: Rect
    key: str
    enabled: bool = True
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Layer:
    """Items painted together, inside `clip` when there is one."""

    items: tuple[Item, ...]
    clip: Rect | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A whole screen. `overflow_px` is how much further the body can be moved up. `staff_corner`: where
    a long hold asks for the staff menu; it is not a target, since pressing it does nothing.
    """

    layers: tuple[Layer, ...]
    targets: tuple[Target, ...]
    overflow_px: float = 0.0
    body: Rect | None = None
    staff_corner: Rect | None = None

    def target_at(self, x: float, y: float) -> Target | None:
        """The topmost target under a point in pixels from the top left."""
        return next((t for t in reversed(self.targets) if t.rect.holds(x, y)), None)

    def target(self, key: str) -> Target | None:
        return next((t for t in self.targets if t.key == key), None)
