"""Error rates of one-to-one comparison (terms of ISO/IEC 19795-1), from distances: smaller is more alike.

FMR: the share of impostors whose distance clears the limit. FNMR: the share of genuine comparisons
that do not clear it; where a picture could not be enrolled the distance is infinite, so that failure
to enrol counts as a non-match. A distance clears a limit that it does not exceed.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


class TooFewPeopleError(ValueError):
    """There is nothing to choose a limit on; the message says what is needed."""


def accepted(distances: Values, limit: float) -> int:
    return int(np.count_nonzero(distances <= limit))


def share(errors: float, of: float) -> float:
    """NaN where there was nothing to count."""
    return errors / of if of > 0 else float("nan")


def fmr(impostors: Values, limit: float) -> float:
    return share(accepted(impostors, limit), len(impostors))


def fnmr(genuine: Values, limit: float) -> float:
    return share(len(genuine) - accepted(genuine, limit), len(genuine))


def limit_at(impostors: Values, target_fmr: float, weights: Values | None = None) -> float:
    """The largest limit at which at most `target_fmr` of the impostors are accepted.

    `weights` (n,) count each impostor so many times. `TooFewPeopleError` without impostors.
    """
    if len(impostors) == 0:
        message = "a limit needs a reference and a live picture of different people of the same sex"
        raise TooFewPeopleError(message)
    order = np.argsort(impostors, kind="stable")
    ordered = impostors[order]
    counts = np.ones(len(ordered)) if weights is None else weights[order]
    reached = np.cumsum(counts)
    # A hair above the target, since 0.001 * 3000 may come out below 3.
    allowed = target_fmr * reached[-1] * (1 + 1e-12)
    first_too_many = int(np.searchsorted(reached, allowed, side="right"))
    if first_too_many == len(ordered):
        return float(ordered[-1])
    return float(np.nextafter(ordered[first_too_many], -np.inf))


def det_curve(genuine: Values, impostors: Values) -> tuple[Values, Values, Values]:
    """Every limit at which something changes, with FMR and FNMR there; from the strictest on, (k,) each."""
    finite = np.concatenate([genuine, impostors])
    limits = np.unique(finite[np.isfinite(finite)])
    limits = np.concatenate([[-np.inf], limits])
    false_matches = np.searchsorted(np.sort(impostors), limits, side="right") / max(1, len(impostors))
    matches = np.searchsorted(np.sort(genuine), limits, side="right") / max(1, len(genuine))
    return limits, false_matches, 1.0 - matches


def equal_error_rate(genuine: Values, impostors: Values) -> float:
    """Where FMR and FNMR are nearest to each other: their mean. NaN without one of the two kinds."""
    if len(genuine) == 0 or len(impostors) == 0:
        return float("nan")
    _, false_matches, false_non_matches = det_curve(genuine, impostors)
    nearest = int(np.argmin(np.abs(false_matches - false_non_matches)))
    return float(false_matches[nearest] + false_non_matches[nearest]) / 2


def measurable(target: float, person_pairs: int) -> bool:
    """Rule of three: fewer than 3 / target different pairs of people cannot show a rate as low as the target.

    Never comparisons: fifty frames of the same two people say little more than one.
    """
    return person_pairs * target >= 3 * (1 - 1e-12)
