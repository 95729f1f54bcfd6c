"""The window: draws the terminal's view, passes touches on. It never waits and decides nothing.

Import only after `screens.environment.prepare`: Kivy reads its settings when it is first imported.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from kivy.app import App
from kivy.base import EventLoop
from kivy.clock import Clock
from kivy.core.window import Window
from kivy.graphics import InstructionGroup
from kivy.uix.widget import Widget

from kiosk.events import TwoTouchProviders, UnexpectedKeyboard
from kiosk.journey.states import STAFF_OPEN
from kiosk.journey.view import View
from screens.announce import Announcer
from screens.compose.page import compose
from screens.key_count import KeyCount
from screens.port import PREVIEW_HZ, WindowOptions, WindowPort
from screens.providers import delivering
from screens.scene import Scene
from screens.session import NOTE_S, KeyboardFor, Session
from screens.still import StillPhoto
from screens.theme import Theme
from screens.typeset import Typesetter

LEFT_BUTTONS = {"left", None}
BEAT_S = 0.5


class Panel(Widget):  # type: ignore[misc] # Kivy is untyped
    """The one widget: a canvas and its touches."""

    def __init__(
        self, port: WindowPort, options: WindowOptions, types: Typesetter, keyboard_for: KeyboardFor
    ) -> None:
        super().__init__(size=(options.width_px, options.height_px))
        from screens.paint import Painter

        self._port = port
        self._options = options
        self._types = types
        self._group = InstructionGroup()
        self.canvas.add(self._group)
        self._painter = Painter(self._group, types, options.height_px)
        self._session = Session(port.send, keyboard_for)
        self._announcer = Announcer(options.announce) if options.announce is not None else None
        self._view: View = port.view()
        self._scene: Scene | None = None
        self._beat = 0
        self._keys = KeyCount()
        self._told_doubled = False
        self._still = StillPhoto(lambda: Clock.schedule_once(self._show_still, 0))
        self._preview: Any = None
        self._look = Clock.create_trigger(self._draw, 0)
        self._note_over = Clock.create_trigger(self._draw, NOTE_S + 0.1)
        port.subscribe(lambda: Clock.schedule_once(self._look_again, 0))
        Clock.schedule_interval(self._tick, BEAT_S)
        Clock.schedule_once(lambda _elapsed_s: self._tell_doubled(delivering(EventLoop.input_providers)), 0)
        self._draw()

    def close(self) -> None:
        self._still.close()
        self._types.forget()

    def _look_again(self, _elapsed_s: float = 0.0) -> None:
        if self._port.view() != self._view:
            self._draw()

    def _draw(self, _elapsed_s: float = 0.0) -> None:
        now_s = time.monotonic()
        view = self._view = self._port.view()
        if self._session.shown(view, now_s):
            self._types.forget()
        options = self._options
        theme = Theme.for_panel(options.width_px, options.height_px, options.panel_width_mm, elder=view.elder)
        self._scene = compose(view, theme, self._types, self._session.local(now_s))
        self._painter.paint(self._scene)
        self._follow_picture()
        self._shade()
        if self._announcer is not None:
            self._announcer.tell(view, self._scene)

    def _tick(self, _elapsed_s: float) -> None:
        now_s = time.monotonic()
        self._session.tick(now_s)
        if self._session.take_changed():
            self._shade()
            self._look()
        if keys := self._keys.due(now_s):
            self._port.tell(UnexpectedKeyboard(keys))
        if self._painter.is_busy:
            self._beat += 1
            self._painter.beat(self._beat)
        if self._session.keyboard is not None and self._session.keyboard.poll():
            self._draw()

    def _tell_doubled(self, devices: tuple[str, ...]) -> None:
        """More than one provider delivers the panel: told once, presses count once all the same."""
        if len(devices) > 1 and not self._told_doubled:
            self._told_doubled = True
            self._port.tell(TwoTouchProviders(devices))

    def key_typed(self, *_given: object, **_named: object) -> bool:
        """Every key of a real keyboard ends here: counted, not looked at. True: Kivy goes no further."""
        self._keys.pressed(time.monotonic())
        return True

    def keeps_open(self, *_given: object, **_named: object) -> bool:
        """A request to close the window is refused, except from the open staff menu."""
        return self._view.state not in STAFF_OPEN

    def _follow_picture(self) -> None:
        """The camera's picture is fetched only while a place for it is on the screen."""
        if self._painter.shows_live_picture:
            if self._preview is None:
                self._preview = Clock.schedule_interval(self._show_live, 1 / PREVIEW_HZ)
            self._show_live()  # or each countdown second would blink
        elif self._preview is not None:
            self._preview.cancel()
            self._preview = None
        if self._painter.shows_still:
            self._still.show(self._port.taken_photo)
            self._show_still()
        else:
            self._still.forget()

    def _show_live(self, _elapsed_s: float = 0.0) -> None:
        self._painter.show_frame(self._port.preview())

    def _show_still(self, _elapsed_s: float = 0.0) -> None:
        if self._painter.shows_still:
            self._painter.show_frame(self._still.frame)

    def _from_top(self, touch: Any) -> float:
        """Pixels from the top of what is painted, whatever size the window was given."""
        return float(self._options.height_px - touch.y)

    def on_touch_down(self, touch: Any) -> bool:
        if self._scene is None:
            return True
        if getattr(touch, "is_mouse_scrolling", False):
            return True
        if getattr(touch, "button", None) not in LEFT_BUTTONS:
            return True
        x, y = touch.x, self._from_top(touch)
        self._session.down(str(touch.uid), x, y, self._scene, time.monotonic(), touch.device)
        self._tell_doubled(tuple(sorted(self._session.doubled)))
        self._after_touch()
        return True

    def on_touch_move(self, touch: Any) -> bool:
        if self._scene is not None and self._session.move(
            str(touch.uid), touch.x, self._from_top(touch), self._scene, time.monotonic(), touch.device
        ):
            self._look()
        return True

    def on_touch_up(self, touch: Any) -> bool:
        if self._scene is None or getattr(touch, "button", None) not in LEFT_BUTTONS:
            return True
        x, y = touch.x, self._from_top(touch)
        self._session.up(str(touch.uid), x, y, self._scene, time.monotonic(), self._view, touch.device)
        self._after_touch()
        return True

    def _shade(self) -> None:
        """Darken what a finger holds."""
        held = self._scene.target(self._session.held) if self._scene and self._session.held else None
        rect = held.rect if held is not None and held.enabled else None
        self._painter.press(rect, self._options.height_px * 0.014)

    def _after_touch(self) -> None:
        self._shade()
        if self._session.take_changed():
            self._note_over.cancel()  # the newest note has its whole time
            self._note_over()
            self._look()


def _handled(*_given: object, **_named: object) -> bool:
    """Kivy would look for its own keys next: escape, F1 for its settings."""
    return True


class KioskApp(App):  # type: ignore[misc] # Kivy is untyped
    """Hardened: no settings panel, no closing from the keyboard."""

    def __init__(
        self, make_panel: Callable[[], Panel], ended: Callable[[], bool], on_first_frame: Callable[[], None]
    ) -> None:
        super().__init__()
        self._on_first_frame = on_first_frame
        self._make_panel = make_panel
        self._ended = ended
        self._panel: Panel | None = None

    def build(self) -> Widget:
        Window.clearcolor = (0.96, 0.95, 0.93, 1)
        Clock.schedule_interval(lambda _elapsed_s: self.stop() if self._ended() else None, 0.2)
        Window.bind(on_flip=self._first_frame)
        panel = self._panel = self._make_panel()
        Window.bind(on_request_close=panel.keeps_open, on_key_down=panel.key_typed, on_keyboard=_handled)
        return panel

    def _first_frame(self, *_given: object) -> None:
        Window.unbind(on_flip=self._first_frame)
        self._on_first_frame()

    def on_stop(self) -> None:
        if self._panel is not None:
            self._panel.close()

    def open_settings(self, *_given: object) -> bool:
        return False
