"""What passed in one conversation with a card, for a recorded session.

Answers are kept as they came until the application that read them says what may be shown: only the whole
of a read shows whether it was good. Nothing leaves the child process before that.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import TypeAlias

from drivers.card_reader.apdu_tap import redacted_answer, redacted_command
from drivers.card_reader.applications import CardApplication
from drivers.tap import Direction

Record: TypeAlias = tuple[Direction, bytes, int]
"""What a `Tap` gets."""
Redact: TypeAlias = Callable[[Sequence[bytes]], list[bytes]]
_STATUS_SIZE = 2


class Conversation:
    """The pieces of the conversations since the last `take`, in order."""

    def __init__(self) -> None:
        self._done: list[Record] = []
        self._open: list[Record] = []

    def begin(self, protocol: int, applications: Sequence[CardApplication]) -> None:
        """`protocol`: 0 or 1, as T=0 and T=1. The ATR is left out: it may hold a card's number."""
        self._line(f"T={protocol} {' '.join(application.name for application in applications)}")

    def end(self, outcome: str) -> None:
        """A word for what came of it, with nothing of the card. What was not masked is zeros."""
        self.mask(None)
        self._line(outcome)

    def passed(self, direction: Direction, data: bytes) -> None:
        """One APDU, as it is on the wire."""
        command = direction is Direction.TO_DEVICE
        self._open.append((direction, redacted_command(data) if command else data, time.monotonic_ns()))

    def mask(self, redact: Redact | None) -> None:
        """All answers since the last time: their data goes through `redact`, or becomes zeros."""
        answers = [data for direction, data, _ in self._open if direction is Direction.FROM_DEVICE]
        if redact is None:
            masked = [redacted_answer(answer) for answer in answers]
        else:
            shown = redact([answer[:-_STATUS_SIZE] for answer in answers])
            masked = [data + answer[-_STATUS_SIZE:] for data, answer in zip(shown, answers, strict=True)]
        left = iter(masked)
        for direction, data, at in self._open:
            self._done.append((direction, next(left) if direction is Direction.FROM_DEVICE else data, at))
        self._open.clear()

    def take(self) -> list[Record]:
        """What may be shown, and forget it."""
        done, self._done = self._done, []
        return done

    def _line(self, words: str) -> None:
        self._done.append((Direction.LINE, words.encode(), time.monotonic_ns()))
