"""The decision is arithmetic: every matcher clears its limit, over all frames."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.face.contract import Score
from drivers.face.decision import NotCalibratedError, accepted, scores

LIMITS = {"dlib": 0.6, "frf": 1.04}


def decided(dlib: list[float], frf: list[float]) -> bool:
    return accepted(scores({"dlib": dlib, "frf": frf}, LIMITS))


def test_every_matcher_must_clear_its_limit() -> None:
    assert decided([0.5], [1.0])
    assert not decided([0.61], [0.2])
    assert not decided([0.2], [1.05])


def test_the_limit_itself_is_cleared_and_a_hair_above_it_is_not() -> None:
    assert decided([0.6], [1.04])
    assert not decided([0.6001], [1.04])


def test_one_good_frame_among_strangers_does_not_accept_and_one_odd_frame_does_not_refuse() -> None:
    assert not decided([0.9, 0.9, 0.3], [1.3, 1.3, 0.5])
    assert decided([0.9, 0.5, 0.5], [1.4, 1.0, 1.0])
    assert decided([0.5, 0.9, 0.5], [1.0, 1.4, 1.0])


@pytest.mark.parametrize(("dlib", "frf"), [(0.7, 1.2), (0.7, 1.0), (0.5, 1.2)])
def test_who_takes_the_place_of_the_cards_owner_before_the_last_frame_is_not_accepted(
    dlib: float, frf: float
) -> None:
    """The median alone would not notice. By itself, and by every matcher, the last frame has to match."""
    assert not decided([0.4, 0.4, dlib], [0.8, 0.8, frf])
    assert not decided([0.4, 0.4, 0.4, 0.4, dlib], [0.8, 0.8, 0.8, 0.8, frf])


def test_the_distance_that_is_told_is_the_one_that_decides() -> None:
    (near,) = scores({"one": [0.2, 0.9, 0.4]}, {"one": 0.6})
    (swapped,) = scores({"one": [0.2, 0.4, 0.9]}, {"one": 0.6})
    assert (near.distance, swapped.distance) == (0.4, 0.9)


def test_a_frame_without_a_number_clears_nothing() -> None:
    assert not decided([math.nan, 0.1, 0.1], [0.5, 0.5, 0.5])
    assert not decided([math.inf], [0.5])


def test_no_score_is_no_acceptance() -> None:
    assert not accepted(())
    with pytest.raises(NotCalibratedError, match="no matcher"):
        scores({}, {})


@pytest.mark.parametrize("limits", [{"dlib": 0.6}, {**LIMITS, "third": 1.0}, {"dlib": 0.6, "other": 1.0}])
def test_a_matcher_without_its_limit_decides_nothing(limits: dict[str, float]) -> None:
    with pytest.raises(NotCalibratedError):
        scores({"dlib": [0.1], "frf": [0.1]}, limits)


@given(
    st.lists(st.floats(0, 2), min_size=1, max_size=5),
    st.floats(0.01, 1.99).map(lambda limit: round(limit, 2)),
)
def test_rounding_never_accepts(values: list[float], limit: float) -> None:
    (score,) = scores({"one": values}, {"one": limit})
    assert isinstance(score, Score)
    ordered = sorted(values)
    middle = ordered[len(ordered) // 2] / 2 + ordered[(len(ordered) - 1) // 2] / 2
    assert score.distance >= max(middle, values[-1]) - 1e-12
    if score.cleared:
        assert middle <= limit + 1e-12
        assert values[-1] <= limit + 1e-12
