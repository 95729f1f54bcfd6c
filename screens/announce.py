"""Tells the demo's bench and the window's tests where things are on the screen. Demo only.

One line of JSON for each scene: the state and the targets with their rectangles. No words of the
screen and no values: what a resident wrote or read is in none of them.
"""

from __future__ import annotations

import json
from typing import TextIO

from kiosk.journey.view import View
from screens.geometry import Rect
from screens.scene import Scene


class Announcer:
    """Writes to a stream that the parent process reads; a closed stream ends it quietly."""

    def __init__(self, stream: TextIO) -> None:
        self._stream: TextIO | None = stream
        self._last = ""

    def tell(self, view: View, scene: Scene) -> None:
        """One line, unless it would be the same as the last."""
        if self._stream is None:
            return
        line = json.dumps(described(view, scene), ensure_ascii=False)
        if line == self._last:
            return
        self._last = line
        try:
            self._stream.write(line + "\n")
            self._stream.flush()
        except OSError:
            self._stream = None  # nobody listens any more; the terminal goes on


def _whole(rect: Rect) -> list[int]:
    return [round(n) for n in (rect.x, rect.y, rect.w, rect.h)]


def described(view: View, scene: Scene) -> dict[str, object]:
    """What is announced."""
    return {
        "state": view.state.value,
        "dialog": view.dialog is not None,
        "language": view.language,
        "elder": view.elder,
        "link": view.top.link_tone.value,
        "staff_corner": _whole(scene.staff_corner) if scene.staff_corner is not None else None,
        "targets": [
            {
                "key": target.key,
                "enabled": target.enabled,
                "rect": _whole(target.rect),
            }
            for target in scene.targets
        ],
    }
