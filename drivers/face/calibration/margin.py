"""Limits for service have a margin: not the rate that is measured keeps the target, but its upper bound.

Limits that use the target up on the people who choose them miss it on other people about every second time.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from drivers.face.evaluation.comparisons import Comparisons
from drivers.face.evaluation.intervals import fmr_upper
from drivers.face.evaluation.rates import accepted
from drivers.face.evaluation.rule import ChosenLimits, choose_limits, rule_distance


@dataclass(frozen=True, slots=True)
class WithMargin:
    """`fmr_upper`: one-sided 95 % bound of the FMR at `chosen`. `at_target`: the limits that use the target up,
    which is what the margin costs. `alone`: matcher -> impostors whom it would accept by itself at `chosen`.
    """

    chosen: ChosenLimits
    fmr_upper: float
    at_target: ChosenLimits
    alone: Mapping[str, int]


def choose_with_margin(choosing: Comparisons, target_fmr: float) -> WithMargin:
    """The most false matches on this half whose upper bound keeps the target; none, where even that cannot keep it.

    `TooFewPeopleError` without genuine or impostor pairs.
    """
    at_target = choose_limits(choosing, target_fmr)
    impostors = choosing.only(choosing.same_sex_impostors & choosing.enrolled)

    def allowing(false_matches: int) -> tuple[ChosenLimits, float]:
        chosen = choose_limits(choosing, false_matches / at_target.impostors)
        return chosen, fmr_upper(impostors, rule_distance(impostors, chosen.limits) <= 1.0)

    fewest, most = 0, int(np.floor(target_fmr * at_target.impostors * (1 + 1e-12)))
    best = allowing(fewest)
    while fewest < most:
        tried = (fewest + most + 1) // 2
        found = allowing(tried)
        if found[1] <= target_fmr:
            fewest, best = tried, found
        else:
            most = tried - 1
    chosen, upper = best
    alone = {name: accepted(impostors.distances[name], limit) for name, limit in chosen.limits.items()}
    return WithMargin(chosen, upper, at_target, alone)
