"""The chances that docs/decisions/liveness.md tells, worked out again from the very drawing that asks the residents."""

from __future__ import annotations

import pytest

from drivers.face.liveness.contract import Prompt
from drivers.face.liveness.prompts import PROMPTS_ASKED
from tests.drivers.face.liveness.chances import Film, best, drawn, passes

P = Prompt
SHAKING: Film = (P.TURN_LEFT, P.TURN_RIGHT)
NODDING: Film = (P.LOOK_UP, P.LOOK_DOWN)


def test_two_movements_have_forty_orders() -> None:
    ways = drawn(frozenset())
    assert (len(ways), len(set(ways)), {len(way) for way in ways}) == (40, 40, {PROMPTS_ASKED})


def test_a_film_of_one_movement_passes_one_try_in_thirty_two_whatever_the_time() -> None:
    chance, film = best(1, (1,))
    assert chance == pytest.approx(1 / 32)
    assert passes(film, tries=3) == pytest.approx(0.091, abs=5e-4)
    assert passes(film, in_time=2) == pytest.approx(1 / 32)


def test_the_best_film_of_several_movements_at_a_movement_for_each_prompt() -> None:
    film = (P.TURN_LEFT, P.LOOK_UP, P.TILT_LEFT)
    assert passes(film) == pytest.approx(0.0383, abs=5e-5)
    assert passes(film, tries=3) == pytest.approx(0.106, abs=5e-4)


@pytest.mark.parametrize("film", [SHAKING, NODDING], ids=["shaking", "nodding"])
@pytest.mark.parametrize("in_time", [2, 4])
def test_a_head_that_goes_to_and_fro_gains_nothing_by_its_haste(film: Film, in_time: int) -> None:
    """Before the opposite counted as declined it passed every time, by declining all other kinds."""
    assert passes(film, in_time=in_time) == pytest.approx(1 / 32)


def test_twice_the_time_makes_a_film_of_two_kinds_worth_much_more() -> None:
    two = (P.LOOK_UP, P.TURN_RIGHT, P.LOOK_DOWN, P.TURN_LEFT)
    assert passes(two, in_time=2) == pytest.approx(0.168, abs=5e-4)
    assert passes(two[:2], in_time=2, tries=3) == pytest.approx(0.312, abs=5e-4)
    four = (P.CLOSER, P.TILT_RIGHT, P.LOOK_DOWN, P.TURN_RIGHT)
    assert passes(four, in_time=4) == pytest.approx(0.478, abs=5e-4)
