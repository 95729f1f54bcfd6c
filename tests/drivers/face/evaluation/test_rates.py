"""Error rates against cases worked out by hand, and what must hold of any."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from drivers.face.evaluation import rates

distances = st.lists(st.floats(0.0, 2.0, width=16), min_size=1, max_size=60).map(
    lambda values: np.array(values, np.float64)
)
Values = NDArray[np.float64]


def values(*numbers: float) -> Values:
    return np.array(numbers, np.float64)


GENUINE = values(0.2, 0.3, 0.4, 0.7, math.inf)  # the last was not enrolled
IMPOSTORS = values(0.5, 0.6, 0.6, 0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4)


def test_rates_at_a_limit_counted_by_hand() -> None:
    assert rates.fmr(IMPOSTORS, 0.6) == 3 / 10  # a distance equal to the limit clears it
    assert rates.fnmr(GENUINE, 0.6) == 2 / 5
    assert rates.fnmr(GENUINE, 5.0) == 1 / 5, "who was not enrolled matches at no limit"
    assert math.isnan(rates.fmr(values(), 0.6))


@pytest.mark.parametrize(
    ("target", "accepted"),
    [(0.0, 0), (0.05, 0), (0.1, 1), (0.2, 1), (0.3, 3), (0.35, 3), (0.4, 4), (1.0, 10)],
)
def test_the_limit_for_a_target_counted_by_hand(target: float, accepted: int) -> None:
    """At 0.2 two would be allowed; two are tied at 0.6, so only one is let through."""
    limit = rates.limit_at(IMPOSTORS, target)
    assert rates.accepted(IMPOSTORS, limit) == accepted
    following = np.sort(IMPOSTORS)[accepted:]
    assert len(following) == 0 or following[0] == np.nextafter(limit, math.inf)


def test_weights_count_an_impostor_so_often() -> None:
    weights = values(0, 2, 1, *[1] * 7)
    assert rates.limit_at(IMPOSTORS, 0.3, weights) == np.nextafter(0.8, 0.0)
    assert rates.limit_at(IMPOSTORS, 0.2, weights) == np.nextafter(0.6, 0.0), "0.5 was not drawn"
    assert rates.limit_at(IMPOSTORS, 0.0, weights) == np.nextafter(0.6, 0.0), (
        "the largest that lets nobody in"
    )
    with pytest.raises(rates.TooFewPeopleError):
        rates.limit_at(values(), 0.1)


def test_the_equal_error_rate_counted_by_hand() -> None:
    """At 0.5 and from there to 0.6: one of ten is let through, two of five are not."""
    assert rates.equal_error_rate(values(0.1, 0.2, 0.3, 0.4), values(0.5, 0.6)) == 0.0
    assert rates.equal_error_rate(values(0.1, 0.2, 0.3, 0.9), values(0.25, 1.0, 1.1, 1.2)) == 0.25
    assert rates.equal_error_rate(values(0.5), values(0.5)) == 0.5
    assert math.isnan(rates.equal_error_rate(values(), IMPOSTORS))


def test_the_curve_runs_from_nobody_accepted_to_everybody() -> None:
    limits, false_matches, false_non_matches = rates.det_curve(values(0.2, math.inf), values(0.1, 0.3))
    assert limits.tolist() == [-math.inf, 0.1, 0.2, 0.3]
    assert false_matches.tolist() == [0.0, 0.5, 0.5, 1.0]
    assert false_non_matches.tolist() == [1.0, 1.0, 0.5, 0.5]


@given(distances, st.floats(0.0, 1.0))
def test_the_limit_is_within_the_target_and_the_largest_such(impostors: Values, target: float) -> None:
    limit = rates.limit_at(impostors, target)
    assert rates.fmr(impostors, limit) <= target + 1e-9
    beyond = impostors[impostors > limit]
    assert not len(beyond) or rates.fmr(impostors, float(beyond.min())) > target


@given(distances, st.lists(st.integers(0, 4), min_size=60, max_size=60), st.floats(0.0, 1.0))
def test_weights_are_repetitions(impostors: Values, often: list[int], target: float) -> None:
    weights = np.array(often[: len(impostors)])
    repeated = np.repeat(impostors, weights)
    if len(repeated):
        weighted = rates.limit_at(impostors, target, weights.astype(np.float64))
        plain = rates.limit_at(repeated, target)
        assert rates.accepted(repeated, weighted) == rates.accepted(repeated, plain)


@given(distances, distances)
def test_curve_and_equal_error_rate(genuine: Values, impostors: Values) -> None:
    limits, false_matches, false_non_matches = rates.det_curve(genuine, impostors)
    for index in (0, len(limits) // 2, len(limits) - 1):
        assert false_matches[index] == pytest.approx(rates.fmr(impostors, float(limits[index])))
        assert false_non_matches[index] == pytest.approx(rates.fnmr(genuine, float(limits[index])))
    assert (np.diff(false_matches) >= 0).all()
    assert (np.diff(false_non_matches) <= 0).all()
    assert 0.0 <= rates.equal_error_rate(genuine, impostors) <= 1.0


def test_three_pairs_of_people_in_the_target_make_it_measurable() -> None:
    assert rates.measurable(1e-3, 3000)
    assert not rates.measurable(1e-3, 2999)
    assert not rates.measurable(1e-4, 26_328)
