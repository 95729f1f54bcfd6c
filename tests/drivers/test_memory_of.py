"""The search through memory finds exactly what `in` finds, however it lies."""

from __future__ import annotations

import os
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.drivers.memory_of import LONG_BYTES, Finder, found_in

BYTE = st.sampled_from(b"\0\xffab")


@pytest.mark.parametrize("length", [1, 8, LONG_BYTES - 1, LONG_BYTES, LONG_BYTES + 1, 48])
def test_wherever_it_lies_it_is_found_and_nothing_else_is(length: int) -> None:
    some = random.Random(length)  # noqa: S311 - noise
    there, not_there = some.randbytes(length), some.randbytes(length)
    finder = Finder({"there": there, "not there": not_there})
    for before in range(17):
        for behind in (0, 1, 7, 300):
            memory = bytes(before) + there + bytes(behind)
            assert finder.in_piece(memory) == {"there"}, (before, behind)


@given(st.lists(BYTE, max_size=120), st.lists(st.lists(BYTE, min_size=1, max_size=24), max_size=6), st.data())
def test_it_finds_what_a_plain_search_finds(
    memory: list[int], more: list[list[int]], data: st.DataObject
) -> None:
    """In memory that repeats itself, where many a word is that of several patterns."""
    held = bytes(memory)
    begin = data.draw(st.integers(0, len(held)))
    patterns = {str(number): bytes(one) for number, one in enumerate(more)}
    patterns["a part of it"] = held[begin : begin + data.draw(st.integers(1, 40))] or b"a"
    assert Finder(patterns).in_piece(held) == {kind for kind, one in patterns.items() if one in held}


def test_in_a_living_process_it_is_found() -> None:
    held = [os.urandom(64) for _ in range(50)]
    wanted = {str(number): one[3:55] for number, one in enumerate(held)}
    assert found_in(os.getpid(), wanted).keys() == wanted.keys()
