"""The journey at work: in order, one visit at a time, and alive after any defect."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator

import pytest

from kiosk.journey import effects as fx
from kiosk.journey import events as ev
from kiosk.journey.idle import IdleClock
from kiosk.journey.runner import Journey
from kiosk.journey.states import State
from kiosk.journey.visit import Visit
from kiosk.journey.world import World
from tests.kiosk.journey.visits import world

PATIENCE_S = 10.0
SECRET = "测试欧阳明110199194803120016"


class Hands:
    """Remembers what it was asked to do; breaks at an effect of a kind."""

    def __init__(self) -> None:
        self.done: list[str] = []
        self.breaks_at: type[object] | None = None
        self.rests = 0

    def do(self, effect: fx.Effect, _visit: Visit) -> None:
        if self.breaks_at is not None and isinstance(effect, self.breaks_at):
            raise RuntimeError(SECRET)
        self.done.append(type(effect).__name__)

    def rest(self) -> None:
        self.rests += 1


class Stand:
    def __init__(self) -> None:
        self.world_breaks = False
        self.hands = Hands()
        self.journey = Journey(self._world, IdleClock(60, 30))
        self.journey.start(self.hands)

    def _world(self) -> World:
        if self.world_breaks:
            raise OSError(SECRET)
        return world()

    def until(self, holds: Callable[[], bool]) -> None:
        deadline_s = time.monotonic() + PATIENCE_S
        while not holds():
            assert time.monotonic() < deadline_s
            time.sleep(0.01)

    def until_state(self, state: State) -> None:
        self.until(lambda: self.journey.view().state is state)

    def to_notice(self) -> None:
        self.journey.send(ev.Pressed("begin"))
        self.until_state(State.HOME)
        self.journey.send(ev.Pressed("service:110199-YL-01"))
        self.until_state(State.NOTICE)


@pytest.fixture
def stand() -> Iterator[Stand]:
    made = Stand()
    yield made
    made.journey.close()


def test_a_defect_ends_the_visit_and_the_next_resident_is_served(
    stand: Stand, caplog: pytest.LogCaptureFixture
) -> None:
    stand.to_notice()
    with caplog.at_level(logging.DEBUG):
        stand.world_breaks = True
        stand.journey.send(ev.Touched())
        stand.until_state(State.ATTRACT)
    stand.world_breaks = False
    assert stand.journey.defects >= 1
    assert "Forget" in stand.hands.done
    assert "OSError" in caplog.text
    assert SECRET not in caplog.text
    stand.to_notice()


def test_a_terminal_that_nobody_touches_still_forgets_what_is_past_its_term(stand: Stand) -> None:
    """Again and again, and on the first screen."""
    stand.until(lambda: stand.hands.rests >= 2)
    assert stand.journey.view().state is State.ATTRACT
    assert (stand.journey.defects, stand.hands.done) == (0, [])


def test_a_device_that_breaks_its_order_does_not_keep_the_visit(stand: Stand) -> None:
    stand.to_notice()
    stand.hands.breaks_at = fx.ReadCard
    stand.journey.send(ev.Pressed("next"))
    stand.until_state(State.CONSENT)
    stand.journey.send(ev.Pressed("other_way"))
    stand.until_state(State.ATTRACT)
    assert "Forget" in stand.hands.done
    stand.hands.breaks_at = None
    stand.to_notice()


def test_a_press_of_a_screen_that_has_given_way_does_nothing_on_the_next(stand: Stand) -> None:
    """Both screens offer `cancel`; the window had not drawn the second yet when the finger left."""
    stand.to_notice()
    stand.journey.send(ev.Pressed("cancel", seen_on=State.HOME))
    stand.journey.send(ev.Pressed("next", seen_on=State.NOTICE))
    stand.until_state(State.CONSENT)
    assert stand.journey.view().dialog is None
    stand.journey.send(ev.Pressed("cancel", seen_on=State.CONSENT))
    stand.until(lambda: stand.journey.view().dialog is not None)


def test_what_the_screen_does_not_offer_does_nothing(stand: Stand) -> None:
    stand.journey.send(ev.Pressed("submit"))
    stand.journey.send(ev.Entered("description", "x"))
    stand.journey.send(ev.Pressed("begin"))
    stand.until_state(State.HOME)
    assert stand.journey.defects == 0
    assert stand.hands.done == []
