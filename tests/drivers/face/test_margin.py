"""The margin with which limits for service are chosen, on invented people."""

from __future__ import annotations

import numpy as np
import pytest

from drivers.face.calibration.margin import choose_with_margin
from drivers.face.evaluation.comparisons import Comparisons, paired
from drivers.face.evaluation.data_set import Picture, Role
from drivers.face.evaluation.intervals import fmr_upper, poisson_upper
from drivers.face.evaluation.rates import fmr
from drivers.face.evaluation.rule import choose_limits, rule_distance

TARGET = 0.01
PEOPLE = 50
"""1,225 pairs of people: at 0.01 a dozen may be accepted, and some of those are left when there is a margin."""


def world(seed: int, people: int = PEOPLE, lives: int = 1) -> Comparisons:
    """So many women, each with one card and so many frames. Some are nearer to everybody than others, so pairs are
    no independent draws.
    """
    pictures = tuple(
        Picture(0, "", f"person-{number}", "f", role, "")
        for number in range(people)
        for role in (Role.REFERENCE, *[Role.LIVE] * lives)
    )
    card, live = paired(pictures)
    random = np.random.default_rng(seed)
    every = Comparisons(pictures, card, live, {})
    one, other = every.people()
    near = random.normal(0, 0.05, people)
    impostor = 1.4 + near[one] + near[other] + random.normal(0, 0.12, len(card))
    genuine = 0.7 + random.normal(0, 0.12, len(card))
    return Comparisons(pictures, card, live, {"one": np.where(one == other, genuine, impostor)})


def impostors_of(of: Comparisons) -> Comparisons:
    return of.only(of.same_sex_impostors)


def test_on_other_people_the_target_is_kept_and_without_the_margin_it_is_often_missed() -> None:
    missed = {"with": 0, "without": 0}
    for seed in range(0, 60, 2):
        found = choose_with_margin(world(seed), TARGET)
        others = impostors_of(world(seed + 1))
        for which, chosen in (("with", found.chosen), ("without", found.at_target)):
            missed[which] += fmr(rule_distance(others, chosen.limits), 1.0) > TARGET
    assert missed["without"] >= 10
    assert missed["with"] <= 3


def test_the_bound_keeps_the_target_and_one_error_more_would_not() -> None:
    choosing = world(4)
    found = choose_with_margin(choosing, TARGET)
    assert 0 < found.chosen.false_matches < found.at_target.false_matches
    assert found.chosen.false_non_matches >= found.at_target.false_non_matches
    assert found.at_target == choose_limits(choosing, TARGET), "the benchmark's, which has no margin"
    assert found.fmr_upper <= TARGET
    impostors = impostors_of(choosing)
    looser = {name: limit + 0.01 for name, limit in found.chosen.limits.items()}
    assert fmr_upper(impostors, rule_distance(impostors, looser) <= 1.0) > TARGET


def test_where_nothing_can_be_shown_nobody_is_accepted_and_the_bound_says_so() -> None:
    choosing = world(4, people=12)
    found = choose_with_margin(choosing, 0.02)
    assert found.at_target.false_matches > 0
    assert found.chosen.false_matches == 0
    assert found.fmr_upper == 3 / 66


@pytest.mark.parametrize(
    ("count", "mean"), [(0, 3.0), (1, 4.744), (2, 6.296), (3, 7.754), (10, 16.962), (100, 118.079)]
)
def test_the_bound_of_a_count(count: int, mean: float) -> None:
    """Half the 95th percentile of chi-squared with 2 count + 2 degrees, as tables have it."""
    assert poisson_upper(count) == pytest.approx(mean, abs=6e-4 if count else 0)


def test_errors_of_one_person_show_less_than_as_many_of_different_people() -> None:
    impostors = impostors_of(world(4))
    one, other = impostors.people()
    of_one = (one == 0) & (other <= 20)
    apart = (one == other - 1) & (one % 2 == 0) & (one < 40)
    assert of_one.sum() == apart.sum() == 20
    assert fmr_upper(impostors, of_one) > 1.3 * fmr_upper(impostors, apart)
    assert fmr_upper(impostors, apart) >= poisson_upper(10) / 1225, (
        "twenty of 2,450 are as ten of 1,225 pairs"
    )


def test_frames_of_the_same_two_people_bound_no_more() -> None:
    few, many = impostors_of(world(4, people=12)), impostors_of(world(4, people=12, lives=5))
    nobody = [np.zeros(len(one), np.bool_) for one in (few, many)]
    assert len(many) == 5 * len(few)
    assert fmr_upper(few, nobody[0]) == fmr_upper(many, nobody[1]) == 3 / 66
    assert fmr_upper(few.only(nobody[0]), nobody[0][:0]) == 1.0, "nobody to bound anything by"
