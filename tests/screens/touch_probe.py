"""Fingers and keys on Kivy's own providers and window, in a real window; tells what came of them as JSON.

`python -m tests.screens.touch_probe [two]` on a display; the cases K01, K02 and K03 ask. `two` gives
the window two providers, as a misconfigured terminal has them.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

from kiosk.journey.events import Entered, Pressed
from kiosk.journey.view import View
from screens import app as window_app
from screens import environment
from screens.app import run_window
from screens.port import WindowOptions
from screens.press import TAKE_OVER_S
from tests.screens.gallery import PROJECT, Shown, all_views
from tests.screens.panels import PANELS, types
from tests.screens.touch_cases import BURST_KEYS, BURST_TEXT, DOUBLED_PRESS, IMPATIENT_TAPS_MS, KEYS

SMALL = PANELS[-1]
KEY_CODES = {"escape": 27, "f1": 282, "f4": 285, "f11": 292, "f12": 293, "tab": 9, "print": 316, "menu": 319}
"""Kivy's, as the case gives them; a letter is its own code."""
STEP_S = 0.05


class Hall:
    """The window, a second provider beside its own, and what a finger can do to both."""

    def __init__(self, panel: Any, port: Shown) -> None:
        from kivy.base import EventLoop
        from kivy.input.motionevent import MotionEvent
        from kivy.input.provider import MotionEventProvider

        class Touch(MotionEvent):  # type: ignore[misc] # Kivy is untyped
            def depack(self, args: tuple[float, float]) -> None:
                self.sx, self.sy = args
                self.profile = ["pos"]
                super().depack(args)

        class Replayed(MotionEventProvider):  # type: ignore[misc] # as above
            def __init__(self, device: str) -> None:
                super().__init__(device, "")
                self.waiting: deque[tuple[str, Any]] = deque()

            def update(self, dispatch_fn: Callable[[str, Any], None]) -> None:
                while self.waiting:
                    dispatch_fn(*self.waiting.popleft())

        self.panel, self.port, self.window = panel, port, EventLoop.window
        self.loop = EventLoop
        self._touch = Touch
        self._down: dict[str, Any] = {}
        self._second = Replayed("event2")

    def plug_in_second(self) -> None:
        self.loop.add_input_provider(self._second)

    def middle(self, key: str) -> tuple[float, float]:
        x, y = self.panel._scene.target(key).rect.middle
        return x, y

    def mouse(self, what: str, x: float, y: float) -> None:
        """What SDL tells of a finger: pixels from the top left."""
        self.window.dispatch(f"on_mouse_{what}", x, y, "left", [])

    def second(self, what: str, id_: str, x: float, y: float) -> None:
        place = (x / SMALL.width_px, 1 - y / SMALL.height_px)
        if what == "down":
            self._down[id_] = self._touch("event2", id_, place, is_touch=True, type_id="touch")
            self._second.waiting.append(("begin", self._down[id_]))
        else:
            self._second.waiting.append(("end", self._down.pop(id_)))

    def tap(self, key: str) -> None:
        x, y = self.middle(key)
        self.mouse("down", x, y)
        self.mouse("up", x, y)

    def key(self, name: str) -> None:
        *modifiers, last = name.split("+")
        code = KEY_CODES.get(last, ord(last[0]))
        if not self.window.dispatch("on_key_down", code, 0, last[0], modifiers):
            self.window.dispatch("on_keyboard", code, 0, last[0], modifiers)
        self.window.dispatch("on_textinput", last[0])
        self.window.dispatch("on_key_up", code, 0)

    def acted(self) -> list[str]:
        return [repr(e) for e in self.port.sent if isinstance(e, Pressed | Entered)]

    def settled(self) -> bool:
        touchable = time.monotonic() >= self.panel._session._guard.settled_at_s
        return touchable and bool(self.panel._view == self.port.now)

    def dark(self) -> int:
        return len(self.panel._painter._pressed.children)


Steps = Iterator[float]
"""Each value is how many seconds the window goes on before the next step; then it has settled."""


def case_k01(hall: Hall, found: dict[str, Any], views: dict[str, View]) -> Steps:
    hall.plug_in_second()
    hall.port.show(views["20_review"])
    yield 0.0
    yield from _doubled_press(hall, "action:submit")
    found["one finger, two providers"] = hall.acted()
    found["told"] = [sorted(event.devices) for event in hall.port.told if hasattr(event, "devices")]
    hall.port.sent.clear()
    hall.port.show(views["01_attract"])
    yield 0.0
    hall.port.show(views["20_review"])
    yield 0.0
    last_ms = 0
    for at_ms in IMPATIENT_TAPS_MS:
        yield (at_ms - last_ms) / 1000
        last_ms = at_ms
        hall.tap("action:submit")
    yield 0.1
    found["three quick taps"] = hall.acted()
    hall.port.show(views["form_110199-SB-01_1"])
    yield 0.0
    yield from _write(hall)
    yield from _doubled_press(hall, "key:q")
    found["letters on the keyboard"] = hall.panel._session.keyboard.composing


def _doubled_press(hall: Hall, key: str) -> Steps:
    """The recorded press over this target."""
    x, y = hall.middle(key)
    first, last_ms = DOUBLED_PRESS[0][3], 0
    for at_ms, provider, what, place in DOUBLED_PRESS:
        yield (at_ms - last_ms) / 1000
        last_ms = at_ms
        ex = x + (place[0] - first[0]) * SMALL.width_px
        ey = y - (place[1] - first[1]) * SMALL.height_px
        if provider == "mouse":
            hall.mouse(what, ex, ey)
        else:
            hall.second(what, "77", ex, ey)
    yield 0.1


def _write(hall: Hall) -> Steps:
    """Open the keyboard of the form's question."""
    hall.tap("field:place_text")
    while hall.panel._scene.target("key:q") is None:
        yield STEP_S


def case_k02(hall: Hall, found: dict[str, Any], views: dict[str, View]) -> Steps:
    review = views["20_review"]
    hall.port.show(review)
    yield 0.5
    submit, beneath = hall.middle("action:submit"), hall.middle("action:help")
    hall.mouse("down", *submit)
    yield 0.1
    found["A is held"] = hall.panel._session.held
    found["A is drawn dark"] = hall.dark() > 0
    hall.port.show(replace(review, dialog=views["30_idle"].dialog))
    yield 0.4
    hall.mouse("up", *submit)
    yield 0.1
    found["after A"] = hall.acted()
    hall.mouse("down", *beneath)
    hall.mouse("up", *beneath)
    yield 0.1
    found["after B"] = hall.acted()
    found["dialog stands after B"] = hall.panel._view.dialog is not None
    form = views["form_110199-SB-01_1"]
    hall.port.show(form)
    yield 0.0
    yield from _write(hall)
    place = hall.middle("key:q")
    hall.mouse("down", *place)
    yield 0.1
    found["C is held"] = hall.panel._session.held
    hall.port.show(views["29_ended"])
    yield 0.1
    hall.port.show(views["01_attract"])
    yield 0.3
    hall.mouse("up", *place)
    yield 0.1
    found["after C"] = hall.acted()
    found["drawn dark after C"] = hall.dark()
    hall.port.show(form)
    yield 0.0
    yield from _write(hall)
    found["the next resident's field"] = (
        hall.panel._session.keyboard.text + hall.panel._session.keyboard.composing
    )
    hall.port.sent.clear()
    hall.plug_in_second()
    hall.port.show(review)
    yield 0.0
    hall.second("down", "lost", *hall.middle("action:submit"))  # its lifting never comes
    yield TAKE_OVER_S + 0.2
    hall.tap("action:help")
    yield 0.1
    found["after a lost lifting"] = hall.acted()


def case_k03(hall: Hall, found: dict[str, Any], views: dict[str, View]) -> Steps:
    from kivy.app import App

    refused: list[bool] = []
    screens = {view.state: view for view in views.values() if view.dialog is None}
    for view in screens.values():
        hall.port.show(view)
        yield 0.0
        for key in KEYS:
            hall.key(key)
        refused.append(bool(hall.window.dispatch("on_request_close")))
    found["closing is granted on"] = sorted(s for s, no in zip(screens, refused, strict=True) if not no)
    found["screens"] = sorted(screens)
    hall.port.show(views["form_110199-SB-01_1"])
    yield 0.0
    yield from _write(hall)
    for number in range(BURST_KEYS):
        hall.key(BURST_TEXT[number % len(BURST_TEXT)])
    found["keys sent"] = len(screens) * len(KEYS) + BURST_KEYS
    found["written by the burst"] = hall.panel._session.keyboard.text + hall.panel._session.keyboard.composing
    hall.tap("action:help")
    yield 0.1
    found["acted"] = hall.acted()
    found["entered"] = [event.value for event in hall.port.sent if isinstance(event, Entered)]
    app: Any = App.get_running_app()
    found["settings panel"] = app._app_settings is not None
    found["on the window"] = [type(child).__name__ for child in hall.window.children]
    yield 2.6
    found["keys told"] = [event.keys for event in hall.port.told if hasattr(event, "keys")]


SCRIPTS = {"k01": case_k01, "k02": case_k02, "k03": case_k03}


def main(case: str, *, two: bool) -> None:
    views = all_views("zh", elder=False)
    port = Shown(views["01_attract"], PROJECT / ".setup" / "faces")
    found: dict[str, Any] = {}
    over = threading.Event()
    prepare = environment.prepare

    def prepare_two(*given: Any, **named: Any) -> None:
        prepare(*given, **named)
        from kivy.config import Config

        Config.set("input", "mouse2", "mouse,disable_multitouch")

    if two:
        vars(window_app)["prepare"] = prepare_two

    def begin() -> None:
        from kivy.app import App
        from kivy.clock import Clock

        from screens.providers import delivering

        hall = Hall(App.get_running_app()._panel, port)
        found["providers"] = list(delivering(hall.loop.input_providers))
        steps = SCRIPTS[case](hall, found, views)

        def on(_elapsed_s: float) -> None:
            if not hall.settled():
                Clock.schedule_once(on, STEP_S)
            elif (wait_s := next(steps, None)) is None:
                over.set()
            else:
                Clock.schedule_once(on, wait_s)

        Clock.schedule_once(on, STEP_S)

    with tempfile.TemporaryDirectory() as home:
        options = WindowOptions(types().fonts, Path(home), SMALL.width_px, SMALL.height_px, SMALL.width_mm)
        run_window(port, options, over.is_set, begin)
    found["told in all"] = [type(event).__name__ for event in port.told]
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main(sys.argv[1], two="two" in sys.argv)
