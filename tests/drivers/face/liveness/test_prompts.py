from __future__ import annotations

import secrets
from collections import Counter
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.face.liveness.contract import Prompt
from drivers.face.liveness.prompts import (
    FAMILIES,
    IN_DEPTH,
    PROMPTS_ASKED,
    draw,
    family_of,
    is_at_rest,
    is_shown,
)
from tests.drivers.face.liveness.sights import SHOWING, STRAIGHT

CHANCE = secrets.SystemRandom()


def families(*numbers: int) -> frozenset[Prompt]:
    return frozenset(prompt for number in numbers for prompt in FAMILIES[number])


@given(declined=st.sets(st.integers(0, 3)), shown=st.sampled_from([(), *[(p,) for p in Prompt]]))
def test_one_in_depth_is_always_asked_and_no_family_twice(
    declined: set[int], shown: tuple[Prompt, ...]
) -> None:
    barred = families(*declined) - set(shown)
    drawn = draw(barred, CHANCE, shown)
    in_depth_left = any(
        prompt not in barred and family_of(prompt) != family_of(shown[0]) if shown else prompt not in barred
        for prompt in IN_DEPTH
    )
    if not IN_DEPTH & set(shown) and not in_depth_left:
        assert drawn is None
        return
    assert drawn is not None
    asked = (*shown, *drawn)
    assert IN_DEPTH & set(asked)
    assert not barred & set(drawn)
    assert len({family_of(prompt) for prompt in asked}) == len(asked) <= PROMPTS_ASKED


def test_every_order_of_every_movement_comes() -> None:
    """2,000 drawings over 40 orders: one that is possible is missed with a chance below 1e-15."""
    seen = Counter(draw(frozenset(), CHANCE) for _ in range(2000))
    possible = {
        (one, other)
        for one in Prompt
        for other in Prompt
        if family_of(one) != family_of(other) and {one, other} & IN_DEPTH
    }
    assert set(seen) == possible


@pytest.mark.parametrize("prompt", Prompt)
def test_a_movement_is_shown_by_itself_and_by_no_other(prompt: Prompt) -> None:
    showing = {other for other in Prompt if is_shown(other, STRAIGHT, SHOWING[prompt])}
    assert showing == {prompt}
    assert is_at_rest(prompt, STRAIGHT, STRAIGHT)
    assert not is_at_rest(prompt, STRAIGHT, SHOWING[prompt])


@pytest.mark.parametrize("prompt", sorted(IN_DEPTH))
@pytest.mark.parametrize("relief", [None, 0.0, 0.004])
def test_a_movement_in_depth_that_a_flat_picture_could_have_made_is_not_shown(
    prompt: Prompt, relief: float | None
) -> None:
    assert not is_shown(prompt, STRAIGHT, replace(SHOWING[prompt], relief=relief))
