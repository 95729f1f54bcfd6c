"""Left for right: neither a failure nor the movement that was asked for."""

from __future__ import annotations

from drivers.face.liveness.contract import LivenessRecord, Method, Outcome, Prompt
from drivers.face.liveness.prompts import PROMPTS_ASKED
from tests.drivers.face.liveness.sights import SHOWING, STRAIGHT
from tests.drivers.face.liveness.test_checks import Stand

P = Prompt


def test_who_moves_the_opposite_way_is_asked_for_something_else_and_one_more_as_if_it_was_declined() -> None:
    """Left and right are easily mixed up; and a film that shows both would pass for either."""
    stand = Stand(P.TURN_LEFT, P.CLOSER, P.LOOK_UP, P.TILT_LEFT)
    stand.show(P.TURN_RIGHT)
    assert stand.asked() is not None
    assert not stand.check.finished, "nobody failed"
    stand.show(P.TURN_LEFT)
    assert stand.asked() not in (P.TURN_LEFT, P.TURN_RIGHT)
    shown = []
    while (asked := stand.asked()) is not None:
        stand.show(asked)
        shown.append(asked)
    assert len(shown) == PROMPTS_ASKED + 1
    assert stand.check.record() == LivenessRecord(Method.PROMPT, Outcome.SHOWN, tuple(shown))


def test_on_the_way_back_from_one_movement_nobody_has_mixed_it_up_with_the_next() -> None:
    stand = Stand()
    stand.check._waiting = (P.TURN_RIGHT, P.TURN_LEFT)
    stand.show(P.TURN_RIGHT)
    stand.eyes.show(SHOWING[P.TURN_RIGHT])
    stand.watch(5)
    assert stand.asked() is P.TURN_LEFT, "it began turned, and was not at rest yet"
    stand.show(P.TURN_LEFT)
    assert stand.check.record().outcome is Outcome.SHOWN


def test_one_frame_of_the_opposite_is_the_landmarks_mistake() -> None:
    stand = Stand(P.TURN_LEFT, P.CLOSER)
    for _ in range(3):
        stand.eyes.show(STRAIGHT)
        stand.watch(2)
        stand.eyes.show(SHOWING[P.TURN_RIGHT])
        stand.watch()
    stand.show(P.TURN_LEFT)
    assert stand.asked() is P.CLOSER
