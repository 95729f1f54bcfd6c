"""A hand before a session: it presses what the scene shows, and sees what was sent."""

from __future__ import annotations

from kiosk.journey.events import Touched
from kiosk.journey.view import Action, Dialog, Field, View
from screens.compose.page import compose
from screens.keyboard.kind import keyboard_kind
from screens.keyboard.model import Keyboard
from screens.port import FromScreen
from screens.scene import Scene
from screens.session import Session
from tests.screens.panels import STANDING, PanelSize, types
from tests.screens.writing import Many

CALM_S = 5.0
"""Longer than any rest: the next press is another thought."""

IDLE = Dialog(
    "您还在吗？", "18 秒后自动结束。", (Action("stay", "我还在"), Action("leave", "结束")), countdown_s=18
)


class Hand:
    """`now_s` moves by itself; `sent` holds all but the bare touches."""

    def __init__(self, view: View, panel: PanelSize = STANDING) -> None:
        self.panel = panel
        self.now_s = 100.0
        self.sent: list[FromScreen] = []
        self.touches = 0
        self.engine = Many()
        self.session = Session(self._take, self._keyboard)
        self._count = 0
        self.show(view)

    def _take(self, event: FromScreen) -> None:
        if isinstance(event, Touched):
            self.touches += 1
        else:
            self.sent.append(event)

    def _keyboard(self, field: Field, view: View) -> Keyboard:
        kind = keyboard_kind(field.kind)
        return Keyboard(view.language, kind, field.max_length, self.engine, text=field.value)

    def show(self, view: View) -> None:
        """The terminal shows this view now, and the hand waits until it counts."""
        self.view = view
        self.session.shown(view, self.now_s)
        self.now_s += CALM_S

    def change(self, view: View) -> None:
        """The same without waiting."""
        self.view = view
        self.session.shown(view, self.now_s)

    @property
    def scene(self) -> Scene:
        theme = self.panel.theme(elder=self.view.elder)
        return compose(self.view, theme, types(), self.session.local(self.now_s))

    def at(self, key: str) -> tuple[float, float]:
        target = self.scene.target(key)
        assert target is not None, key
        return target.rect.middle

    def down(self, x: float, y: float, touch: str = "") -> str:
        self._count += 1
        touch = touch or f"touch{self._count}"
        self.session.down(touch, x, y, self.scene, self.now_s)
        return touch

    def move(self, touch: str, y: float, x: float = 500.0) -> bool:
        return self.session.move(touch, x, y, self.scene, self.now_s)

    def up(self, touch: str, x: float, y: float) -> None:
        self.session.up(touch, x, y, self.scene, self.now_s, self.view)

    def tap(self, key: str) -> list[FromScreen]:
        """A short press; what was sent by it."""
        before = len(self.sent)
        x, y = self.at(key)
        self.up(self.down(x, y), x, y)
        return self.sent[before:]

    def press(self, key: str) -> list[FromScreen]:
        """A calm press, long after the last."""
        self.now_s += CALM_S
        return self.tap(key)

    def type(self, *keys: str) -> None:
        for key in keys:
            self.tap(f"key:{key}")
