"""Inside a real window: shows views one after another and tells what it finds, as JSON.

`python -m tests.screens.window_probe` on a display; `test_window` asks.
"""

from __future__ import annotations

import json
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from kiosk.journey.view import Fields, View
from screens.app import run_window
from screens.port import WindowOptions
from tests.screens.gallery import PROJECT, Shown, all_views
from tests.screens.panels import PANELS, types

NAME = "测试欧阳明"
STEP_S = 0.1
SMALL = PANELS[-1]


class Photographed(Shown):
    """Its taken photo is one grey that is set from outside."""

    grey = 40

    def taken_photo(self) -> bytes | None:
        done, encoded = cv2.imencode(".png", np.full((30, 40, 3), self.grey, np.uint8))
        assert done
        return encoded.tobytes()


def written(view: View) -> View:
    """The form with a name in each question."""
    return replace(
        view,
        blocks=tuple(
            replace(block, fields=tuple(replace(field, value=NAME) for field in block.fields))
            if isinstance(block, Fields)
            else block
            for block in view.blocks
        ),
    )


def probe(panel: Any, port: Photographed, found: dict[str, Any]) -> Iterator[None]:
    """Each `yield` lets the window go on until it shows the port's view, with its picture."""
    views = all_views("zh", elder=False)
    port.show(views["08_face"])
    yield
    port.show(replace(views["08_face"], dialog=views["30_idle"].dialog))
    panel._draw()
    found["live picture right after a redraw"] = panel._painter._picture[2].a
    found["preview runs on the face screen"] = panel._preview is not None
    for grey in (40, 200):
        port.grey = grey
        port.show(views["19_photo"])
        yield
        found[f"photo of grey {grey}"] = grey_on_screen(panel)
        port.show(views["18_camera"])
        yield
    port.show(written(views["form_110199-SB-01_1"]))
    yield
    found["name while it is shown"] = places_of_name(panel)
    port.show(views["29_ended"])
    yield
    port.show(views["01_attract"])
    yield
    found["name afterwards"] = places_of_name(panel)
    found["pictures afterwards"] = [
        panel._painter._picture is not None,
        panel._painter._frame_texture is not None,
        panel._still.frame is not None,
        panel._preview is not None,
    ]
    touch = replaced_touch(panel, "action:begin")
    panel.on_touch_down(touch)
    found["pressed shade"] = len(panel._painter._pressed.children)
    panel._draw()
    found["pressed shade after a redraw"] = len(panel._painter._pressed.children)
    panel.on_touch_up(touch)
    found["sent"] = [type(event).__name__ for event in port.sent]


def is_settled(panel: Any, port: Photographed) -> bool:
    picture = panel._painter._picture
    touchable = time.monotonic() >= panel._session._guard.settled_at_s
    return touchable and panel._view is port.now and (picture is None or picture[2].a == 1.0)


def places_of_name(panel: Any) -> list[str]:
    kept = {
        "widths": [key[0] for key in panel._types._widths],
        "textures": ["".join(key[0]) for key in panel._painter._textures],
        "view": [repr(panel._view.blocks), *fields_text(panel._view)],
        "session": [repr(panel._session._place), repr(panel._session._guard._screen)],
    }
    return sorted(place for place, texts in kept.items() if any(NAME in text for text in texts))


def fields_text(view: View) -> list[str]:
    return [f.value for block in view.blocks if isinstance(block, Fields) for f in block.fields]


def grey_on_screen(panel: Any) -> int:
    """Red of the first pixel of the texture that the picture's rectangle is painted with."""
    _, rectangle, colour = panel._painter._picture
    assert colour.a == 1.0
    return int(rectangle.texture.pixels[0])


def replaced_touch(panel: Any, key: str) -> Any:
    class Touch:
        uid = 7
        device = "mouse"
        button = "left"
        is_mouse_scrolling = False

    touch: Any = Touch()
    x, y = panel._scene.target(key).rect.middle
    touch.x, touch.y = x, SMALL.height_px - y
    return touch


def main() -> None:
    port = Photographed(all_views("zh", elder=False)["02_home"], PROJECT / ".setup" / "faces")
    found: dict[str, Any] = {}
    over = threading.Event()

    def begin() -> None:
        from kivy.app import App
        from kivy.clock import Clock

        panel = App.get_running_app()._panel
        steps = probe(panel, port, found)

        def on(_elapsed_s: float) -> None:
            if not is_settled(panel, port) or next(steps, over) is not over:
                Clock.schedule_once(on, STEP_S)
            else:
                over.set()

        Clock.schedule_once(on, STEP_S)

    ended: Callable[[], bool] = over.is_set
    with tempfile.TemporaryDirectory() as home:
        run_window(
            port,
            WindowOptions(types().fonts, Path(home), SMALL.width_px, SMALL.height_px, SMALL.width_mm),
            ended,
            begin,
        )
    sys.stdout.write(json.dumps(found) + "\n")


if __name__ == "__main__":
    main()
