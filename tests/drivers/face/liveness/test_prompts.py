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
POSSIBLE = [
    (one, other)
    for one in Prompt
    for other in Prompt
    if family_of(one) != family_of(other) and {one, other} & IN_DEPTH
]


def families(*numbers: int) -> frozenset[Prompt]:
    return frozenset(prompt for number in numbers for prompt in FAMILIES[number])


@given(declined=st.sets(st.integers(0, 3)), shown=st.sampled_from([(), *[(p,) for p in Prompt]]))
def test_one_in_depth_is_always_asked_and_a_kind_again_only_where_too_few_are_left(
    declined: set[int], shown: tuple[Prompt, ...]
) -> None:
    barred = families(*declined)
    drawn = draw(barred, CHANCE, shown)
    left = set(Prompt) - barred
    if not left or not IN_DEPTH & (left | set(shown)):
        assert drawn is None
        return
    assert drawn is not None
    asked = (*shown, *drawn)
    assert IN_DEPTH & set(asked)
    assert not barred & set(drawn)
    assert len(asked) == PROMPTS_ASKED + len(declined)
    kinds = {family_of(prompt) for prompt in shown}
    others = {family_of(prompt) for prompt in left} - kinds
    assert len({family_of(prompt) for prompt in asked}) == len(kinds) + min(len(drawn), len(others))


@given(declined=st.sets(st.integers(0, 3), max_size=3), data=st.data())
def test_what_waits_keeps_its_place(declined: set[int], data: st.DataObject) -> None:
    waiting = data.draw(st.sampled_from(POSSIBLE))
    drawn = draw(families(*declined), CHANCE, (), waiting)
    if drawn is None:
        assert not IN_DEPTH - families(*declined)
        return
    for before, after in zip(waiting, drawn, strict=False):
        assert after is before or before in families(*declined)


def test_every_order_of_every_movement_comes() -> None:
    """4,000 drawings over 40 orders, equally likely: 100 of each, 50 to 160 but for a chance below 1e-5."""
    seen = Counter(draw(frozenset(), CHANCE) for _ in range(4000))
    assert set(seen) == set(POSSIBLE)
    assert len(POSSIBLE) == 40
    assert all(50 <= count <= 160 for count in seen.values())


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
