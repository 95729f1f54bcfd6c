"""The camera of an assembled terminal is off as soon as the resident has left its screen, whichever way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.drivers.waiting import wait_until
from tests.kiosk.terminal.hall import PENSION, REPORT, Hall, hall


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Hall]:
    with hall(tmp_path) as made:
        yield made


def is_on(running: Hall) -> bool:
    return running.terminal.preview() is not None


def to_the_problem(running: Hall) -> None:
    running.press("begin", f"service:{REPORT}", "next")
    running.play(wait_enabled="take_photo")
    running.press("take_photo")


def to_the_face(running: Hall, sight: str) -> None:
    running.village.show_face(sight)
    running.press("begin", f"service:{PENSION}", "next")
    running.play(wait_enabled="face")
    running.press("face")
    running.village.put_card("zhou")


@pytest.mark.parametrize("leave", [("back",), ("cancel", "leave"), ("shutter",)], ids="+".join)
def test_the_camera_for_a_problem_is_off_after(running: Hall, leave: tuple[str, ...]) -> None:
    to_the_problem(running)
    assert wait_until(lambda: is_on(running)), running.words
    running.press(*leave)
    assert wait_until(lambda: running.view.state.value != "camera")
    assert wait_until(lambda: not is_on(running))


@pytest.mark.parametrize("leave", [("back",), ("cancel", "leave"), ("other_way",)], ids="+".join)
def test_the_camera_for_a_face_is_off_after(running: Hall, leave: tuple[str, ...]) -> None:
    to_the_face(running, "street")
    assert wait_until(lambda: is_on(running)), running.words
    running.press(*leave)
    assert wait_until(lambda: running.view.state.value != "face")
    assert wait_until(lambda: not is_on(running))


def test_the_camera_is_off_once_the_face_is_confirmed(running: Hall) -> None:
    running.player.repeats_stalls = True
    to_the_face(running, "zhou_today")
    running.play(wait_state="form")  # nobody gets here without pictures
    assert wait_until(lambda: not is_on(running))
