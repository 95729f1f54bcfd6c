"""What can be said of whether somebody stands there: a method, what it asked, what came, and no more.

No method here is an assurance: with one plain camera it is deterrence (`docs/decisions/liveness.md`).
A record never says "live"; it says which movements were asked and whether they were shown.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from drivers.camera.contract import Frame
from drivers.contract import Failed, Ok
from drivers.face.contract import FaceFailure, Guidance


class Method(StrEnum):
    """How it was looked at. Written in kiosk.ini and in the record, and named by doctor."""

    PROMPT = "prompt"
    """Movements asked in an order that nobody knows before."""
    PASSIVE = "passive"
    """A model looked at the picture; recorded, never deciding."""
    INFRARED = "infrared"
    """A vendor's kit with an infrared camera of its own."""
    OFF = "off"


class Outcome(StrEnum):
    """What came of it."""

    SHOWN = "shown"
    NOT_SHOWN = "not_shown"
    NOT_DONE = "not_done"
    """Nothing was decided: the method is off, never decides, or the resident chose another way."""
    UNAVAILABLE = "unavailable"
    """It was to be done and could not."""


class Prompt(StrEnum):
    """A movement, as the resident makes it: left is the resident's left."""

    TURN_LEFT = "turn_left"
    TURN_RIGHT = "turn_right"
    LOOK_UP = "look_up"
    LOOK_DOWN = "look_down"
    TILT_LEFT = "tilt_left"
    TILT_RIGHT = "tilt_right"
    CLOSER = "closer"
    BACK = "back"


class Break(StrEnum):
    """Why the frames are no unbroken look at one person."""

    OTHER_PERSON = "other_person"
    REPEATED = "repeated"
    """A picture came twice, byte for byte."""
    BACKWARDS = "backwards"
    """Number or time of a frame did not grow."""
    GAP = "gap"
    """Too long between two frames."""
    JUMP = "jump"
    """The face was elsewhere, or of another size, sooner than a head can be."""
    LOST = "lost"
    """A frame that was to be compared had no face to follow."""
    REOPENED = "reopened"
    """The camera was opened again in between."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """What one frame shows of the face: shapes and distances, nothing to recognise anybody by.

    `turn`, `nod`: where the base of the nose lies, along and across the line of the eyes, in distances
    between the eyes. `tilt_degrees`: that line against the picture's, positive when the resident's left
    is lower. `size`: the distance between the eyes in parts of the picture's width. `x`, `y`: the middle
    of the eyes in parts of its width and height. `relief`: how far the movement since the first sighting
    is from that of a flat picture, in distances between the eyes; None before there are two.
    `apart`: how far this face is from the last one that was sighted or compared; None for the first.
    `matcher`: whose distance that is. `passive`: the passive model's number, 0 to 1, where it was asked.
    """

    turn: float
    nod: float
    tilt_degrees: float
    size: float
    x: float
    y: float
    relief: float | None
    apart: float | None
    matcher: str
    passive: float | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A sighting, and whether it is the person of the one before under the calibration's own limit."""

    sighting: Sighting
    same_person: bool


@dataclass(frozen=True, slots=True)
class LivenessRecord:
    """What is kept of it and travels with the case.

    `model`: file or kit that spoke, empty for movements, which need none. `passive`: rounded to 0.01.
    """

    method: Method
    outcome: Outcome
    prompts: tuple[Prompt, ...] = ()
    broken: Break | None = None
    model: str = ""
    passive: float | None = None

    @property
    def lets_pass(self) -> bool:
        """Whether a comparison may be accepted beside it: a method that decides must have been shown."""
        return self.method in (Method.OFF, Method.PASSIVE) or self.outcome is Outcome.SHOWN

    @property
    def detail(self) -> str:
        """As one line of evidence, such as `prompt shown turn_left,closer`; the words of this file only."""
        words = [self.method.value, self.outcome.value]
        words += [",".join(self.prompts)] if self.prompts else []
        words += [f"broken {self.broken.value}"] if self.broken else []
        words += [f"model {self.model}"] if self.model else []
        words += [f"passive {self.passive:.2f}"] if self.passive is not None else []
        return " ".join(words)


class Eyes(Protocol):
    """Who can look at a frame: the face verifier's process."""

    def sight(self, frame: Frame, *, passive: bool = False) -> Ok[Seen] | Failed[FaceFailure | Guidance]:
        """The shape of the one face in the frame. Guidance when there is none, or more than one."""
        ...


class LivenessCheck(Protocol):
    """One method, for one attempt after the other. `decline` comes from another thread than the rest."""

    @property
    def method(self) -> Method: ...

    def begin(self, *, again: bool, unhurried: bool = False) -> None:
        """A new attempt. `again`: of the same resident, who need not decline a movement twice. `unhurried`: of one
        who reads large type, or has what is asked read aloud, and needs more time for the same movement.
        """
        ...

    def open(self) -> None:
        """The camera opens now, and with it what the method has of its own."""
        ...

    def usable(self, frame: Frame, opening: int, /) -> FaceFailure | None:
        """A frame that will be compared. A reason when nothing more can be looked at.

        `opening`: the camera's `open_count`, which stays while the look is unbroken.
        """
        ...

    @property
    def asks(self) -> Prompt | None:
        """The movement that is waited for; None when nothing is."""
        ...

    @property
    def finished(self) -> bool:
        """Nothing more is to be asked before the comparison."""
        ...

    @property
    def moving_s(self) -> float:
        """The longest, in seconds of the frames, that all movements of this attempt may take; those that were
        declined count. 0 when none is asked.
        """
        ...

    def watch(self, frame: Frame, opening: int, /) -> FaceFailure | Guidance | None:
        """A frame while a movement is asked, or after the last one until a frame is compared.

        Guidance helps; a FaceFailure ends the attempt.
        """
        ...

    def decline(self) -> None:
        """The resident asks for another movement."""
        ...

    def record(self) -> LivenessRecord:
        """What came of the attempt so far."""
        ...

    def end(self) -> None:
        """The attempt is over, however it ended: what `open` opened is closed. May be called at any time, and twice."""
        ...

    def close(self) -> None:
        """End what it started; not usable afterwards."""
        ...
