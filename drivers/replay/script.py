"""What a far end said then, in the order of what it was asked."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from drivers.recording import Piece
from drivers.tap import Direction

LONGEST_DELAY_S = 10.0
US = 1_000_000


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that came after a question: bytes, or what happened to the line (`b"lost"`)."""

    direction: Direction
    data: bytes
    delay_s: float
    """After the question, or after the thing said before."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """A question and all that came before the next one."""

    question: bytes
    said: tuple[Said, ...]


def exchanges(pieces: Sequence[Piece]) -> tuple[Exchange, ...]:
    """Cut one wire's pieces at each question. What came before the first question is left out."""
    found: list[tuple[bytes, list[Said]]] = []
    before_us = 0
    for piece in pieces:
        if piece.direction is Direction.TO_DEVICE:
            found.append((piece.data, []))
        elif found:
            delay_s = min(LONGEST_DELAY_S, max(0.0, (piece.at_us - before_us) / US))
            found[-1][1].append(Said(piece.direction, piece.data, delay_s))
        before_us = piece.at_us
    return tuple(Exchange(question, tuple(said)) for question, said in found)


class Script:
    """Gives each answer once, in order. A driver that asks more or less than then is told apart.

    `strange`: questions that were not asked then, or not any more. `skipped`: exchanges that the
    driver did not come to. Any thread may look.
    """

    def __init__(self, recorded: Sequence[Exchange]) -> None:
        self._left = list(recorded)
        self._lock = threading.Lock()
        self.strange = 0
        self.skipped = 0

    @property
    def finished(self) -> bool:
        return self.left == 0

    @property
    def left(self) -> int:
        """Exchanges that are still to come."""
        with self._lock:
            return len(self._left)

    def answers_to(self, question: bytes) -> tuple[Said, ...]:
        """What was said to this question the next time that it was asked; nothing when it never was."""
        with self._lock:
            for index, exchange in enumerate(self._left):
                if exchange.question == question:
                    self.skipped += index
                    del self._left[: index + 1]
                    return exchange.said
            self.strange += 1
            return ()
