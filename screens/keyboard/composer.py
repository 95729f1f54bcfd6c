"""Letters on their way to becoming characters: a pure state machine over an engine.

Choosing a candidate consumes the letters that it stands for and keeps the rest, so a name can be
picked word by word or character by character.
"""

from __future__ import annotations

from string import ascii_lowercase

from screens.keyboard.engine import Candidate, Engine

MOST_LETTERS = 30
"""Six syllables of the longest kind; beyond, making a sentence of bare initials takes over 50 ms."""


class Composer:
    """`letters` are typed and not yet chosen; `candidates` is what they may mean."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._letters = ""
        self._single = False
        self._candidates: tuple[Candidate, ...] = ()

    def __repr__(self) -> str:
        return f"Composer({len(self._letters)} letters, {len(self._candidates)} candidates)"

    @property
    def letters(self) -> str:
        return self._letters

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        return self._candidates

    @property
    def single(self) -> bool:
        """Only single characters are offered, for names."""
        return self._single

    def type(self, letter: str) -> bool:
        """Add a letter; False when it is none or there are too many already."""
        if len(letter) != 1 or letter not in ascii_lowercase or len(self._letters) >= MOST_LETTERS:
            return False
        self._set(self._letters + letter)
        return True

    def choose(self, index: int) -> str | None:
        """The text of candidate `index`, its letters consumed; None when there is no such candidate."""
        if not 0 <= index < len(self._candidates):
            return None
        chosen = self._candidates[index]
        self._set(self._letters[chosen.letters :])
        return chosen.text

    def backspace(self) -> bool:
        """Take back the last letter; False when there is none."""
        if not self._letters:
            return False
        self._set(self._letters[:-1])
        return True

    def offer_single(self, *, only: bool) -> None:
        """Offer only single characters, or words and characters."""
        self._single = only
        self.refresh()

    def clear(self) -> None:
        """Drop the letters and their candidates."""
        self._set("")

    def refresh(self) -> None:
        """Ask the engine again: it may have become ready."""
        self._set(self._letters)

    def _set(self, letters: str) -> None:
        self._letters = letters
        found = self._engine.candidates(letters, single=self._single) if letters else ()
        self._candidates = tuple(c for c in found if c.letters > 0)
