"""Decisions over several frames, and behind the quality gate: which rule serves people best at equal safety."""

from __future__ import annotations

import math
from collections.abc import Iterator

from drivers.face.card_photos import Condition
from drivers.face.evaluation.decisions import FrameRule, sittings
from drivers.face.evaluation.enrolment import Enrolment
from drivers.face.evaluation.frame_rules import RuleRates, rates_of
from drivers.face.evaluation.intervals import Rate
from drivers.face.evaluation.rates import TooFewPeopleError
from drivers.face.evaluation.report import RULE
from tests.benchmarks.figures import RateFigure

FRAMES = (1, 2, 3)
GATE = {False: "every frame", True: "behind the quality gate"}


def over_frames(condition: Condition, enrolment: Enrolment) -> Iterator[RateFigure]:
    """Rates in per cent, by each rule. One frame without the gate is what the other rates are of."""
    for frames in FRAMES:
        for gated in (False, True) if frames > 1 else (True,):
            try:
                for rates in rates_of(enrolment, frames, gated=gated):
                    yield from _figures(condition, frames, rates, gated=gated)
            except TooFewPeopleError:
                name, labels = _named(condition, frames, "any rule", "FNMR", gated=gated)
                yield RateFigure(name, math.nan, "%", None, {}, labels, measurable=False)


def acquisition(enrolment: Enrolment) -> Iterator[RateFigure]:
    """How many people could make a decision over so many frames, and whom the gate would not let come to one."""
    for frames in FRAMES:
        found = sittings(enrolment, frames, gated=True)
        refused = len(found.refused)
        beside = {"refused": float(refused), "too_few_usable": float(found.too_few_usable)}
        name = f"people with at least {frames} live pictures"
        labels = {"frames": str(frames), "gate": GATE[True]}
        yield RateFigure(
            name, float(found.people), "people", None, beside, labels, measurable=found.people > 0
        )


def _figures(condition: Condition, frames: int, rates: RuleRates, *, gated: bool) -> Iterator[RateFigure]:
    for kind, rate, calibrated in (
        ("FNMR", rates.fnmr, rates.fnmr_calibrated),
        ("FMR", rates.fmr, rates.fmr_calibrated),
    ):
        name, labels = _named(condition, frames, rates.rule, kind, gated=gated)
        beside = _beside(rate) | {f"limit_{matcher}": limit for matcher, limit in rates.limits.items()}
        beside |= {f"calibrated_{key}": value for key, value in _beside(calibrated).items()}
        if kind == "FNMR" and rates.difference is not None:
            found = rates.difference
            beside |= {
                "difference": 100 * found.value,
                "difference_low": 100 * found.low,
                "difference_high": 100 * found.high,
            }
        yield RateFigure(
            f"{name} at FMR {rates.target:g}",
            100 * rate.value,
            "%",
            None,
            {key: value for key, value in beside.items() if not math.isnan(value)},
            labels | {"target_fmr": f"{rates.target:g}"},
            rates.measurable,
        )


def _beside(rate: Rate) -> dict[str, float]:
    return {
        "value": 100 * rate.value,
        "low": 100 * rate.low,
        "high": 100 * rate.high,
        "errors": float(rate.errors),
        "comparisons": float(rate.comparisons),
        "person_pairs": float(rate.person_pairs),
    }


def _named(
    condition: Condition, frames: int, rule: FrameRule | str, kind: str, *, gated: bool
) -> tuple[str, dict[str, str]]:
    of = f"by {rule}, people with {frames} pictures or more, {GATE[gated]},"
    labels = {
        "condition": condition.name,
        "system": RULE,
        "kind": kind,
        "people": "all",
        "frames": str(frames),
        "frame_rule": str(rule),
        "gate": GATE[gated],
    }
    return f"{condition.name} rule {of} {kind}", labels
