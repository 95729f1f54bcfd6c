"""From distances to a decision, without models: every matcher clears its own limit.

Several frames of one person make one distance a matcher: their median, which one odd frame does not
move, or the last frame's where that is farther, so that who stands there at the end is who is compared.
Not their least: an impostor who may try five frames would then have five chances. What was compared with
what is in docs/decisions/face_decision.md.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterable, Mapping, Sequence

from drivers.face.contract import Score

STEP = 100
"""Distances are told in hundredths: nobody can climb towards a limit by what is shown of a score."""


class NotCalibratedError(ValueError):
    """A matcher without a limit, or a limit without its matcher: nothing may be decided."""


def scores(distances: Mapping[str, Sequence[float]], limits: Mapping[str, float]) -> tuple[Score, ...]:
    """`distances`: matcher -> one a frame, at least one, the last frame's last. In the order of `distances`.

    Rounded up: a rounded score never clears a limit that the distance itself did not clear.
    `NotCalibratedError` unless limits and distances are of the same matchers.
    """
    if not distances or set(distances) != set(limits):
        raise NotCalibratedError(", ".join(sorted(set(distances) ^ set(limits))) or "no matcher")
    return tuple(
        Score(name, _rounded_up(over_frames(values)), limits[name]) for name, values in distances.items()
    )


def over_frames(distances: Sequence[float]) -> float:
    """One matcher's distance over at least one frame, in the order in which they were captured.

    It clears a limit only if the median does and the last frame alone does too: whoever took the
    cardholder's place after the first frames is not taken for that person. Infinite if one of them is no
    number, so that it clears nothing.
    """
    if any(math.isnan(distance) for distance in distances):
        return math.inf
    return max(statistics.median(distances), distances[-1])


def accepted(given: Iterable[Score]) -> bool:
    """Only if every matcher clears its limit. No score is never an acceptance."""
    given = tuple(given)
    return bool(given) and all(score.cleared for score in given)


def _rounded_up(distance: float) -> float:
    return math.ceil(distance * STEP) / STEP if math.isfinite(distance) else math.inf
