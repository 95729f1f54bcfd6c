"""Whatever fingers do on whatever screens: nothing raises, and only what is offered is pressed."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiosk.journey.events import Entered, Pressed
from kiosk.journey.view import View, actions_of, fields_of
from tests.screens.gallery import all_views
from tests.screens.hand import Hand
from tests.screens.panels import PANELS

VIEWS: list[View] = [
    view
    for language, elder in (("zh", False), ("en", True))
    for view in all_views(language, elder=elder).values()
]
WRITABLE = [view for view in VIEWS if any(True for _ in fields_of(view))]


@dataclass(frozen=True, slots=True)
class Act:
    """`kind` down, move, up, tap or show; the place as shares of the panel or of the list of targets."""

    kind: str
    x: float
    y: float
    touch: str
    pause_s: float


ACTS = st.builds(
    Act,
    st.sampled_from(["down", "move", "up", "tap", "tap", "tap", "show"]),
    st.floats(0, 1, exclude_max=True),
    st.floats(0, 1, exclude_max=True),
    st.sampled_from(["1", "2"]),
    st.sampled_from([0.0, 0.1, 0.5, 3.0]),
)


def allowed(view: View) -> set[str]:
    return {action.id for action in actions_of(view) if action.enabled}


def do(hand: Hand, act: Act, views: list[View]) -> None:
    hand.now_s += act.pause_s
    scene = hand.scene
    x, y = act.x * hand.panel.width_px, act.y * hand.panel.height_px
    match act.kind:
        case "down":
            hand.session.down(act.touch, x, y, scene, hand.now_s)
        case "move":
            hand.session.move(act.touch, x, y, scene, hand.now_s)
        case "up":
            hand.session.up(act.touch, x, y, scene, hand.now_s, hand.view)
        case "tap":
            x, y = scene.targets[int(act.x * len(scene.targets))].rect.middle
            hand.up(hand.down(x, y, act.touch), x, y)
        case "show":
            hand.change(views[int(act.x * len(views))])


@pytest.mark.parametrize("views", [VIEWS, WRITABLE], ids=["all", "writing"])
@settings(max_examples=60, deadline=None)  # the first scenes fill the caches of widths
@given(data=st.data())
def test_only_what_is_offered_is_pressed(views: list[View], data: st.DataObject) -> None:
    panel = data.draw(st.sampled_from(PANELS))
    hand = Hand(views[data.draw(st.integers(0, len(views) - 1))], panel)
    for act in data.draw(st.lists(ACTS, max_size=25)):
        before, shown = len(hand.sent), hand.view
        do(hand, act, views)
        fields = {field.id: field for field in fields_of(shown)}
        for event in hand.sent[before:]:
            match event:
                case Pressed(name):
                    assert name in allowed(shown)
                case Entered(field, value):
                    asked = fields[field]
                    assert len(value) <= asked.max_length
                    assert not asked.options or value in dict(asked.options)
                case _:
                    pytest.fail("a session sends nothing else")
        local = hand.session.local(hand.now_s)
        assert local.scroll_px >= 0
        assert (local.field is None) == (local.keyboard is None)
        assert hand.scene.targets
