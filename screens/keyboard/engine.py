"""What the keyboard asks of a pinyin engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class EngineState(StrEnum):
    """Whether pinyin can be typed now."""

    OPENING = "opening"
    READY = "ready"
    UNAVAILABLE = "unavailable"


@dataclass(frozen=True, slots=True, repr=False)
class Candidate:
    """What a press would type, and how many of the typed letters it stands for."""

    text: str
    letters: int

    def __repr__(self) -> str:
        return f"Candidate({len(self.text)} characters for {self.letters} letters)"


class Engine(Protocol):
    """Turns letters into characters and remembers nothing between two questions."""

    @property
    def state(self) -> EngineState: ...

    def candidates(self, letters: str, *, single: bool) -> tuple[Candidate, ...]:
        """What `letters` (a to z, v for ü) may mean, the likeliest first; empty unless ready.

        `single`: only single characters of the first syllable, all that the dictionary knows, for names.
        """
        ...

    def forget(self) -> None:
        """Drop whatever the engine may still hold of what was typed."""
        ...
