"""The error rates of decisions over several frames, by each rule, with limits found for that rule."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from drivers.face.evaluation.comparisons import Comparisons
from drivers.face.evaluation.data_set import Half
from drivers.face.evaluation.decisions import FrameRule, decided, sittings
from drivers.face.evaluation.enrolment import Enrolment
from drivers.face.evaluation.intervals import (
    Rate,
    false_match_rate,
    false_non_match_rate,
    fnmr_difference_at,
)
from drivers.face.evaluation.rates import TooFewPeopleError, measurable
from drivers.face.evaluation.rule import choose_limits, rule_distance

TARGETS = (1e-3, 1e-4)


@dataclass(frozen=True, slots=True)
class Difference:
    """FNMR of a rule less that of the rule in use on the choosing half, with its 95 % interval."""

    value: float
    low: float
    high: float

    @property
    def proved(self) -> bool:
        """Better, whoever is drawn."""
        return self.high < 0


@dataclass(frozen=True, slots=True)
class RuleRates:
    """The accept rule over so many frames: limits of the choosing half, rates of the reporting half.

    `fnmr_calibrated`, `fmr_calibrated`: at the limits of a calibration, which are found with one frame a
    decision. `measurable`: enough different pairs of people for the target in either half. `difference`: None
    for the rule in use, and for one that does not decide about the same frames at once.
    """

    rule: FrameRule
    target: float
    fnmr: Rate
    fmr: Rate
    fnmr_calibrated: Rate
    fmr_calibrated: Rate
    limits: Mapping[str, float]
    measurable: bool
    difference: Difference | None


def rates_of(enrolment: Enrolment, frames: int, *, gated: bool) -> Iterator[RuleRates]:
    """Of everybody with so many live pictures, by every rule; over one frame by one. `TooFewPeopleError` where
    nothing can be chosen or reported.
    """
    alone = enrolment.compare()
    alone = alone.only(alone.in_half(Half.CHOOSING))
    calibrated = {target: choose_limits(alone, target).limits for target in TARGETS}
    together = sittings(enrolment, frames, gated=gated)
    in_use = decided(enrolment, together, FrameRule.IN_USE)
    for rule in FrameRule if frames > 1 else (FrameRule.ONE,):
        seen = sittings(enrolment, 1, of=frames, gated=gated) if rule is FrameRule.ONE else together
        every = decided(enrolment, seen, rule)
        others = None if rule in (FrameRule.ONE, FrameRule.IN_USE) else in_use
        for target in TARGETS:
            yield _rates(every, rule, target, calibrated[target], others)


def _rates(
    every: Comparisons,
    rule: FrameRule,
    target: float,
    calibrated: Mapping[str, float],
    in_use: Comparisons | None,
) -> RuleRates:
    choosing, reporting = (every.only(every.in_half(half)) for half in (Half.CHOOSING, Half.REPORTING))
    chosen = choose_limits(choosing, target)
    genuine = reporting.only(reporting.genuine)
    impostors = reporting.only(reporting.same_sex_impostors & reporting.enrolled)
    if not len(genuine) or not len(impostors):
        message = f"nobody of the {Half.REPORTING} half can be reported on"
        raise TooFewPeopleError(message)

    def missed(limits: Mapping[str, float]) -> Rate:
        return false_non_match_rate(genuine, rule_distance(genuine, limits), 1.0)

    def matched(limits: Mapping[str, float]) -> Rate:
        return false_match_rate(impostors, rule_distance(impostors, limits), 1.0)

    fmr = matched(chosen.limits)
    return RuleRates(
        rule,
        target,
        missed(chosen.limits),
        fmr,
        missed(calibrated),
        matched(calibrated),
        chosen.limits,
        fmr.measurable(target) and measurable(target, chosen.person_pairs),
        None if in_use is None else _difference(choosing, in_use, target, chosen.limits),
    )


def _difference(
    choosing: Comparisons, in_use: Comparisons, target: float, limits: Mapping[str, float]
) -> Difference:
    others = in_use.only(in_use.in_half(Half.CHOOSING))
    kept = choosing.genuine | choosing.same_sex_impostors
    some, same = choosing.only(kept), others.only(kept)
    limits_in_use = choose_limits(others, target).limits
    return Difference(
        *fnmr_difference_at(some, rule_distance(some, limits), rule_distance(same, limits_in_use), target)
    )
