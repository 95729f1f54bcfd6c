"""Buffers that were filled in part, and scenes that only look like it."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from drivers.camera.gate import Gate, Verdict
from tests.drivers.camera.sights import room

Pixels = NDArray[np.uint8]
Spoil = Callable[[Pixels, Pixels], None]
"""Changes the picture in place; the second one is the picture before."""


def alive(seed: int, brightness: int = 120) -> Pixels:
    noise = np.random.default_rng(seed).integers(-3, 4, (240, 320, 3))
    return np.asarray(np.clip(room(brightness) + noise, 0, 255), np.uint8)


def verdict(spoil: Spoil, *, is_live: bool = True) -> Verdict:
    """Of a spoilt picture, after enough right ones."""
    gate = Gate(0.0, is_live=is_live)
    for seed in range(8):
        before = alive(seed)
        assert gate.judge(before, seed / 10) in (Verdict.SETTLING, Verdict.USABLE)
    picture = alive(99)
    spoil(picture, before)
    return gate.judge(picture, 1.0)


def zeros_below(picture: Pixels, _before: Pixels) -> None:
    picture[200:] = (0, 135, 0)


def coded_zeros_below(picture: Pixels, _before: Pixels) -> None:
    picture[160:] = (0, 135, 0)
    picture[:] = np.asarray(cv2.imdecode(cv2.imencode(".jpg", picture)[1], cv2.IMREAD_COLOR))


def one_value_below(picture: Pixels, _before: Pixels) -> None:
    picture[200:] = (128, 127, 128)


def one_value_a_block_below(picture: Pixels, _before: Pixels) -> None:
    """Each row of blocks holds on to its last value."""
    for top in range(160, 240, 16):
        picture[top : top + 16] = 60 + top // 2


def before_below(picture: Pixels, before: Pixels) -> None:
    picture[200:] = before[200:]


def a_window_above(picture: Pixels, _before: Pixels) -> None:
    picture[:60] = 255


def bars_above_and_below(picture: Pixels, _before: Pixels) -> None:
    picture[:40] = picture[200:] = 0


def a_green_wall(picture: Pixels, _before: Pixels) -> None:
    picture[:, 20:] = (0, 135, 0)


def one_line_of_the_picture_before(picture: Pixels, before: Pixels) -> None:
    picture[230:] = before[230:]


@pytest.mark.parametrize("spoil", [zeros_below, coded_zeros_below])
def test_a_buffer_that_is_partly_zeros_is_green(spoil: Spoil) -> None:
    assert verdict(spoil) is Verdict.GREEN


@pytest.mark.parametrize("spoil", [one_value_below, one_value_a_block_below, before_below])
def test_a_picture_that_did_not_arrive_whole_is_garbled(spoil: Spoil) -> None:
    assert verdict(spoil) is Verdict.GARBLED


@pytest.mark.parametrize(
    "spoil", [a_window_above, bars_above_and_below, a_green_wall, one_line_of_the_picture_before]
)
def test_what_a_lens_may_see_is_no_damage(spoil: Spoil) -> None:
    assert verdict(spoil) is Verdict.USABLE


def test_bars_stay_the_same_and_are_no_damage() -> None:
    gate = Gate(0.0)
    for seed in range(12):
        picture = alive(seed)
        bars_above_and_below(picture, picture)
        last = gate.judge(picture, seed / 10)
    assert last is Verdict.USABLE


def test_in_a_film_parts_may_stand_still() -> None:
    assert verdict(before_below, is_live=False) is Verdict.USABLE


def test_the_size_is_the_one_asked_for_or_the_first_ones() -> None:
    asked = Gate(0.0, size_px=(640, 480))
    assert asked.judge(alive(1), 0.0) is Verdict.WRONG_SIZE
    own = Gate(0.0)
    for seed in range(6):
        own.judge(alive(seed), seed / 10)
    assert own.judge(alive(7)[:200], 0.7) is Verdict.WRONG_SIZE
    assert own.judge(alive(8), 0.8) is Verdict.USABLE


def test_damaged_pictures_do_not_settle_the_exposure() -> None:
    gate = Gate(0.0)
    for seed in range(10):
        picture = alive(seed)
        zeros_below(picture, picture)
        assert gate.judge(picture, seed / 100) is Verdict.GREEN
    assert gate.judge(alive(50), 0.2) is Verdict.SETTLING


def test_the_work_of_a_large_picture_is_bounded_and_it_is_judged_the_same() -> None:
    gate = Gate(0.0)
    large = [cv2.resize(alive(seed), (2560, 1920), interpolation=cv2.INTER_NEAREST) for seed in range(8)]
    verdicts = [gate.judge(np.asarray(picture, np.uint8), n / 10) for n, picture in enumerate(large)]
    assert verdicts[-1] is Verdict.USABLE
    assert gate.judge(np.asarray(large[-1], np.uint8).copy(), 1.0) is Verdict.REPEATED
