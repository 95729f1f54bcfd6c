"""The error rates of every system under one condition: each matcher by itself, and the accept rule.

Limits are chosen on one half of the people and their rates reported on the other, so a rate is what
somebody meets who had no part in the choice. What is found at a limit of the same people is reported
beside it under its own name: a study's figures are usually of that kind, and look better.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from drivers.face.evaluation.comparisons import Comparisons, Distances, Mask, paired
from drivers.face.evaluation.data_set import Half, Picture
from drivers.face.evaluation.intervals import (
    Rate,
    false_match_rate,
    false_non_match_rate,
    fnmr_interval_at,
    interval,
    person_pairs,
)
from drivers.face.evaluation.rates import (
    TooFewPeopleError,
    accepted,
    det_curve,
    equal_error_rate,
    limit_at,
    measurable,
)
from drivers.face.evaluation.rule import ChosenLimits, choose_limits, rule_distance

TARGETS = (1e-2, 1e-3, 1e-4)
RULE = "rule"
"""The system "every matcher clears its limit", beside the matchers' names."""


@dataclass(frozen=True, slots=True)
class Row:
    """One rate. `kind`: FNMR, FMR, EER or FNMR_SAME_PEOPLE (limit and rate of the same, all people).

    `people`: all, any sex (impostors of the other sex too), f, m, or a group. `target`: the FMR that
    the limits were chosen for, 0 for EER, whose `rate` has the interval and no count.
    `measurable`: enough different pairs of people for the target, where limits are chosen and here.
    """

    system: str
    kind: str
    people: str
    target: float
    value: float
    rate: Rate
    limits: Mapping[str, float]
    measurable: bool


@dataclass(frozen=True, slots=True)
class Curve:
    """A DET curve of the reporting half: (k,) each, from the strictest limit on."""

    system: str
    fmr: Distances
    fnmr: Distances


def check_people(pictures: Sequence[Picture]) -> None:
    """`TooFewPeopleError` where a half has nobody to choose limits on or to report: before minutes of work."""
    every = Comparisons(tuple(pictures), *paired(pictures), {})
    for half in Half:
        some = every.only(every.in_half(half))
        if not some.genuine.any() or not some.same_sex_impostors.any():
            message = (
                f"the {half} half needs somebody with a reference and a live picture, and two people of the "
                "same sex, one with a reference, one with a live picture; add people"
            )
            raise TooFewPeopleError(message)


def rows(every: Comparisons) -> Iterator[Row]:
    """All rates of one condition. `TooFewPeopleError` where nothing can be chosen."""
    choosing, reporting = (every.only(every.in_half(half)) for half in (Half.CHOOSING, Half.REPORTING))
    for target in TARGETS:
        for system, chosen in limits_for(choosing, target).items():
            yield from rates_at(every, reporting, system, target, chosen)
            yield _same_people(every.only(every.general), system, target, chosen.limits)
    for system, distances in _systems(reporting, choosing).items():
        yield _equal(reporting, system, distances)


def curves(every: Comparisons) -> list[Curve]:
    """Of the reporting half, same-sex impostors; the rule's with its limits for the least target."""
    choosing, reporting = (every.only(every.in_half(half)) for half in (Half.CHOOSING, Half.REPORTING))
    found = []
    for system, distances in _systems(reporting, choosing).items():
        impostors = distances[reporting.same_sex_impostors & reporting.enrolled]
        _, false_matches, false_non_matches = det_curve(distances[reporting.genuine], impostors)
        found.append(Curve(system, false_matches, false_non_matches))
    return found


def limits_for(choosing: Comparisons, target: float) -> dict[str, ChosenLimits]:
    """Each matcher's own limit, and the rule's joint limits, for a target FMR of same-sex impostors."""
    found = {name: _own_limit(choosing, name, target) for name in choosing.distances}
    return {**found, RULE: choose_limits(choosing, target)}


def _own_limit(choosing: Comparisons, name: str, target: float) -> ChosenLimits:
    distances = choosing.distances[name]
    genuine, impostors = choosing.genuine, choosing.same_sex_impostors & choosing.enrolled
    limit = limit_at(distances[impostors], target)
    return ChosenLimits(
        {name: limit},
        accepted(distances[impostors], limit),
        int(impostors.sum()),
        person_pairs(choosing.only(impostors)),
        int(genuine.sum()) - accepted(distances[genuine], limit),
        int(genuine.sum()),
    )


def _systems(reporting: Comparisons, choosing: Comparisons) -> dict[str, Distances]:
    limits = choose_limits(choosing, min(TARGETS)).limits
    return {**reporting.distances, RULE: rule_distance(reporting, limits)}


def rates_at(
    every: Comparisons, reporting: Comparisons, system: str, target: float, chosen: ChosenLimits
) -> Iterator[Row]:
    """The error rates of one system at limits that were chosen for `target`, of all and of each kind of people."""

    def row(kind: str, people: str, rate: Rate, enough: Callable[[float], bool]) -> Row:
        known = enough(target) and measurable(target, chosen.person_pairs)
        return Row(system, kind, people, target, rate.value, rate, chosen.limits, known)

    held_out = every.only(every.held_out)
    impostors = {
        "all": _both(reporting, reporting.same_sex_impostors),
        "any sex": _both(reporting, ~reporting.genuine),
        **{sex: _both(reporting, reporting.same_sex_impostors & reporting.of_sex(sex)) for sex in "fm"},
        **{
            group: _both(held_out, held_out.same_sex_impostors & held_out.of_group(group))
            for group in every.groups()
        },
    }
    found = {
        people: false_match_rate(some, rule_distance(some, chosen.limits), 1.0)
        for people, some in impostors.items()
    }
    for people, rate in found.items():
        if rate.comparisons:
            yield row("FMR", people, rate, rate.measurable)
    for people, mask in {
        "all": reporting.genuine,
        **{sex: reporting.genuine & reporting.of_sex(sex) for sex in "fm"},
        **{group: reporting.genuine & reporting.of_group(group) for group in every.groups()},
    }.items():
        genuine = reporting.only(mask)
        missed = false_non_match_rate(genuine, rule_distance(genuine, chosen.limits), 1.0)
        if missed.comparisons:
            yield row("FNMR", people, missed, found[people].measurable)


def _both(comparisons: Comparisons, mask: Mask) -> Comparisons:
    return comparisons.only(mask & comparisons.enrolled)


def _same_people(general: Comparisons, system: str, target: float, limits: Mapping[str, float]) -> Row:
    """As studies report: the limit is found on the very comparisons that are counted."""
    some = general.only(general.genuine | general.same_sex_impostors)
    distances = rule_distance(some, limits)
    impostors = some.only(~some.genuine & some.enrolled)
    limit = limit_at(distances[~some.genuine & some.enrolled], target)
    genuine = some.only(some.genuine)
    errors = len(genuine) - accepted(distances[some.genuine], limit)
    low, high = fnmr_interval_at(some, distances, target)
    rate = Rate(errors, len(genuine), person_pairs(genuine), low, high)
    there = {name: value * limit for name, value in limits.items()}
    known = measurable(target, person_pairs(impostors))
    return Row(system, "FNMR_SAME_PEOPLE", "all", target, rate.value, rate, there, known)


def _equal(reporting: Comparisons, system: str, distances: Distances) -> Row:
    kept = reporting.genuine | (reporting.same_sex_impostors & reporting.enrolled)
    some, values = reporting.only(kept), distances[kept]
    genuine = some.genuine

    def statistic(weights: Distances) -> float:
        often = weights.astype(np.intp)
        return equal_error_rate(
            np.repeat(values[genuine], often[genuine]), np.repeat(values[~genuine], often[~genuine])
        )

    low, high = interval(statistic, some)
    rate = Rate(0, 0, person_pairs(some.only(genuine)), low, high)
    value = equal_error_rate(values[genuine], values[~genuine])
    return Row(system, "EER", "all", 0.0, value, rate, {}, measurable=True)
