"""The accept rule: every matcher clears its own limit. Its limits are chosen together, on one half.

The rule as one number is the largest of the ratios distance / limit: it accepts up to 1, and its
curve is that of all limits loosened or tightened in the same proportion.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from drivers.face.evaluation.comparisons import Comparisons, Distances
from drivers.face.evaluation.intervals import person_pairs
from drivers.face.evaluation.rates import TooFewPeopleError, limit_at

SAY = 0.5
"""Of the impostors each matcher by itself accepts no more: one whose limit lets nearly everybody in has no say in
the rule, and few people would switch it off. The farthest genuine comparison is no such bound: of few people it is
so near that other people's genuine comparisons fail it (measured: docs/decisions/faces.md, 'Calibrations').
"""
STEP = 0.01
"""Limits are tried in steps of this: the terminal compares distances that are rounded up to it."""


@dataclass(frozen=True, slots=True)
class ChosenLimits:
    """`limits`: matcher -> largest accepted distance; the counts are those of the choosing half."""

    limits: Mapping[str, float]
    false_matches: int
    impostors: int
    person_pairs: int
    """Different pairs of people among the impostors."""
    false_non_matches: int
    genuine: int


def rule_distance(comparisons: Comparisons, limits: Mapping[str, float]) -> Distances:
    """(n,): accepted where it does not exceed 1; infinite, so nowhere, for a limit of 0 or less."""
    nobody = np.full(len(comparisons), np.inf)
    ratios = [comparisons.distances[name] / limit if limit > 0 else nobody for name, limit in limits.items()]
    return np.asarray(np.max(ratios, axis=0), np.float64)


def choose_limits(choosing: Comparisons, target_fmr: float) -> ChosenLimits:
    """The limits with the fewest false non-matches whose FMR over same-sex impostors is within the target.

    All but the last matcher are tried in steps of 0.01; the last one's limit is then the largest within
    the target. Each matcher by itself refuses half of the impostors at least (`SAY`). Among equals those win that the genuine comparisons clear most easily, by the mean of
    `rule_distance`: few people choose, others come, and a veto that is tight for nothing costs them.
    `TooFewPeopleError` without genuine or impostor pairs.
    """
    genuine = choosing.only(choosing.genuine)
    impostors = choosing.only(choosing.same_sex_impostors & choosing.enrolled)
    if not len(genuine) or not len(impostors):
        message = (
            "limits need people with a reference and a live picture, several of the same sex, in each half"
        )
        raise TooFewPeopleError(message)
    *firsts, last = choosing.distances
    loosest = {name: _floor(limit_at(values, SAY)) for name, values in impostors.distances.items()}
    seen = genuine.only(genuine.enrolled)
    best: tuple[int, float, tuple[float, ...]] = (len(genuine) + 1, 0.0, ())
    for tried in itertools.product(*(_steps(choosing.distances[name], loosest[name]) for name in firsts)):
        within = _all_clear(impostors, dict(zip(firsts, tried, strict=True)))
        # Impostors that another matcher stops already stay in the count, beyond every limit.
        left = np.where(within, impostors.distances[last], np.inf)
        limits = (*tried, min(_floor(limit_at(left, target_fmr)), loosest[last]))
        named = dict(zip(choosing.distances, limits, strict=True))
        ease = float(np.mean(rule_distance(seen, named))) if len(seen) else 0.0
        best = min(best, (_misses(genuine, named), ease, limits))
    chosen = dict(zip(choosing.distances, best[2], strict=True))
    false_matches = int(np.count_nonzero(_all_clear(impostors, chosen)))
    return ChosenLimits(chosen, false_matches, len(impostors), person_pairs(impostors), best[0], len(genuine))


def _floor(limit: float) -> float:
    """A whole number of steps; one at least, since a limit is above 0."""
    return max(STEP, round(float(np.floor(limit / STEP)) * STEP, 2))


def _steps(distances: Distances, loosest: float) -> list[float]:
    """From the nearest comparison to the farthest, and no farther than `loosest`."""
    finite = distances[np.isfinite(distances)]
    if not len(finite):
        return [STEP]
    first, last = int(np.floor(finite.min() / STEP)), int(np.ceil(finite.max() / STEP))
    return sorted({min(loosest, round(step * STEP, 2)) for step in range(max(1, first), last + 1)})


def _all_clear(
    comparisons: Comparisons, limits: Mapping[str, float]
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    clear = np.ones(len(comparisons), np.bool_)
    for name, limit in limits.items():
        clear &= comparisons.distances[name] <= limit
    return clear


def _misses(genuine: Comparisons, limits: Mapping[str, float]) -> int:
    return len(genuine) - int(np.count_nonzero(_all_clear(genuine, limits)))
