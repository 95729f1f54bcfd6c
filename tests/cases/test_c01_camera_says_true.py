"""C01: read() says True with an empty, stale, black or green picture; or it hangs.

Hanging, freezing and vanishing over a real transport: tests/drivers/camera/test_opencv.py.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from drivers.camera.gate import Gate, Verdict
from tests.drivers.camera.sights import one_colour, room


def picture(mean: int, seed: int) -> NDArray[np.uint8]:
    """A dim or bright room with a sensor's noise, so that no two are equal."""
    noise = np.random.default_rng(seed).integers(-2, 3, (240, 320, 3))
    spread = min(40, mean)
    levels = mean + (room(120).astype(np.int16) - 120) * spread // 40 + noise
    return np.asarray(np.clip(levels, 0, 255), np.uint8)


def settled(gate: Gate) -> float:
    """Feed a steady room until the gate opens; the time then."""
    for count in range(10):
        if gate.judge(picture(100, count), count / 10) is Verdict.USABLE:
            return count / 10
    message = "the gate never opened"
    raise AssertionError(message)


def test_b_the_same_bytes_again_and_again_are_no_new_picture() -> None:
    gate = Gate(0.0)
    now_s = settled(gate)
    frame = picture(100, 99)
    assert gate.judge(frame, now_s) is Verdict.USABLE
    for count in range(60):
        assert gate.judge(frame.copy(), now_s + count) is Verdict.REPEATED


def test_c_the_picture_from_before_the_plug_was_pulled_is_not_used() -> None:
    gate = Gate(0.0)
    now_s = settled(gate)
    frame = picture(100, 99)
    assert gate.judge(frame, now_s) is Verdict.USABLE
    assert gate.judge(None, now_s) is Verdict.MISSED
    assert gate.judge(frame.copy(), now_s) is Verdict.REPEATED
    opened_again = Gate(60.0, gate.last_digest)
    assert opened_again.judge(frame.copy(), 63.0) is Verdict.REPEATED


def test_d_frames_wait_until_exposure_has_settled() -> None:
    gate = Gate(0.0)
    verdicts = [gate.judge(picture(mean, mean), 0.1 * n) for n, mean in enumerate((3, 9, 35, 96, 101))]
    assert verdicts[-1] is Verdict.USABLE
    assert Verdict.USABLE not in verdicts[:-1]
    assert verdicts[0] is Verdict.BLANK


def test_d_a_scene_that_never_rests_is_used_after_two_seconds() -> None:
    gate = Gate(0.0)
    for count in range(19):
        assert gate.judge(picture(60 + 60 * (count % 2), count), 0.1 * count) is Verdict.SETTLING
    assert gate.judge(picture(60, 19), 2.0) is Verdict.USABLE


def test_e_one_colour_is_never_a_picture() -> None:
    gate = Gate(0.0)
    for count in range(30):
        green = one_colour(0, 135, 0)
        green[0, 0, 0] = count  # not even byte-equal
        assert gate.judge(green, count / 5) is Verdict.GREEN
        grey = one_colour(90, 90, 90)
        grey[0, 0, 0] = count
        assert gate.judge(grey, count / 5) is Verdict.BLANK


def test_f_true_without_a_picture_is_a_miss() -> None:
    gate = Gate(0.0)
    assert gate.judge(None, 0.0) is Verdict.MISSED
    assert gate.judge(np.zeros((0, 0, 3), np.uint8), 0.0) is Verdict.MISSED
