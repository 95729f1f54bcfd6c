"""Invented sightings, frames and an observer without models."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from drivers.camera.contract import Frame
from drivers.contract import Failed, Ok
from drivers.face.contract import FaceFailure, Guidance
from drivers.face.liveness.continuity import NS
from drivers.face.liveness.contract import Prompt, Seen, Sighting

STRAIGHT = Sighting(0.01, 0.80, 1.0, 0.12, 0.5, 0.4, 0.002, 0.3, "frf")
IN_DEPTH = 0.05
P = Prompt
SHOWING: dict[Prompt, Sighting] = {
    P.TURN_LEFT: replace(STRAIGHT, turn=0.12, relief=IN_DEPTH),
    P.TURN_RIGHT: replace(STRAIGHT, turn=-0.12, relief=IN_DEPTH),
    P.LOOK_UP: replace(STRAIGHT, nod=0.70, relief=IN_DEPTH),
    P.LOOK_DOWN: replace(STRAIGHT, nod=0.90, relief=IN_DEPTH),
    P.TILT_LEFT: replace(STRAIGHT, tilt_degrees=14.0),
    P.TILT_RIGHT: replace(STRAIGHT, tilt_degrees=-12.0),
    P.CLOSER: replace(STRAIGHT, size=0.15),
    P.BACK: replace(STRAIGHT, size=0.10),
}


def frame(number: int, at_s: float | None = None, *, value: int | None = None) -> Frame:
    """Frame `number`, by default a tenth of a second after the one before; each another picture."""
    pixels = np.full((4, 4, 3), (number if value is None else value) % 256, np.uint8)
    return Frame(pixels, number, round((1 + (number * 0.1 if at_s is None else at_s)) * NS))


class ScriptedEyes:
    """Answers with the sightings that were put in, the last one for ever."""

    def __init__(self) -> None:
        self.next: deque[Seen | Guidance | FaceFailure] = deque([Seen(STRAIGHT, same_person=True)])
        self.asked_passive: list[bool] = []

    def show(self, *sightings: Sighting | Guidance | FaceFailure, same_person: bool = True) -> None:
        self.next = deque(Seen(s, same_person) if isinstance(s, Sighting) else s for s in sightings)

    def sight(self, _frame: Frame, *, passive: bool = False) -> Ok[Seen] | Failed[FaceFailure | Guidance]:
        self.asked_passive.append(passive)
        answer = self.next[0] if len(self.next) == 1 else self.next.popleft()
        return Ok(answer) if isinstance(answer, Seen) else Failed(answer)


class Order:
    """Not chance: takes the order that begins with what comes first among the wanted."""

    def __init__(self, *wanted: Prompt) -> None:
        self._wanted = (*wanted, *(prompt for prompt in Prompt if prompt not in wanted))

    def choice(self, seq: Sequence[tuple[Prompt, ...]], /) -> tuple[Prompt, ...]:
        return min(seq, key=lambda way: [self._wanted.index(prompt) for prompt in way])
