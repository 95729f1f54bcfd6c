"""The words beside the live picture: at once at first, then only what lasts, and never two in a flicker."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from drivers.face.contract import Guidance
from kiosk.journey.steady import POINT_S, SETTLED_S, SHOWN_S, SteadyGuidance

DARK, CLOSER, GLARE = Guidance.TOO_DARK, Guidance.COME_CLOSER, Guidance.GLARE
FRAME_S = 0.2


def shown(seen: Sequence[Guidance | None], step_s: float = FRAME_S) -> list[tuple[float, Guidance | None]]:
    """What came on the screen, and when, for one frame every `step_s`."""
    steady = SteadyGuidance(0.0)
    return [
        (round(number * step_s, 3), guidance)
        for number, guidance in enumerate(seen)
        if steady.see(guidance, number * step_s)
    ]


def test_the_first_words_come_at_once() -> None:
    assert shown([DARK]) == [(0.0, DARK)]
    assert shown([None]) == [(0.0, None)]


def test_words_that_take_turns_do_not_flicker() -> None:
    assert shown([DARK, CLOSER] * 50) == [(0.0, DARK)]
    assert shown([DARK, CLOSER, GLARE, None] * 25) == [(0.0, DARK)]


def test_a_single_frame_changes_nothing() -> None:
    assert shown([DARK] * 10 + [None] + [DARK] * 10) == [(0.0, DARK)]


def test_a_request_stays_until_it_can_be_followed() -> None:
    assert shown([DARK] + [CLOSER] * 30) == [(0.0, DARK), (1.6, CLOSER)]
    assert 1.6 - FRAME_S < SHOWN_S <= 1.6


def test_who_stands_well_is_told_soon_and_who_moves_away_too() -> None:
    good = shown([DARK] + [None] * 10)
    assert good == [(0.0, DARK), (0.6, None)]
    assert good[1][0] < SHOWN_S
    assert shown([None] + [CLOSER] * 10) == [(0.0, None), (0.6, CLOSER)]


@given(
    st.lists(st.sampled_from([None, *Guidance]), max_size=80),
    st.floats(min_value=0.02, max_value=2.0),
)
def test_two_requests_never_follow_each_other_sooner_than_they_can_be_read(
    seen: list[Guidance | None], step_s: float
) -> None:
    changes = shown(seen, step_s)
    for (before_s, before), (after_s, after) in pairwise(changes):
        assert before != after
        assert after_s - before_s >= SETTLED_S - 0.002
        if before is not None and after is not None:
            assert after_s - before_s >= SHOWN_S - 0.002


def test_the_other_way_is_pointed_at_only_while_nothing_is_usable() -> None:
    steady = SteadyGuidance(0.0)
    steady.see(GLARE, 1.0)
    assert not steady.points_elsewhere(POINT_S - 0.1)
    assert steady.points_elsewhere(POINT_S)
    steady.see(None, POINT_S + 0.5)
    assert not steady.points_elsewhere(POINT_S + 1.0)
    assert steady.points_elsewhere(2 * POINT_S + 0.5)
