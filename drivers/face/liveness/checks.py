"""The methods of a plain camera: movements asked, a passive model written down, or nothing."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable

from drivers.camera.contract import Frame
from drivers.contract import Failed
from drivers.face.contract import FaceFailure, Guidance
from drivers.face.liveness.continuity import NS, Chain
from drivers.face.liveness.contract import Eyes, LivenessRecord, Method, Outcome, Prompt, Sighting
from drivers.face.liveness.passive import PASSIVE_MODEL
from drivers.face.liveness.prompts import Chance, draw, family_of, is_at_rest, is_shown, opposite_of

PROMPT_S = 3.0
UNHURRIED = 2.0
"""Times as long for who reads large type or listens: the words take their time before the head moves."""
REST_S = 1.0
"""Before the same movement is asked once more: as long as the words in between take to be shown and read."""
SHOWN_SIGHTINGS = 2
"""A movement counts when so many frames show it: one may be the landmark model's mistake."""


class NoCheck:
    """The method `off`: the record says so."""

    method = Method.OFF
    asks: Prompt | None = None
    finished = True
    moving_s = 0.0

    def begin(self, *, again: bool, unhurried: bool = False) -> None:
        pass

    def open(self) -> None:
        pass

    def usable(self, _frame: Frame, _opening: int, /) -> FaceFailure | None:
        return None

    def watch(self, _frame: Frame, _opening: int, /) -> FaceFailure | Guidance | None:
        return None

    def decline(self) -> None:
        pass

    def record(self) -> LivenessRecord:
        return LivenessRecord(self.method, Outcome.NOT_DONE)

    def end(self) -> None:
        pass

    def close(self) -> None:
        pass


class PassiveCheck(NoCheck):
    """Asks nothing and decides nothing: the lowest number over the compared frames is written down."""

    method = Method.PASSIVE

    def __init__(self, eyes: Eyes) -> None:
        self._eyes = eyes
        self._lowest: float | None = None
        self._looked = False

    def begin(self, *, again: bool, unhurried: bool = False) -> None:  # noqa: ARG002 - the contract's
        self._lowest, self._looked = None, False

    def usable(self, frame: Frame, _opening: int, /) -> FaceFailure | None:
        self._looked = True
        match self._eyes.sight(frame, passive=True):
            case Failed(reason):
                return reason if isinstance(reason, FaceFailure) else None
            case seen:
                self._note(seen.value.sighting.passive)
                return None

    def _note(self, score: float | None) -> None:
        if score is not None:
            self._lowest = score if self._lowest is None else min(score, self._lowest)

    def record(self) -> LivenessRecord:
        if self._lowest is None:
            outcome = Outcome.UNAVAILABLE if self._looked else Outcome.NOT_DONE
            return LivenessRecord(self.method, outcome)
        return LivenessRecord(
            self.method, Outcome.NOT_DONE, model=PASSIVE_MODEL, passive=round(self._lowest, 2)
        )


class PromptCheck:
    """Movements in an order that nobody knows, each within its time, shown by the compared person.

    Time is the frames' own: a slow terminal costs the resident nothing but the frames it did not take.
    """

    method = Method.PROMPT

    def __init__(
        self, eyes: Eyes, *, prompt_s: float = PROMPT_S, chance: Callable[[], Chance] = secrets.SystemRandom
    ) -> None:
        self._eyes, self._given_s, self._chance = eyes, prompt_s, chance()
        self._declining = threading.Event()
        self._declined: frozenset[Prompt] = frozenset()
        self.begin(again=False)

    def begin(self, *, again: bool, unhurried: bool = False) -> None:
        self._chain = Chain()
        self._prompt_s = self._given_s * (UNHURRIED if unhurried else 1.0)
        self._declined = self._declined if again else frozenset()
        self._declining.clear()
        self._shown: tuple[Prompt, ...] = ()
        self._missed: Prompt | None = None
        self._before: Sighting | None = None
        self._passive: float | None = None
        drawn = draw(self._declined, self._chance)
        self._impossible, self._waiting = drawn is None, drawn or ()
        self._declines = 0
        self._asked_anew()

    def open(self) -> None:
        pass

    def _asked_anew(self) -> None:
        self._asked_ns: int | None = None
        self._rest_ns: int | None = None
        self._rested, self._streak = False, 0
        self._straight, self._astray = False, 0

    @property
    def _is_repeated(self) -> bool:
        """The movement that is asked is the one just shown: the screen has to say something else in between."""
        return self._shown[-1:] == self._waiting[:1]

    def _rest(self, prompt: Prompt, before: Sighting, now: Sighting, at_ns: int) -> None:
        """Rested once the movement has not begun; before a repeated one for `REST_S`, and its time begins then."""
        if not is_at_rest(prompt, before, now):
            self._rest_ns = None
            return
        self._rest_ns = at_ns if self._rest_ns is None else self._rest_ns
        if not self._is_repeated:
            self._rested = True
        elif at_ns - self._rest_ns >= REST_S * NS:
            self._rested, self._asked_ns = True, at_ns

    @property
    def asks(self) -> Prompt | None:
        return None if self.finished or self._before is None else self._waiting[0]

    @property
    def finished(self) -> bool:
        ended = self._impossible or self._missed is not None or self._chain.broken is not None
        return ended or not self._waiting

    @property
    def moving_s(self) -> float:
        """A movement that comes again has its time twice: to come to rest, and to be made."""
        return 2 * self._prompt_s * (len(self._shown) + len(self._waiting) + self._declines)

    def usable(self, frame: Frame, opening: int, /) -> FaceFailure | None:
        match self._look(frame, opening, passive=self._before is None):
            case Sighting() as found:
                self._before = self._before or found
            case FaceFailure() as failed:
                return failed
            case _:  # it will be compared, and nobody saw whose it is
                self._chain.lose()
        return None

    def watch(self, frame: Frame, opening: int, /) -> FaceFailure | Guidance | None:
        before = self._before
        if before is None:
            return self.usable(frame, opening)
        if self.finished:
            return self._follow(frame, opening)
        if self._declining.is_set():
            self._declining.clear()
            self._draw_again()
        if not self._waiting:
            return None
        prompt = self._waiting[0]
        self._asked_ns = frame.captured_monotonic_ns if self._asked_ns is None else self._asked_ns
        if frame.captured_monotonic_ns - self._asked_ns > self._prompt_s * NS:
            self._missed = prompt
            return None
        found = self._look(frame, opening, passive=False)
        if not isinstance(found, Sighting):
            return found
        if not self._rested:
            self._rest(prompt, before, found, frame.captured_monotonic_ns)
        if not self._rested and self._is_repeated:
            return Guidance.LOOK_HERE
        self._streak = self._streak + 1 if self._rested and is_shown(prompt, before, found) else 0
        if self._streak >= SHOWN_SIGHTINGS:
            self._shown, self._waiting = (*self._shown, prompt), self._waiting[1:]
            self._asked_anew()
            return None
        other = opposite_of(prompt)
        # Who comes back from the one when the other is asked began turned, and has mixed up nothing.
        self._straight = self._straight or is_at_rest(other, before, found)
        self._astray = self._astray + 1 if self._straight and is_shown(other, before, found) else 0
        if self._astray >= SHOWN_SIGHTINGS:
            # As if it was declined: whoever mixes up left and right shows something else, and a head that turns to
            # and fro has not shown whichever of both is asked.
            self._draw_again()
        return None

    def _follow(self, frame: Frame, opening: int) -> FaceFailure | Guidance | None:
        """After the last movement, on the way back: still one look at one person, if it was one so far."""
        if self._impossible or self._missed is not None or self._chain.broken is not None:
            return None
        found = self._look(frame, opening, passive=False)
        return None if isinstance(found, Sighting) else found

    def decline(self) -> None:
        self._declining.set()

    def record(self) -> LivenessRecord:
        asked = (*self._shown, *((self._missed,) if self._missed else ()))
        if self._impossible or (self._before is None and self._chain.broken is None):
            outcome = Outcome.NOT_DONE
        elif self._chain.broken is None and not self._waiting:
            outcome = Outcome.SHOWN
        else:
            outcome = Outcome.NOT_SHOWN
        score = None if self._passive is None else round(self._passive, 2)
        return LivenessRecord(
            self.method,
            outcome,
            asked,
            self._chain.broken,
            PASSIVE_MODEL if score is not None else "",
            score,
        )

    def end(self) -> None:
        pass

    def close(self) -> None:
        pass

    def _draw_again(self) -> None:
        """Another movement for the declined one; those that are shown stay so, those that wait too."""
        self._declines += 1
        self._declined |= frozenset(family_of(self._waiting[0]))
        drawn = draw(self._declined, self._chance, self._shown, self._waiting)
        self._impossible, self._waiting = drawn is None, drawn or ()
        self._asked_anew()

    def _look(self, frame: Frame, opening: int, *, passive: bool) -> Sighting | FaceFailure | Guidance:
        self._chain.frame(frame, opening)
        match self._eyes.sight(frame, passive=passive):
            case Failed(reason):
                return reason
            case seen:
                self._chain.sighting(seen.value, frame.captured_monotonic_ns)
                self._passive = seen.value.sighting.passive if passive else self._passive
                return seen.value.sighting
