"""How far a measured rate can be trusted: people are drawn anew, not pairs.

Comparisons that share a person are not independent, so an interval over pairs would be too narrow.
Each replicate draws as many people as there are, with repetition; a pair counts as often as both of
its people were drawn, a person's own pair as often as the person.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from drivers.face.evaluation.comparisons import Comparisons, Distances, Mask
from drivers.face.evaluation.rates import limit_at, measurable

REPLICATES = 1000
LEVEL_PERCENT = 95.0
SEED = 20261126

Weights = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rate:
    """`errors` of `comparisons` between `person_pairs` different pairs of people (people, when genuine).

    `low`, `high`: 95 % of the replicates lie between. Without an error `high` is the rule of three's
    bound, 3 / person_pairs: two comparisons of the same two people say little more than one.
    """

    errors: int
    comparisons: int
    person_pairs: int
    low: float
    high: float

    @property
    def value(self) -> float:
        return self.errors / self.comparisons if self.comparisons else float("nan")

    def measurable(self, target: float) -> bool:
        return measurable(target, self.person_pairs)


def interval(statistic: Callable[[Weights], float], comparisons: Comparisons) -> tuple[float, float]:
    """The 95 % percentile interval of `statistic`, a function of the comparisons' weights (n,); NaN, NaN
    if it is NaN in every replicate.
    """
    found = replicates(statistic, comparisons)
    if len(found) == 0:
        return float("nan"), float("nan")
    tail = (100.0 - LEVEL_PERCENT) / 2
    low, high = np.percentile(found, [tail, 100.0 - tail])
    return float(low), float(high)


def replicates(statistic: Callable[[Weights], float], comparisons: Comparisons) -> Weights:
    """(r,): `statistic` of each draw of the people, without those for which it is NaN (nobody of a kind was drawn)."""
    one, other = comparisons.people()
    people, numbers = np.unique(np.concatenate([one, other]), return_inverse=True)
    first, second = numbers[: len(one)], numbers[len(one) :]
    same = first == second
    random = np.random.default_rng(SEED)
    values = []
    for _ in range(REPLICATES if len(people) else 0):
        drawn = np.bincount(random.integers(0, len(people), len(people)), minlength=len(people))
        weights = np.where(same, drawn[first], drawn[first] * drawn[second]).astype(np.float64)
        values.append(statistic(weights))
    found = np.array(values, np.float64)
    return found[~np.isnan(found)]


def fmr_upper(impostors: Comparisons, wrong: Mask) -> float:
    """One-sided 95 % upper bound of the share of `wrong` (n,) comparisons, at most 1.

    The larger of two, since each forgets something: of the people drawn anew, which says little where there
    are few errors, and of a Poisson count of as many errors among the different pairs of people as the rate
    makes, which takes pairs for independent. Without an error it is 3 / pairs.
    """
    pairs = person_pairs(impostors)
    if not pairs:
        return 1.0
    of_pairs = poisson_upper(float(np.mean(wrong)) * pairs) / pairs
    drawn = replicates(lambda weights: _weighted(weights, wrong), impostors) if wrong.any() else np.zeros(1)
    return float(min(1.0, max(of_pairs, np.percentile(drawn, LEVEL_PERCENT))))


def poisson_upper(count: float) -> float:
    """The mean at which so few events or fewer happen in 5 % of the cases; 3 without one, as the rule of three has it.

    Straight between whole counts.
    """
    below = math.floor(count)
    return float(np.interp(count, [below, below + 1], [_whole_upper(below), _whole_upper(below + 1)]))


def _whole_upper(count: int) -> float:
    low, high = 3.0, 3.0 + 3.0 * count
    while count and high - low > 1e-9 * high:
        mean = (low + high) / 2
        terms = (math.exp(n * math.log(mean) - mean - math.lgamma(n + 1)) for n in range(count + 1))
        low, high = (mean, high) if math.fsum(terms) > 1 - LEVEL_PERCENT / 100 else (low, mean)
    return low


def rate(comparisons: Comparisons, wrong: Mask) -> Rate:
    """The share of `wrong` (n,) comparisons, with its interval."""
    errors = int(np.count_nonzero(wrong))
    pairs = person_pairs(comparisons)
    low, high = interval(lambda weights: _weighted(weights, wrong), comparisons)
    if errors == 0 and pairs:
        high = min(1.0, 3 / pairs)
    return Rate(errors, len(comparisons), pairs, low, high)


def person_pairs(comparisons: Comparisons) -> int:
    one, other = comparisons.people()
    return len({(min(a, b), max(a, b)) for a, b in zip(one.tolist(), other.tolist(), strict=True)})


def false_match_rate(impostors: Comparisons, distances: Distances, limit: float) -> Rate:
    """Of the impostors that were enrolled: who has no embedding would only flatter the rate."""
    enrolled = np.isfinite(distances)
    return rate(impostors.only(enrolled), distances[enrolled] <= limit)


def false_non_match_rate(genuine: Comparisons, distances: Distances, limit: float) -> Rate:
    return rate(genuine, ~(distances <= limit))


def fnmr_interval_at(
    comparisons: Comparisons, distances: Distances, target_fmr: float
) -> tuple[float, float]:
    """Interval of FNMR where the limit is found anew on each replicate's own impostors."""
    return interval(_fnmr_at(comparisons, distances, target_fmr), comparisons)


def fnmr_difference_at(
    comparisons: Comparisons, distances: Distances, others: Distances, target_fmr: float
) -> tuple[float, float, float]:
    """FNMR by `distances` less that by `others` of the same comparisons, and its interval: the same people are
    drawn for both, and either limit is found anew on them.
    """
    one, other = (_fnmr_at(comparisons, values, target_fmr) for values in (distances, others))
    every = np.ones(len(comparisons))
    return one(every) - other(every), *interval(lambda drawn: one(drawn) - other(drawn), comparisons)


def _fnmr_at(comparisons: Comparisons, distances: Distances, target_fmr: float) -> Callable[[Weights], float]:
    """FNMR where the limit is found on the comparisons' own impostors; NaN without one of either kind."""
    genuine = comparisons.genuine
    impostors = ~genuine & np.isfinite(distances)
    # In order once, since every replicate sorts again.
    in_order = np.flatnonzero(impostors)[np.argsort(distances[impostors], kind="stable")]
    values = distances[in_order]

    def statistic(weights: Weights) -> float:
        if not weights[in_order].any():
            return float("nan")
        limit = limit_at(values, target_fmr, weights[in_order])
        return _weighted(weights[genuine], ~(distances[genuine] <= limit))

    return statistic


def _weighted(weights: Weights, wrong: Mask) -> float:
    total = float(weights.sum())
    return float(weights[wrong].sum()) / total if total else float("nan")
