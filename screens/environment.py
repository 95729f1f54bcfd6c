"""Kivy reads its settings once, when it is first imported: they are made here, before."""

from __future__ import annotations

import os
import sys
from pathlib import Path

FRAMES_PER_SECOND_MAX = 30


def prepare(home: Path, width_px: int, height_px: int, *, show_cursor: bool) -> None:
    """Set Kivy up for a kiosk. `home` is a folder that it may write to; nothing is read from it.

    Raises RuntimeError when Kivy was imported already.
    """
    if "kivy" in sys.modules:
        message = "Kivy was imported before its settings were made"
        raise RuntimeError(message)
    home.mkdir(parents=True, exist_ok=True)
    os.environ |= {
        "KIVY_HOME": str(home),
        "KIVY_NO_CONFIG": "1",
        "KIVY_NO_ARGS": "1",
        "KIVY_NO_FILELOG": "1",
        "KIVY_NO_CONSOLELOG": "1",
        "KIVY_LOG_MODE": "PYTHON",
        "KIVY_NO_ENV_CONFIG": "1",
        "KIVY_WINDOW": "sdl2",  # the other provider ends the process where there is no display
    }
    # SDL would otherwise open an invisible window where there is no display, and nobody would know.
    os.environ.setdefault("SDL_VIDEODRIVER", "x11")
    os.environ["SDL_TOUCH_MOUSE_EVENTS"] = "1"  # the finger becomes the mouse, the one provider below
    # SDL would swallow the first press after the window got the focus: a resident presses twice (K01).
    os.environ["SDL_MOUSE_FOCUS_CLICKTHROUGH"] = "1"
    from kivy.config import Config

    graphics = {
        "borderless": "1", "fullscreen": "0", "position": "custom", "left": "0", "top": "0",
        "width": str(width_px), "height": str(height_px), "show_cursor": str(int(show_cursor)),
        "resizable": "0", "allow_screensaver": "0", "maxfps": str(FRAMES_PER_SECOND_MAX), "multisamples": "0",
    }  # fmt: skip
    for key, value in graphics.items():
        Config.set("graphics", key, value)
    kivy = {"exit_on_escape": "0", "keyboard_mode": "", "log_level": "warning", "desktop": "0"}
    for key, value in kivy.items():
        Config.set("kivy", key, value)
    # One provider only: two see one panel twice, and a button acts twice (kivy study, chapter 3).
    Config.remove_section("input")
    Config.add_section("input")
    Config.set("input", "mouse", "mouse,disable_multitouch")
    Config.remove_section("modules")
    Config.add_section("modules")
