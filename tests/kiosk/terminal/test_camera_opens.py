"""Whole visits on real drivers, counted at the far end of the camera: who connected, and who still looks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kiosk.journey import events as ev
from kiosk.journey import face_attempt
from kiosk.journey.states import State
from tests.groups import FACES
from tests.kiosk.terminal.hall import PENSION, REPORT, REPORT_ANSWERS, Hall, hall

pytestmark = [pytest.mark.xdist_group(FACES), pytest.mark.usefixtures("unhurried_camera")]
PATIENCE_S = 30.0


@pytest.fixture
def running(tmp_path: Path) -> Iterator[Hall]:
    with hall(tmp_path) as made:
        made.wait(lambda _view: made.terminal.surroundings.world().face_ready, "the face check")
        yield made


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An attempt does not end by itself while a test waits, so that what shuts the camera is what was done."""
    monkeypatch.setattr(face_attempt, "ATTEMPT_S", 10 * PATIENCE_S)


def opens(running: Hall) -> int:
    return running.village.camera.connections


def is_shut(running: Hall) -> bool:
    """Nobody is served any more: the far end notices with its next picture."""
    deadline_s = time.monotonic() + PATIENCE_S
    while running.village.camera.watching and time.monotonic() < deadline_s:
        time.sleep(0.02)
    return running.village.camera.watching == 0


def until_open(running: Hall) -> None:
    running.play(wait_state="face")
    deadline_s = time.monotonic() + PATIENCE_S
    while not running.village.camera.watching:
        assert time.monotonic() < deadline_s, "the camera did not open"
        time.sleep(0.02)


def to_the_face(running: Hall, sight: str = "street") -> None:
    """Consent given and card read; nobody to be seen, so that the look goes on."""
    running.village.show_face(sight)
    running.press("begin", f"service:{PENSION}", "next")
    assert opens(running) == 0, "before the question"
    running.press("face")
    running.play(wait_state="card")
    assert opens(running) == 0, "consent alone opens nothing"
    running.village.put_card("zhou")


def test_one_recognising_is_one_opening_and_it_is_shut_with_the_decision(running: Hall) -> None:
    to_the_face(running, "zhou_today")
    running.play(wait_state="form")
    assert opens(running) == 1
    assert is_shut(running)
    running.play(answer_form={"lives_at_card_address": "yes"})
    running.press("submit")
    running.play(wait_enabled="finish")
    assert opens(running) == 1, "nothing later in the visit opens it"


def test_three_tries_are_three_openings_and_no_fourth(running: Hall) -> None:
    to_the_face(running, "stranger")
    for number in (1, 2):
        running.play(wait_enabled="try_face")
        assert opens(running) == number
        assert is_shut(running), "between two tries"
        running.press("try_face")
    running.play(wait_state="other_way")
    assert opens(running) == 3
    assert is_shut(running)


def test_a_no_an_anonymous_report_and_a_child_open_nothing(running: Hall) -> None:
    running.press("begin", f"service:{PENSION}", "next", "other_way")
    running.village.put_card("zhou")
    running.play(wait_state="other_way")
    running.press("window", "finish")
    running.play(wait_state="ended")
    running.terminal.send(ev.IdleExpired())
    running.play(wait_state="attract")
    running.village.take_card()
    running.press("begin", f"service:{PENSION}", "next", "face")
    running.village.put_card("xiaoyu")
    running.play(wait_state="other_way", screen_has=["未满 14 岁不用人脸确认"])
    running.press("cancel", "leave")
    running.terminal.send(ev.IdleExpired())
    running.play(wait_state="attract")
    running.press("begin", f"service:{REPORT}", "next", "next")
    running.play(answer_form=REPORT_ANSWERS)
    running.press("submit")
    running.play(wait_enabled="finish")
    assert opens(running) == 0


def by_other_way(running: Hall) -> None:
    running.press("other_way")


def by_going_back(running: Hall) -> None:
    running.press("back")


def by_leaving(running: Hall) -> None:
    running.press("cancel", "leave")


def by_time(running: Hall) -> None:
    running.terminal.send(ev.IdleExpired())


LEAVES: dict[Callable[[Hall], None], State] = {
    by_other_way: State.OTHER_WAY,
    by_going_back: State.CONSENT,
    by_leaving: State.ENDED,
    by_time: State.ENDED,
}


@pytest.mark.usefixtures("patient")
@pytest.mark.parametrize("leave", LEAVES, ids=[one.__name__ for one in LEAVES])
def test_whoever_leaves_shuts_it(running: Hall, leave: Callable[[Hall], None]) -> None:
    to_the_face(running)
    until_open(running)
    leave(running)
    running.play(wait_state=LEAVES[leave].value)
    assert is_shut(running)
    assert opens(running) == 1


@pytest.mark.usefixtures("patient")
def test_a_camera_process_that_is_killed_leaves_nobody_looking(running: Hall) -> None:
    to_the_face(running)
    until_open(running)
    assert running.village.strike("kill", "camera") == 1
    running.play(screen_has=["不是您的问题"])
    assert is_shut(running)
    assert opens(running) == 1, "it comes back shut, and no try is begun by itself"


@pytest.mark.usefixtures("patient")
def test_a_terminal_that_ends_leaves_nobody_looking(running: Hall) -> None:
    to_the_face(running)
    until_open(running)
    running.terminal.close()
    assert is_shut(running)
