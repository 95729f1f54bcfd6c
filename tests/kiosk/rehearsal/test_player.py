"""The hand of a rehearsal presses as a person would."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from drivers.face.contract import FaceFailure
from kiosk.journey import events as ev
from kiosk.journey.present import present
from kiosk.journey.states import State
from kiosk.journey.view import View
from kiosk.journey.visit import FaceProgress
from kiosk.rehearsal.scenario import Step
from kiosk.rehearsal.script import Player
from tests.kiosk.journey.visits import visit, world


def button(shown: View, *, enabled: bool) -> View:
    (first, *rest) = shown.actions
    return replace(shown, actions=(replace(first, enabled=enabled), *rest))


class Stage:
    """Takes a press only when nothing goes wrong; `mishaps` are screens that come instead, one press each."""

    def __init__(self, mishaps: list[list[View]]) -> None:
        self.shown = present(visit(State.REVIEW), world())
        self.done = present(visit(State.RESULT), world())
        self.mishaps = mishaps
        self.presses = 0
        self._later: list[View] = []

    def view(self) -> View:
        if self._later:
            self.shown = self._later.pop(0)
        return self.shown

    def subscribe(self, changed: Callable[[], None]) -> None:
        self._changed = changed

    def send(self, event: ev.Event) -> None:
        assert isinstance(event, ev.Pressed)
        self.presses += 1
        self._later = self.mishaps.pop(0) if self.mishaps else [self.done]
        self._changed()


def test_a_button_that_goes_out_under_the_finger_is_pressed_again() -> None:
    shown = present(visit(State.REVIEW), world())
    out = button(shown, enabled=False)
    why = replace(out, actions=(replace(out.actions[0], reason="马上就好"), *out.actions[1:]))
    stage = Stage([[out, why, button(shown, enabled=True)]])
    Player(stage, None).play(Step("press", "submit"))
    assert (stage.presses, stage.shown) == (2, stage.done)


def test_a_press_that_is_answered_later_is_no_reason_for_another() -> None:
    stage = Stage([])
    stage.mishaps = [[button(stage.shown, enabled=False), stage.done]]
    Player(stage, None).play(Step("press", "submit"))
    assert (stage.presses, stage.shown) == (1, stage.done)


def test_a_stall_is_counted_once_while_its_button_comes_back() -> None:
    stage = Stage([])
    face = FaceProgress(stalls=1, failure=FaceFailure.TIMED_OUT)
    on = present(replace(visit(State.FACE), face=face), world())
    stage.shown = out = button(on, enabled=False)
    stage._later = [out, out, on]
    stage.mishaps = [[out, out, on], [stage.done]]
    player = Player(stage, None, repeats_stalls=True)
    player.play(Step("wait_state", "result"))
    assert (player.stalls, stage.presses) == (1, 2), "the first press was not taken"
