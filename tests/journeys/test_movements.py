"""A visit in the real window whose resident makes the movements that the screen asks for, and one who makes none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from drivers.face.liveness.prompts import IN_DEPTH, PROMPTS_ASKED
from tests.groups import FACES
from tests.journeys.test_visits import (
    end_after_result,
    pension_until_result,
    pension_with_card_and_face,
    registered,
)
from tests.journeys.window import PROJECT, Window

pytestmark = [pytest.mark.window, pytest.mark.xdist_group(FACES)]
LONG_S = 90.0


class Resident:
    """Does what the screen of the window asks, or only reads it."""

    def __init__(self, window: Window, *, moves: bool) -> None:
        self._window, self._moves = window, moves
        self.asked: list[str] = []
        self._now = ""
        window.seen, window.decision_s = self._read, LONG_S

    def _read(self, scene: dict[str, Any]) -> None:
        movement = scene.get("movement", self._now)
        if movement == self._now:
            return
        self._now = movement
        if movement:
            self.asked.append(movement)
        if self._moves:
            self._window.village.move_head(movement)


@pytest.fixture
def window(tmp_path: Path) -> Iterator[Window]:
    made = Window(
        tmp_path,
        ini={("face", "liveness"): "prompt"},
        program=PROJECT / "tests" / "journeys" / "moving_terminal.py",
    )
    try:
        yield made
    finally:
        made.close()


def test_who_makes_the_movements_goes_on_to_the_slip(window: Window) -> None:
    resident = Resident(window, moves=True)
    pension_until_result(window, on_record=True)
    assert len(resident.asked) >= PROMPTS_ASKED
    assert set(resident.asked) & {prompt.value for prompt in IN_DEPTH}
    end_after_result(window, card=True)
    assert registered(window, 1)


def test_who_makes_none_is_not_let_in_by_the_machine(window: Window) -> None:
    """The same face, the same card."""
    resident = Resident(window, moves=False)
    pension_with_card_and_face(window)
    window.target("action:try_face", LONG_S)
    log = (window.log / "terminal.log").read_text("utf-8")
    assert "a face attempt ended without a comparison: movement_not_seen" in log
    assert len(resident.asked) == 1
    assert "form" not in window.states
